// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.tintype.heads.HeadCache;
import io.tintype.heads.HeadChange;
import io.tintype.heads.HeadFeed;
import io.tintype.heads.HeadKey;
import io.tintype.heads.HeadLimits;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.proto.internal.v1.ShardType;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.VersionStamp;
import io.tintype.storage.blob.Applied;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class HeadWatchesTest {
    private static final ShardIdentity SHARD = new ShardIdentity(
            new ShardId(7), ShardType.SHARD_TYPE_DATA, new PoolId("here", "standard"), new ShardRules(10, 0, 0, false));
    private static final UserId ALICE = UserId.of("alice");

    private final Board board = new Board(ShardStatus.booting(SHARD), true);
    private final HeadWatches watches = new HeadWatches(SHARD, board, 10);
    private long seq = 10;

    HeadWatchesTest() {
        board.leadingEpoch = 3;
        board.servingEpoch = 3;
    }

    /** Takes everything into a feed, and notes it. */
    private static final class Listener implements HeadWatch {
        private final HeadFeed feed;
        private final List<HeadChange> heard = new ArrayList<>();
        private int gaps;
        private @Nullable TintypeException end;

        Listener(HeadFeed feed) {
            this.feed = feed;
        }

        Listener() {
            this(new HeadFeed(new HeadCache<>(HeadLimits.of(1_000), System::nanoTime, (String head) -> 1), 7));
        }

        @Override
        public void changed(long epoch, long after, long upTo, List<Told> changes) {
            var plain = changes.stream().map(Told::change).toList();
            heard.addAll(plain);
            gaps += feed.take(epoch, after, upTo, plain) ? 0 : 1;
        }

        @Override
        public void ended(TintypeException why) {
            end = why;
        }
    }

    @Test
    void aWatcherHearsOfWritesAndRemovalsAndOfNothingElse() {
        var listener = new Listener();
        watches.add(listener, 0, 0);
        put("a", 1);
        remove("a", 2);
        record(RecordType.EPOCH_START, new Outcome.Done());
        record(RecordType.PUT_COMMIT, new Outcome.Conflict(null));
        retryOf("a", 1);

        assertThat(listener.heard).containsExactly(change("a", 1), change("a", 2));
        assertThat(listener.feed.sequence())
                .as("records of other kinds are passed over")
                .isEqualTo(seq);
        assertThat(listener.gaps)
                .as("only the first message joins on to nothing")
                .isEqualTo(1);
    }

    @Test
    void whoseConnectionBrokeGoesOnWithoutAGap() {
        var first = new Listener();
        var leave = watches.add(first, 0, 0);
        put("a", 1);
        leave.run();
        put("a", 2);
        put("b", 3);

        var again = new Listener(first.feed);
        watches.add(again, first.feed.epoch(), first.feed.sequence());
        assertThat(first.heard).containsExactly(change("a", 1));
        assertThat(again.heard).containsExactly(change("a", 2), change("b", 3));
        assertThat(again.gaps).isZero();
    }

    @Test
    void whoWasAwayForTooLongIsToldThatHeMissedSomething() {
        var first = new Listener();
        watches.add(first, 0, 0).run();
        for (int i = 1; i <= ShardLimits.HEADS_REMEMBERED + 1; i++) {
            put("a", i);
        }
        var again = new Listener(first.feed);
        watches.add(again, first.feed.epoch(), first.feed.sequence());
        assertThat(again.gaps).isEqualTo(1);

        var otherEpoch = new Listener();
        watches.add(otherEpoch, 2, seq);
        assertThat(otherEpoch.gaps)
                .as("another primary may have decided otherwise")
                .isEqualTo(1);
    }

    @Test
    void onlyThePrimaryTellsAndItSaysWhenItIsNone() {
        var listener = new Listener();
        watches.add(listener, 0, 0);
        board.servingEpoch = 0;
        watches.end(new TintypeException(Reason.NOT_PRIMARY, "no more"));
        put("a", 1);

        assertThat(listener.end).isNotNull();
        assertThat(listener.heard).isEmpty();
        assertThatThrownBy(() -> watches.add(new Listener(), 0, 0))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NO_PRIMARY));
    }

    /** Throws at every word but the first. */
    private static final class Thrower implements HeadWatch {
        private int changes;
        private int ends;

        @Override
        public void changed(long epoch, long after, long upTo, List<Told> told) {
            if (++changes > 1) {
                throw new IllegalStateException("call already closed");
            }
        }

        @Override
        public void ended(TintypeException why) {
            ends++;
            throw new IllegalStateException("call already closed");
        }
    }

    @Test
    void whoThrowsAtAChangeIsDroppedAndOthersAreTold() {
        var before = new Listener();
        var thrower = new Thrower();
        var behind = new Listener();
        watches.add(before, 0, 0);
        watches.add(thrower, 0, 0);
        watches.add(behind, 0, 0);
        put("a", 1);
        put("a", 2);

        assertThat(thrower.changes).as("no third word").isEqualTo(2);
        assertThat(thrower.ends).as("it hears that it missed something").isEqualTo(1);
        assertThat(before.heard).containsExactly(change("a", 1), change("a", 2));
        assertThat(behind.heard).containsExactly(change("a", 1), change("a", 2));
    }

    @Test
    void whoThrowsAtTheEndKeepsNobodyFromHearingOfIt() {
        var thrower = new Thrower();
        var behind = new Listener();
        watches.add(thrower, 0, 0);
        watches.add(behind, 0, 0);
        board.servingEpoch = 0;
        watches.end(new TintypeException(Reason.NOT_PRIMARY, "no more"));

        assertThat(thrower.ends).isEqualTo(1);
        assertThat(behind.end).isNotNull();
    }

    @Test
    void whoThrowsAtTheFirstWordWatchesNothing() {
        var deaf = new Thrower();
        deaf.changes = 1;
        assertThatThrownBy(() -> watches.add(deaf, 0, 0)).isInstanceOf(IllegalStateException.class);
        put("a", 1);
        watches.end(new TintypeException(Reason.NOT_PRIMARY, "no more"));

        assertThat(deaf.changes).isEqualTo(2);
        assertThat(deaf.ends).isZero();
    }

    @Test
    void watchersAreBounded() {
        for (int i = 0; i < ShardLimits.HEAD_WATCHERS; i++) {
            watches.add(new Listener(), 0, 0);
        }
        assertThatThrownBy(() -> watches.add(new Listener(), 0, 0))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OVERLOADED));
    }

    private void put(String name, int counter) {
        long next = seq + 1;
        apply(
                RecordType.PUT_COMMIT,
                PutCommit.newBuilder().setName(name).build().toByteString(),
                new Outcome.Written(new LogPosition(3, next), head(counter)));
    }

    private void retryOf(String name, int counter) {
        apply(
                RecordType.PUT_COMMIT,
                PutCommit.newBuilder().setName(name).build().toByteString(),
                new Outcome.Written(new LogPosition(3, 11), head(counter)));
    }

    private void remove(String name, int counter) {
        long next = seq + 1;
        apply(
                RecordType.DELETE,
                DeleteBlob.newBuilder().setName(name).build().toByteString(),
                new Outcome.Removed(new LogPosition(3, next), version(counter), true));
    }

    private void record(RecordType type, Outcome outcome) {
        apply(type, ByteString.EMPTY, outcome);
    }

    private void apply(RecordType type, ByteString payload, Outcome outcome) {
        seq++;
        var record = new LogRecord(3, seq, 3, 1, type, ALICE, null, payload);
        watches.applied(List.of(record), List.of(new Applied(record.position(), type, outcome)));
    }

    private static StoredHead head(int counter) {
        return StoredHead.newBuilder()
                .setVersion(VersionStamp.newBuilder().setNumber(version(counter).number()))
                .build();
    }

    private static HeadChange change(String name, int counter) {
        return new HeadChange.OfBlob(new HeadKey("alice", name), version(counter));
    }

    private static Version version(int counter) {
        return Version.of(0, counter, 0);
    }
}
