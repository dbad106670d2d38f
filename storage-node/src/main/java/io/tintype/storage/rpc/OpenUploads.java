// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Keeps calls on one upload from crossing: a chunk is staged by one call at a time, and none while the upload is being
 * completed, so that what was compared with the checksum is what becomes the blob. Thread-safe; never blocks.
 *
 * <p>Holds only what calls are under way for, and hence is as small as they are few.
 */
final class OpenUploads {
    private static final Duration RETRY_AFTER = Duration.ofMillis(100);

    private final Map<UploadId, Set<Integer>> staging = new HashMap<>();
    private final Set<UploadId> completing = new HashSet<>();

    /**
     * Reserves the place of a chunk until {@link #staged}.
     *
     * @throws TintypeException UNAVAILABLE where another call has it, or completes the upload
     */
    synchronized void stage(UploadId upload, int index) {
        if (completing.contains(upload)) {
            throw busy("upload " + upload + " is being completed by another call");
        }
        if (!staging.computeIfAbsent(upload, u -> new HashSet<>()).add(index)) {
            throw busy("chunk " + index + " of upload " + upload + " is being staged by another call");
        }
    }

    /** The chunk is staged, or failed to be. */
    synchronized void staged(UploadId upload, int index) {
        var indexes = staging.get(upload);
        if (indexes != null && indexes.remove(index) && indexes.isEmpty()) {
            staging.remove(upload);
        }
    }

    /**
     * Reserves an upload until {@link #completed}.
     *
     * @throws TintypeException UNAVAILABLE where chunks are being staged, or another call completes it
     */
    synchronized void complete(UploadId upload) {
        if (staging.containsKey(upload)) {
            throw busy("chunks of upload " + upload + " are still being staged by other calls");
        }
        if (!completing.add(upload)) {
            throw busy("upload " + upload + " is being completed by another call");
        }
    }

    /** The upload is completed, or failed to be. */
    synchronized void completed(UploadId upload) {
        completing.remove(upload);
    }

    private static TintypeException busy(String what) {
        return new TintypeException(Reason.UNAVAILABLE, what + "; try again when that has ended", RETRY_AFTER);
    }
}
