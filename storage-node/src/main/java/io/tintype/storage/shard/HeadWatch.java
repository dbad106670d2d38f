// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.heads.HeadChange;
import io.tintype.model.TintypeException;
import java.util.List;

/** Hears of changes of a shard's heads. Called under a lock of the shard: must be short and must not block. */
public interface HeadWatch {
    /**
     * A change and its place in the log.
     *
     * @param seq the record's number
     * @param change what it changed
     */
    record Told(long seq, HeadChange change) {}

    /**
     * All changes behind one place in the log up to another; the first call names where it begins.
     *
     * @param epoch in which the replica leads
     * @param after the place behind which they lie
     * @param upTo the place up to which they are all told
     * @param changes in order
     */
    void changed(long epoch, long after, long upTo, List<Told> changes);

    /** The replica leads no longer, or is closed; nothing follows. */
    void ended(TintypeException why);
}
