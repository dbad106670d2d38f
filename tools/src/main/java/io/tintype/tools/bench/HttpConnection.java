// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/1.1 connection that is kept, as lean as can be, so that what is measured is the server: bodies are read and thrown
 * away. Only answers that tell their length are understood. Used by one thread.
 */
final class HttpConnection implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int TIMEOUT_MS = 30_000;
    private static final String LENGTH = "content-length:";

    private final URI server;
    private final String headers;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private @Nullable Socket socket;
    private int from;
    private int to;

    /** To a server; connects when it is first used, and again after {@link #close}. */
    HttpConnection(URI server, List<String> headers) {
        this.server = server;
        this.headers = headers.stream().map(line -> line + "\r\n").reduce("", String::concat);
    }

    /**
     * Reads a resource; returns the number of its bytes.
     *
     * @throws IOException where the status is not 200, saying which; or the connection broke
     */
    long get(String path) throws IOException {
        var in = request(path);
        int status = Integer.parseInt(line(in).substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
        long length = -1;
        for (var header = line(in); !header.isEmpty(); header = line(in)) {
            if (header.toLowerCase(Locale.ROOT).startsWith(LENGTH)) {
                length = Long.parseLong(header.substring(LENGTH.length()).trim());
            }
        }
        if (length < 0) {
            throw new IOException("an answer without a length");
        }
        skip(in, length);
        if (status != 200) {
            throw new IOException("status " + status);
        }
        return length;
    }

    private InputStream request(String path) throws IOException {
        var open = socket;
        if (open == null) {
            open = new Socket(server.getHost(), server.getPort());
            open.setTcpNoDelay(true);
            open.setSoTimeout(TIMEOUT_MS);
            socket = open;
            from = 0;
            to = 0;
        }
        var request = "GET " + path + " HTTP/1.1\r\nHost: " + server.getAuthority() + "\r\n" + headers + "\r\n";
        open.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        return open.getInputStream();
    }

    private String line(InputStream in) throws IOException {
        var text = new StringBuilder();
        while (true) {
            if (from == to) {
                fill(in);
            }
            char next = (char) buffer[from++];
            if (next == '\n') {
                return text.toString();
            }
            if (next != '\r') {
                text.append(next);
            }
        }
    }

    private void skip(InputStream in, long bytes) throws IOException {
        long left = bytes;
        while (left > 0) {
            if (from == to) {
                fill(in);
            }
            int taken = (int) Math.min(left, to - from);
            from += taken;
            left -= taken;
        }
    }

    private void fill(InputStream in) throws IOException {
        from = 0;
        to = Math.max(0, in.read(buffer));
        if (to == 0) {
            throw new EOFException("the server hung up");
        }
    }

    @Override
    public void close() {
        var open = socket;
        socket = null;
        try {
            if (open != null) {
                open.close();
            }
        } catch (IOException e) {
            // It is not used any more.
        }
    }
}
