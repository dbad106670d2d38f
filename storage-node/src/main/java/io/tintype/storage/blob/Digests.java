// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.proto.internal.v1.Conflict;
import io.tintype.proto.internal.v1.OverQuota;
import io.tintype.proto.internal.v1.Removal;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.StoredOutcome;
import io.tintype.proto.internal.v1.VersionStamp;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.TreeMap;

/**
 * Digests by which two shards tell whether they hold the same of a user. Each is the beginning of a SHA-256 over what means
 * something everywhere: not over the upload ids, which are a shard's own. The digest of several things is the sum of theirs,
 * so that it is kept up to date by adding and subtracting, whatever the order. Pure.
 */
final class Digests {
    private static final int BUFFER = 256;
    private static final ThreadLocal<Paper> PAPER = ThreadLocal.withInitial(Paper::new);

    private Digests() {}

    /** Of a blob. */
    static long head(String name, StoredHead head) {
        return digest(out -> {
            text(out, name);
            head(out, head);
        });
    }

    /**
     * Of the outcome of a request.
     *
     * @param appliedAtMs when the shard that first had it applied it
     */
    static long outcome(byte[] request, StoredOutcome outcome, long appliedAtMs) {
        return digest(out -> {
            out.write(request);
            out.writeLong(outcome.getRequestDigest());
            out.writeLong(appliedAtMs);
            out.writeByte(outcome.getResultCase().getNumber());
            switch (outcome.getResultCase()) {
                case WRITTEN -> head(out, outcome.getWritten());
                case REMOVED -> removal(out, outcome.getRemoved());
                case CONFLICT -> conflict(out, outcome.getConflict());
                case OVER_QUOTA -> overQuota(out, outcome.getOverQuota());
                case RESULT_NOT_SET -> {}
            }
        });
    }

    private interface Content {
        void write(DataOutputStream out) throws IOException;
    }

    private static long digest(Content content) {
        var paper = PAPER.get();
        try {
            paper.bytes.reset();
            content.write(paper.out);
            paper.out.flush();
            return ByteBuffer.wrap(paper.sha.digest(paper.bytes.toByteArray())).getLong();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a thread writes a digest with: thousands are taken while a user who is being moved waits. */
    private static final class Paper {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(BUFFER);
        private final DataOutputStream out = new DataOutputStream(bytes);
        private final MessageDigest sha;

        Paper() {
            try {
                sha = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java has SHA-256", e);
            }
        }
    }

    private static void head(DataOutputStream out, StoredHead head) throws IOException {
        version(out, head.getVersion());
        out.writeLong(head.getManifest().getSize());
        out.writeInt(head.getManifest().getCrc32C());
        text(out, head.getContentType());
        out.writeInt(head.getMetadataCount());
        for (var entry : new TreeMap<>(head.getMetadataMap()).entrySet()) {
            text(out, entry.getKey());
            text(out, entry.getValue());
        }
        out.writeLong(head.getWrittenAtMs());
        out.writeLong(head.getExpiresAtMs());
        // Only where there is any: without it, digests are those of before there was such a thing.
        if (!head.getCacheControl().isEmpty() || head.getHttpExpiresMs() != 0) {
            text(out, head.getCacheControl());
            out.writeLong(head.getHttpExpiresMs());
        }
    }

    private static void removal(DataOutputStream out, Removal removal) throws IOException {
        version(out, removal.getVersion());
        out.writeBoolean(removal.getExisted());
    }

    private static void conflict(DataOutputStream out, Conflict conflict) throws IOException {
        out.writeBoolean(conflict.hasCurrent());
        version(out, conflict.getCurrent());
    }

    private static void overQuota(DataOutputStream out, OverQuota over) throws IOException {
        out.writeLong(over.getBytes());
        out.writeLong(over.getBytesLimit());
        out.writeLong(over.getBlobs());
        out.writeLong(over.getBlobsLimit());
    }

    private static void version(DataOutputStream out, VersionStamp version) throws IOException {
        out.writeLong(version.getNumber());
        out.writeInt(version.getNonce());
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(utf8.length);
        out.write(utf8);
    }
}
