// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import io.tintype.client.BlobSource;
import io.tintype.client.DeleteOptions;
import io.tintype.client.GetOptions;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;

/** A cluster, reached as applications reach it: through the client SDK, without its cache. Thread-safe. */
final class ClusterTarget implements Target {
    private static final PutOptions PUT = PutOptions.DEFAULT.withContentType("image/jpeg");
    private static final GetOptions GET = GetOptions.DEFAULT.withMaxBytes(Payload.MAX_BYTES);

    private final TintypeClient client;

    /** Takes over the client. */
    ClusterTarget(TintypeClient client) {
        this.client = client;
    }

    @Override
    public void put(String user, String name, byte[] bytes) {
        client.put(user, name, BlobSource.of(bytes), PUT);
    }

    @Override
    public byte[] get(String user, String name) {
        return client.get(user, name, GET).bytes();
    }

    @Override
    public void delete(String user, String name) {
        client.delete(user, name, DeleteOptions.DEFAULT);
    }

    @Override
    public void close() {
        client.close();
    }
}
