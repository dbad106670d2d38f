// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import com.google.protobuf.ByteString;
import io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInitializer;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.SimpleChannelInboundHandler;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2HeadersFrame;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2StreamChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2StreamFrame;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Uploads whose only message never comes whole. No gRPC library sends such; this writes HTTP/2 frames. Used by one thread.
 */
final class HalfUploads implements AutoCloseable {
    private static final int MESSAGE_BYTES = 1 << 20;
    private static final int STREAMS_PER_CONNECTION = 500;

    private final EventLoopGroup threads = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final List<Channel> connections = new ArrayList<>();
    private final List<Http2StreamChannel> streams = new ArrayList<>();
    private final Map<String, AtomicInteger> ended = new ConcurrentHashMap<>();
    private final byte[] message = message();
    private int sent;

    /** Opens so many uploads, of which nothing but their HTTP headers has been sent. */
    HalfUploads(String address, int count) throws InterruptedException {
        int colon = address.lastIndexOf(':');
        for (int i = 0; i < count; i++) {
            if (i % STREAMS_PER_CONNECTION == 0) {
                connections.add(connect(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))));
            }
            streams.add(open(connections.get(connections.size() - 1)));
        }
    }

    /** Sends the next bytes of every message that is still wanted. */
    void send(int bytes) throws InterruptedException {
        int to = Math.min(message.length, sent + bytes);
        byte[] piece = Arrays.copyOfRange(message, sent, to);
        for (var stream : streams) {
            if (stream.isActive()) {
                stream.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(piece)))
                        .await();
            }
        }
        sent = to;
    }

    /** Uploads that the server has not ended. */
    long open() {
        return streams.stream().filter(Channel::isActive).count();
    }

    /** How many ended with which gRPC status. */
    Map<String, Integer> ended() {
        var counts = new ConcurrentHashMap<String, Integer>();
        ended.forEach((status, count) -> counts.put(status, count.get()));
        return counts;
    }

    @Override
    public void close() {
        for (var connection : connections) {
            connection.close().awaitUninterruptibly();
        }
        threads.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private Channel connect(String host, int port) throws InterruptedException {
        return new Bootstrap()
                .group(threads)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(Http2FrameCodecBuilder.forClient().build())
                                .addLast(new Http2MultiplexHandler(new Answers()));
                    }
                })
                .connect(host, port)
                .sync()
                .channel();
    }

    private Http2StreamChannel open(Channel connection) throws InterruptedException {
        var stream = new Http2StreamChannelBootstrap(connection)
                .handler(new Answers())
                .open()
                .sync()
                .getNow();
        var headers = new DefaultHttp2Headers()
                .method("POST")
                .scheme("http")
                .path("/tintype.v1.BlobUpload/Put")
                .authority("test")
                .add("content-type", "application/grpc")
                .add("te", "trailers");
        stream.writeAndFlush(new DefaultHttp2HeadersFrame(headers, false)).sync();
        return stream;
    }

    /** A header and a frame, of which the last byte will never be sent. */
    private static byte[] message() {
        byte[] request = PutRequest.newBuilder()
                .setHeader(PutHeader.newBuilder().setUser("slow").setName("half"))
                .setFrame(DataFrame.newBuilder().setData(ByteString.copyFrom(new byte[MESSAGE_BYTES])))
                .build()
                .toByteArray();
        return ByteBuffer.allocate(5 + request.length - 1)
                .put((byte) 0)
                .putInt(request.length)
                .put(request, 0, request.length - 1)
                .array();
    }

    /** Counts how streams end. */
    private final class Answers extends SimpleChannelInboundHandler<Http2StreamFrame> {
        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, Http2StreamFrame frame) {
            if (frame instanceof Http2HeadersFrame headers && headers.headers().contains("grpc-status")) {
                ended.computeIfAbsent(headers.headers().get("grpc-status").toString(), status -> new AtomicInteger())
                        .incrementAndGet();
                context.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close(); // the server reset the stream while it was written to
        }
    }
}
