// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import io.tintype.proto.v1.GetResponse;

/**
 * Where a download's bytes go. Called by one thread at a time, which may block: no network thread waits for it. After
 * {@link #finished} or {@link #failed} nothing follows.
 */
public interface DownloadSink {
    /**
     * The blob was found: its head and freshness, or not_modified. Throwing ends the download with that. Comes again after a
     * {@link #restart}.
     */
    void opened(GetResponse first);

    /**
     * The next bytes, checked. They are lent: whoever keeps them beyond this call copies them. Up to one frame more may come
     * than was asked for. Throwing ends the download with that.
     */
    void data(Pieces bytes);

    /** Forgets all bytes so far, if that is still possible. */
    boolean restart();

    /** All bytes have come, and together they are right: puts them where they belong. Throwing ends the download with that. */
    default void settle() {}

    /** They are where they belong. */
    void finished();

    /** Nothing more comes: a {@link io.tintype.client.internal.net.CallFailure}, or what the sink itself threw. */
    void failed(Throwable failure);
}
