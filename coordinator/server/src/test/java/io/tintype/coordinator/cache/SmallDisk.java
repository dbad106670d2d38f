// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** A disk of 96 MiB, in memory, that can be filled to the last byte; tests that need one are skipped, loudly, where none can be had. */
final class SmallDisk implements AutoCloseable {
    private static final int AT_A_TIME = 64 << 10;

    private final Path mount;

    private SmallDisk(Path mount) {
        this.mount = mount;
    }

    /** Mounts one over a folder. */
    static SmallDisk mount(Path folder) throws IOException {
        boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", folder.toString());
        if (!mounted) {
            System.err.println("SKIPPED: what needs a disk to fill, which only root may mount.");
        }
        Assumptions.assumeTrue(mounted, "only root may mount");
        return new SmallDisk(folder);
    }

    /** Leaves no byte free. */
    void fill() throws IOException {
        try (OutputStream out = Files.newOutputStream(ballast())) {
            for (int size = AT_A_TIME; size > 0; size /= 2) {
                fill(out, new byte[size]);
            }
        }
    }

    private static void fill(OutputStream out, byte[] bytes) {
        try {
            while (true) {
                out.write(bytes);
            }
        } catch (IOException full) {
            // which is the point
        }
    }

    /** Undoes {@link #fill}. */
    void giveRoom() throws IOException {
        Files.delete(ballast());
    }

    private Path ballast() {
        return mount.resolve("ballast");
    }

    @Override
    public void close() throws IOException {
        run("umount", "-l", mount.toString());
    }

    private static boolean run(String... words) throws IOException {
        try {
            return new ProcessBuilder(words).redirectErrorStream(true).start().waitFor() == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + words[0], e);
        }
    }
}
