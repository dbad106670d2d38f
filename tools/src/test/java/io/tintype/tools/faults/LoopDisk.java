// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A disk of its own: ext4 on a loop device over a sparse file. It can lose its power and be filled to the last byte. Needs
 * root. Used by one thread at a time.
 */
final class LoopDisk implements Volume {
    /** Sparse: it takes what was written to it, not this much. */
    private static final long BYTES = 8L << 30;

    /** Left for the last writes, which show that the disk is full. */
    private static final int LOOKS = 10;

    private static final long LAST_BYTES = 8L << 20;

    /** EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32), and the flag that keeps even its journal from being flushed. */
    private static final String SHUTDOWN =
            "import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY),"
                    + " 0x8004587d, struct.pack(\"I\", 2))";

    private final Path image;
    private final Path mount;

    private LoopDisk(Path image, Path mount) {
        this.image = image;
        this.mount = mount;
    }

    /** Makes and mounts one, with an image and a mount point beside each other in a folder. */
    static LoopDisk create(Path folder, String name) throws IOException {
        var image = folder.resolve(name + ".ext4");
        var mount = Files.createDirectories(folder.resolve(name));
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(BYTES);
        }
        Shell.run("mkfs.ext4 -q -F -m 0 " + image);
        var disk = new LoopDisk(image, mount);
        disk.mount();
        return disk;
    }

    /** Unmounts what a run that was killed left mounted below a folder. */
    static void releaseLeftovers(Path folder) {
        Shell.run("awk -v d=" + folder + "/ 'index($2, d) == 1 { print $2 }' /proc/mounts | while read -r m;"
                + " do umount -l \"$m\"; done");
    }

    @Override
    public Path data() {
        return mount.resolve("data");
    }

    /**
     * What was not written out is lost, and nothing is written out any more: as when the power fails. The process that used
     * the disk must then be killed, and {@link #powerOn} called.
     */
    void powerOff() {
        Shell.run("python3 -c '" + SHUTDOWN + "' " + mount);
    }

    /** The disk as the power failure left it. */
    void powerOn() {
        Shell.run("umount " + mount);
        mount();
    }

    /** Leaves no block free for whoever writes much at a time: some 100 KiB may be left. */
    void fill() throws IOException {
        takeAllBut(LAST_BYTES);
        // This ends when nothing fits any more, which is the point.
        Shell.succeeds("cat /dev/zero > " + ballast() + "-end");
    }

    /** Leaves no block free, not even for a file of a few bytes. */
    void fillToTheLastBlock() throws IOException {
        fill();
        // Ends when nothing fits any more, too.
        Shell.succeeds("while head -c 4096 /dev/zero >> B && sync B; do :; done".replace("B", ballast() + "-end"));
    }

    /** Takes room away until so many bytes are free. */
    void leave(long bytes) throws IOException {
        takeAllBut(bytes);
    }

    /** Whoever writes here at the same time may leave less room than was seen: then it is looked again. */
    private void takeAllBut(long bytes) throws IOException {
        for (int look = 1; ; look++) {
            long free = Files.getFileStore(mount).getUsableSpace() - bytes;
            if (Shell.succeeds("fallocate -l " + Math.max(1, free) + " " + ballast())) {
                return;
            }
            if (look == LOOKS) {
                throw new IOException(mount + " has no room for a file of " + free + " bytes, though it said so");
            }
        }
    }

    /** Undoes {@link #fill}, {@link #fillToTheLastBlock} and {@link #leave}. */
    void free() {
        Shell.run("rm -f " + ballast() + " " + ballast() + "-end");
    }

    /** Nothing can be written or deleted any more, as when a file system finds itself damaged. */
    void makeReadOnly() {
        Shell.run("mount -o remount,ro " + mount);
    }

    /** Undoes {@link #makeReadOnly}. */
    void makeWritable() {
        Shell.run("mount -o remount,rw " + mount);
    }

    @Override
    public void close() throws IOException {
        Shell.run("umount " + mount + " || umount -l " + mount);
        Files.delete(image);
    }

    private Path ballast() {
        return mount.resolve("ballast");
    }

    private void mount() {
        Shell.run("mount -o loop " + image + " " + mount);
    }
}
