// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code bin/tintype} as a person meets it: run as a process of its own, in a source tree and in an installation.
 *
 * <p>But for the one test that starts the packaged program, {@code java} and {@code mvn} are scripts that write down how
 * they were called, so that a test says exactly what would be built and started, in milliseconds.
 */
final class LauncherIT {
    private static final Path LAUNCHER =
            Path.of("../bin/tintype").toAbsolutePath().normalize();
    private static final Path PACKAGED = Path.of("target/dist/lib").toAbsolutePath();

    @TempDir
    Path dir;

    private Path home;
    private Path jdk;

    @BeforeEach
    void sourceTreeAndJdk() throws IOException {
        home = Files.createDirectories(dir.resolve("a source tree"));
        write("pom.xml", "");
        write("tools/pom.xml", "");
        write("tools/src/main/java/Main.java", "");
        Files.createDirectories(home.resolve("bin"));
        Files.copy(LAUNCHER, home.resolve("bin/tintype"));
        jdk = fakeJdk("17.0.15");
        script(dir.resolve("path/mvn"), """
                echo "$PWD $*" >>"%s"
                mkdir -p tools/target/dist/lib
                touch tools/target/dist/lib/tintype-tools.jar""".formatted(dir.resolve("mvn.calls")));
    }

    @Test
    void anInstallationRunsWithoutSourcesThroughSymlinksAndFromAnywhere() throws Exception {
        var installed = Files.createDirectories(dir.resolve("an installation/bin"));
        Files.copy(LAUNCHER, installed.resolve("tintype"));
        var lib = Files.createSymbolicLink(installed.resolveSibling("lib"), PACKAGED);
        var link = Files.createSymbolicLink(dir.resolve("tintype"), Path.of("an installation/bin/tintype"));
        var linkToLink = Files.createSymbolicLink(dir.resolve("path/t"), link);

        var ran = run(Path.of(System.getProperty("java.home")), linkToLink, "--version");
        Files.delete(lib); // or the clean-up of the temporary folder warns of a link that leads out of it

        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(ran.out()).startsWith("tintype ").contains("java " + Runtime.version());
        assertThat(ran.err()).isEmpty();
    }

    @Test
    void anInstallationWithoutItsJarsSaysSo() throws Exception {
        var installed = Files.createDirectories(dir.resolve("broken/bin"));
        Files.copy(LAUNCHER, installed.resolve("tintype"));

        var ran = run(jdk, installed.resolve("tintype"), "--version");

        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err()).contains("tintype-tools.jar is not there: this installation is incomplete");
    }

    @Test
    void aFreshCloneIsBuiltOnceAndOnlyStandardErrorHearsOfIt() throws Exception {
        var first = tintype("get", "alice", "cat.jpg");
        var second = tintype("get", "alice", "cat.jpg");

        assertThat(first.exit()).as(first.err()).isZero();
        assertThat(first.err()).isEqualTo("building Tintype (first time takes about a minute)…\n");
        assertThat(first.out()).isEqualTo(second.out()).startsWith("java ").endsWith("<get> <alice> <cat.jpg>\n");
        assertThat(second.err()).isEmpty();
        assertThat(builds()).singleElement().asString().startsWith(home.toRealPath() + " -q -B ");
    }

    @Test
    void aSourceNewerThanTheBuildIsBuiltAgain() throws Exception {
        tintype("ls");
        Files.setLastModifiedTime(
                home.resolve("tools/src/main/java/Main.java"),
                FileTime.from(Instant.now().plusSeconds(2)));

        var ran = tintype("ls");

        assertThat(ran.err()).isEqualTo("building Tintype…\n");
        assertThat(builds()).hasSize(2);
    }

    @Test
    void aSourceEditedWhileTheBuildRunsIsBuiltNextTime() throws Exception {
        script(dir.resolve("path/mvn"), """
                echo build >>"%s"
                mkdir -p tools/target/dist/lib
                until find tools/src/main -newer tools/target/build.began | grep -q Main; do
                    touch tools/src/main/java/Main.java
                done
                touch tools/target/dist/lib/tintype-tools.jar""".formatted(dir.resolve("mvn.calls")));

        tintype("ls");
        tintype("ls");

        assertThat(builds()).hasSize(2);
    }

    @Test
    void twoStartedAtOnceBuildOnce() throws Exception {
        var processes = new ArrayList<Started>();
        for (var i = 0; i < 4; i++) {
            processes.add(start(jdk, home.resolve("bin/tintype"), "ls"));
        }

        for (var process : processes) {
            var ran = process.await();
            assertThat(ran.exit()).as(ran.err()).isZero();
            assertThat(ran.out()).endsWith("<ls>\n");
        }
        assertThat(builds()).hasSize(1);
    }

    @Test
    void aLockLeftByAKilledBuildIsTakenOver() throws Exception {
        var dead = new ProcessBuilder("true").start();
        assertThat(dead.waitFor()).isZero();
        Files.createDirectories(home.resolve("tools/target"));
        Files.createSymbolicLink(home.resolve("tools/target/build.lock"), Path.of(Long.toString(dead.pid())));

        var ran = tintype("ls");

        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(home.resolve("tools/target/build.lock")).doesNotExist();
    }

    @Test
    void soIsOneThatSomebodyWasStoppedAtTakingOver() throws Exception {
        var dead = new ProcessBuilder("true").start();
        assertThat(dead.waitFor()).isZero();
        var halfway = Files.createDirectories(home.resolve("tools/target/build.lock.dead"));
        Files.setLastModifiedTime(halfway, FileTime.from(Instant.now().minus(Duration.ofMinutes(5))));
        Files.createSymbolicLink(home.resolve("tools/target/build.lock"), Path.of(Long.toString(dead.pid())));

        var ran = tintype("ls");

        assertThat(ran.exit()).as(ran.err()).isZero();
        assertThat(home.resolve("tools/target/build.lock")).doesNotExist();
        assertThat(halfway).doesNotExist();
    }

    /**
     * One has seen that the build is dead, and stops short of taking its lock away until the other has done so and builds,
     * or waits too. Then the lock is the other's.
     */
    @Test
    void ofTwoThatSeeADeadBuildOnlyOneTakesOver() throws Exception {
        var dead = new ProcessBuilder("true").start();
        assertThat(dead.waitFor()).isZero();
        Files.createDirectories(home.resolve("tools/target"));
        Files.createSymbolicLink(home.resolve("tools/target/build.lock"), Path.of(Long.toString(dead.pid())));
        script(dir.resolve("path/rm"), """
                cd '%s'
                if mkdir stopped 2>/dev/null; then
                    until [ -e mvn.calls ] || [ "$(cat slept | wc -l)" -ge 5 ]; do /bin/sleep 0.05; done
                fi
                cd - >/dev/null
                exec /bin/rm "$@\"""".formatted(dir));
        script(dir.resolve("path/sleep"), "echo >>'%s'\nexec /bin/sleep 0.1".formatted(dir.resolve("slept")));
        script(dir.resolve("path/mvn"), """
                echo build >>'%1$s/mvn.calls'
                /bin/rm -f '%1$s/slept'
                until [ "$(cat '%1$s/mvn.calls' | wc -l)" -ge 2 ] || [ "$(cat '%1$s/slept' | wc -l)" -ge 5 ]; do
                    /bin/sleep 0.05
                done
                mkdir -p tools/target/dist/lib
                touch tools/target/dist/lib/tintype-tools.jar""".formatted(dir));
        Files.createFile(dir.resolve("slept"));

        var one = start(jdk, home.resolve("bin/tintype"), "ls");
        var other = start(jdk, home.resolve("bin/tintype"), "ls");
        assertThat(List.of(one.await().exit(), other.await().exit())).containsOnly(0);

        assertThat(builds()).hasSize(1);
    }

    @Test
    void aFailedBuildShowsWhyStartsNothingAndIsTriedAgain() throws Exception {
        script(dir.resolve("path/mvn"), """
                echo build >>"%s"
                echo '[WARNING] /src/Main.java:[3,4] found raw type'
                echo '[INFO] noise'
                exit 1""".formatted(dir.resolve("mvn.calls")));

        var ran = tintype("ls");
        tintype("ls");

        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err())
                .contains("Main.java:[3,4] found raw type")
                .contains("the build failed; all of its output is in " + home.toRealPath() + "/tools/target/build.log")
                .doesNotContain("noise");
        assertThat(builds()).hasSize(2);
    }

    /** As where Maven reaches nothing, or may not write to the home: it ends before it says "Failed to execute". */
    @Test
    void aBuildThatCannotBeginShowsWhyToo() throws Exception {
        script(dir.resolve("path/mvn"), """
                echo
                echo '[ERROR] Could not create local repository at /home/newcomer/.m2/repository -> [Help 1]'
                exit 1""");

        var ran = tintype("ls");

        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err())
                .contains("Could not create local repository at /home/newcomer/.m2/repository")
                .contains("the build failed; all of its output is in ");
    }

    /** Packages that every release of Debian has: which Java it brings changes from one to the next. */
    @Test
    void aMachineWithNothingIsToldAllThatItLacksAtOnce() throws Exception {
        var bare = Files.createDirectories(dir.resolve("bare"));
        for (var program : List.of("sh", "dirname", "basename", "readlink", "sed")) {
            Files.createSymbolicLink(bare.resolve(program), Path.of("/usr/bin", program));
        }
        var typed = dir.resolve("typed");
        script(typed, "unset JAVA_HOME; PATH='" + bare + "' exec '" + home.resolve("bin/tintype") + "' dev");

        var ran = run(jdk, typed);

        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err())
                .isEqualTo("tintype: no java on the PATH. Install a JDK 17 or newer"
                        + " (Debian: apt-get install default-jdk-headless maven), or set JAVA_HOME.\n");
    }

    @Test
    void anOldJavaIsNamedBeforeAnythingIsBuilt() throws Exception {
        var ran = run(fakeJdk("11.0.2"), home.resolve("bin/tintype"), "ls");

        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err()).contains("bin/java is Java 11.0.2; Tintype needs 17 or newer");
        assertThat(builds()).isEmpty();
    }

    @Test
    void aJavaHomeWithoutJavaIsNamed() throws Exception {
        var ran = run(dir.resolve("nowhere"), home.resolve("bin/tintype"), "ls");

        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err()).contains("JAVA_HOME is " + dir.resolve("nowhere"));
    }

    @Test
    void aRuntimeWithoutCompilerCannotBuild() throws Exception {
        Files.delete(jdk.resolve("bin/javac"));

        var ran = tintype("ls");

        assertThat(ran.exit()).isEqualTo(1);
        assertThat(ran.err()).contains("comes without a compiler").contains("Install a JDK");
    }

    @Test
    void shortCommandsStartLightAndServersGetTheWholeJvm() throws Exception {
        assertThat(tintype("put", "alice", "x").out())
                .contains("-XX:TieredStopAtLevel=1")
                .contains("-Xmx256m");
        for (var word : List.of("dev", "bench", "coordinator", "storage-node")) {
            assertThat(tintype("--json", word).out())
                    .contains("-XX:+ExitOnOutOfMemoryError")
                    .contains("--enable-native-access=ALL-UNNAMED")
                    .doesNotContain("-XX:TieredStopAtLevel")
                    .doesNotContain("-Xmx");
        }
    }

    @Test
    void argumentsArriveAsTheyWereTyped() throws Exception {
        assertThat(tintype("put", "a  b", "*", "$HOME", "'", "").out())
                .endsWith("<io.tintype.tools.Main> <put> <a  b> <*> <$HOME> <'> <>\n");
    }

    /** As cron and systemd start things. Else names that differ would become the same, and one image replace the other. */
    @Test
    void namesAreUtf8ThoughNoLocaleSaysSo() throws Exception {
        var installed = Files.createDirectories(dir.resolve("installed/bin"));
        Files.copy(LAUNCHER, installed.resolve("tintype"));
        var lib = Files.createSymbolicLink(installed.resolveSibling("lib"), PACKAGED);
        var keys = Files.writeString(dir.resolve("keys"), "a " + "c2VjcmV0".repeat(4) + "\n");
        for (var locale : List.of("unset LC_ALL LC_CTYPE LANG", "export LC_ALL=C", "export LC_ALL=C.UTF-8")) {
            var typed = dir.resolve("typed");
            script(
                    typed,
                    locale + "\nexec '" + installed.resolve("tintype") + "' url sign alice größe.jpg --key-file '"
                            + keys + "'");

            var ran = run(Path.of(System.getProperty("java.home")), typed);

            assertThat(ran.exit()).as(ran.err()).isZero();
            assertThat(ran.out()).as(locale).contains("/blobs/gr%C3%B6%C3%9Fe%2Ejpg?");
        }
        Files.delete(lib);
    }

    private Ran tintype(String... args) throws Exception {
        return run(jdk, home.resolve("bin/tintype"), args);
    }

    private Ran run(Path javaHome, Path launcher, String... args) throws Exception {
        return start(javaHome, launcher, args).await();
    }

    private Started start(Path javaHome, Path launcher, String... args) throws IOException {
        var command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(args));
        var out = Files.createTempFile(dir, "out", "");
        var err = Files.createTempFile(dir, "err", "");
        var builder = new ProcessBuilder(command)
                .directory(dir.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("JAVA_HOME", javaHome.toString());
        builder.environment().merge("PATH", dir.resolve("path") + ":", (path, first) -> first + path);
        builder.environment().remove("TINTYPE_JAVA_OPTS");
        return new Started(builder.start(), out, err);
    }

    private List<String> builds() throws IOException {
        var calls = dir.resolve("mvn.calls");
        return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
    }

    private void write(String file, String text) throws IOException {
        var path = home.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
        // Older than any build of this test, whatever the grain of the file system's clock.
        Files.setLastModifiedTime(path, FileTime.from(Instant.now().minusSeconds(60)));
    }

    private Path fakeJdk(String version) throws IOException {
        var root = Files.createDirectories(dir.resolve("jdk-" + version));
        Files.writeString(root.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
        script(root.resolve("bin/java"), "printf java; printf ' <%s>' \"$@\"; echo");
        script(root.resolve("bin/javac"), "exit 1");
        return root;
    }

    private static void script(Path path, String body) throws IOException {
        Files.createDirectories(path.getParent());
        Files.writeString(path, "#!/bin/sh\n" + body + "\n");
        assertThat(path.toFile().setExecutable(true)).isTrue();
    }

    private record Started(Process process, Path out, Path err) {
        Ran await() throws Exception {
            try {
                assertThat(process.waitFor(60, SECONDS))
                        .as("ends within a minute")
                        .isTrue();
            } finally {
                process.destroyForcibly();
            }
            return new Ran(process.exitValue(), Files.readString(out, UTF_8), Files.readString(err, UTF_8));
        }
    }

    private record Ran(int exit, String out, String err) {}
}
