// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The newest records of a log in memory, bounded in bytes: what followers are sent is nearly always here.
 *
 * <p>Not thread-safe. Holds records without gaps, up to the last one.
 */
final class LogTail {
    private final long maxBytes;
    private final ArrayDeque<LogEntry> entries = new ArrayDeque<>();
    private long bytes;

    LogTail(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    void add(LogEntry entry) {
        entries.add(entry);
        bytes += entry.encoded().size();
        while (bytes > maxBytes && entries.size() > 1) {
            bytes -= entries.remove().encoded().size();
        }
    }

    void clear() {
        entries.clear();
        bytes = 0;
    }

    void cutAfter(long seq) {
        while (!entries.isEmpty() && entries.getLast().record().seq() > seq) {
            bytes -= entries.removeLast().encoded().size();
        }
    }

    void cutUpTo(long seq) {
        while (!entries.isEmpty() && entries.getFirst().record().seq() <= seq) {
            bytes -= entries.removeFirst().encoded().size();
        }
    }

    /** Records from one on, at least one if it is here; none if it is not. */
    List<LogEntry> from(long seq, int limitBytes) {
        if (entries.isEmpty() || entries.getFirst().record().seq() > seq) {
            return List.of();
        }
        long skip = seq - entries.getFirst().record().seq();
        var found = new ArrayList<LogEntry>();
        long size = 0;
        var iterator = entries.iterator();
        while (iterator.hasNext()) {
            var entry = iterator.next();
            if (skip-- > 0) {
                continue;
            }
            size += entry.encoded().size();
            if (!found.isEmpty() && size > limitBytes) {
                break;
            }
            found.add(entry);
        }
        return found;
    }
}
