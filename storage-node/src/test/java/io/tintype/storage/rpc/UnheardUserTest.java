// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static io.tintype.storage.rpc.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.tintype.checksum.Crc32c;
import io.tintype.cluster.directory.UserHome;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ActivateUser;
import io.tintype.proto.internal.v1.CopiedHead;
import io.tintype.proto.internal.v1.CopyUser;
import io.tintype.proto.internal.v1.ImportUser;
import io.tintype.proto.internal.v1.InstallUser;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.VersionStamp;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.proto.v1.SessionToken;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.log.RecordType;
import io.tintype.wire.Wire;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That a replica has nothing of a user means that he has nothing only where he cannot have come from elsewhere. */
final class UnheardUserTest {
    private static final UserId USER = UserId.of(Rig.USER);
    private static final ReadOptions STALE = ReadOptions.newBuilder()
            .setConsistency(Consistency.CONSISTENCY_BOUNDED_STALENESS)
            .setMaxStalenessMs(60_000)
            .build();
    private static final ReadOptions LATEST = ReadOptions.getDefaultInstance();
    private static final int MOVE = 2;

    private final byte[] image = {1, 2, 3};
    private Rig rig;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        rig = Rig.start(folder);
        livesHereUnder(MOVE);
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void whoComesBeforeTheDirectoryAnswersIsReadAsHeCame() {
        rig.beforeAnswers = this::arrive;
        assertThat(rig.read("cat")).isEqualTo(image);
    }

    @Test
    void theHeadOfWhoComesBeforeTheDirectoryAnswersIsFound() {
        rig.beforeAnswers = this::arrive;
        assertThat(rig.retrieval.head(head(LATEST)).getHead().getSize()).isEqualTo(image.length);
    }

    @Test
    void whoComesBeforeTheDirectoryAnswersIsListed() {
        rig.beforeAnswers = this::arrive;
        assertThat(rig.retrieval.list(list(LATEST)).getEntriesCount()).isEqualTo(1);
    }

    @Test
    void aReplicaThatLagsDoesNotSayThatWhoMayHaveComeFromElsewhereHasNothing() {
        rig.data.follows = true;
        refused(
                Reason.FRESHNESS_UNPROVEN,
                () -> rig.get(rig.getRequest("cat").setOptions(STALE).build()));
        refused(Reason.FRESHNESS_UNPROVEN, () -> rig.retrieval.head(head(STALE)));
        refused(Reason.FRESHNESS_UNPROVEN, () -> rig.retrieval.list(list(STALE)));
    }

    @Test
    void aReplicaThatLagsSaysThatWhoWasNeverElsewhereHasNothing() {
        livesHereUnder(1);
        rig.data.follows = true;
        refused(
                Reason.BLOB_NOT_FOUND,
                () -> rig.get(rig.getRequest("cat").setOptions(STALE).build()));
        refused(Reason.BLOB_NOT_FOUND, () -> rig.retrieval.head(head(STALE)));
        assertThat(rig.retrieval.list(list(STALE)).getEntriesCount()).isZero();
    }

    @Test
    void aPrimarySaysThatWhoHasNeverWrittenHasNothing() {
        refused(Reason.BLOB_NOT_FOUND, () -> rig.read("cat"));
        refused(Reason.BLOB_NOT_FOUND, () -> rig.retrieval.head(head(LATEST)));
        assertThat(rig.retrieval.list(list(LATEST)).getEntriesCount()).isZero();
    }

    /** He moves here, and on, and comes back; the replica has heard of the first stay alone. */
    @Test
    void aReplicaThatLagsDoesNotAnswerASessionThatWroteElsewhereFromAnEarlierStay() {
        arrive();
        livesHereUnder(MOVE + 2);
        rig.data.follows = true;
        refused(
                Reason.FRESHNESS_UNPROVEN,
                () -> rig.get(
                        rig.getRequest("cat").setOptions(session(9, Rig.DATA)).build()));
        refused(Reason.FRESHNESS_UNPROVEN, () -> rig.retrieval.head(head(session(9, Rig.DATA))));
        refused(Reason.FRESHNESS_UNPROVEN, () -> rig.retrieval.list(list(session(9, Rig.DATA))));
        refused(
                Reason.FRESHNESS_UNPROVEN,
                () -> rig.get(
                        rig.getRequest("dog").setOptions(session(9, Rig.DATA)).build()));
        refused(
                Reason.FRESHNESS_UNPROVEN,
                () -> rig.retrieval.head(
                        head(session(9, Rig.DATA)).toBuilder().setName("dog").build()));
    }

    /** He has left, and the replica has not heard of that. */
    @Test
    void aReplicaThatLagsDoesNotAnswerASessionThatWroteWhereTheUserLivesNow() {
        arrive();
        rig.homes.put(USER, new UserHome(new ShardId(9), MOVE + 1, new PoolId("r1", "standard")));
        rig.data.follows = true;
        refused(
                Reason.WRONG_SHARD,
                () -> rig.get(
                        rig.getRequest("cat").setOptions(session(9, Rig.DATA)).build()));
        refused(Reason.WRONG_SHARD, () -> rig.retrieval.head(head(session(9, Rig.DATA))));
        refused(Reason.WRONG_SHARD, () -> rig.retrieval.list(list(session(9, Rig.DATA))));
    }

    @Test
    void sessionsAreAnsweredByAnyReplicaOtherwise() {
        arrive();
        rig.data.follows = true;
        for (var options : List.of(session(9, Rig.DATA), session(Rig.DATA))) {
            assertThat(Rig.joined(
                            rig.get(rig.getRequest("cat").setOptions(options).build())))
                    .isEqualTo(image);
            assertThat(rig.retrieval.head(head(options)).getHead().getSize()).isEqualTo(image.length);
            assertThat(rig.retrieval.list(list(options)).getEntriesCount()).isEqualTo(1);
            refused(
                    Reason.BLOB_NOT_FOUND,
                    () -> rig.get(rig.getRequest("dog").setOptions(options).build()));
            livesHereUnder(MOVE + 2); // nobody asks for that, where the session wrote here alone
        }
        rig.data.follows = false;
        assertThat(Rig.joined(
                        rig.get(rig.getRequest("cat").setOptions(session(9)).build())))
                .as("a primary has heard of all")
                .isEqualTo(image);
    }

    /** Of one that wrote on these shards. */
    private static ReadOptions session(int... shards) {
        var options = ReadOptions.newBuilder().setConsistency(Consistency.CONSISTENCY_SESSION);
        for (int shard : shards) {
            options.addSession(
                    SessionToken.newBuilder().setShard(shard).setEpoch(1).setSequence(1));
        }
        return options.build();
    }

    private void livesHereUnder(long generation) {
        rig.homes.put(USER, new UserHome(new ShardId(Rig.DATA), generation, new PoolId("r1", "standard")));
    }

    private static HeadRequest head(ReadOptions options) {
        return HeadRequest.newBuilder()
                .setUser(Rig.USER)
                .setName("cat")
                .setShard(Rig.DATA)
                .setOptions(options)
                .build();
    }

    private static ListRequest list(ReadOptions options) {
        return ListRequest.newBuilder()
                .setUser(Rig.USER)
                .setShard(Rig.DATA)
                .setOptions(options)
                .build();
    }

    /** The user moves here, with one blob. */
    private void arrive() {
        rig.beforeAnswers = () -> {};
        apply(
                RecordType.USER_IMPORT,
                ImportUser.newBuilder()
                        .setGeneration(MOVE - 1)
                        .setMove(MOVE)
                        .setFrom(9)
                        .setUsersLimit(10)
                        .build(),
                null);
        var upload = new UploadId(System.currentTimeMillis(), 1);
        var bytes = ByteString.copyFrom(image);
        var head = StoredHead.newBuilder()
                .setVersion(VersionStamp.newBuilder().setNumber(1).setNonce(1))
                .setManifest(Manifest.newBuilder()
                        .setSize(image.length)
                        .setCrc32C(Crc32c.of(image))
                        .setChunkSize(1 << 20)
                        .setChunks(1)
                        .setUploadId(Wire.bytes(upload)));
        apply(
                RecordType.USER_COPY,
                CopyUser.newBuilder()
                        .setMove(MOVE)
                        .setHead(CopiedHead.newBuilder()
                                .setName("cat")
                                .setHead(head)
                                .setInline(true))
                        .build(),
                new Proposal.InlineChunk(new ChunkKey(USER, upload, 0), new Chunk(bytes, Crc32c.of(image))));
        var copied = rig.data.reader().users().user(USER).orElseThrow();
        apply(
                RecordType.USER_INSTALL,
                InstallUser.newBuilder().setMove(MOVE).setUser(copied).build(),
                null);
        apply(RecordType.USER_ACTIVATE, ActivateUser.newBuilder().setMove(MOVE).build(), null);
    }

    private void apply(RecordType type, MessageLite payload, Proposal.@Nullable InlineChunk inline) {
        var committed = rig.data
                .propose(new Proposal(type, USER, null, payload.toByteString(), inline))
                .join();
        committed.outcome().orThrow();
    }
}
