// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.memory;

import com.google.protobuf.ByteString;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.Condition;
import io.tintype.proto.v1.DeleteRequest;
import io.tintype.proto.v1.DeleteResponse;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutResponse;
import io.tintype.proto.v1.SessionToken;
import io.tintype.wire.Wire;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Blobs with versions, conditions and dedup, as a primary keeps them. Thread-safe. */
final class MemoryStore {
    private final Map<String, TreeMap<String, Stored>> users = new HashMap<>();
    private final Map<RequestId, Object> answered = new HashMap<>();
    private long counter;
    private int applied;

    /** The shard that users live on. */
    volatile int shard = InMemoryTintype.SHARD;

    record Stored(BlobHead head, Content content) {}

    synchronized void register(String user) {
        users.computeIfAbsent(user, id -> new TreeMap<>());
    }

    synchronized boolean isRegistered(String user) {
        return users.containsKey(user);
    }

    /** How many changes were made, repeats not counted. */
    synchronized int applied() {
        return applied;
    }

    /** What came of a request id before; null: nothing. */
    synchronized @Nullable PutResponse answered(PutHeader header) {
        return answered.get(Wire.requestId(header.getRequestId())) instanceof PutResponse before ? before : null;
    }

    synchronized PutResponse put(PutHeader header, Content content) {
        var id = Wire.requestId(header.getRequestId());
        if (answered.get(id) instanceof PutResponse before) {
            return before;
        }
        var blobs = blobs(header.getUser());
        check(header.getName(), blobs.get(header.getName()), header.hasCondition() ? header.getCondition() : null);
        var version = new Version(++counter, 7);
        var head = BlobHead.newBuilder()
                .setUser(header.getUser())
                .setName(header.getName())
                .setVersion(Wire.version(version))
                .setSize(content.size())
                .setCrc32C(content.crc())
                .setContentType(
                        header.getContentType().isEmpty() ? "application/octet-stream" : header.getContentType())
                .putAllMetadata(header.getMetadataMap())
                .setCacheControl(header.getCacheControl())
                .setHttpExpiresMs(header.getHttpExpiresMs())
                .setWrittenAtMs(1_700_000_000_000L + counter)
                .setEtag(version.etag())
                .build();
        blobs.put(header.getName(), new Stored(head, content));
        applied++;
        var answer = PutResponse.newBuilder()
                .setHead(head)
                .addReplicas("n0")
                .addReplicas("n1")
                .setSession(token())
                .build();
        answered.put(id, answer);
        return answer;
    }

    synchronized DeleteResponse delete(DeleteRequest request) {
        var id = Wire.requestId(request.getRequestId());
        if (answered.get(id) instanceof DeleteResponse before) {
            return before;
        }
        var blobs = blobs(request.getUser());
        check(request.getName(), blobs.get(request.getName()), request.hasCondition() ? request.getCondition() : null);
        boolean existed = blobs.remove(request.getName()) != null;
        applied++;
        var answer = DeleteResponse.newBuilder()
                .setExisted(existed)
                .setVersion(Wire.version(new Version(++counter, 7)))
                .setSession(token())
                .build();
        answered.put(id, answer);
        return answer;
    }

    synchronized Stored get(String user, String name) {
        var stored = blobs(user).get(name);
        if (stored == null) {
            throw new TintypeException(Reason.BLOB_NOT_FOUND, "user '" + user + "' has no blob '" + name + "'");
        }
        return stored;
    }

    synchronized List<Stored> all(String user) {
        return new ArrayList<>(blobs(user).values());
    }

    private Map<String, Stored> blobs(String user) {
        var blobs = users.get(user);
        if (blobs == null) {
            throw new TintypeException(Reason.USER_NOT_FOUND, "user '" + user + "' has never written");
        }
        return blobs;
    }

    private SessionToken token() {
        return SessionToken.newBuilder()
                .setShard(shard)
                .setEpoch(3)
                .setSequence(counter)
                .build();
    }

    private static void check(String name, @Nullable Stored current, @Nullable Condition condition) {
        if (condition == null) {
            return;
        }
        boolean holds = condition.getAbsent()
                ? current == null
                : current != null && current.head.getVersion().equals(condition.getVersion());
        if (!holds) {
            throw new TintypeException(
                    Reason.VERSION_CONFLICT,
                    "'" + name + "' is not as the condition says",
                    current == null ? Map.of() : Map.of(TintypeException.CURRENT_VERSION, current.head.getEtag()));
        }
    }

    static ByteString join(List<ByteString> parts) {
        return ByteString.copyFrom(parts);
    }
}
