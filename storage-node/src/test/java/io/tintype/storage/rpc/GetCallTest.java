// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ReadPoint;
import io.tintype.storage.shard.ShardReplica;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A read is answered once, however late somebody wakes it. */
final class GetCallTest {
    private final TintypeException stall = new TintypeException(Reason.UNAVAILABLE, "it stood still");
    private final NotedErrors<GetResponse> answers = new NotedErrors<>();
    private final ReaderPool readers = new ReaderPool(1, 1);
    private final Stalls stalls = new Stalls(Duration.ofHours(1), System::nanoTime);
    private final GetCall call = new GetCall(
            box(),
            nobody(),
            ReadTask.of(GetRequest.newBuilder().setUser("alice").setName("cat").build()),
            new ReadPoint(new ReadDemand.AnyState(), 0, 0, 0, 0),
            answers);

    @AfterEach
    void close() {
        stalls.close();
        readers.close();
    }

    @Test
    void whoIsWokenWhenNobodyReadsAnyMoreIsToldOfIt() {
        readers.close();
        call.start();
        assertThat(answers.errors).hasSize(1);
    }

    @Test
    void aCallThatIsOverIsNotAnsweredForBeingWokenLate() {
        readers.close();
        call.closed();
        call.giveUp(stall);
        assertThat(answers.errors).isEmpty();
    }

    @Test
    void aCallThatWasAnsweredIsNotAnsweredAgain() {
        readers.close();
        call.start();
        call.giveUp(stall);
        call.ready();
        call.run();
        assertThat(answers.errors).hasSize(1);
    }

    /** Of which a read that never begins asks nothing. */
    private static ShardReplica nobody() {
        return (ShardReplica) Proxy.newProxyInstance(
                ShardReplica.class.getClassLoader(), new Class<?>[] {ShardReplica.class}, (self, method, args) -> {
                    throw new AssertionError("a read that never began called " + method);
                });
    }

    @SuppressWarnings("NullAway") // no more of it is used
    private Toolbox box() {
        return new Toolbox(
                null,
                null,
                null,
                readers,
                new Failures(node -> Optional.empty()),
                null,
                new ByteBudget("limits.readBytes", 1 << 20, 1),
                stalls,
                null,
                InstantSource.system());
    }
}
