// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
import io.tintype.tools.CommandLines;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GetCommandTest {
    private static final int SIZE = 6 * FakeBlobs.FRAME;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"CORRUPT_DATA, 7, it is CORRUPT_DATA", "VERSION_GONE, 5, replaced or deleted while it was read"})
    void whatBreaksOffBehindTheFirstFrameDecidesTheExitCode(Reason reason, int code, String why) throws Exception {
        var to = folder.resolve("cat.jpg");
        try (var server = new FakeBlobs()
                .with("cat.jpg", SIZE)
                .breaking("cat.jpg", reason)
                .serve()) {
            var ran = get(server, to.toString());
            assertThat(ran.code()).as(ran.err()).isEqualTo(code);
            assertThat(ran.err()).contains(why);
        }
        assertThat(folder).as("nor is a part of it left").isEmptyDirectory();
    }

    @Test
    void aFileMayBeReadByWhoeverMayReadOthersOfTheSameMaker() throws Exception {
        var to = folder.resolve("cat.jpg");
        try (var server = new FakeBlobs().with("cat.jpg", SIZE).serve()) {
            var ran = get(server, to.toString());
            assertThat(ran.code()).as(ran.err()).isZero();
        }
        var other = Files.createFile(folder.resolve("other"));
        assertThat(Files.getPosixFilePermissions(to)).isEqualTo(Files.getPosixFilePermissions(other));
    }

    @Test
    void aLinkIsWrittenThrough() throws Exception {
        var target = Files.createDirectories(folder.resolve("there")).resolve("target");
        Files.writeString(target, "old");
        var link = Files.createSymbolicLink(folder.resolve("link"), target);
        try (var server = new FakeBlobs().with("cat.jpg", SIZE).serve()) {
            var ran = get(server, link.toString());
            assertThat(ran.code()).as(ran.err()).isZero();
        }
        assertThat(link).isSymbolicLink();
        assertThat(target).hasSize(SIZE);
    }

    @Test
    void whatIsNoFileIsNotReplacedByOne() throws Exception {
        var directory = Files.createDirectories(folder.resolve("directory"));
        try (var server = new FakeBlobs().with("cat.jpg", 5).serve()) {
            assertThat(get(server, directory.toString()).code()).isEqualTo(1);
            assertThat(directory).isEmptyDirectory();

            var pipe = folder.resolve("pipe");
            assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                    .isZero();
            var reader = new ProcessBuilder("cat", pipe.toString()).start();
            var ran = get(server, pipe.toString());
            assertThat(ran.code()).as(ran.err()).isZero();
            assertThat(reader.getInputStream().readAllBytes()).hasSize(5);
            assertThat(Files.isRegularFile(pipe)).isFalse();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void bytesThatAFullDiskDoesNotTakeAreAFailure() throws Exception {
        try (var server = new FakeBlobs().with("cat.jpg", SIZE).serve()) {
            var process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            "io.tintype.tools.Main",
                            "get",
                            FakeBlobs.USER,
                            "cat.jpg",
                            "-o",
                            "-",
                            "--server",
                            server.address())
                    .redirectOutput(new File("/dev/full"))
                    .start();
            try (var said = process.errorReader()) {
                assertThat(said.lines()).contains("tintype: standard output: No space left on device");
            }
            assertThat(process.waitFor()).isEqualTo(1);
        }
    }

    private static CommandLines.Result get(OneServer server, String to) {
        return CommandLines.run(
                "get", FakeBlobs.USER, "cat.jpg", "-o", to, "--server", server.address(), "--timeout", "5s");
    }
}
