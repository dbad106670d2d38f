// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

/** One line of a listing. Immutable. */
public sealed interface ListEntry {
    /** The blob's name, or the common beginning. */
    String name();

    /**
     * A blob.
     *
     * @param info what is known of it
     */
    record BlobEntry(BlobInfo info) implements ListEntry {
        @Override
        public String name() {
            return info.name();
        }
    }

    /**
     * The common beginning of several names, delimiter included: a "folder".
     *
     * @param name the beginning
     */
    record Prefix(String name) implements ListEntry {}
}
