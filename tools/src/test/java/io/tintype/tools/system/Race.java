// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** Many who do something at the same moment. */
final class Race {
    /** So many of them. */
    static final int RACERS = 64;

    private Race() {}

    /** What each of them does. */
    interface Racer<T> {
        Callable<T> number(int i);
    }

    /** All at once; answers in order of the racers' numbers. */
    static <T> List<T> run(Racer<T> racer) throws Exception {
        var threads = Executors.newFixedThreadPool(RACERS);
        try {
            var gun = new CountDownLatch(1);
            var running = IntStream.range(0, RACERS)
                    .mapToObj(i -> threads.submit(() -> {
                        gun.await();
                        return racer.number(i).call();
                    }))
                    .toList();
            gun.countDown();
            var answers = new ArrayList<T>();
            for (Future<T> one : running) {
                answers.add(one.get());
            }
            return answers;
        } finally {
            threads.shutdownNow();
        }
    }
}
