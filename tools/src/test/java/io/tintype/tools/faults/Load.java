// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import io.tintype.client.TintypeClient;
import io.tintype.model.TintypeException;
import io.tintype.storage.history.BlobKey;
import io.tintype.storage.history.History;
import io.tintype.storage.history.HistoryRecorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * The clients of one run: each a thread that does one thing after the other on names of users of this run, through the
 * SDK, and takes down what it asked and what came back. Used by one thread.
 */
final class Load implements AutoCloseable {
    private static final int CLIENTS = 8;
    private static final int USERS = 9;
    private static final int NAMES = 8;
    private static final int MOST_OPERATIONS = 400_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final TintypeClient sdk;
    private final HistoryRecorder recorder = new HistoryRecorder(MOST_OPERATIONS, System::nanoTime);
    private final List<BlobKey> keys;
    private final List<LoadClient> clients;
    private final ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    private List<Future<?>> running = List.of();

    /**
     * Clients that do nothing yet.
     *
     * @param sdk through which they speak; closed with this
     * @param run tells the users of this run from those of others
     */
    Load(TintypeClient sdk, String run, SplittableRandom random) {
        this.sdk = sdk;
        this.keys = IntStream.range(0, USERS)
                .boxed()
                .flatMap(user ->
                        IntStream.range(0, NAMES).mapToObj(name -> BlobKey.of(run + "-user-" + user, "image-" + name)))
                .toList();
        this.clients = IntStream.range(0, CLIENTS)
                .mapToObj(n -> new LoadClient(n, sdk, recorder, keys, random.split()))
                .toList();
    }

    /** Makes the users known, so that no read is about somebody who never was. */
    void register() {
        keys.stream()
                .map(key -> key.user().value())
                .distinct()
                .forEach(user -> Awaitility.await("user " + user)
                        .atMost(PATIENCE)
                        .ignoreExceptionsMatching(TintypeException.class::isInstance)
                        .until(() -> sdk.users().register(user).user().id().equals(user)));
    }

    /** Begins; returns when every client has changed something. */
    void start() {
        var all = new ArrayList<Future<?>>();
        for (var client : clients) {
            all.add(threads.submit(client));
        }
        running = all;
        awaitMore();
    }

    /** Waits until every client has made a few more changes. */
    void awaitMore() {
        var before = clients.stream().map(LoadClient::changed).toList();
        Awaitility.await("every client can change something")
                .atMost(PATIENCE)
                .failFast("a client ended", () -> running.stream().anyMatch(Future::isDone))
                .until(() -> IntStream.range(0, CLIENTS)
                        .allMatch(n -> clients.get(n).changed() >= before.get(n) + LoadClient.A_FEW));
    }

    /** Ends, and waits for what is under way. */
    void stop() throws Exception {
        clients.forEach(LoadClient::end);
        for (var one : running) {
            one.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        running = List.of();
    }

    /** Reads every name once more, with a read that shows all that was acknowledged; each until it is answered. */
    void look() throws Exception {
        each(client -> key ->
                Awaitility.await("an answer about " + key).atMost(PATIENCE).until(() -> client.read(key)));
    }

    /** Reads every name once from wherever an answer can be had, however old; refusals are fine. */
    void readEverythingStale() throws Exception {
        each(client -> client::readStale);
    }

    /** Everything so far. */
    History history() {
        return recorder.history();
    }

    @Override
    public void close() {
        clients.forEach(LoadClient::end);
        threads.shutdownNow();
        sdk.close();
    }

    private interface Reading {
        void of(BlobKey key);
    }

    private interface Reader {
        Reading by(LoadClient client);
    }

    private void each(Reader reader) throws Exception {
        var all = new ArrayList<Future<?>>();
        for (int n = 0; n < CLIENTS; n++) {
            var reading = reader.by(clients.get(n));
            var mine = everyNth(n);
            all.add(threads.submit(() -> mine.forEach(reading::of)));
        }
        for (var one : all) {
            one.get();
        }
    }

    private Stream<BlobKey> everyNth(int n) {
        return IntStream.range(0, keys.size()).filter(i -> i % CLIENTS == n).mapToObj(keys::get);
    }
}
