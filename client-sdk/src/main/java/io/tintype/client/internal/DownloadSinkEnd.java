// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import io.tintype.client.internal.transfer.DownloadSink;
import io.tintype.client.internal.transfer.Pieces;
import io.tintype.proto.v1.GetResponse;

/** A sink that tells when it is over before its owner hears of it. */
final class DownloadSinkEnd implements DownloadSink {
    private final DownloadSink sink;
    private final Entry entry;

    DownloadSinkEnd(DownloadSink sink, Entry entry) {
        this.sink = sink;
        this.entry = entry;
    }

    @Override
    public void opened(GetResponse first) {
        sink.opened(first);
    }

    @Override
    public void data(Pieces bytes) {
        sink.data(bytes);
    }

    @Override
    public boolean restart() {
        return sink.restart();
    }

    @Override
    public void settle() {
        sink.settle();
    }

    @Override
    public void finished() {
        entry.over(null);
        sink.finished();
    }

    @Override
    public void failed(Throwable failure) {
        var seen = entry.over(failure);
        sink.failed(seen == null ? failure : seen);
    }
}
