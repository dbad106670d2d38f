// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.testing;

import io.grpc.stub.ServerCallStreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.wire.Errors;

/** One read of a blob that a {@link MemoryNode} sends, frame by frame as the caller takes them. Thread-safe. */
final class MemoryGet {
    private final MemoryNode node;
    private final ServerCallStreamObserver<GetResponse> call;
    private final MemoryNode.Blob blob;
    private long position;
    private final long end;
    private int frames;
    private boolean first = true;
    private boolean over;

    MemoryGet(MemoryNode node, ServerCallStreamObserver<GetResponse> call, MemoryNode.Blob blob, GetRequest request) {
        this.node = node;
        this.call = call;
        this.blob = blob;
        long size = blob.bytes().size();
        if (request.hasRange() && request.hasIfVersion()) {
            node.partialGets.add(request);
        }
        position = request.getRange().getOffset();
        if (request.hasRange() && position >= size) {
            throw new TintypeException(Reason.RANGE_NOT_SATISFIABLE, "the blob has " + size + " bytes");
        }
        position = node.passesRangesOver ? 0 : position;
        long length = request.getRange().getLength();
        end = length == 0 ? size : Math.min(size, position + length);
    }

    void start() {
        node.openGets.add(this);
        call.setOnReadyHandler(this::send);
    }

    synchronized void breakOff() {
        if (!over) {
            over();
            call.onError(Errors.toWire(new TintypeException(node.failureOfGets, "it broke off")));
        }
    }

    private void over() {
        over = true;
        node.openGets.remove(this);
    }

    private synchronized void send() {
        while (!over && (call.isReady() || frames >= node.framesBeforeFailure)) {
            if (frames >= node.framesBeforeFailure) {
                breakOff();
                return;
            }
            long to = Math.min(end, position + node.frameBytes);
            var data = blob.bytes().substring((int) position, (int) to);
            var message = GetResponse.newBuilder()
                    .setFrame(DataFrame.newBuilder()
                            .setOffset(position)
                            .setData(data)
                            .setCrc32C(Crc32c.of(data) + (node.damageFrames ? 1 : 0)));
            if (first) {
                message.setHead(blob.head());
                first = false;
            }
            node.getMessages.incrementAndGet();
            frames++;
            position = to;
            call.onNext(message.build());
            if (position == end) {
                over();
                call.onCompleted();
            }
        }
    }
}
