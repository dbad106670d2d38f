// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import java.util.Arrays;
import java.util.Optional;

/**
 * The column families of a store. Every key of each begins with the shard's id as four bytes, big-endian, so that a
 * shard is one contiguous range of every family; what follows is shown in docs/storage-format.md.
 */
public enum Family {
    /** What a replica knows of itself: promised epoch, incarnation, epoch table, applied mark. */
    META,
    /** Records of the replicated log. */
    LOG,
    /** Which version of a name is current. */
    HEAD,
    /** Bytes of blobs; the only family with large values. */
    CHUNK,
    /** Users the shard owns, their counters and usage. */
    USER,
    /** Outcomes of requests, replayed to their retries. */
    DEDUP,
    /** Which chunks are staged, without their bytes. */
    STAGE,
    /** What is to be removed, by the time it is due. */
    GARBAGE,
    /** Entries of the directory. */
    DIR;

    /** The family of a name; empty where this program knows none. */
    public static Optional<Family> named(String columnFamily) {
        return Arrays.stream(values())
                .filter(family -> family.columnFamily().equals(columnFamily))
                .findAny();
    }

    /** The name RocksDB knows the family by; part of the format, and of what nodes send each other. */
    public String columnFamily() {
        return switch (this) {
            case META -> "meta";
            case LOG -> "log";
            case HEAD -> "head";
            case CHUNK -> "chunk";
            case USER -> "user";
            case DEDUP -> "dedup";
            case STAGE -> "stage";
            case GARBAGE -> "garbage";
            case DIR -> "dir";
        };
    }
}
