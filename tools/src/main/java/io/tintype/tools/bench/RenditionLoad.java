// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;

/** Has a server make renditions of one image at a rate, no two of which are alike. Used by one thread at a time. */
final class RenditionLoad {
    /** Renditions under way at the same time. */
    private static final int CLIENTS = 16;

    private static final int SIDES = 100;
    private static final int SMALLEST = 150;

    /** So that none is wider than most images are. */
    private static final int MOST = 40_000;

    private final HttpLoad load;

    private RenditionLoad(HttpLoad load) {
        this.load = load;
    }

    /**
     * Stores the image.
     *
     * @param path of the image, which nobody else uses: a new version of it has no renditions yet
     * @param rate renditions a second
     * @param most renditions that will be asked for, all in all
     */
    static RenditionLoad of(URI server, String path, Path image, double rate, long most)
            throws IOException, InterruptedException {
        if (most > MOST) {
            throw new IOException("there would be " + most + " renditions, and at most " + MOST
                    + " of one image differ: fewer rounds, or shorter ones");
        }
        var put = HttpRequest.newBuilder(server.resolve(path))
                .PUT(BodyPublishers.ofFile(image))
                .build();
        int status =
                HttpClient.newHttpClient().send(put, BodyHandlers.discarding()).statusCode();
        if (status != 200) {
            throw new IOException("storing " + image + " at " + server + " was answered with status " + status);
        }
        var wanted = new ArrayList<HttpLoad.Resource>();
        for (int i = 0; i < most; i++) {
            var query = "?w=" + (SMALLEST + i / SIDES) + "&h=" + (SMALLEST + i % SIDES) + "&fit=cover&format=jpeg";
            wanted.add(new HttpLoad.Resource(path + query, -1));
        }
        var next = new AtomicInteger();
        return new RenditionLoad(new HttpLoad(new HttpLoad.Plan(
                List.of(server),
                List.of(),
                wanted,
                random -> Math.floorMod(next.getAndIncrement(), wanted.size()),
                CLIENTS,
                rate)));
    }

    /** Asks for them so long, beside whoever called. */
    CompletableFuture<HttpLoad.Result> begin(Duration time) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return load.run(time, 3);
            } catch (InterruptedException e) {
                throw new CompletionException(e);
            }
        });
    }
}
