// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.BlobInfo;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Json;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The folder that a user is exported to. Each file that is whole has a line in a journal, so that an export that was cut off
 * goes on, and one that is repeated reads only what changed. Thread-safe.
 */
final class ExportFolder implements AutoCloseable {
    private static final String BLOBS = "blobs";
    private static final String SUMS = "SHA256SUMS";
    private static final String MANIFEST = "manifest.json";
    private static final String JOURNAL = "export.journal";

    private final Path folder;
    private final String user;
    private final Map<String, ExportManifest.Entry> there = new HashMap<>();
    private final Writer journal;

    private ExportFolder(Path folder, String user) throws IOException {
        this.folder = folder;
        this.user = user;
        Files.createDirectories(folder.resolve(BLOBS));
        readManifest();
        readJournal();
        this.journal =
                Files.newBufferedWriter(folder.resolve(JOURNAL), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** Opens a folder that is new or empty, or has an export of the same user; any other is refused. */
    static ExportFolder open(Path folder, String user) throws IOException {
        boolean known = Files.exists(folder.resolve(MANIFEST)) || Files.exists(folder.resolve(JOURNAL));
        if (!known && Files.exists(folder)) {
            try (var files = Files.list(folder)) {
                refuseIf(
                        files.findAny().isPresent(), folder + " is not empty, and has no export. Name another folder.");
            }
        }
        return new ExportFolder(folder, user);
    }

    private static void refuseIf(boolean wrong, String message) {
        if (wrong) {
            throw new CommandFailure(ExitCode.USAGE, message);
        }
    }

    private void readManifest() throws IOException {
        var file = folder.resolve(MANIFEST);
        if (Files.exists(file)) {
            var manifest = Json.read(Files.readString(file), ExportManifest.class);
            refuseIf(
                    !manifest.user().equals(user),
                    folder + " has an export of user '" + Text.printable(manifest.user())
                            + "'. Name another folder for '" + Text.printable(user) + "'.");
            manifest.blobs().forEach(entry -> there.put(entry.name(), entry));
        }
    }

    /** The first line names the user; the last one may be cut off. */
    private void readJournal() throws IOException {
        var file = folder.resolve(JOURNAL);
        if (!Files.exists(file)) {
            Files.writeString(file, Json.line(user) + "\n");
            return;
        }
        var lines = Files.readString(file).split("\n", -1);
        refuseIf(
                !lines[0].equals(Json.line(user)),
                folder + " has an export of another user, cut off. Name another folder, or remove this one.");
        for (int i = 1; i < lines.length - 1; i++) {
            var entry = Json.read(lines[i], ExportManifest.Entry.class);
            there.put(entry.name(), entry);
        }
        if (!lines[lines.length - 1].isEmpty()) {
            var whole = new StringBuilder();
            for (int i = 0; i < lines.length - 1; i++) {
                whole.append(lines[i]).append('\n');
            }
            Files.writeString(file, whole);
        }
    }

    /** The file of this very version, if it is here. */
    synchronized Optional<ExportManifest.Entry> find(BlobInfo blob) throws IOException {
        var entry = there.get(blob.name());
        if (entry == null || !entry.version().equals(blob.version().etag())) {
            return Optional.empty();
        }
        var file = folder.resolve(entry.file());
        boolean whole = Files.isRegularFile(file) && Files.size(file) == blob.size();
        return whole ? Optional.of(ExportManifest.Entry.of(blob, entry.file(), entry.sha256())) : Optional.empty();
    }

    /** Where the bytes of a blob are written before they are whole. */
    Path part(String name) throws IOException {
        var file = folder.resolve(BLOBS + "/" + ExportNames.file(name));
        Files.createDirectories(file.getParent());
        return Files.createTempFile(folder.resolve(BLOBS), ".", ".part");
    }

    /** Puts a whole file in its place. */
    ExportManifest.Entry take(Path part, BlobInfo blob, String sha256) throws IOException {
        String file = BLOBS + "/" + ExportNames.file(blob.name());
        Files.move(part, folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        var entry = ExportManifest.Entry.of(blob, file, sha256);
        synchronized (this) {
            there.put(blob.name(), entry);
            journal.write(Json.line(entry) + "\n");
            journal.flush();
        }
        return entry;
    }

    /** Writes both manifests, and removes what is not in them. */
    synchronized void finish(ExportManifest manifest) throws IOException {
        Set<String> kept =
                manifest.blobs().stream().map(ExportManifest.Entry::name).collect(Collectors.toSet());
        for (var old : List.copyOf(there.values())) {
            if (!kept.contains(old.name())) {
                Files.deleteIfExists(folder.resolve(old.file()));
                there.remove(old.name());
            }
        }
        try (var parts = Files.newDirectoryStream(folder.resolve(BLOBS), ".*.part")) {
            for (var part : parts) {
                Files.delete(part);
            }
        }
        var sums = new StringBuilder();
        manifest.blobs().forEach(entry -> sums.append(entry.sumLine()));
        replace(SUMS, sums.toString());
        replace(MANIFEST, Json.document(manifest) + "\n");
        journal.close();
        Files.delete(folder.resolve(JOURNAL));
    }

    private void replace(String name, String content) throws IOException {
        var part = folder.resolve(name + ".part");
        Files.write(part, content.getBytes(StandardCharsets.UTF_8));
        Files.move(part, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
        journal.close();
    }
}
