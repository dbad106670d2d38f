// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import io.grpc.Detachable;
import io.grpc.HasByteBuffer;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.Status;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;

/**
 * Reads the messages of Get without copying the image bytes out of the buffers they arrived in: protobuf by itself copies
 * them twice, whatever aliasing it is asked for. Everything else is copied, for it may be kept. Stateless and thread-safe.
 */
final class LentBytes implements Marshaller<Received> {
    /** Get, its answers read so. */
    static final MethodDescriptor<GetRequest, Received> GET = BlobRetrievalGrpc.getGetMethod().toBuilder(
                    BlobRetrievalGrpc.getGetMethod().getRequestMarshaller(), new LentBytes())
            .build();

    /** Below this a copy costs less than keeping the books of what is lent. */
    private static final int LEAST_BYTES = 16 << 10;

    /** In front of the bytes there is a head at most, and behind them next to nothing. */
    private static final int READ_AT_ONCE = 512;

    private static final int TAG_TYPE_BITS = 3;

    private final Marshaller<GetResponse> copying =
            BlobRetrievalGrpc.getGetMethod().getResponseMarshaller();

    private LentBytes() {}

    @Override
    public InputStream stream(Received message) {
        throw new UnsupportedOperationException("a client sends no answers");
    }

    @Override
    public Received parse(InputStream stream) {
        try {
            return stream instanceof Detachable lending
                            && stream instanceof HasByteBuffer buffers
                            && buffers.byteBufferSupported()
                            && stream.available() >= LEAST_BYTES
                    ? lent(lending.detach())
                    : Received.owned(copying.parse(stream));
        } catch (InvalidProtocolBufferException e) {
            throw Status.INTERNAL
                    .withDescription("the message is no GetResponse")
                    .withCause(e)
                    .asRuntimeException();
        } catch (IOException e) {
            throw Status.INTERNAL
                    .withDescription("the message cannot be read")
                    .withCause(e)
                    .asRuntimeException();
        }
    }

    private static Received lent(InputStream lender) throws IOException {
        try {
            int size = lender.available();
            lender.mark(size); // else what is read would be given back at once
            var frame = Part.find(GetResponse.FRAME_FIELD_NUMBER, lender, 0, size);
            lender.reset();
            lender.skipNBytes(frame.begin());
            var data = Part.find(DataFrame.DATA_FIELD_NUMBER, lender, frame.begin(), frame.end());
            lender.reset();

            var whole = pieces(lender, size);
            var message = GetResponse.newBuilder()
                    .mergeFrom(whole.slice(0, frame.tag()).toArray())
                    .mergeFrom(whole.slice(frame.end(), size).toArray());
            if (frame.end() > 0) {
                message.getFrameBuilder()
                        .mergeFrom(whole.slice(frame.begin(), data.tag()).toArray())
                        .mergeFrom(whole.slice(data.end(), frame.end()).toArray());
            }
            return Received.lent(message.build(), whole.slice(data.begin(), data.end()), lender);
        } catch (IOException | RuntimeException | Error e) {
            lender.close();
            throw e;
        }
    }

    /** The message as it lies in memory, which stays so until the stream is closed. */
    private static Pieces pieces(InputStream lender, int size) throws IOException {
        var buffers = new ArrayList<ByteBuffer>();
        for (int left = size; left > 0; ) {
            var buffer = ((HasByteBuffer) lender).getByteBuffer();
            int length = buffer == null ? 0 : buffer.remaining();
            if (buffer == null || length == 0) {
                throw new IOException("the transport lends less than it has");
            }
            lender.skipNBytes(length);
            left -= length;
            buffers.add(buffer);
        }
        return Pieces.of(buffers);
    }

    /**
     * Where a field is in a message as it is encoded.
     *
     * @param tag where it begins
     * @param begin where what it contains begins
     * @param end where it ends
     */
    private record Part(int tag, int begin, int end) {
        /** Finds it between two positions, at the first of which the stream is; where it is not there, it is nothing, there. */
        static Part find(int number, InputStream message, int from, int to) throws IOException {
            var in = CodedInputStream.newInstance(message, READ_AT_ONCE);
            in.pushLimit(to - from);
            int wanted = number << TAG_TYPE_BITS | WireFormat.WIRETYPE_LENGTH_DELIMITED;
            var found = new Part(from, from, from);
            for (int at = from, tag = in.readTag(); tag != 0; at = from + in.getTotalBytesRead(), tag = in.readTag()) {
                if (tag != wanted) {
                    in.skipField(tag);
                    continue;
                }
                int length = in.readRawVarint32();
                int begin = from + in.getTotalBytesRead();
                in.skipRawBytes(length);
                if (found.end > from) {
                    throw new InvalidProtocolBufferException("field " + number + " is there twice");
                }
                found = new Part(at, begin, begin + length);
            }
            return found;
        }
    }
}
