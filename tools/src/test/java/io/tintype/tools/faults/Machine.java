// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** What this machine offers beyond processes and sockets. Looked at once. Immutable. */
final class Machine {
    private static final String CLOCK_LIBRARY = "faketime/libfaketimeMT.so.1";

    private final Optional<Path> sync;
    private final Optional<Path> clock;
    private final String noDisks;

    private Machine(Optional<Path> sync, Optional<Path> clock, String noDisks) {
        this.sync = sync;
        this.clock = clock;
        this.noDisks = noDisks;
    }

    /** Looks. */
    static Machine look(Path scratch) {
        return new Machine(syncLibrary(scratch), clockLibrary(), whyNoDisks(scratch));
    }

    /** The library that makes an fdatasync fail, or holds it back. */
    Optional<Path> sync() {
        return sync;
    }

    /** The library that sets clocks. */
    Optional<Path> clock() {
        return clock;
    }

    /** Whether nodes can have disks of their own. */
    boolean hasDisks() {
        return noDisks.isEmpty();
    }

    /** What is missing for a need, in words for people; empty: nothing. */
    Optional<String> lacks(Need need) {
        return switch (need) {
            case FSYNC_ERRORS ->
                sync.isPresent()
                        ? Optional.empty()
                        : Optional.of("no C compiler is here that works (Debian: gcc, libc6-dev)");
            case CLOCKS ->
                clock.isPresent() ? Optional.empty() : Optional.of("libfaketime is not here (Debian: faketime)");
            case DISKS -> hasDisks() ? Optional.empty() : Optional.of("no disk of its own for a node: " + noDisks);
        };
    }

    private static Optional<Path> syncLibrary(Path scratch) {
        try (var source = Machine.class.getResourceAsStream("failing-sync.c")) {
            Files.createDirectories(scratch);
            var file = scratch.resolve("failing-sync.c");
            Files.write(file, Objects.requireNonNull(source).readAllBytes());
            var library = scratch.resolve("failing-sync.so");
            boolean made = Shell.succeeds("cc -shared -fPIC -O2 -o " + library + " " + file);
            return made ? Optional.of(library) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<Path> clockLibrary() {
        var found = Shell.run("ls /usr/lib/*/" + CLOCK_LIBRARY + " /usr/lib/" + CLOCK_LIBRARY + " 2>/dev/null || true");
        return found.lines().findFirst().map(Path::of);
    }

    private static String whyNoDisks(Path scratch) {
        if (!Shell.succeeds("command -v mkfs.ext4 && command -v python3")) {
            return "mkfs.ext4 or python3 is not here (Debian: e2fsprogs, python3)";
        }
        if (!Shell.succeeds("[ $(id -u) = 0 ]")) {
            return "only root may mount";
        }
        try {
            Files.createDirectories(scratch);
            var probe = LoopDisk.create(scratch, "probe");
            try (probe) {
                probe.powerOff();
            }
            return "";
        } catch (IllegalStateException e) {
            return String.valueOf(e.getMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
