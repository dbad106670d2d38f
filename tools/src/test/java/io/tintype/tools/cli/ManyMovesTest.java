// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.stub.StreamObserver;
import io.tintype.proto.v1.AdminGrpc;
import io.tintype.proto.v1.ListShardsRequest;
import io.tintype.proto.v1.ListShardsResponse;
import io.tintype.proto.v1.ListUsersRequest;
import io.tintype.proto.v1.ListUsersResponse;
import io.tintype.proto.v1.Shard;
import io.tintype.proto.v1.ShardKind;
import io.tintype.proto.v1.UserOnShard;
import io.tintype.proto.v1.UsersGrpc;
import io.tintype.tools.CommandLines;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ManyMovesTest {
    private static final int PAGE = 100;

    private final AtomicInteger pages = new AtomicInteger();

    /** Of a shard with users without end: they are to fit into memory. */
    @Test
    void aPlanHasSoManyUsersAndSaysThatThereAreMore() throws Exception {
        try (var server = OneServer.serving(new Admin(), new Users())) {
            var ran = CommandLines.run(
                    "user",
                    "move",
                    "--from-shard",
                    "7",
                    "--to",
                    "eu.paid",
                    "--most",
                    "250",
                    "--json",
                    "--server",
                    server.address());
            assertThat(ran.code()).as(ran.err()).isZero();
            var plan = new ObjectMapper().readTree(ran.out());
            assertThat(plan.get("users").asInt()).isEqualTo(250);
            assertThat(plan.get("more").asBoolean()).isTrue();
            assertThat(pages).as("nobody lists what is not planned").hasValue(3);

            var text = CommandLines.run(
                    "user",
                    "move",
                    "--from-shard",
                    "7",
                    "--to",
                    "eu.paid",
                    "--most",
                    "250",
                    "--server",
                    server.address());
            assertThat(text.out()).contains("250 users").contains("there are more users");
        }
    }

    private static final class Admin extends AdminGrpc.AdminImplBase {
        @Override
        public void listShards(ListShardsRequest request, StreamObserver<ListShardsResponse> answer) {
            OneServer.answer(
                    answer,
                    () -> ListShardsResponse.newBuilder()
                            .addShards(Shard.newBuilder()
                                    .setId(7)
                                    .setKind(ShardKind.SHARD_KIND_DATA)
                                    .setRegion("eu")
                                    .setTier("free"))
                            .build());
        }
    }

    private final class Users extends UsersGrpc.UsersImplBase {
        @Override
        public void listUsers(ListUsersRequest request, StreamObserver<ListUsersResponse> answer) {
            int page = pages.incrementAndGet();
            OneServer.answer(answer, () -> {
                var users = ListUsersResponse.newBuilder().setNextPageToken("page " + page);
                IntStream.range(0, PAGE)
                        .forEach(i -> users.addUsers(UserOnShard.newBuilder().setUser("user-" + page + "-" + i)));
                return users.build();
            });
        }
    }
}
