// SPDX-License-Identifier: Apache-2.0
package io.tintype.examples;

import io.tintype.client.BlobNotFoundException;
import io.tintype.client.BlobSource;
import io.tintype.client.Consistency;
import io.tintype.client.GetOptions;
import io.tintype.client.ListOptions;
import io.tintype.client.OutcomeUnknownException;
import io.tintype.client.PutOptions;
import io.tintype.client.PutResult;
import io.tintype.client.TintypeClient;
import io.tintype.client.UrlSigner;
import io.tintype.client.VersionConflictException;
import io.tintype.wire.SigningKey;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The snippets of the README, of docs/sdk.md and of the Javadoc, kept compiling: see SnippetsTest. */
final class Snippets {
    private Snippets() {}

    @SuppressWarnings("UnusedVariable") // what is done with it is up to the reader
    static void first() {
        try (var client = TintypeClient.connect("localhost:7400")) {
            client.put("alice", "cat.jpg", Path.of("cat.jpg"));
            byte[] bytes = client.get("alice", "cat.jpg").bytes();
        }
    }

    @SuppressWarnings("UnusedVariable") // likewise
    static void readme() {
        try (var tintype = TintypeClient.connect("localhost:7400")) {
            tintype.put("alice", "cat.jpg", Path.of("tintype-data/sample.jpg"));
            byte[] bytes = tintype.get("alice", "cat.jpg").bytes();
        }
    }

    static TintypeClient settings() {
        return TintypeClient.builder()
                .seeds("a.example:7400", "b.example:7400")
                .requestTimeout(Duration.ofSeconds(10))
                .nearCacheBytes(256 << 20)
                .location("eu-west", "a")
                .listener(report -> System.out.println(report.operation() + " " + report.elapsed()))
                .build();
    }

    static PutResult replaceWhatISaw(TintypeClient client, byte[] bytes) {
        var seen = client.head("alice", "cat.jpg");
        try {
            return client.put("alice", "cat.jpg", BlobSource.of(bytes), PutOptions.DEFAULT.ifVersion(seen.version()));
        } catch (VersionConflictException e) {
            System.out.println("somebody was faster: " + e.current());
            throw e;
        }
    }

    static PutResult settle(TintypeClient client, byte[] bytes) {
        long began = System.nanoTime();
        try {
            return client.put("alice", "cat.jpg", bytes);
        } catch (OutcomeUnknownException e) {
            var age = Duration.ofNanos(System.nanoTime() - began);
            return client.put(
                    "alice",
                    "cat.jpg",
                    BlobSource.of(bytes),
                    PutOptions.DEFAULT.repeating(e.requestId().orElseThrow(), age));
        }
    }

    static byte[] header(TintypeClient client) throws IOException {
        try (var in = client.open("alice", "cat.jpg", GetOptions.DEFAULT.withRange(0, 4096))) {
            return in.readAllBytes();
        } catch (BlobNotFoundException e) {
            return new byte[0];
        }
    }

    static byte[] nearest(TintypeClient client) {
        return client.get("alice", "cat.jpg", GetOptions.DEFAULT.withConsistency(Consistency.session()))
                .bytes();
    }

    static long count(TintypeClient client) {
        return client.listAll("alice", ListOptions.DEFAULT.withPrefix("2024/")).count();
    }

    static CompletableFuture<Void> async(TintypeClient client, Path path) {
        return client.async()
                .put("alice", "cat.jpg", BlobSource.of(path), PutOptions.DEFAULT.withContentType("image/jpeg"))
                .thenAccept(
                        stored -> System.out.println("stored " + stored.info().version()));
    }

    static URI forABrowser(String secret) {
        var signer = new UrlSigner(URI.create("https://images.example.org"), SigningKey.of("2024a", secret));
        return signer.get("alice", "cat.jpg", Duration.ofMinutes(5));
    }

    static PutResult inChunks(TintypeClient client, Path path) {
        var upload = client.startUpload("alice", "film.tiff", PutOptions.DEFAULT);
        upload.upload(path, 4, staged -> System.out.println(staged + " bytes staged"));
        return upload.complete();
    }
}
