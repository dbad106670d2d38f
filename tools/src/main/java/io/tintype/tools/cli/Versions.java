// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.model.Version;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a version as {@code head} and {@code ls} print it. Stateless. */
final class Versions implements ITypeConverter<Version> {
    @Override
    public Version convert(String text) {
        return Version.parseEtag(text)
                .orElseThrow(() ->
                        new TypeConversionException("'" + text + "' is no version; give one as head and ls print it"));
    }
}
