// SPDX-License-Identifier: Apache-2.0
package io.tintype.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * How long tests of all modules wait for what must happen, where they do not say: long enough for a loaded machine, since a
 * test that passes waits no longer than it has to. The launcher of the tests finds this class as a service; the parent POM
 * puts it on the class path of every module's tests.
 */
public final class PatientTests implements LauncherSessionListener {
    /** The default of every {@code await()}. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        Awaitility.setDefaultTimeout(PATIENCE);
    }
}
