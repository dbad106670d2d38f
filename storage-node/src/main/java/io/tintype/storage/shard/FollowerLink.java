// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import com.google.protobuf.ByteString;
import io.tintype.model.NodeId;
import io.tintype.storage.blob.Proposal.InlineChunk;
import io.tintype.storage.replica.Ack;
import io.tintype.storage.replica.Attach;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.Refusal;
import io.tintype.trace.Trace;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A primary's end of a replication stream that a follower opened. Thread-safe; never blocks. */
public interface FollowerLink {
    /** The follower's node. */
    NodeId follower();

    /** Takes the follower on. */
    void attach(Attach attach);

    /** Sends records that follow {@code previous}; none: the commit mark alone. */
    void append(long epoch, long cfg, LogPosition previous, List<Outgoing> records, long committed);

    /** Refuses the follower and ends the stream. */
    void refuse(Refusal refusal);

    /** Ends the stream. */
    void close();

    /** False while the transport has enough to send; {@link Events#ready} follows. */
    boolean isReady();

    /**
     * A record to send. Immutable.
     *
     * @param encoded the record's bytes
     * @param seq its place
     * @param inline the chunk that travels with it; null where there is none
     * @param gone a chunk travelled with it once, and is gone for good: a later record made it garbage
     * @param trace of the call that the record belongs to
     */
    record Outgoing(ByteString encoded, long seq, @Nullable InlineChunk inline, boolean gone, Trace trace) {
        /** One of no trace. */
        public Outgoing(ByteString encoded, long seq, @Nullable InlineChunk inline, boolean gone) {
            this(encoded, seq, inline, gone, Trace.NONE);
        }

        /** What it takes in a message, about. */
        int bytes() {
            return ShardLimits.RECORD_OVERHEAD_BYTES
                    + encoded.size()
                    + (inline == null ? 0 : inline.chunk().data().size());
        }
    }

    /** What the follower says, one call at a time, on a thread of the transport; must not block. */
    interface Events {
        /** The follower acknowledged. */
        void acked(Ack ack);

        /** The transport takes more again. */
        void ready();

        /** The stream ended. The last call. */
        void lost(@Nullable Refusal refusal);
    }
}
