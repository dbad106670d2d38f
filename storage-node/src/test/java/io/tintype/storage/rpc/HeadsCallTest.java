// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import io.tintype.storage.shard.HeadWatch;
import io.tintype.storage.shard.ShardReplica;
import java.lang.reflect.Proxy;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A watch that meets the end of a replica's leadership is answered once, whoever is first to say so. */
final class HeadsCallTest {
    private final TintypeException steppedDown = new TintypeException(Reason.NO_PRIMARY, "it leads no longer");

    private final NotedErrors<WatchHeadsResponse> answers = new NotedErrors<>();
    private final HeadsCall call = new HeadsCall(box(), answers, new AtomicInteger());

    @Test
    void whoseBeginningFailedIsNotToldOfTheEnd() {
        assertThatThrownBy(() -> call.begin(refusing(false), WatchHeadsRequest.getDefaultInstance()))
                .as("the service answers this")
                .isSameAs(steppedDown);
        call.ended(steppedDown);
        assertThat(answers.errors).isEmpty();
    }

    @Test
    void whoWasToldOfTheEndDoesNotFailToBegin() {
        call.begin(refusing(true), WatchHeadsRequest.getDefaultInstance());
        assertThat(answers.errors).hasSize(1);
    }

    /** A replica that refuses the watch, before or after it told it of the end. */
    private ShardReplica refusing(boolean afterItsEnd) {
        return (ShardReplica) Proxy.newProxyInstance(
                ShardReplica.class.getClassLoader(), new Class<?>[] {ShardReplica.class}, (self, method, args) -> {
                    if (afterItsEnd) {
                        ((HeadWatch) args[0]).ended(steppedDown);
                    }
                    throw steppedDown;
                });
    }

    /** Of which a watch uses only what ends calls. */
    @SuppressWarnings("NullAway")
    private static Toolbox box() {
        var failures = new Failures(node -> Optional.empty());
        return new Toolbox(null, null, null, null, failures, null, null, null, null, InstantSource.system());
    }
}
