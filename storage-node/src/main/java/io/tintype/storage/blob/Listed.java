// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.BlobName;
import io.tintype.proto.internal.v1.StoredHead;

/** One line of a listing. Immutable. */
public sealed interface Listed {
    /** Where it stands in the listing; the next page begins behind it. */
    String position();

    /**
     * A blob.
     *
     * @param name its name
     * @param head its current version
     */
    record Blob(BlobName name, StoredHead head) implements Listed {
        @Override
        public String position() {
            return name.value();
        }
    }

    /**
     * The common beginning of one or more names.
     *
     * @param value prefix asked for, and on up to and including the first delimiter
     */
    record Prefix(String value) implements Listed {
        @Override
        public String position() {
            return value;
        }
    }
}
