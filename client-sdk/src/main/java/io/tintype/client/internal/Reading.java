// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import io.tintype.client.internal.transfer.Download;
import io.tintype.client.internal.transfer.Downloads;

/** A download in the hands of whoever takes its bytes. Thread-safe. */
public final class Reading {
    private final Download download;
    private final Downloads downloads;

    Reading(Download download, Downloads downloads) {
        this.download = download;
        this.downloads = downloads;
    }

    /** Begins; once. The first frame comes without being asked for. */
    public void start() {
        downloads.start(download);
    }

    /** Asks for so many more frames. */
    public void request(int frames) {
        download.request(frames);
    }

    /** Wants nothing more. */
    public void cancel() {
        download.cancel();
    }
}
