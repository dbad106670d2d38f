// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.AbortUpload;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.StoredOutcome;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.SessionToken;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.keys.Sealing;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.ShardRules;
import io.tintype.wire.Wire;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Records to be proposed, and what came of them, as messages. Stateless and thread-safe; never blocks. */
final class Writes {
    private static final Logger log = LoggerFactory.getLogger(Writes.class);

    private Writes() {}

    /** A blob that was written, and where. */
    record Stored(BlobHead head, List<String> replicas, SessionToken session) {}

    /** Names a new upload. */
    static UploadId newUpload(ShardReplica shard, long nowMs) {
        return new UploadId(
                shard.reader().timeMs(nowMs), ThreadLocalRandom.current().nextLong());
    }

    /** The manifest of chunks that were cut in the usual way, and sealed so. */
    static Manifest manifest(UploadId upload, long size, int crc, Sealing sealing) {
        var manifest = Manifest.newBuilder()
                .setSize(size)
                .setCrc32C(crc)
                .setChunkSize(Limits.CHUNK_BYTES)
                .setSealed(size > 0 && sealing.seals());
        if (size > 0) {
            manifest.setUploadId(ByteString.copyFrom(upload.toBytes())).setChunks(chunks(size));
        }
        return manifest.build();
    }

    /** How many chunks a blob of this size has. */
    static int chunks(long size) {
        return (int) ((size + Limits.CHUNK_BYTES - 1) / Limits.CHUNK_BYTES);
    }

    /**
     * The record that makes a blob current.
     *
     * @param nowMs when its time to live begins, {@link io.tintype.storage.blob.ShardReader#timeMs by the shard's clock}
     */
    static PutCommit.Builder commit(ShardRules rules, PutSpec spec, Manifest manifest, long digest, long nowMs) {
        return PutCommit.newBuilder()
                .setName(spec.name().value())
                .setManifest(manifest)
                .setContentType(spec.contentType())
                .putAllMetadata(spec.metadata())
                .setCacheControl(spec.cacheControl())
                .setHttpExpiresMs(spec.httpExpiresMs())
                .setExpiresAtMs(spec.timeToLiveMs() == 0 ? 0 : nowMs + spec.timeToLiveMs())
                .setPrecondition(spec.condition())
                .setVersionNonce(nonce())
                .setRequestDigest(digest)
                .setUserBytes(rules.userBytes())
                .setUserBlobs(rules.userBlobs());
    }

    /** A record to be appended. */
    static Proposal proposal(RecordType type, UserId user, @Nullable RequestId request, MessageLite payload) {
        return new Proposal(type, user, request, payload.toByteString(), null);
    }

    /** A commit whose only chunk travels with it. */
    static Proposal inline(UserId user, RequestId request, PutCommit.Builder commit, Chunk chunk) {
        var key = new ChunkKey(user, Wire.uploadId(commit.getManifest().getUploadId()), 0);
        return new Proposal(
                RecordType.PUT_COMMIT,
                user,
                request,
                commit.setInline(true).build().toByteString(),
                new Proposal.InlineChunk(key, chunk));
    }

    /** A version's nonce. */
    static int nonce() {
        return ThreadLocalRandom.current().nextInt();
    }

    /**
     * What was written.
     *
     * @throws io.tintype.model.TintypeException with the reason why nothing was
     */
    static Stored stored(ShardId shard, UserId user, BlobName name, Committed committed) {
        if (committed.outcome().orThrow() instanceof Outcome.Written written) {
            return new Stored(
                    head(user.value(), name.value(), written.head()),
                    replicas(committed),
                    session(shard, written.at()));
        }
        throw new IllegalStateException("a PUT_COMMIT ended with " + committed.outcome());
    }

    /** Whether a blob consists of this very upload's chunks: a retry, or a condition that fails, leaves them unused. */
    static boolean tookOver(Committed committed, UploadId upload) {
        return committed.outcome() instanceof Outcome.Written written
                && written.head().getManifest().getUploadId().equals(Wire.bytes(upload));
    }

    /**
     * What an earlier attempt of a request came to, for calls that would otherwise have to begin by looking for what that
     * attempt used up.
     *
     * @throws TintypeException REQUEST_ID_REUSED where it was another request
     */
    static Committed replayed(RequestId request, long digest, StoredOutcome earlier, List<NodeId> replicas) {
        var at = new LogPosition(earlier.getEpoch(), earlier.getSequence());
        if (earlier.getRequestDigest() == digest) {
            switch (earlier.getResultCase()) {
                case WRITTEN -> {
                    return new Committed(at, new Outcome.Written(at, earlier.getWritten()), replicas);
                }
                case CONFLICT -> {
                    var conflict = earlier.getConflict();
                    return new Committed(
                            at,
                            new Outcome.Conflict(
                                    conflict.hasCurrent() ? Requests.version(conflict.getCurrent()) : null),
                            replicas);
                }
                case OVER_QUOTA -> {
                    var over = earlier.getOverQuota();
                    return new Committed(
                            at,
                            new Outcome.OverQuota(
                                    over.getBytes(), over.getBytesLimit(), over.getBlobs(), over.getBlobsLimit()),
                            replicas);
                }
                case REMOVED, RESULT_NOT_SET -> {}
            }
        }
        throw new TintypeException(
                Reason.REQUEST_ID_REUSED,
                "request id " + request + " was used for another request before; draw a new one for every request, and"
                        + " keep it only for its retries");
    }

    /** Lets go of chunks that were staged in vain; where this fails, collection does it a day later. */
    static void abort(ShardReplica shard, UserId user, UploadId upload) {
        var payload = AbortUpload.newBuilder().setUploadId(Wire.bytes(upload)).build();
        var unused = shard.propose(proposal(RecordType.ABORT_UPLOAD, user, null, payload))
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        log.debug("upload {} was not aborted; its chunks stay for a day", upload, failure);
                    }
                });
    }

    /** A stored head as a message. */
    static BlobHead head(String user, String name, StoredHead head) {
        var version = Requests.version(head.getVersion());
        return BlobHead.newBuilder()
                .setUser(user)
                .setName(name)
                .setVersion(Wire.version(version))
                .setSize(head.getManifest().getSize())
                .setCrc32C(head.getManifest().getCrc32C())
                .setContentType(head.getContentType())
                .putAllMetadata(head.getMetadataMap())
                .setCacheControl(head.getCacheControl())
                .setHttpExpiresMs(head.getHttpExpiresMs())
                .setWrittenAtMs(head.getWrittenAtMs())
                .setExpiresAtMs(head.getExpiresAtMs())
                .setEtag(version.etag())
                .setSealed(head.getManifest().getSealed())
                .build();
    }

    /** A place in a shard's log as a message. */
    static SessionToken session(ShardId shard, LogPosition at) {
        return SessionToken.newBuilder()
                .setShard(shard.value())
                .setEpoch(at.epoch())
                .setSequence(at.seq())
                .build();
    }

    private static List<String> replicas(Committed committed) {
        return committed.replicas().stream().map(NodeId::value).toList();
    }
}
