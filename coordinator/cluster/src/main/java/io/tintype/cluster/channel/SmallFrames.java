// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.netty.shaded.io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.shaded.io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import io.grpc.netty.shaded.io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandler;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameListener;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.grpc.netty.shaded.io.netty.util.AsciiString;

/**
 * Takes frames with few bytes out of the buffers they were read into. gRPC holds a frame until its message is whole, and with it
 * the whole buffer, of up to 32 KiB ({@link GrpcMemory#READS}): whoever sends a message byte by byte would have one held for each.
 * A frame that has less than half of its buffer is copied; so no message holds more than {@link InboundGuard} counts. One without
 * any bytes is passed on only where it ends the call: it takes nothing of any window, so there could be any number of them.
 */
final class SmallFrames extends Http2FrameListenerDecorator {
    private SmallFrames(Http2FrameListener listener) {
        super(listener);
    }

    /** How a server without TLS begins its connections, with this in them. */
    static ProtocolNegotiator plaintext() {
        var plain = InternalProtocolNegotiators.serverPlaintext();
        return new ProtocolNegotiator() {
            @Override
            public AsciiString scheme() {
                return plain.scheme();
            }

            @Override
            public ChannelHandler newHandler(GrpcHttp2ConnectionHandler connection) {
                var decoder = connection.decoder();
                decoder.frameListener(new SmallFrames(decoder.frameListener()));
                return plain.newHandler(connection);
            }

            @Override
            public void close() {
                plain.close();
            }
        };
    }

    @Override
    public int onDataRead(ChannelHandlerContext context, int stream, ByteBuf data, int padding, boolean end)
            throws Http2Exception {
        int length = data.readableBytes();
        if (length == 0 && !end) {
            return padding;
        }
        if (InboundGuard.HELD_TIMES * length >= capacity(data)) {
            return super.onDataRead(context, stream, data, padding, end);
        }
        var copy = context.alloc().buffer(length);
        try {
            copy.writeBytes(data, data.readerIndex(), length);
            return super.onDataRead(context, stream, copy, padding, end);
        } finally {
            copy.release();
        }
    }

    /** Bytes of the buffer that a part of it holds. */
    private static int capacity(ByteBuf part) {
        var whole = part;
        for (var outer = part.unwrap(); outer != null; outer = outer.unwrap()) {
            whole = outer;
        }
        return whole.capacity();
    }
}
