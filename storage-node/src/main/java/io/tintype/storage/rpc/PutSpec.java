// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.wire.Wire;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What a blob is to be: a header all of whose fields have been checked. Immutable.
 *
 * @param contentType never empty
 * @param cacheControl Cache-Control of answers over HTTP; empty: the pool's
 * @param httpExpiresMs Expires of answers over HTTP; 0: none
 * @param timeToLiveMs milliseconds from the moment it is stored; 0: for ever
 * @param condition its kind is unset where there is none
 * @param size number of bytes, where the caller declared it
 * @param age how old the request is
 */
record PutSpec(
        UserId user,
        BlobName name,
        RequestId requestId,
        String contentType,
        Map<String, String> metadata,
        String cacheControl,
        long httpExpiresMs,
        long timeToLiveMs,
        Precondition condition,
        OptionalLong size,
        RetryAge age) {

    /**
     * Checks a header.
     *
     * @param maxBlobBytes most bytes a blob may have here
     * @param age how old the request is, by the same header
     * @throws TintypeException naming the first field that is wrong
     */
    static PutSpec of(PutHeader header, long maxBlobBytes, RetryAge age) {
        var user = UserId.of(header.getUser());
        var name = BlobName.of(header.getName());
        var requestId = Wire.requestId(header.getRequestId());
        Wire.checkHeader(header, maxBlobBytes);
        return new PutSpec(
                user,
                name,
                requestId,
                header.getContentType().isEmpty() ? Limits.DEFAULT_CONTENT_TYPE : header.getContentType(),
                header.getMetadataMap(),
                header.getCacheControl(),
                header.getHttpExpiresMs(),
                header.getTimeToLiveMs(),
                header.hasCondition() ? Requests.precondition(header.getCondition()) : Requests.NO_CONDITION,
                header.hasSize() ? OptionalLong.of(header.getSize()) : OptionalLong.empty(),
                age);
    }

    /**
     * Refuses a finish part that contradicts the declared size or the limit.
     *
     * @throws TintypeException SIZE_MISMATCH or BLOB_TOO_LARGE
     */
    void checkFinish(PutFinish finish, long maxBlobBytes) {
        Wire.checkSize(finish.getSize(), maxBlobBytes);
        if (size.isPresent() && size.getAsLong() != finish.getSize()) {
            throw new TintypeException(
                    Reason.SIZE_MISMATCH,
                    "header.size declares " + size.getAsLong() + " bytes, finish.size " + finish.getSize()
                            + "; nothing was stored");
        }
    }
}
