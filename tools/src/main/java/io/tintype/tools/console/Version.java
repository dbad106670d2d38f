// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

import picocli.CommandLine.IVersionProvider;

/** What {@code tintype --version} prints: the version of this build and of the Java that runs it. Stateless. */
public final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"tintype " + ofThisBuild(), "java " + Runtime.version()};
    }

    /** The version written into the jar; classes run outside a jar have none. */
    public static String ofThisBuild() {
        var version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }
}
