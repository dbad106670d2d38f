// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.grpc.stub.StreamObserver;
import io.tintype.coordinator.route.Answers;
import io.tintype.proto.v1.CachesGrpc;
import io.tintype.proto.v1.ExplainReadRequest;
import io.tintype.proto.v1.ExplainReadResponse;

/** Tells clients what the caches would do. Thread-safe; never blocks. */
public final class CachesService extends CachesGrpc.CachesImplBase {
    private final RetrievalGateway gateway;
    private final String coordinator;

    /** Over a gateway that outlives it, of the coordinator with this id. */
    public CachesService(RetrievalGateway gateway, String coordinator) {
        this.gateway = gateway;
        this.coordinator = coordinator;
    }

    @Override
    public void explainRead(ExplainReadRequest request, StreamObserver<ExplainReadResponse> out) {
        Answers.send(out, () -> gateway.explain(request, coordinator));
    }
}
