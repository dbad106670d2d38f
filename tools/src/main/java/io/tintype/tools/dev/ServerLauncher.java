// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** Starts servers of a development cluster, in this process or in others. Used by one thread. */
interface ServerLauncher {
    /** Starts a storage node; returns once it serves. */
    Running storageNode(NodePlan plan) throws Exception;

    /** Starts a coordinator; returns once it serves. */
    Running coordinator(CoordinatorPlan plan) throws Exception;

    /**
     * How a storage node is to run.
     *
     * @param id its id, kept over restarts
     * @param data its directory
     * @param zookeeper host:port
     * @param port of the public API; 0: any that is free
     * @param peerPort for its peers; 0: any that is free
     * @param keys address of the source of users' keys
     */
    record NodePlan(String id, Path data, String zookeeper, int port, int peerPort, String keys) {}

    /**
     * How a coordinator is to run.
     *
     * @param zookeeper host:port
     * @param port for gRPC; 0: any that is free
     * @param httpPort for HTTP; 0: any that is free
     * @param replicas of each shard of the first pool
     */
    record CoordinatorPlan(String zookeeper, int port, int httpPort, int replicas) {}

    /**
     * A server that runs.
     *
     * @param name what people call it
     * @param pid the process it runs in
     * @param address where it serves gRPC
     * @param otherAddress a storage node's address for its peers, a coordinator's for HTTP
     * @param ended completes when it has ended, with what people should know; empty where it was told to end
     * @param stop stops it and returns once it has stopped
     */
    record Running(
            String name,
            long pid,
            String address,
            String otherAddress,
            CompletableFuture<String> ended,
            AutoCloseable stop) {}
}
