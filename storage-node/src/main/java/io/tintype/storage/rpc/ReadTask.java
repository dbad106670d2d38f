// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.BlobName;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.v1.GetRequest;
import io.tintype.trace.Trace;
import org.jspecify.annotations.Nullable;

/** What is asked for, all checked; and the trace of the call that asks. */
record ReadTask(
        GetRequest request,
        UserId user,
        BlobName name,
        @Nullable Version only,
        @Nullable Version not,
        Trace trace) {
    static ReadTask of(GetRequest request) {
        return new ReadTask(
                request,
                UserId.of(request.getUser()),
                BlobName.of(request.getName()),
                request.hasIfVersion() ? Requests.version("if_version", request.getIfVersion()) : null,
                request.hasIfNotVersion() ? Requests.version("if_not_version", request.getIfNotVersion()) : null,
                Trace.current());
    }
}
