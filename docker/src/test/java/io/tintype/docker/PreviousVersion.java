// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Images of an earlier commit of this very source tree, which stands in for the version that is upgraded from: {@code
 * -Dupgrade.from=REVISION} names it.
 */
final class PreviousVersion {
    private static final String TAG = "previous";
    private static final Path WORK = Path.of("target", "previous").toAbsolutePath();

    private PreviousVersion() {}

    /** The commit, if this tree knows it: a shallow clone and a bare copy of the files do not. */
    static Optional<String> commit() throws IOException, InterruptedException {
        var revision = System.getProperty("upgrade.from", "");
        var git = new ProcessBuilder("git", "rev-parse", "--verify", "--quiet", revision + "^{commit}")
                .directory(Images.ROOT.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        var said = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
        return git.waitFor() == 0 && !said.isEmpty() ? Optional.of(said) : Optional.empty();
    }

    /** Builds a commit with all that it stands on, and its images; the tag they have. */
    static String images(String commit) throws IOException {
        var sources = WORK.resolve("sources");
        var dist = WORK.resolve("dist");
        delete(WORK);
        Files.createDirectories(sources);
        Files.createDirectories(dist.resolve("bin"));
        var archive = WORK.resolve("sources.tar");
        Images.run(
                List.of("git", "-C", Images.ROOT.toString(), "archive", "-o", archive.toString(), commit),
                WORK.resolve("git.log"));
        Images.run(List.of("tar", "-xf", archive.toString(), "-C", sources.toString()), WORK.resolve("tar.log"));
        Images.run(
                List.of(
                        "mvn",
                        "-q",
                        "-B",
                        "-ntp",
                        "-f",
                        sources.resolve("pom.xml").toString(),
                        "-pl",
                        "tools",
                        "-am",
                        "package",
                        "-Dmaven.test.skip=true",
                        "-Djacoco.skip"),
                WORK.resolve("maven.log"));
        Files.move(sources.resolve("tools/target/dist/lib"), dist.resolve("lib"));
        Files.copy(
                sources.resolve("bin/tintype"),
                dist.resolve("bin/tintype"),
                StandardCopyOption.COPY_ATTRIBUTES,
                StandardCopyOption.REPLACE_EXISTING);
        return Images.build(TAG, dist);
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (var path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
