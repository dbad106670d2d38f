// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What this machine offers beyond processes and sockets. Looked at once. Immutable. */
final class Machine {
    private static final List<Path> FIU_FOLDERS =
            List.of(Path.of("/usr/lib/fiu"), Path.of("/usr/local/lib/fiu"), Path.of("/usr/lib64/fiu"));
    private static final String CLOCK_LIBRARY = "faketime/libfaketimeMT.so.1";

    private final Optional<Path> fiu;
    private final Optional<Path> clock;
    private final String noDisks;

    private Machine(Optional<Path> fiu, Optional<Path> clock, String noDisks) {
        this.fiu = fiu;
        this.clock = clock;
        this.noDisks = noDisks;
    }

    /** Looks. */
    static Machine look(Path scratch) {
        return new Machine(
                FIU_FOLDERS.stream()
                        .filter(folder -> Files.exists(folder.resolve("fiu_posix_preload.so")))
                        .findFirst(),
                clockLibrary(),
                whyNoDisks(scratch));
    }

    /** The folder of libfiu's libraries. */
    Optional<Path> fiu() {
        return fiu;
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
                fiu.isPresent() ? Optional.empty() : Optional.of("libfiu is not here (Debian: fiu-utils)");
            case CLOCKS ->
                clock.isPresent() ? Optional.empty() : Optional.of("libfaketime is not here (Debian: faketime)");
            case DISKS -> hasDisks() ? Optional.empty() : Optional.of("no disk of its own for a node: " + noDisks);
        };
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
