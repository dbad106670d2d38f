// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import com.google.protobuf.ByteString;
import io.tintype.proto.internal.v1.SnapshotBegin;
import io.tintype.proto.internal.v1.SnapshotEnd;
import io.tintype.proto.internal.v1.SnapshotEntries;
import io.tintype.storage.blob.SnapshotHead;
import io.tintype.storage.blob.SnapshotPart;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.zip.CRC32C;

/**
 * Makes and checks the checksums of one snapshot under way: a CRC32C a message, and over all of them a digest with counts,
 * so that nothing can be missing, doubled or in another place. docs/storage-format.md has what they cover.
 *
 * <p>Not thread-safe; copies no values.
 */
final class SnapshotDigest {
    /** Of what follows a beginning: how entries are keyed and what their values look like. */
    static final int FORMAT = 1;

    private final MessageDigest whole = sha256();
    private final CRC32C part = new CRC32C();
    private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
    private long messages;
    private long entries;
    private long bytes;

    SnapshotBegin begin(String clusterId, int shard, long epoch, SnapshotHead head) {
        var begin = SnapshotBegin.newBuilder()
                .setClusterId(clusterId)
                .setFormat(FORMAT)
                .setShard(shard)
                .setEpoch(epoch)
                .setAtEpoch(head.at().epoch())
                .setAtSequence(head.at().seq())
                .setEpochFirst(head.epochFirst())
                .setApplied(head.applied())
                .setExpectedBytes(head.expectedBytes());
        return begin.setCrc32C(crc(begin.build())).build();
    }

    SnapshotEntries entries(SnapshotPart next) {
        var message = SnapshotEntries.newBuilder()
                .setNumber(messages + 1)
                .setFamily(next.family().columnFamily())
                .addAllKeys(next.keys())
                .addAllValues(next.values());
        return message.setCrc32C(crc(message.build())).build();
    }

    SnapshotEnd end() {
        return SnapshotEnd.newBuilder()
                .setMessages(messages)
                .setEntries(entries)
                .setBytes(bytes)
                .setDigest(ByteString.copyFrom(whole.digest()))
                .build();
    }

    /** @throws IllegalArgumentException if the beginning is not what was sent */
    void check(SnapshotBegin begin) {
        require(crc(begin) == begin.getCrc32C(), "the beginning of a snapshot does not have the checksum sent with it");
    }

    /** @throws IllegalArgumentException if the entries are not what was sent, or not the next ones */
    void check(SnapshotEntries message) {
        require(
                message.getNumber() == messages + 1,
                "part " + message.getNumber() + " of a snapshot came behind part " + messages);
        require(
                message.getKeysCount() == message.getValuesCount() && message.getKeysCount() > 0,
                message.getKeysCount() + " keys and " + message.getValuesCount() + " values in a part of a snapshot");
        require(
                crc(message) == message.getCrc32C(),
                "part " + message.getNumber() + " of a snapshot does not have the checksum sent with it");
    }

    /** @throws IllegalArgumentException if something is missing or too much */
    void check(SnapshotEnd end) {
        require(
                end.getMessages() == messages && end.getEntries() == entries && end.getBytes() == bytes,
                "a snapshot of " + end.getEntries() + " entries and " + end.getBytes() + " bytes came as " + entries
                        + " and " + bytes);
        require(
                MessageDigest.isEqual(end.getDigest().toByteArray(), whole.digest()),
                "a snapshot does not have the digest sent with it");
    }

    private int crc(SnapshotBegin begin) {
        part.reset();
        text(begin.getClusterId());
        number(begin.getFormat());
        number(begin.getShard());
        number(begin.getEpoch());
        number(begin.getAtEpoch());
        number(begin.getAtSequence());
        number(begin.getEpochFirst());
        sized(begin.getApplied());
        number(begin.getExpectedBytes());
        return (int) part.getValue();
    }

    private int crc(SnapshotEntries message) {
        part.reset();
        messages++;
        number(message.getNumber());
        text(message.getFamily());
        int count = Math.min(message.getKeysCount(), message.getValuesCount());
        for (int i = 0; i < count; i++) {
            var key = message.getKeys(i);
            var value = message.getValues(i);
            sized(key);
            sized(value);
            entries++;
            bytes += key.size() + value.size();
        }
        return (int) part.getValue();
    }

    private void text(String text) {
        sized(ByteString.copyFrom(text, StandardCharsets.UTF_8));
    }

    private void sized(ByteString value) {
        number(value.size());
        for (var buffer : value.asReadOnlyByteBufferList()) {
            part.update(buffer.duplicate());
            whole.update(buffer);
        }
    }

    private void number(long value) {
        number.clear().putLong(value).flip();
        part.update(number.duplicate());
        whole.update(number);
    }

    private static void require(boolean holds, String broken) {
        if (!holds) {
            throw new IllegalArgumentException(broken);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
