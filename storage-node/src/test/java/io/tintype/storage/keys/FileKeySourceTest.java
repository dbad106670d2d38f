// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys in files. */
final class FileKeySourceTest {
    private static final UserId ALICE = UserId.of("alice/Ω😀");
    private static final String MASTER = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    @TempDir
    private Path folder;

    private String address(String master) throws Exception {
        var file = folder.resolve("master-" + master.hashCode());
        Files.writeString(file, master + "\n");
        return "file:" + Files.createDirectories(folder.resolve("keys")) + "?master=" + file;
    }

    private List<Path> files() throws Exception {
        try (var tree = Files.walk(folder.resolve("keys"))) {
            return tree.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void allWhoAskAtOnceAreGivenTheSameKey() throws Exception {
        int askers = 32;
        var address = address(MASTER);
        var asking = new ArrayList<Callable<UserKey>>();
        for (int i = 0; i < askers; i++) {
            var source = KeySources.open(address);
            asking.add(() -> source.current(ALICE));
        }
        var threads = Executors.newFixedThreadPool(askers);
        var keys = new HashSet<UserKey>();
        for (var one : threads.invokeAll(asking)) {
            keys.add(one.get());
        }
        threads.shutdown();

        assertThat(keys).hasSize(1);
        assertThat(files()).hasSize(1);
        assertThat(KeySources.open(address).find(ALICE))
                .contains(keys.iterator().next());
    }

    /** Whoever makes a key is given up on where the folder hangs, and its name is there by then. */
    @Test
    void whoeverMadeAKeyItIsOnTheDiskBeforeAnybodyIsGivenIt() throws Exception {
        address(MASTER);
        var keys = folder.resolve("keys");
        byte[] master = HexFormat.of().parseHex(MASTER);
        var cutOff = new FileKeySource(keys, master, directory -> {
            throw new ClosedByInterruptException();
        });
        assertThatThrownBy(() -> cutOff.current(ALICE))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE));
        var made = files();
        assertThat(made).hasSize(1);

        var synced = new ArrayList<Path>();
        var key = new FileKeySource(keys, master, synced::add).current(ALICE);

        assertThat(files()).isEqualTo(made);
        assertThat(KeySources.open(address(MASTER)).find(ALICE)).contains(key);
        assertThat(synced).contains(keys, made.get(0).getParent());
    }

    @Test
    void whatIsDestroyedIsGoneAndTheNextKeyIsAnother() throws Exception {
        var source = KeySources.open(address(MASTER));
        var first = source.current(ALICE);
        var bob = source.current(UserId.of("bob"));

        source.destroy(ALICE, bob.id());
        assertThat(source.find(ALICE)).as("another key was named").contains(first);
        source.destroy(ALICE, first.id());
        source.destroy(ALICE, first.id());
        assertThat(source.find(ALICE)).isEmpty();
        assertThat(files()).hasSize(1);

        var second = source.current(ALICE);
        assertThat(second.id()).isNotEqualTo(first.id());
        assertThat(second.secret()).isNotEqualTo(first.secret());
        source.destroy(ALICE, first.id());
        assertThat(source.find(ALICE)).as("somebody else's, who has his id").contains(second);
        assertThat(source.find(UserId.of("bob"))).contains(bob);
    }

    /** A kill -9 after the zeros are written, and before the file is gone. */
    @Test
    void whatWasBeingDestroyedIsGoneAndTheErasureGoesOn() throws Exception {
        var source = KeySources.open(address(MASTER));
        var first = source.current(ALICE);
        var file = files().get(0);
        Files.writeString(file, "0".repeat((int) Files.size(file)));

        source.destroy(ALICE, first.id());
        assertThat(source.find(ALICE)).isEmpty();
        assertThat(files()).isEmpty();
        assertThat(source.current(ALICE).id()).isNotEqualTo(first.id());
    }

    /** A kill -9 after a new key has its name, and before its draft is gone: a second name of the same file. */
    @Test
    void aDraftThatStayedHasNoKeyEither() throws Exception {
        var source = KeySources.open(address(MASTER));
        var key = source.current(ALICE);
        var draft = Files.createLink(folder.resolve("keys").resolve("draft"), files().get(0));

        source.destroy(ALICE, key.id());

        assertThat(Files.readString(draft)).matches("0+");
    }

    @Test
    void theSecretIsNotInTheFile() throws Exception {
        var key = KeySources.open(address(MASTER)).current(ALICE);
        var text = Files.readString(files().get(0));

        assertThat(text).startsWith("tintype-key 1 ");
        assertThat(text)
                .doesNotContain(java.util.HexFormat.of().formatHex(key.secret().getEncoded()));
        assertThat(key.toString())
                .doesNotContain(java.util.HexFormat.of().formatHex(key.secret().getEncoded()));
    }

    @Test
    void aFileThatIsNotWhatWasWrittenIsRefused() throws Exception {
        var source = KeySources.open(address(MASTER));
        var unused = source.current(ALICE);
        var file = files().get(0);
        var line = Files.readString(file);

        assertRefused(KeySources.open(address(MASTER.replace('0', '1'))), "made under another master key");
        for (var wrong : List.of("", "x", line.replace(" 1 ", " 2 "), line.substring(0, 40))) {
            Files.writeString(file, wrong);
            assertRefused(source, "the key of user 'alice/Ω😀'");
        }
        for (int at = "tintype-key 1 ".length(); at < line.strip().length(); at++) {
            char other = line.charAt(at) == '0' ? '1' : '0';
            Files.writeString(file, line.substring(0, at) + other + line.substring(at + 1));
            assertRefused(source, "the key of user 'alice/Ω😀'");
        }
        // The key of one user is none for another.
        Files.writeString(file, line);
        source.current(UserId.of("bob"));
        for (var one : files()) {
            if (!one.equals(file)) {
                Files.writeString(one, line);
            }
        }
        assertThatThrownBy(() -> source.find(UserId.of("bob"))).hasMessageContaining("is damaged");
    }

    private static void assertRefused(KeySource source, String text) {
        assertThatThrownBy(() -> source.find(ALICE))
                .isInstanceOfSatisfying(
                        TintypeException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Reason.UNAVAILABLE))
                .hasMessageContaining(text)
                .hasMessageContaining("docs/operations.md");
    }

    /** What is there, then, is the empty folder over which that of the keys is mounted. */
    @Test
    void aFolderThatIsNotMountedWhenTheNodeStartsIsNotThatOfTheKeys() throws Exception {
        var address = address(MASTER);
        var node = memory("node");
        var key = KeySources.open(address, node).current(ALICE);
        var keys = folder.resolve("keys");
        Files.move(keys, folder.resolve("unmounted"));
        Files.createDirectory(keys);

        assertThatThrownBy(() -> KeySources.open(address, node))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("keys.source")
                .hasMessageContaining(keys + ", which has no file tintype-keys.mark")
                .hasMessageContaining("Mount the folder of before")
                .hasMessageContaining(node.resolve("tintype-keys.mark").toString())
                .hasMessageContaining("docs/operations.md");
        assertThat(keys).isEmptyDirectory();

        Files.delete(keys);
        Files.move(folder.resolve("unmounted"), keys);
        assertThat(KeySources.open(address, node).find(ALICE)).contains(key);
    }

    @Test
    void anotherFolderIsNotThatOfTheKeysEither() throws Exception {
        var address = address(MASTER);
        var node = memory("node");
        var key = KeySources.open(address, node).current(ALICE);
        var mark = folder.resolve("keys").resolve("tintype-keys.mark");
        var known = node.resolve("tintype-keys.mark");

        Files.writeString(mark, "tintype-keys 1 " + "0".repeat(32) + "\n");
        assertThatThrownBy(() -> KeySources.open(address, node))
                .hasMessageContaining("which has the mark 'tintype-keys 1 0000");
        Files.writeString(mark, "tintype-keys 2 " + "0".repeat(32) + "\n");
        assertThatThrownBy(() -> KeySources.open(address, node)).hasMessageContaining("is no mark");

        // What its message says is to be done.
        Files.copy(known, mark, StandardCopyOption.REPLACE_EXISTING);
        assertThat(KeySources.open(address, node).find(ALICE)).contains(key);
        Files.writeString(mark, "tintype-keys 1 " + "0".repeat(32) + "\n");
        Files.delete(known);
        assertThat(KeySources.open(address, node).find(ALICE)).contains(key);
        assertThat(known).hasSameTextualContentAs(mark);
    }

    @Test
    void aFolderThatHasKeysAndNoMarkGetsOne() throws Exception {
        var address = address(MASTER);
        var key = KeySources.open(address).current(ALICE);
        var node = memory("node");

        for (int start = 0; start < 2; start++) {
            assertThat(KeySources.open(address, node).current(ALICE)).isEqualTo(key);
            assertThat(folder.resolve("keys").resolve("tintype-keys.mark"))
                    .content()
                    .matches("tintype-keys 1 [0-9a-f]{32}\n");
            assertThat(node.resolve("tintype-keys.mark"))
                    .hasSameTextualContentAs(folder.resolve("keys").resolve("tintype-keys.mark"));
        }
        assertThat(files()).as("the key and the mark").hasSize(2);
        assertThat(node).isDirectoryContaining("glob:**.mark");
    }

    @Test
    void allNodesThatStartAtOnceGiveAFolderOneMark() throws Exception {
        int nodes = 32;
        var address = address(MASTER);
        var starting = new ArrayList<Callable<String>>();
        for (int i = 0; i < nodes; i++) {
            var node = memory("node-" + i);
            starting.add(() -> {
                KeySources.open(address, node).close();
                return Files.readString(node.resolve("tintype-keys.mark"));
            });
        }
        var threads = Executors.newFixedThreadPool(nodes);
        var marks = new HashSet<String>();
        for (var one : threads.invokeAll(starting)) {
            marks.add(one.get());
        }
        threads.shutdown();

        assertThat(marks).hasSize(1);
        assertThat(files()).hasSize(1);
    }

    @Test
    void aFolderThatGoesAwayWhileTheNodeRunsGetsNoKeyAndNobodyIsSaidToHaveNone() throws Exception {
        var source = KeySources.open(address(MASTER), memory("node"));
        var key = source.current(ALICE);
        var bob = UserId.of("bob");
        var keys = folder.resolve("keys");
        Files.move(keys, folder.resolve("unmounted"));
        Files.createDirectory(keys);

        assertRefused(source, "is it mounted?");
        for (var refused : List.<ThrowingCallable>of(
                () -> source.current(ALICE), () -> source.current(bob), () -> source.destroy(ALICE, key.id()))) {
            assertThatThrownBy(refused)
                    .isInstanceOfSatisfying(
                            TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE))
                    .hasMessageContaining("is it mounted?");
        }
        assertThat(keys).isEmptyDirectory();
        Files.delete(keys);
        assertRefused(source, "is it mounted?");

        Files.move(folder.resolve("unmounted"), keys);
        assertThat(source.find(ALICE)).contains(key);
        assertThat(source.find(bob)).isEmpty();
        assertThat(source.current(bob)).isNotEqualTo(key);
    }

    private Path memory(String node) throws Exception {
        return Files.createDirectories(folder.resolve(node));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "vault:x", "/a/folder", "file:/nowhere?master=/nothing", "file:/tmp", "file:/tmp?key=/x"})
    void anAddressOfNoUseIsRefusedInWordsThatNameTheSetting(String address) {
        assertThatThrownBy(() -> KeySources.open(address))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("keys.source");
    }

    @Test
    void aMasterKeyThatIsNoneIsRefusedWithoutShowingIt() throws Exception {
        for (var master : List.of("secret!", MASTER.substring(2), MASTER + "00")) {
            var address = address(master);
            assertThatThrownBy(() -> KeySources.open(address))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("64 hexadecimal digits")
                    .satisfies(refusal -> assertThat(refusal.getMessage()).doesNotContain(master));
        }
    }
}
