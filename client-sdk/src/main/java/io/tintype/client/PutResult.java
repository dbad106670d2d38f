// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.util.List;

/**
 * What was stored and where. Immutable.
 *
 * @param info the new version
 * @param replicas ids of the nodes that hold it on disk
 * @param session the point in history; the client's own session has noted it
 */
public record PutResult(BlobInfo info, List<String> replicas, SessionToken session) {
    public PutResult {
        replicas = List.copyOf(replicas);
    }
}
