// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.BlobSource;
import io.tintype.client.GetOptions;
import io.tintype.client.ListEntry;
import io.tintype.client.ListOptions;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.proto.v1.ByteRange;
import io.tintype.proto.v1.GetRequest;
import io.tintype.tools.system.Images.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The main job: real images go in through every interface, every process is killed in the middle, and what was
 * acknowledged comes back bit for bit, whole and in part.
 */
@Tag("beside-another")
final class MainJobIT {
    private static final long SEED = 20_261_123;
    private static final int IMAGES = 300;
    private static final int RANGES = 1_000;
    private static final int WRITERS = 4;
    private static final String USER = "alice";

    /** The images from here on go in as one directory by the command line. */
    private static final int FIRST_BY_CLI = 220;

    /** So many are acknowledged before the processes are killed, while others are under way. */
    private static final int BEFORE_THE_KILL = 110;

    private final List<Image> images = new ArrayList<>();
    private final Map<String, Image> acknowledged = new ConcurrentHashMap<>();

    @Test
    void everyAcknowledgedImageSurvivesTheDeathOfAllProcesses() throws Exception {
        var folder = Dev.folder("main-job");
        makeImages(folder.resolve("pictures"));
        var data = folder.resolve("data");
        List<Image> unanswered;
        try (var dev = Dev.start(data, "--processes", "--jvm-option=-Xmx512m")) {
            unanswered = putUntilKilled(dev);
        }
        assertThat(acknowledged.size()).as("acknowledged before the kill").isGreaterThanOrEqualTo(BEFORE_THE_KILL);
        try (var dev = Dev.start(data, "--processes", "--jvm-option=-Xmx512m");
                var client = dev.client()) {
            for (var image : unanswered) {
                client.put(USER, image.name(), BlobSource.of(image.bytes()), options(image));
                acknowledged.put(image.name(), image);
            }
            putByCommandLine(dev, folder.resolve("pictures"));
            assertThat(acknowledged).hasSize(IMAGES + Images.PHOTOGRAPHS.size());
            assertListed(client);
            assertWhole(dev, client);
            assertRanges(dev, client);
        }
        Dev.delete(data);
    }

    private void makeImages(Path pictures) throws IOException {
        for (var name : Images.PHOTOGRAPHS) {
            images.add(Images.photograph(name));
        }
        IntStream.range(0, IMAGES)
                .parallel()
                .mapToObj(n -> Images.make(SEED, n))
                .forEachOrdered(images::add);
        assertThat(images)
                .allSatisfy(image ->
                        assertThat(image.bytes().length).as(image.name()).isBetween(10_000, 20_500_000));
        assertThat(images).extracting(image -> image.bytes().length).anyMatch(size -> size > 19_000_000);
        for (var image : images.subList(FIRST_BY_CLI, images.size())) {
            var file = pictures.resolve(image.name());
            Files.createDirectories(file.getParent());
            Files.write(file, image.bytes());
        }
    }

    /** Puts through the SDK and plain gRPC until enough are acknowledged, then kills all; returns what got no answer. */
    private List<Image> putUntilKilled(Dev dev) throws Exception {
        var next = new AtomicInteger();
        var enough = new CountDownLatch(BEFORE_THE_KILL);
        ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
        try (var client = dev.client();
                var grpc = new Grpc(dev.server())) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                boolean bySdk = i % 2 == 0;
                running.add(writers.submit(() -> {
                    for (int n = next.getAndIncrement(); n < FIRST_BY_CLI; n = next.getAndIncrement()) {
                        var image = images.get(n);
                        try {
                            if (bySdk) {
                                client.put(USER, image.name(), BlobSource.of(image.bytes()), options(image));
                            } else {
                                grpc.put(USER, image.name(), image.contentType(), image.bytes());
                            }
                            acknowledged.put(image.name(), image);
                            enough.countDown();
                        } catch (RuntimeException e) {
                            // Expected of those that are under way at the kill, and of all after it: not acknowledged.
                            if (enough.getCount() > 0) {
                                throw e;
                            }
                            return;
                        }
                    }
                }));
            }
            while (!enough.await(100, TimeUnit.MILLISECONDS)) {
                for (var one : running) {
                    if (one.isDone()) {
                        one.get();
                    }
                }
            }
            dev.killAll();
            for (var one : running) {
                one.get();
            }
        } finally {
            writers.shutdownNow();
        }
        return images.subList(0, FIRST_BY_CLI).stream()
                .filter(image -> !acknowledged.containsKey(image.name()))
                .toList();
    }

    private void putByCommandLine(Dev dev, Path pictures) {
        var stored = Command.run(dev.server(), "put", USER, pictures.toString(), "--json");
        assertThat(stored.code()).as("%s", stored).isZero();
        var byCli = images.subList(FIRST_BY_CLI, images.size());
        assertThat(stored.text()).contains("\"stored\" : " + byCli.size()).contains("\"failed\" : [ ]");
        byCli.forEach(image -> acknowledged.put(image.name(), image));
    }

    private void assertListed(TintypeClient client) {
        var listed = client.listAll(USER, ListOptions.DEFAULT.withPageSize(100))
                .map(ListEntry::name)
                .toList();
        assertThat(listed)
                .containsExactlyElementsOf(
                        acknowledged.keySet().stream().sorted().toList());
    }

    /** Reads everything back: most through the SDK, some through plain gRPC, some by the command line. */
    private void assertWhole(Dev dev, TintypeClient client) {
        try (var grpc = new Grpc(dev.server())) {
            int n = 0;
            for (var image : acknowledged.values()) {
                byte[] read;
                if (n % 50 == 0) {
                    var got = Command.run(dev.server(), "get", USER, image.name(), "-o", "-");
                    assertThat(got.code()).as("%s: %s", image.name(), got).isZero();
                    read = got.out();
                } else if (n % 2 == 0) {
                    read = grpc.get(USER, image.name());
                } else {
                    var blob = client.get(USER, image.name());
                    assertThat(blob.info().contentType()).as(image.name()).isEqualTo(image.contentType());
                    read = blob.bytes();
                }
                assertThat(Arrays.mismatch(read, image.bytes()))
                        .as("first byte that differs in %s, seed %d", image.name(), SEED)
                        .isEqualTo(-1);
                n++;
            }
        }
    }

    /** Reads stretches: half of them through the SDK, half through plain gRPC, a few by the command line. */
    private void assertRanges(Dev dev, TintypeClient client) {
        var random = new SplittableRandom(SEED);
        try (var grpc = new Grpc(dev.server())) {
            for (int i = 0; i < RANGES; i++) {
                var image = images.get(random.nextInt(images.size()));
                int size = image.bytes().length;
                int offset = random.nextInt(size);
                int length = 1 + random.nextInt(Math.min(size, 3 << 20));
                int end = (int) Math.min(size, (long) offset + length);
                byte[] read;
                if (i % 200 == 0) {
                    var range = offset + "-" + (end - 1);
                    read = Command.run(dev.server(), "get", USER, image.name(), "-o", "-", "--range", range)
                            .out();
                } else if (i % 2 == 0) {
                    read = grpc.get(GetRequest.newBuilder()
                            .setUser(USER)
                            .setName(image.name())
                            .setRange(ByteRange.newBuilder().setOffset(offset).setLength(length))
                            .build());
                } else {
                    read = client.get(USER, image.name(), GetOptions.DEFAULT.withRange(offset, length))
                            .bytes();
                }
                assertThat(Arrays.equals(read, 0, read.length, image.bytes(), offset, end))
                        .as("%s, %d bytes from %d, seed %d", image.name(), length, offset, SEED)
                        .isTrue();
            }
        }
    }

    private static PutOptions options(Image image) {
        return PutOptions.DEFAULT.withContentType(image.contentType());
    }
}
