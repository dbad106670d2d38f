// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import com.fasterxml.jackson.core.JsonToken;
import io.tintype.client.BlobInfo;
import io.tintype.client.UserBlobs;
import io.tintype.model.BlobName;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Json;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.UUID;

/**
 * The folder that a user is exported to. Each file that is whole has a line in a journal, so that an export that was cut off
 * goes on, and one that is repeated reads only what changed. Thread-safe.
 *
 * <p>What manifest and journal say of a blob is read and written one blob at a time, and little of it is kept. Where its
 * file lies follows from its name alone, whatever they say: nothing outside the folder is written or removed, and no symbolic
 * link within it is followed for that.
 */
final class ExportFolder implements AutoCloseable {
    private static final String BLOBS = "blobs";
    private static final String SUMS = "SHA256SUMS";
    private static final String MANIFEST = "manifest.json";
    private static final String JOURNAL = "export.journal";

    private static final HexFormat HEX = HexFormat.of();

    private final Path folder;
    private final String user;
    private final Map<String, Held> there = new HashMap<>();
    private final Writer journal;

    /** A whole file: of which version, and the SHA-256 of its bytes. */
    @SuppressWarnings("ArrayRecordComponent") // a text takes more than twice as much, and there is one for each blob
    private record Held(Version version, byte[] sha256) {}

    /** Writes a document. */
    private interface Content {
        void to(BufferedWriter out) throws IOException;
    }

    private ExportFolder(Path folder, String user) throws IOException {
        this.folder = folder;
        this.user = user;
        refuseLink(folder.resolve(BLOBS));
        refuseLink(folder.resolve(JOURNAL));
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

    /** What it leads to may be anybody's. */
    private static void refuseLink(Path path) {
        refuseIf(
                Files.isSymbolicLink(path),
                path + " is a symbolic link; an export follows none. Remove it, or name another folder.");
    }

    private void readManifest() throws IOException {
        var file = folder.resolve(MANIFEST);
        if (!Files.exists(file)) {
            return;
        }
        boolean his = false;
        try (var in = Files.newInputStream(file);
                var parser = Json.parser(in)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                var field = parser.currentName();
                parser.nextToken();
                if (field.equals("user")) {
                    refuseUnlessHis(parser.getText());
                    his = true;
                } else if (field.equals("blobs")) {
                    while (parser.nextToken() == JsonToken.START_OBJECT) {
                        hold(parser.readValueAs(ExportManifest.Entry.class));
                    }
                } else {
                    parser.skipChildren();
                }
            }
        }
        refuseIf(!his, file + " does not say whose export this is. Name another folder.");
    }

    private void refuseUnlessHis(String other) {
        refuseIf(
                !other.equals(user),
                folder + " has an export of user '" + Text.printable(other) + "'. Name another folder for '"
                        + Text.printable(user) + "'.");
    }

    /** The first line names the user; the last one may be cut off, and is dropped. */
    private void readJournal() throws IOException {
        var file = folder.resolve(JOURNAL);
        if (Files.exists(file)) {
            dropPartOfLine(file);
        }
        if (!Files.exists(file) || Files.size(file) == 0) {
            Files.writeString(file, Json.line(user) + "\n");
            return;
        }
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            refuseIf(
                    !Json.line(user).equals(lines.readLine()),
                    folder + " has an export of another user, cut off. Name another folder, or remove this one.");
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                hold(Json.read(line, ExportManifest.Entry.class));
            }
        }
    }

    private static void dropPartOfLine(Path file) throws IOException {
        try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
            long end = bytes.length();
            while (end > 0) {
                bytes.seek(end - 1);
                if (bytes.read() == '\n') {
                    break;
                }
                end--;
            }
            bytes.setLength(end);
        }
    }

    private void hold(ExportManifest.Entry entry) {
        try {
            there.put(
                    BlobName.of(entry.name()).value(),
                    new Held(Version.parseEtag(entry.version()).orElseThrow(), HEX.parseHex(entry.sha256())));
        } catch (TintypeException | NoSuchElementException | IllegalArgumentException e) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    folder
                            + " has an export that says of a blob what cannot be. Name another folder, or remove this one.",
                    e);
        }
    }

    private Path file(String name) {
        var file = folder.resolve(BLOBS);
        for (var part : Path.of(ExportNames.file(name))) {
            refuseLink(file);
            file = file.resolve(part);
        }
        return file;
    }

    /** Whether the file of this very version is here. */
    synchronized boolean has(BlobInfo blob) throws IOException {
        var held = there.get(blob.name());
        if (held == null || !held.version().equals(blob.version())) {
            return false;
        }
        var file = file(blob.name());
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) == blob.size();
    }

    /** Where the bytes of a blob are to be written before they are whole; nothing is there yet. */
    Path part(String name) throws IOException {
        Files.createDirectories(file(name).getParent());
        // Not a temporary file, which nobody else may read.
        return folder.resolve(BLOBS).resolve("." + UUID.randomUUID() + ".part");
    }

    /** Puts a whole file in its place. */
    void take(Path part, BlobInfo blob, byte[] sha256) throws IOException {
        Files.move(part, file(blob.name()), StandardCopyOption.REPLACE_EXISTING);
        var line = Json.line(entry(blob, sha256)) + "\n";
        synchronized (this) {
            there.put(blob.name(), new Held(blob.version(), sha256));
            journal.write(line);
            journal.flush();
        }
    }

    private static ExportManifest.Entry entry(BlobInfo blob, byte[] sha256) {
        return ExportManifest.Entry.of(blob, BLOBS + "/" + ExportNames.file(blob.name()), HEX.formatHex(sha256));
    }

    /** Writes both manifests of a state of which all files are here, and removes what is not in it. */
    synchronized void finish(UserBlobs state) throws IOException {
        removeOthers(state);
        Iterable<ExportManifest.Entry> entries = () -> state.blobs().stream()
                .map(blob -> entry(
                        blob, Objects.requireNonNull(there.get(blob.name())).sha256()))
                .iterator();
        replace(SUMS, out -> {
            for (var entry : entries) {
                out.write(entry.sumLine());
            }
        });
        replace(MANIFEST, out -> {
            Json.document(ExportManifest.of(state, entries), out);
            out.write("\n");
        });
        journal.close();
        Files.delete(folder.resolve(JOURNAL));
    }

    private void removeOthers(UserBlobs state) throws IOException {
        if (there.size() > state.blobs().size()) {
            var kept = new HashSet<String>();
            state.blobs().forEach(blob -> kept.add(blob.name()));
            for (var names = there.keySet().iterator(); names.hasNext(); ) {
                var name = names.next();
                if (!kept.contains(name)) {
                    Files.deleteIfExists(file(name));
                    names.remove();
                }
            }
        }
        try (var parts = Files.newDirectoryStream(folder.resolve(BLOBS), ".*.part")) {
            for (var part : parts) {
                Files.delete(part);
            }
        }
    }

    private void replace(String name, Content content) throws IOException {
        var part = folder.resolve(name + ".part");
        Files.deleteIfExists(part);
        try (var out = Files.newBufferedWriter(part, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            content.to(out);
        }
        Files.move(part, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
        journal.close();
    }
}
