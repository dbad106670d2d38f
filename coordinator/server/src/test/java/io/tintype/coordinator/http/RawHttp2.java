// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;

/** A client that speaks HTTP/2 frame by frame. For one thread. */
final class RawHttp2 implements AutoCloseable {
    /** The other side has had enough of it. */
    static final int ENHANCE_YOUR_CALM = 11;

    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int SO_TIMEOUT_MS = 60_000;

    private final Socket socket;
    private final DataInputStream in;

    /** Connects, and begins. */
    RawHttp2(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(SO_TIMEOUT_MS);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
        send(frame(SETTINGS, 0, 0, new byte[0]));
    }

    /** What came. */
    record Frame(int type, int flags, int stream, ByteBuffer payload) {
        /** Whether nothing more comes of its stream. */
        boolean isLast() {
            return type == RST_STREAM || (type <= HEADERS && (flags & END_STREAM) != 0);
        }

        /** Why the stream was reset; -1: it was not. */
        int resetBy() {
            return type == RST_STREAM ? payload.getInt(0) : -1;
        }
    }

    /** Begins a request; {@code last}: it has no body. */
    void request(int stream, String method, String path, boolean last) throws IOException {
        var block = new ByteArrayOutputStream(); // by HPACK, nothing of it to be remembered
        literal(block, 0x02, method);
        block.write(0x86); // :scheme http
        literal(block, 0x04, path);
        literal(block, 0x01, "x"); // :authority
        send(frame(HEADERS, END_HEADERS | (last ? END_STREAM : 0), stream, block.toByteArray()));
    }

    private static void literal(ByteArrayOutputStream block, int name, String value) {
        block.write(name);
        block.write(value.length());
        block.writeBytes(value.getBytes(US_ASCII));
    }

    /** Sends so many bytes of a body, each in a frame of its own; {@code last}: they are its end. */
    void bytes(int stream, int count, boolean last) throws IOException {
        var frames = new ByteArrayOutputStream();
        for (int i = 1; i <= count; i++) {
            frames.writeBytes(frame(DATA, last && i == count ? END_STREAM : 0, stream, new byte[] {'x'}));
        }
        send(frames.toByteArray());
    }

    /** Wants no more of a stream. */
    void reset(int stream) throws IOException {
        send(frame(RST_STREAM, 0, stream, new byte[] {0, 0, 0, 8}));
    }

    /** The last frame of a stream, once it comes. */
    Frame end(int stream) throws IOException {
        while (true) {
            var next = next();
            if (next.stream() == stream && next.isLast()) {
                return next;
            }
        }
    }

    private Frame next() throws IOException {
        int lengthAndType = in.readInt();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        var payload = new byte[lengthAndType >>> Byte.SIZE];
        in.readFully(payload);
        return new Frame(lengthAndType & 0xff, flags, stream, ByteBuffer.wrap(payload));
    }

    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .putInt(payload.length << Byte.SIZE | type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    private void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
