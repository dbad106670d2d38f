// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import io.tintype.client.internal.transfer.DownloadSink;
import io.tintype.client.internal.transfer.Pieces;
import io.tintype.proto.v1.GetResponse;

/** Does nothing with what comes. For tests. */
class NoSink implements DownloadSink {
    @Override
    public void opened(GetResponse first) {}

    @Override
    public void data(Pieces bytes) {}

    @Override
    public boolean restart() {
        return false;
    }

    @Override
    public void finished() {}

    @Override
    public void failed(Throwable failure) {}
}
