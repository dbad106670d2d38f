// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.route.ReadMode;
import io.tintype.client.internal.route.ReadMode.Reach;
import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.PoolId;
import io.tintype.model.RequestId;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.EraseUserResponse;
import io.tintype.proto.v1.GetUsageResponse;
import io.tintype.proto.v1.ListResponse;
import io.tintype.proto.v1.LocateUserResponse;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.proto.v1.User;
import io.tintype.wire.ReadOptionsText;
import io.tintype.wire.Wire;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Messages to and from the shapes that applications see. Stateless and thread-safe. */
final class Convert {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final ReadOptions LINEARIZABLE = options(io.tintype.proto.v1.Consistency.CONSISTENCY_LINEARIZABLE);
    private static final ReadOptions NEAR = options(io.tintype.proto.v1.Consistency.CONSISTENCY_NEAR);
    private static final ReadOptions EXACT = options(io.tintype.proto.v1.Consistency.CONSISTENCY_EXACT_VERSION);

    private Convert() {}

    static BlobInfo info(BlobHead head) {
        return new BlobInfo(
                head.getUser(),
                head.getName(),
                Wire.version(head.getVersion()),
                head.getSize(),
                head.getCrc32C(),
                head.getContentType(),
                head.getMetadataMap(),
                new HttpCaching(
                        head.getCacheControl(),
                        head.getHttpExpiresMs() == 0 ? null : Instant.ofEpochMilli(head.getHttpExpiresMs())),
                Instant.ofEpochMilli(head.getWrittenAtMs()),
                head.getExpiresAtMs() == 0 ? null : Instant.ofEpochMilli(head.getExpiresAtMs()));
    }

    static Freshness freshness(io.tintype.proto.v1.Freshness freshness) {
        return freshness.getStale()
                ? new Freshness(true, freshness.getAsOfMs() == 0 ? null : Instant.ofEpochMilli(freshness.getAsOfMs()))
                : Freshness.CURRENT;
    }

    static SessionToken token(io.tintype.proto.v1.SessionToken token) {
        return new SessionToken(token.getShard(), token.getEpoch(), token.getSequence());
    }

    static UserInfo user(User user) {
        return new UserInfo(
                user.getId(),
                new PoolId(user.getRegion(), user.getTier()),
                new ShardId(user.getShard()),
                user.getGeneration());
    }

    static Usage usage(GetUsageResponse usage) {
        return new Usage(
                usage.getBlobs(),
                usage.getBytes(),
                usage.getBlobsLimit(),
                usage.getBytesLimit(),
                usage.getOwnQuota(),
                usage.getFrozen());
    }

    static Erasure erasure(EraseUserResponse answer) {
        return new Erasure(
                Instant.ofEpochMilli(answer.getBegunMs()),
                instant(answer.getErasedMs()),
                instant(answer.getIdRefusedUntilMs()),
                answer.getFoundList().stream()
                        .map(one -> new Erasure.Shard(one.getShard(), one.getWhat(), one.getBlobs(), one.getBytes()))
                        .toList(),
                answer.getReplicasList().stream()
                        .map(one -> new Erasure.Replica(
                                one.getNode(),
                                one.getRegion(),
                                one.getShard(),
                                one.getNamed(),
                                one.getBytes(),
                                one.getError()))
                        .toList(),
                answer.getCachesList().stream()
                        .map(one -> new Erasure.Cache(one.getCoordinator(), one.getRegion(), one.getError()))
                        .toList(),
                answer.getKeyGone());
    }

    static UserLocation location(LocateUserResponse answer) {
        return new UserLocation(
                user(answer.getUser()),
                answer.getPinned(),
                answer.getToShard() == 0 ? Optional.empty() : Optional.of(answer.getToShard()),
                answer.getPlacesList().stream()
                        .map(one -> new UserLocation.Place(
                                one.getNode(),
                                one.getRegion(),
                                one.getZone(),
                                one.getShard(),
                                one.getHolds(),
                                one.getRole(),
                                one.getBlobs(),
                                one.getBytes(),
                                instant(one.getSinceMs()),
                                one.getError()))
                        .toList(),
                answer.getCachesList().stream()
                        .map(one -> new UserLocation.CachePlace(
                                one.getCoordinator(),
                                one.getRegion(),
                                one.getLayer(),
                                one.getPieces(),
                                one.getBytes(),
                                one.getError()))
                        .toList());
    }

    private static Optional<Instant> instant(long ms) {
        return ms == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(ms));
    }

    static ListPage page(ListResponse page) {
        return new ListPage(
                page.getEntriesList().stream().<ListEntry>map(Convert::entry).toList(),
                page.getNextPageToken().isEmpty() ? null : page.getNextPageToken(),
                freshness(page.getFreshness()));
    }

    private static ListEntry entry(io.tintype.proto.v1.ListEntry entry) {
        return entry.hasBlob()
                ? new ListEntry.BlobEntry(info(entry.getBlob()))
                : new ListEntry.Prefix(entry.getCommonPrefix());
    }

    /** Checks a user id before anything is sent. */
    static String user(String user) {
        try {
            return UserId.of(user).value();
        } catch (TintypeException e) {
            throw Typed.of(e);
        }
    }

    /** Checks a blob name before anything is sent. */
    static String name(String name) {
        try {
            return BlobName.of(name).value();
        } catch (TintypeException e) {
            throw Typed.of(e);
        }
    }

    static RequestId orRandom(@Nullable RequestId id) {
        return id != null ? id : RequestId.random(RANDOM);
    }

    static PutHeader header(String user, String name, PutOptions options, RequestId id) {
        var header = PutHeader.newBuilder()
                .setUser(user(user))
                .setName(name(name))
                .setRequestId(Wire.bytes(id))
                .setContentType(options.contentType())
                .putAllMetadata(options.metadata())
                .setCacheControl(options.caching().cacheControl())
                .setHttpExpiresMs(
                        options.caching().expires().map(Instant::toEpochMilli).orElse(0L))
                .setTimeToLiveMs(options.timeToLive().toMillis())
                .setRetryAgeMs(options.requestAge().toMillis());
        var condition = condition(options.condition());
        if (condition != null) {
            header.setCondition(condition);
        }
        Wire.checkHeader(header.build(), Limits.MAX_BLOB_BYTES);
        return header.build();
    }

    static io.tintype.proto.v1.@Nullable Condition condition(Condition condition) {
        var message = io.tintype.proto.v1.Condition.newBuilder();
        if (condition instanceof Condition.IsVersion is) {
            return message.setVersion(Wire.version(is.version())).build();
        }
        return condition instanceof Condition.Absent ? message.setAbsent(true).build() : null;
    }

    static io.tintype.proto.v1.ByteRange range(ByteRange range) {
        return io.tintype.proto.v1.ByteRange.newBuilder()
                .setOffset(range.offset())
                .setLength(range.length())
                .build();
    }

    /** How a read of a user's is to be made, given the client's own session. */
    static ReadMode mode(Consistency consistency, Session own, String user) {
        if (consistency instanceof Consistency.BoundedStaleness bounded) {
            var options = ReadOptions.newBuilder()
                    .setConsistency(io.tintype.proto.v1.Consistency.CONSISTENCY_BOUNDED_STALENESS)
                    .setMaxStalenessMs((int) bounded.maxStaleness().toMillis())
                    .build();
            return new ReadMode(Reach.ANYWHERE, shard -> options);
        }
        if (consistency instanceof Consistency.InSession in) {
            return new ReadMode(Reach.ANYWHERE, shard -> inSession(in.session(), user, shard));
        }
        if (consistency instanceof Consistency.OwnSession) {
            return new ReadMode(Reach.ANYWHERE, shard -> inSession(own, user, shard));
        }
        if (consistency instanceof Consistency.ExactVersion) {
            return new ReadMode(Reach.ANYWHERE, shard -> EXACT);
        }
        if (consistency instanceof Consistency.Near) {
            return new ReadMode(Reach.BYTES_ANYWHERE, shard -> NEAR);
        }
        return new ReadMode(Reach.PRIMARY, shard -> LINEARIZABLE);
    }

    /** What people write. */
    static Consistency consistency(String text) {
        if (text.equals("session")) {
            return Consistency.session();
        }
        var options = ReadOptionsText.parse(text);
        return switch (options.getConsistency()) {
            case CONSISTENCY_NEAR -> Consistency.near();
            case CONSISTENCY_EXACT_VERSION -> Consistency.exactVersion();
            case CONSISTENCY_BOUNDED_STALENESS ->
                Consistency.boundedStaleness(Duration.ofMillis(options.getMaxStalenessMs()));
            case CONSISTENCY_SESSION ->
                Consistency.session(Session.of(
                        options.getSessionList().stream().map(Convert::token).toList()));
            case CONSISTENCY_UNSPECIFIED, CONSISTENCY_LINEARIZABLE, UNRECOGNIZED -> Consistency.linearizable();
        };
    }

    private static ReadOptions options(io.tintype.proto.v1.Consistency consistency) {
        return ReadOptions.newBuilder().setConsistency(consistency).build();
    }

    private static ReadOptions inSession(Session session, String user, int shard) {
        var tokens = shard == 0 ? session.tokensFor(user) : session.tokensFor(user, shard);
        boolean mayMiss = !session.knowsEverything()
                && (shard == 0 || session.token(shard).isEmpty());
        if (mayMiss || tokens.size() > Limits.MAX_SESSION_TOKENS) {
            return LINEARIZABLE;
        }
        var options = ReadOptions.newBuilder().setConsistency(io.tintype.proto.v1.Consistency.CONSISTENCY_SESSION);
        tokens.forEach(token -> options.addSession(io.tintype.proto.v1.SessionToken.newBuilder()
                .setShard(token.shard())
                .setEpoch(token.epoch())
                .setSequence(token.sequence())));
        return options.build();
    }
}
