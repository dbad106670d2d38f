// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TreeUploadTest {
    private final Map<String, Path> stored = new ConcurrentHashMap<>();

    @TempDir
    private Path folder;

    private Path tree;

    @BeforeEach
    void aTree() throws Exception {
        tree = Files.createDirectories(folder.resolve("tree"));
        Files.createDirectories(tree.resolve("sub"));
        Files.writeString(tree.resolve("cat.jpg"), "cat");
        Files.writeString(tree.resolve("sub/dog.jpg"), "a dog");
    }

    @Test
    void namesThatUnicodeTakesForTheSameAreRefusedWithBoth() {
        var one = Path.of("photos", "caf\u00e9.jpg");
        var other = Path.of("photos", "cafe\u0301.jpg");
        assertThatThrownBy(() -> TreeUpload.names(Path.of("photos"), List.of(one, other)))
                .isInstanceOfSatisfying(
                        CommandFailure.class, e -> assertThat(e.code()).isEqualTo(ExitCode.USAGE))
                .hasMessageContaining("photos/caf\\u00e9.jpg and photos/cafe\\u0301.jpg")
                .hasMessageContaining("nothing was stored");
    }

    @Test
    void aFileThatAnErrorKeepsFromBeingStoredHasFailed() throws Exception {
        var outcome = new TreeUpload("alice", "p/", false, (name, file) -> {
                    if (name.equals("p/cat.jpg")) {
                        throw new StackOverflowError();
                    }
                    return put(name, file);
                })
                .store(tree);

        assertThat(stored).containsOnlyKeys("p/sub/dog.jpg");
        assertThat(outcome.stored()).isEqualTo(1);
        assertThat(outcome.bytes()).isEqualTo(5);
        assertThat(outcome.failed()).singleElement().satisfies(failure -> {
            assertThat(failure.name()).isEqualTo("p/cat.jpg");
            assertThat(failure.message()).contains("StackOverflowError");
        });
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILURE);
    }

    @Test
    void linksAreSkippedAndNamedUnlessTheyAreToBeFollowed() throws Exception {
        var elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
        Files.writeString(elsewhere.resolve("secret.txt"), "secret");
        var toFile = Files.createSymbolicLink(tree.resolve("link.txt"), elsewhere.resolve("secret.txt"));
        var toFolder = Files.createSymbolicLink(tree.resolve("folder"), elsewhere);
        var toNothing = Files.createSymbolicLink(tree.resolve("nothing"), Path.of("nowhere"));

        var outcome = new TreeUpload("alice", "", false, this::put).store(tree);

        assertThat(stored).containsOnlyKeys("cat.jpg", "sub/dog.jpg");
        assertThat(outcome.skipped())
                .containsExactlyInAnyOrder(toFile.toString(), toFolder.toString(), toNothing.toString());
        assertThat(outcome.text()).isEqualTo("stored 2 files, 8 B; 3 skipped");
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);

        stored.clear();
        outcome = new TreeUpload("alice", "", true, this::put).store(tree);

        assertThat(stored).containsOnlyKeys("cat.jpg", "sub/dog.jpg", "link.txt", "folder/secret.txt");
        assertThat(outcome.skipped()).containsExactly(toNothing.toString());
    }

    @Test
    void aDirectoryThatIsALinkItselfIsStored() throws Exception {
        var link = Files.createSymbolicLink(folder.resolve("link"), tree);

        assertThat(new TreeUpload("alice", "", false, this::put).store(link).stored())
                .isEqualTo(2);

        assertThat(stored).containsOnlyKeys("cat.jpg", "sub/dog.jpg");
    }

    private long put(String name, Path file) {
        stored.put(name, file);
        return file.toFile().length();
    }
}
