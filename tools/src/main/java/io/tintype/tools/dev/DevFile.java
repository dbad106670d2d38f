// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * What {@code dev.json} in the data directory says about the running cluster: where programs and tests find it. Written
 * once the cluster is ready, removed when it stops. Immutable.
 *
 * @param pid process of {@code tintype dev}, in which ZooKeeper runs
 * @param processes whether every server runs in a process of its own
 * @param server where the coordinator serves gRPC
 * @param http where it serves HTTP, as a URL
 * @param zookeeper where ZooKeeper serves
 * @param coordinatorPid process of the coordinator
 * @param nodes the storage nodes
 */
public record DevFile(
        long pid,
        boolean processes,
        String server,
        String http,
        String zookeeper,
        long coordinatorPid,
        List<DevNode> nodes) {
    private static final String NAME = "dev.json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * One storage node.
     *
     * @param id its id
     * @param address where it serves its public API
     * @param peerAddress where its peers reach it
     * @param pid its process
     */
    public record DevNode(String id, String address, String peerAddress, long pid) {}

    public DevFile {
        nodes = List.copyOf(nodes);
    }

    /** Processes that serve requests: coordinator and storage nodes, each once. */
    public List<Long> serverPids() {
        return LongStream.concat(LongStream.of(coordinatorPid), nodes.stream().mapToLong(DevNode::pid))
                .distinct()
                .boxed()
                .toList();
    }

    /** All processes. */
    public List<Long> allPids() {
        return Stream.concat(Stream.of(pid), serverPids().stream()).distinct().toList();
    }

    /**
     * Reads the file of a running cluster.
     *
     * @param directory the data directory
     * @throws CommandFailure NOT_FOUND when none runs there
     */
    public static DevFile read(Path directory) {
        var file = directory.resolve(NAME);
        try {
            return JSON.readValue(Files.readAllBytes(file), DevFile.class);
        } catch (NoSuchFileException e) {
            throw new CommandFailure(
                    ExitCode.NOT_FOUND,
                    file + " is not there: no `tintype dev --data " + directory + "` is running",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /** Whether a cluster says that it runs there. */
    public static boolean exists(Path directory) {
        return Files.exists(directory.resolve(NAME));
    }

    /** Writes the file, so that a reader sees all of it or nothing. */
    void write(Path directory) throws IOException {
        var part = directory.resolve(NAME + ".part");
        Files.write(part, JSON.writeValueAsBytes(this));
        Files.move(part, directory.resolve(NAME), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Removes the file, where there is one. */
    static void remove(Path directory) throws IOException {
        Files.deleteIfExists(directory.resolve(NAME));
    }
}
