// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tintype.model.Reason;
import io.tintype.tools.CommandLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exports that were cut off, tampered with, or overtaken by changes. */
final class ExportFolderTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    /** A cut may go through a letter, and through the first line. */
    @Test
    void aJournalIsGoneOnWithWhereverItWasCut() throws Exception {
        var to = folder.resolve("export");
        try (var server = new FakeBlobs().with("cat.jpg", 5).with("größe", 6).serve()) {
            export(server, to);
            var manifest = JSON.readTree(to.resolve("manifest.json").toFile());
            var lines = new StringBuilder(JSON.writeValueAsString(FakeBlobs.USER)).append('\n');
            manifest.get("blobs").forEach(blob -> lines.append(blob).append('\n'));
            var journal = lines.toString().getBytes(UTF_8);
            for (int length = 0; length < journal.length; length++) {
                Files.deleteIfExists(to.resolve("manifest.json"));
                Files.write(to.resolve("export.journal"), Arrays.copyOf(journal, length));

                ExportFolder.open(to, FakeBlobs.USER).close();

                var kept = Files.readAllBytes(to.resolve("export.journal"));
                assertThat(new String(kept, UTF_8)).as("cut at %d", length).endsWith("\n");
                assertThat(journal).as("cut at %d", length).startsWith(kept);
            }
            Files.write(to.resolve("export.journal"), Arrays.copyOf(journal, journal.length - 1));
            assertThat(export(server, to).get("readBlobs").asInt()).isEqualTo(1);
            assertThat(to.resolve("blobs/cat.jpg")).hasSize(5);
        }
    }

    @Test
    void aManifestThatWasChangedLeadsNowhereElse() throws Exception {
        var to = folder.resolve("export");
        var outside = Files.writeString(folder.resolve("outside"), "mine!");
        try (var server = new FakeBlobs().with("cat.jpg", 5).serve()) {
            export(server, to);
            var manifest =
                    (ObjectNode) JSON.readTree(to.resolve("manifest.json").toFile());
            ((ObjectNode) manifest.get("blobs").get(0)).put("file", "../outside");
            var gone = (ObjectNode) manifest.get("blobs").get(0).deepCopy();
            manifest.withArray("blobs").add(gone.put("name", "gone"));
            JSON.writeValue(to.resolve("manifest.json").toFile(), manifest);

            export(server, to);

            assertThat(outside).hasContent("mine!");
            assertThat(Files.readString(to.resolve("SHA256SUMS"))).endsWith("  blobs/cat.jpg\n");
            for (var name : List.of("", "\ud800", "e\u0301", "x".repeat(2_000))) {
                manifest.withArray("blobs").removeAll().add(gone.put("name", name));
                JSON.writeValue(to.resolve("manifest.json").toFile(), manifest);
                var refused = run(server, to);
                assertThat(refused.code()).as("'%s': %s", name, refused.err()).isEqualTo(2);
                assertThat(refused.err()).contains("says of a blob what cannot be");
            }
        }
    }

    /** Who may write to the folder decides where a link in it leads. */
    @Test
    void aLinkThatWasPutIntoTheFolderIsNotFollowed() throws Exception {
        var to = folder.resolve("export");
        var outside = Files.createDirectory(folder.resolve("outside"));
        var mine = Files.writeString(outside.resolve("mine"), "mine!");
        var longName = "x".repeat(ExportNames.PART_CHARS + 5);
        try (var server = new FakeBlobs().with("cat.jpg", 5).with(longName, 5).serve()) {
            export(server, to);
            var sums = Files.readString(to.resolve("SHA256SUMS"));
            replaceByLink(to.resolve("blobs/cat.jpg"), mine);
            replaceByLink(to.resolve("SHA256SUMS.part"), mine);
            replaceByLink(to.resolve("manifest.json.part"), mine);

            assertThat(export(server, to).get("readBlobs").asInt())
                    .as("a link is no file of an export")
                    .isEqualTo(1);
            assertThat(to.resolve("blobs/cat.jpg")).isRegularFile().hasSize(5);
            assertThat(Files.isSymbolicLink(to.resolve("blobs/cat.jpg"))).isFalse();
            assertThat(to.resolve("SHA256SUMS")).hasContent(sums);

            var ofLongName = to.resolve("blobs").resolve(ExportNames.file(longName));
            Files.delete(ofLongName);
            var begins = to.resolve("blobs").resolve("x".repeat(ExportNames.PART_CHARS) + "~");
            replaceByLink(begins, outside);
            assertRefusedForLink(server, to, begins);
            Files.delete(begins);

            replaceByLink(to.resolve("export.journal"), mine);
            assertRefusedForLink(server, to, to.resolve("export.journal"));
            Files.delete(to.resolve("export.journal"));

            Files.move(to.resolve("blobs"), folder.resolve("moved"));
            replaceByLink(to.resolve("blobs"), outside);
            assertRefusedForLink(server, to, to.resolve("blobs"));
        }
        assertThat(outside).isDirectoryNotContaining(path -> !path.equals(mine));
        assertThat(mine).hasContent("mine!");
    }

    private static void replaceByLink(Path file, Path target) throws IOException {
        Files.deleteIfExists(file);
        Files.createSymbolicLink(file, target);
    }

    private static void assertRefusedForLink(OneServer server, Path to, Path link) {
        var refused = run(server, to);
        assertThat(refused.code()).as(refused.err()).isEqualTo(2);
        assertThat(refused.err()).contains(link + " is a symbolic link").contains("Remove it");
    }

    @Test
    void filesAreForWhoeverAFileOfTheirWriterIs() throws Exception {
        var to = folder.resolve("export");
        var usual = Files.createFile(folder.resolve("usual"));
        try (var server = new FakeBlobs().with("cat.jpg", 5).serve()) {
            export(server, to);
        }
        assertThat(Files.getPosixFilePermissions(to.resolve("blobs/cat.jpg")))
                .isEqualTo(Files.getPosixFilePermissions(usual));
    }

    @Test
    void aBlobThatIsReplacedWhileItIsReadIsReadAgain() throws Exception {
        int size = 6 * FakeBlobs.FRAME;
        try (var server = new FakeBlobs()
                .with("cat.jpg", size)
                .breaking("cat.jpg", Reason.VERSION_GONE)
                .serve()) {
            var exported = export(server, folder.resolve("export"));
            assertThat(exported.get("rounds").asInt()).isEqualTo(2);
            assertThat(exported.get("readBlobs").asInt()).isEqualTo(1);
        }
        assertThat(folder.resolve("export/blobs/cat.jpg")).hasSize(size);
    }

    private static JsonNode export(OneServer server, Path to) throws Exception {
        var ran = run(server, to);
        assertThat(ran.code()).as(ran.err()).isZero();
        return JSON.readTree(ran.out());
    }

    private static CommandLines.Result run(OneServer server, Path to) {
        return CommandLines.run(
                "user", "export", FakeBlobs.USER, to.toString(), "--json", "--server", server.address());
    }
}
