// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.rocks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.Options;

/** The one file that RocksDB's native library is loaded from. */
final class RocksLibraryTest {
    private static final int PROCESSES = 3;

    @TempDir
    Path folder;

    @Test
    void whatIsLeftOfOthersGoesAndWhatIsRightStays() throws IOException {
        Files.writeString(folder.resolve(RocksLibrary.FILE), "an older version");
        Files.write(folder.resolve(RocksLibrary.FILE + ".new"), new byte[1_000]); // whoever unpacked it was killed
        RocksLibrary.prepare(folder, RocksLibrary.BROUGHT, () -> {});
        assertThat(names()).containsExactly(RocksLibrary.FILE, "lock");
        assertRight();
        var file = key();
        RocksLibrary.prepare(folder, RocksLibrary.BROUGHT, () -> {});
        assertThat(key()).as("not written again").isEqualTo(file);
        assertThat(names()).containsExactly(RocksLibrary.FILE, "lock");
    }

    @Test
    void whatWasCutShortOrLengthenedIsReplaced() throws IOException {
        RocksLibrary.prepare(folder, RocksLibrary.BROUGHT, () -> {});
        var right = Files.readAllBytes(folder.resolve(RocksLibrary.FILE));
        for (var wrong : List.of(
                Arrays.copyOf(right, right.length - 1),
                Arrays.copyOf(right, right.length + 1),
                Arrays.copyOf(right, 1 << 16),
                new byte[0])) {
            Files.write(folder.resolve(RocksLibrary.FILE), wrong, StandardOpenOption.TRUNCATE_EXISTING);
            RocksLibrary.prepare(folder, RocksLibrary.BROUGHT, () -> {});
            assertRight();
        }
    }

    @Test
    void processesMayShareTheFolder() throws Exception {
        var running = new ArrayList<Process>();
        for (int i = 0; i < PROCESSES; i++) {
            running.add(load(folder));
        }
        for (var process : running) {
            assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
                    .isEqualTo("loaded\n");
            assertThat(process.waitFor()).isZero();
        }
        assertThat(names(folder.resolve(RocksLibrary.FOLDER))).containsExactly(RocksLibrary.FILE, "lock");
        assertThat(names(folder.resolve("tmp"))).as("temporary files").isEmpty();
    }

    @Test
    void whoCannotUnpackItSaysWhereAndWhatToDo() throws Exception {
        Files.writeString(folder.resolve(RocksLibrary.FOLDER), "a file where the folder should be");
        var process = load(folder);
        assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
                .contains("RocksDB's native library cannot be put into " + folder.resolve(RocksLibrary.FOLDER))
                .contains(RocksLibrary.ELSEWHERE);
        assertThat(process.waitFor()).isEqualTo(1);
    }

    @Test
    void whatIsNoLibraryIsRefusedInWords() {
        assertThatThrownBy(() -> RocksLibrary.prepare(folder, "no-such-library.so", () -> {}))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no-such-library.so");
    }

    /** What the processes of these tests run. */
    static final class Loads {
        private Loads() {}

        public static void main(String[] arguments) {
            try {
                RocksLibrary.load(Path.of(arguments[0]));
                RocksLibrary.load(Path.of(arguments[0]));
                new Options().close();
                System.out.println("loaded");
            } catch (IOException e) {
                System.out.println(e.getMessage());
                System.exit(1);
            }
        }
    }

    private static Process load(Path home) throws IOException {
        var temporary = Files.createDirectories(home.resolve("tmp"));
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:-UsePerfData",
                        "-Djava.io.tmpdir=" + temporary,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Loads.class.getName(),
                        home.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private void assertRight() throws IOException {
        try (var wanted = RocksLibrary.class.getClassLoader().getResourceAsStream(RocksLibrary.BROUGHT)) {
            assertThat(wanted).isNotNull();
            assertThat(Arrays.equals(Files.readAllBytes(folder.resolve(RocksLibrary.FILE)), wanted.readAllBytes()))
                    .as("the file is what the program brings")
                    .isTrue();
        }
    }

    private Object key() throws IOException {
        return String.valueOf(Files.readAttributes(folder.resolve(RocksLibrary.FILE), BasicFileAttributes.class)
                .fileKey());
    }

    private List<String> names() throws IOException {
        return names(folder);
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(one -> one.getFileName().toString()).sorted().toList();
        }
    }
}
