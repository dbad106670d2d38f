// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.UserId;
import io.tintype.storage.disk.Write;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills a process that installs one snapshot after the other, and looks whether the replica is whole or knows better. */
class InstallCrashIT {
    private static final int ROUNDS = 6;

    @TempDir
    Path directory;

    @Test
    @Timeout(value = 180, unit = TimeUnit.SECONDS)
    void aReplicaIsWholeOrKnowsThatItIsNot() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            long installed = installUntilKilled(20 + random.nextInt(200));
            try (var target = new Shelf(directory.resolve("target"))) {
                var store = target.store();
                if (store.isInstalling()) {
                    assertThat(store.log().last().seq()).isZero();
                    assertThat(store.machine().applied().seq()).isZero();
                } else {
                    long applied = store.machine().applied().seq();
                    assertThat(applied)
                            .as("round %d, seed %d", round, seed)
                            .isGreaterThanOrEqualTo(installed)
                            .isEqualTo(store.log().last().seq());
                    int blobs = (int) Math.max(0, applied - 1); // the first record is the claim
                    assertThat(store.machine().stats().blobs()).isEqualTo(blobs);
                    for (int i = 0; i < blobs; i++) {
                        assertThat(target.get(Installer.USER, "image-" + i))
                                .as("image %d after round %d, seed %d", i, round, seed)
                                .isEqualTo(Installer.bytes(i));
                    }
                    assertThat(target.get(Installer.USER, "image-" + blobs)).isNull();
                }
            }
        }
    }

    /** The last record of the last snapshot that was said to be installed; 0 if none was. */
    private long installUntilKilled(int steps) throws Exception {
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Installer.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        long installed = 0;
        int seen = 0;
        try (var answers =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                if (line.startsWith("installed ")) {
                    installed = Long.parseLong(line.substring("installed ".length()));
                } else if (line.equals("begun")) {
                    installed = 0;
                }
                if (++seen == steps) {
                    assertThat(process.toHandle().destroyForcibly()).isTrue();
                }
            }
        }
        assertThat(process.waitFor()).as("killed, not ended").isNotZero();
        return installed;
    }

    /** The process that is killed: a source that grows, and a target that installs it again and again. */
    static final class Installer {
        static final UserId USER = UserId.of("alice");

        private Installer() {}

        public static void main(String[] args) throws Exception {
            try (var source = new Shelf(Path.of(args[0], "source"));
                    var target = new Shelf(Path.of(args[0], "target"))) {
                catchUp(source);
                if (source.store().log().last().seq() == 0) {
                    source.claim(USER);
                }
                while (true) {
                    for (int i = 0; i < 5; i++) {
                        int next = (int) source.store().log().last().seq() - 1;
                        source.put(USER, "image-" + next, bytes(next));
                    }
                    install(source, target);
                }
            }
        }

        private static void catchUp(Shelf shelf) {
            var machine = shelf.store().machine();
            var log = shelf.store().log();
            log.read(machine.applied().seq() + 1, log.last().seq(), 1 << 20)
                    .forEach(entry -> machine.apply(List.of(entry.record())));
        }

        private static void install(Shelf source, Shelf target) {
            try (var snapshot = source.store().snapshot()) {
                System.out.println("begun");
                var begin = new Write();
                target.store().beginInstall(begin);
                target.disk().committer().commitEssential(begin).join();
                var sink = target.store().install(snapshot.head());
                for (var part = snapshot.next(4_000); part.isPresent(); part = snapshot.next(4_000)) {
                    sink.put(part.get());
                    System.out.println("part");
                }
                sink.requireWhole();
                var end = new Write();
                target.store().endInstall(end, snapshot.head());
                target.disk().committer().commitEssential(end).join();
                target.store().reload();
                System.out.println("installed " + snapshot.head().at().seq());
            }
        }

        static byte[] bytes(int content) {
            var random = new Random(content);
            var bytes = new byte[random.nextInt(3_000)];
            random.nextBytes(bytes);
            return bytes;
        }
    }
}
