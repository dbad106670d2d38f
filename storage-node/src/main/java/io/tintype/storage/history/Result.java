// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import io.tintype.model.Version;
import org.jspecify.annotations.Nullable;

/** What came back. Immutable. */
public sealed interface Result {
    /** No answer, or one that leaves it open: may take effect at any later time, or never. */
    Result UNKNOWN = new Unknown();

    /** Refused before it did anything: has not happened and never will. */
    Result FAILED = new Failed();

    /** A read found nothing under the name. */
    Result MISSING = new Missing();

    /**
     * The put took effect.
     *
     * @param version the version it made
     */
    record Written(Version version) implements Result {
        @Override
        public String toString() {
            return version.toString();
        }
    }

    /**
     * The delete took effect.
     *
     * @param version the version it took; null: not told
     * @param existed whether there was a blob
     */
    record Deleted(@Nullable Version version, boolean existed) implements Result {
        @Override
        public String toString() {
            return (existed ? "gone" : "was not there") + (version == null ? "" : ", " + version);
        }
    }

    /**
     * A read found a blob.
     *
     * @param version which
     * @param digest of its content
     */
    record Found(Version version, String digest) implements Result {
        @Override
        public String toString() {
            return version + " #" + digest;
        }
    }

    /** A read found nothing. */
    record Missing() implements Result {
        @Override
        public String toString() {
            return "nothing";
        }
    }

    /**
     * The condition did not hold, nothing was changed.
     *
     * @param current the version that the store named; null: it named none
     */
    record Conflict(@Nullable Version current) implements Result {
        @Override
        public String toString() {
            return "conflict" + (current == null ? "" : ", current is " + current);
        }
    }

    /** See {@link #FAILED}. */
    record Failed() implements Result {
        @Override
        public String toString() {
            return "failed";
        }
    }

    /** See {@link #UNKNOWN}. */
    record Unknown() implements Result {
        @Override
        public String toString() {
            return "unknown";
        }
    }
}
