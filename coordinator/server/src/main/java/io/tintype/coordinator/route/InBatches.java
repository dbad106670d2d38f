// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Asks many, some at a time. */
public final class InBatches {
    /** How many are asked at a time. */
    static final int AT_A_TIME = 64;

    private InBatches() {}

    /** The answers, in order of the questions; fails with the first failure. */
    public static <Q, A> CompletableFuture<List<A>> run(List<Q> questions, Function<Q, CompletableFuture<A>> ask) {
        return from(0, questions, ask, new ArrayList<>(questions.size()));
    }

    private static <Q, A> CompletableFuture<List<A>> from(
            int first, List<Q> questions, Function<Q, CompletableFuture<A>> ask, List<A> answers) {
        if (first >= questions.size()) {
            return CompletableFuture.completedFuture(answers);
        }
        int next = Math.min(questions.size(), first + AT_A_TIME);
        var batch = questions.subList(first, next).stream().map(ask).toList();
        return CompletableFuture.allOf(batch.toArray(CompletableFuture<?>[]::new))
                .thenCompose(all -> {
                    batch.forEach(answer -> answers.add(answer.join()));
                    return from(next, questions, ask, answers);
                });
    }
}
