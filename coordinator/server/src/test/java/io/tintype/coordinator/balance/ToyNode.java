// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.DescribeReplicaResponse;
import io.tintype.proto.internal.v1.DigestReplicaRequest;
import io.tintype.proto.internal.v1.DigestReplicaResponse;
import io.tintype.proto.internal.v1.NodeReportsGrpc;
import io.tintype.proto.internal.v1.PinReplicaRequest;
import io.tintype.proto.internal.v1.PinReplicaResponse;
import io.tintype.proto.internal.v1.ReplicationGrpc;
import io.tintype.proto.internal.v1.ReportNodeRequest;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import io.tintype.proto.internal.v1.ShardOrdersGrpc;
import io.tintype.proto.internal.v1.TransferShardRequest;
import io.tintype.proto.internal.v1.TransferShardResponse;

/** What one of the {@link ToyNodes} answers. */
final class ToyNode {
    private final ToyNodes nodes;
    private final String self;

    ToyNode(ToyNodes nodes, String self) {
        this.nodes = nodes;
        this.self = self;
    }

    private static <T> void answer(StreamObserver<T> out, T with) {
        out.onNext(with);
        out.onCompleted();
    }

    final ReplicationGrpc.ReplicationImplBase replication = new ReplicationGrpc.ReplicationImplBase() {
        @Override
        public void describeReplica(DescribeReplicaRequest request, StreamObserver<DescribeReplicaResponse> out) {
            answer(
                    out,
                    DescribeReplicaResponse.newBuilder().setAppliedSequence(7).build());
        }
    };

    final NodeReportsGrpc.NodeReportsImplBase reports = new NodeReportsGrpc.NodeReportsImplBase() {
        @Override
        public void reportNode(ReportNodeRequest request, StreamObserver<ReportNodeResponse> out) {
            answer(out, nodes.said(self));
        }

        @Override
        public void pinReplica(PinReplicaRequest request, StreamObserver<PinReplicaResponse> out) {
            answer(
                    out,
                    PinReplicaResponse.newBuilder()
                            .setPin(1)
                            .setSequence(request.getAtSequence() - (nodes.isLagging(self) ? 1 : 0))
                            .setMember(ToyNodes.member(self))
                            .build());
        }

        @Override
        public void digestReplica(DigestReplicaRequest request, StreamObserver<DigestReplicaResponse> out) {
            if (nodes.isUndigested(self)) {
                out.onError(Status.UNAVAILABLE.asRuntimeException());
                return;
            }
            if (nodes.digestsForEver) {
                nodes.digesting.incrementAndGet();
                Context.current().addListener(ended -> nodes.digesting.decrementAndGet(), Runnable::run);
                return;
            }
            answer(
                    out,
                    DigestReplicaResponse.newBuilder()
                            .setSequence(7)
                            .setEntries(nodes.isDifferent(self) ? 1 : 2)
                            .build());
            nodes.digested.add(self);
        }
    };

    final ShardOrdersGrpc.ShardOrdersImplBase orders = new ShardOrdersGrpc.ShardOrdersImplBase() {
        @Override
        public void transferShard(TransferShardRequest request, StreamObserver<TransferShardResponse> out) {
            boolean taken = nodes.leads.ordered(request.getShard(), request.getTo(), () -> {
                try {
                    nodes.lead(request.getShard(), request.getTo());
                    answer(
                            out,
                            TransferShardResponse.newBuilder()
                                    .setPrimary(request.getTo())
                                    .setEpoch(1)
                                    .build());
                } catch (Exception e) { // whatever it was, the one who ordered it hears of it
                    out.onError(e);
                }
            });
            if (!taken) {
                out.onError(Status.FAILED_PRECONDITION.asRuntimeException());
            }
        }
    };
}
