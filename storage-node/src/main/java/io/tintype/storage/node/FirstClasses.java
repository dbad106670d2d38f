// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The classes that a node needs when it first copies a shard, leads one, and serves readers: loaded, verified and initialised
 * before it is given any, since readers wait for a node that does so in the midst of its work. Which those are was taken from the
 * log of a node's life, and {@code FirstClassesIT} records it anew; one that is missing from the list is loaded when it is needed, and one too many costs
 * some microseconds. Stateless.
 *
 * <p>On the thread that starts the node, before it has started others: initialising classes on two threads at once may lock both.
 */
final class FirstClasses {
    /** More names are not read. */
    static final int MOST = 4_000;

    /** After so long a node starts without the rest. */
    static final Duration WITHIN = Duration.ofSeconds(10);

    private static final String LIST = "first-classes.txt";
    private static final Logger log = LoggerFactory.getLogger(FirstClasses.class);

    private FirstClasses() {}

    /** Loads them. */
    static void load() {
        long began = System.nanoTime();
        int loaded = load(names(), System::nanoTime);
        log.debug("{} classes loaded ahead in {} ms", loaded, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
    }

    /** Loads classes while there is time, and leaves out what is none; returns how many it loaded. */
    static int load(List<String> names, LongSupplier nanoTime) {
        long began = nanoTime.getAsLong();
        int loaded = 0;
        for (var name : names) {
            if (nanoTime.getAsLong() - began > WITHIN.toNanos()) {
                log.info(
                        "classes were loaded ahead for {} s; the rest is loaded when it is needed", WITHIN.toSeconds());
                break;
            }
            try {
                var unused = Class.forName(name, true, FirstClasses.class.getClassLoader());
                loaded++;
            } catch (ClassNotFoundException | LinkageError e) {
                log.debug("not loaded ahead: {}", name, e);
            }
        }
        return loaded;
    }

    /** What is in the list; nothing where there is none. */
    static List<String> names() {
        try (var in = FirstClasses.class.getResourceAsStream(LIST)) {
            return in == null
                    ? List.of()
                    : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> !line.isBlank() && !line.startsWith("#"))
                            .limit(MOST)
                            .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
