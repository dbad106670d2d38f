// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.checksum.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;

/**
 * Reads the frame of RocksDB's write-ahead log to tell a write cut short from damage.
 *
 * <p>The log is a sequence of 32 KiB blocks; each holds fragments of {@code crc32c u32 (masked) | length u16 | type u8 |
 * payload}, little-endian, and a rest of less than 7 bytes is left empty. A write is one fragment or a first, middle ones
 * and a last. An fsynced write has all its fragments, whole. So an end that no fsync covers is: the file stops inside a
 * fragment, or behind a first or middle one, and nothing follows. A flipped length can look the same; it is told apart
 * by the bytes themselves, which then still match the checksum or are followed by sound fragments.
 */
final class WalTail {
    private static final int BLOCK = 32 << 10;
    private static final int HEADER = 7;
    private static final int FULL = 1;
    private static final int FIRST = 2;
    private static final int MIDDLE = 3;
    private static final int LAST = 4;
    private static final int MASK_DELTA = 0xa282ead8;

    private WalTail() {}

    /** True if every log is sound, but for the newest one that has data, whose last write the end of the file cuts. */
    static boolean isOnlyTorn(Path store) {
        try {
            var logs = logs(store);
            for (int i = 0; i < logs.size(); i++) {
                var state = inspect(logs.get(i));
                if (state == State.DAMAGED) {
                    return false;
                }
                if (state == State.TORN && hasData(logs.subList(i + 1, logs.size()))) {
                    return false;
                }
            }
            return !logs.isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    /** What a log's frame looks like. */
    enum State {
        SOUND,
        TORN,
        DAMAGED
    }

    static State inspect(Path log) throws IOException {
        try (var channel = FileChannel.open(log, StandardOpenOption.READ)) {
            var block = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
            boolean inWrite = false;
            long size = channel.size();
            for (long at = 0; at < size; at += BLOCK) {
                block.clear();
                fill(block, channel, at);
                boolean lastBlock = at + BLOCK >= size;
                int offset = 0;
                while (BLOCK - offset >= HEADER && offset < block.limit()) {
                    if (block.limit() - offset < HEADER) {
                        return State.TORN;
                    }
                    int length = Short.toUnsignedInt(block.getShort(offset + 4));
                    int type = block.get(offset + 6);
                    if (offset + HEADER + length > block.limit()) {
                        return lastBlock && cutShort(block, offset, type, inWrite) ? State.TORN : State.DAMAGED;
                    }
                    if (!sound(block, offset, length) || !continues(type, inWrite)) {
                        return State.DAMAGED;
                    }
                    inWrite = type == FIRST || type == MIDDLE || (inWrite && type != LAST);
                    offset += HEADER + length;
                }
            }
            return inWrite ? State.TORN : State.SOUND;
        }
    }

    private static void fill(ByteBuffer block, FileChannel channel, long at) throws IOException {
        int read;
        do {
            read = channel.read(block, at + block.position());
        } while (read > 0 && block.hasRemaining());
        block.flip();
    }

    /** A fragment's length reaches behind the end of the file: because of the end, or because the length is wrong? */
    private static boolean cutShort(ByteBuffer block, int offset, int type, boolean inWrite) {
        if (!continues(type, inWrite) || offset + HEADER + length(block, offset) > BLOCK) {
            return false;
        }
        int there = block.limit() - offset - HEADER;
        for (int length = 0; length <= there; length++) {
            if (sound(block, offset, length)) {
                return false;
            }
        }
        for (int at = offset + 1; at + HEADER <= block.limit(); at++) {
            int type2 = block.get(at + 6);
            int length = length(block, at);
            if (type2 >= FULL && type2 <= LAST && at + HEADER + length <= block.limit() && sound(block, at, length)) {
                return false;
            }
        }
        return true;
    }

    private static boolean continues(int type, boolean inWrite) {
        if (type == MIDDLE || type == LAST) {
            return inWrite;
        }
        return type >= FULL && !inWrite;
    }

    private static int length(ByteBuffer block, int offset) {
        return Short.toUnsignedInt(block.getShort(offset + 4));
    }

    private static boolean sound(ByteBuffer block, int offset, int length) {
        int rotated = block.getInt(offset) - MASK_DELTA;
        int stored = rotated >>> 17 | rotated << 15;
        return Crc32c.of(block.slice(offset + 6, length + 1)) == stored;
    }

    private static boolean hasData(List<Path> logs) throws IOException {
        for (var log : logs) {
            if (Files.size(log) > 0) {
                return true;
            }
        }
        return false;
    }

    private static List<Path> logs(Path store) throws IOException {
        try (var files = Files.list(store)) {
            return files.filter(file -> file.getFileName().toString().matches("\\d+\\.log"))
                    .sorted(Comparator.comparingLong(WalTail::number))
                    .toList();
        }
    }

    private static long number(Path log) {
        var name = log.getFileName().toString();
        return Long.parseLong(name.substring(0, name.indexOf('.')));
    }
}
