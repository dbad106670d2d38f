// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import io.tintype.client.internal.transfer.DownloadSink;
import io.tintype.client.internal.transfer.Pieces;
import io.tintype.proto.v1.GetResponse;

/** A sink that tells when it is over before its owner hears of it. */
final class DownloadSinkEnd implements DownloadSink {
    private final DownloadSink sink;
    private final ClientCore.End end;

    DownloadSinkEnd(DownloadSink sink, ClientCore.End end) {
        this.sink = sink;
        this.end = end;
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
    public void finished() {
        end.over(null);
        sink.finished();
    }

    @Override
    public void failed(Throwable failure) {
        var seen = end.over(failure);
        sink.failed(seen == null ? failure : seen);
    }
}
