// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.testcontainers.DockerClientFactory;

/** The images of this source tree, built once for all tests by the very script that people use. */
final class Images {
    /** The source tree. */
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final int BUILD_MINUTES = 10;

    private Images() {}

    private static final class Built {
        static final String TAG = build("test", ROOT.resolve("tools/target/dist"));
    }

    /** An image under test. Skips the test, and says so, where no Docker engine can be reached. */
    static String named(String name) {
        return named(name, tag());
    }

    /** An image of a tag. */
    static String named(String name, String tag) {
        return "tintype/" + name + ":" + tag;
    }

    /** The tag of the images under test, which are there when this returns. */
    static String tag() {
        return Built.TAG;
    }

    /** Skips the calling tests where no Docker engine can be reached. */
    static void assumeEngine() {
        boolean reachable = isEngineReachable();
        if (!reachable) {
            System.err.println("SKIPPED: tests of containers, since no Docker engine answers. Start one, or run"
                    + " eval \"$(docker/engine.sh start DIR)\" as root on Debian.");
        }
        Assumptions.assumeTrue(reachable, "no Docker engine answers");
    }

    private static boolean isEngineReachable() {
        // Looking for one where there is none takes minutes of retries, unless it is plain that there is none.
        boolean possible = System.getenv("DOCKER_HOST") != null || Files.exists(Path.of("/var/run/docker.sock"));
        return possible && DockerClientFactory.instance().isDockerAvailable();
    }

    /** {@code TINTYPE_DOCKER_BASE} names the image to stand on; without it one is made on this machine. */
    static String build(String tag, Path dist) {
        var line = new ArrayList<>(List.of(ROOT.resolve("docker/build.sh").toString(), "--tag", tag));
        var base = System.getenv("TINTYPE_DOCKER_BASE");
        line.addAll(base == null ? List.of("--local-base") : List.of("--base", base));
        line.addAll(List.of("--dist", dist.toString()));
        run(line, Path.of("target", "images-" + tag + ".log"));
        return tag;
    }

    /** Runs a program to its good end. */
    static void run(List<String> line, Path log) {
        try {
            var process = new ProcessBuilder(line)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            if (!process.waitFor(BUILD_MINUTES, TimeUnit.MINUTES)) {
                process.destroy();
                throw new IllegalStateException(line + " took more than " + BUILD_MINUTES + " minutes; see " + log);
            }
            if (process.exitValue() != 0) {
                throw new IllegalStateException(line + " failed:\n" + Objects.requireNonNull(Files.readString(log)));
            }
        } catch (IOException e) {
            throw new IllegalStateException(line + " could not be run", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(line + " was interrupted", e);
        }
    }
}
