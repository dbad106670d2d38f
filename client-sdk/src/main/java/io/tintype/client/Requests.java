// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.UserCall;
import io.tintype.client.internal.UserCall.Kind;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.CopyRequest;
import io.tintype.proto.v1.CopyResponse;
import io.tintype.proto.v1.DeleteRequest;
import io.tintype.proto.v1.DeleteResponse;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.ListResponse;
import io.tintype.wire.Wire;
import org.jspecify.annotations.Nullable;

/** Requests made from what applications ask for, checked before anything is sent. Stateless and thread-safe. */
final class Requests {
    private Requests() {}

    /** A read without freshness and shard, which are added for each server. */
    static GetRequest get(String user, String name, GetOptions options) {
        checkVersionNamed(options.consistency(), options.ifVersion());
        var request = GetRequest.newBuilder().setUser(Convert.user(user)).setName(Convert.name(name));
        if (!options.range().isAll()) {
            request.setRange(Convert.range(options.range()));
        }
        if (options.ifVersion() != null) {
            request.setIfVersion(Wire.version(options.ifVersion()));
        }
        return request.build();
    }

    static UserCall<HeadRequest, HeadResponse> head(String user, String name, HeadOptions options, Session own) {
        checkVersionNamed(options.consistency(), options.ifVersion());
        var request = HeadRequest.newBuilder().setUser(Convert.user(user)).setName(Convert.name(name));
        if (options.ifVersion() != null) {
            request.setIfVersion(Wire.version(options.ifVersion()));
        }
        var asked = request.build();
        var mode = Convert.mode(options.consistency(), own, user);
        return new UserCall<>(
                BlobRetrievalGrpc.getHeadMethod(),
                user,
                (target, ageMs) -> asked.toBuilder()
                        .setShard(target.shard())
                        .setOptions(mode.options(target))
                        .build(),
                Kind.read(mode),
                options.timeout());
    }

    static UserCall<ListRequest, ListResponse> list(String user, ListOptions options, Session own) {
        if (options.pageSize() < 1 || options.pageSize() > Limits.MAX_PAGE_SIZE) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "page size is " + options.pageSize() + "; give 1 to " + Limits.MAX_PAGE_SIZE);
        }
        if (options.consistency() instanceof Consistency.ExactVersion) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, "a listing has no version; exactVersion is for get and head");
        }
        var asked = ListRequest.newBuilder()
                .setUser(Convert.user(user))
                .setPrefix(options.prefix())
                .setDelimiter(options.delimiter())
                .setPageSize(options.pageSize())
                .setPageToken(options.pageToken())
                .build();
        var mode = Convert.mode(options.consistency(), own, user);
        return new UserCall<>(
                BlobRetrievalGrpc.getListMethod(),
                user,
                (target, ageMs) -> asked.toBuilder()
                        .setShard(target.shard())
                        .setOptions(mode.options(target))
                        .build(),
                Kind.read(mode),
                options.timeout());
    }

    private static void checkVersionNamed(Consistency consistency, @Nullable Version version) {
        if (consistency instanceof Consistency.ExactVersion && version == null) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, "exactVersion needs ifVersion to say which version that is");
        }
    }

    static UserCall<DeleteRequest, DeleteResponse> delete(String user, String name, DeleteOptions options) {
        RequestId id = Convert.orRandom(options.requestId());
        var request = DeleteRequest.newBuilder()
                .setUser(Convert.user(user))
                .setName(Convert.name(name))
                .setRequestId(Wire.bytes(id));
        if (options.ifVersion() != null) {
            request.getConditionBuilder().setVersion(Wire.version(options.ifVersion()));
        }
        var asked = request.setStrict(options.strict()).build();
        return new UserCall<>(
                BlobUploadGrpc.getDeleteMethod(),
                user,
                (target, ageMs) -> asked.toBuilder()
                        .setShard(target.shard())
                        .setRetryAgeMs(ageMs)
                        .build(),
                options.strict() ? Kind.LONG_CHANGE : Kind.CHANGE,
                id,
                options.requestAge(),
                options.timeout());
    }

    static UserCall<CopyRequest, CopyResponse> copy(String user, String source, String target, CopyOptions options) {
        RequestId id = Convert.orRandom(options.requestId());
        var request = CopyRequest.newBuilder()
                .setUser(Convert.user(user))
                .setSourceName(Convert.name(source))
                .setName(Convert.name(target))
                .setRequestId(Wire.bytes(id));
        if (options.sourceVersion() != null) {
            request.setSourceVersion(Wire.version(options.sourceVersion()));
        }
        var condition = Convert.condition(options.condition());
        if (condition != null) {
            request.setCondition(condition);
        }
        var asked = request.build();
        return new UserCall<>(
                BlobUploadGrpc.getCopyMethod(),
                user,
                (to, ageMs) -> asked.toBuilder()
                        .setShard(to.shard())
                        .setRetryAgeMs(ageMs)
                        .build(),
                Kind.LONG_CHANGE,
                id,
                options.requestAge(),
                options.timeout());
    }
}
