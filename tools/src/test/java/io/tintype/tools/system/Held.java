// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.tintype.proto.v1.CachesGrpc;
import io.tintype.proto.v1.ExplainReadRequest;
import io.tintype.proto.v1.ReadLayerState;
import io.tintype.tools.balance.Fleet;
import java.util.List;

/** Asks coordinators whether they hold a blob in memory. */
final class Held implements AutoCloseable {
    private final List<? extends ManagedChannel> channels;

    Held(Fleet fleet, List<String> coordinators) {
        channels = coordinators.stream()
                .map(name -> NettyChannelBuilder.forTarget(fleet.address(name))
                        .usePlaintext()
                        .build())
                .toList();
    }

    boolean isHeldByAny(String user, String name) {
        var request =
                ExplainReadRequest.newBuilder().setUser(user).setName(name).build();
        return channels.stream()
                .anyMatch(channel -> CachesGrpc.newBlockingStub(channel).explainRead(request).getLayersList().stream()
                        .anyMatch(layer -> layer.getName().equals("memory")
                                && layer.getState() == ReadLayerState.READ_LAYER_STATE_HELD));
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
    }
}
