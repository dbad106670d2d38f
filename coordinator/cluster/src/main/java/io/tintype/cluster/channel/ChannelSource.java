// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.Channel;

/** Yields connections by address. Thread-safe; never blocks. */
@FunctionalInterface
public interface ChannelSource {
    /** A channel to {@code host:port}, to be asked for anew for every call and not closed by the caller. */
    Channel to(String address);
}
