// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import java.util.Locale;

/**
 * Every znode path there is, below the cluster's root.
 *
 * <p>Shards and assignments are spread over 256 buckets, because a listing of more than some 50,000 children no longer
 * fits one ZooKeeper answer.
 */
public final class Paths {
    /** What cluster this is. */
    public static final String META = "/meta";
    /** The controllers' latch: a hint who should act. */
    public static final String CONTROLLER_LATCH = "/ctl/latch";
    /** Which controller may write: checked in each of its writes. */
    public static final String CONTROLLER_EPOCH = "/ctl/epoch";
    /** Parent of node registrations. */
    public static final String NODE_REGISTRATIONS = "/nodes/reg";
    /** Parent of node livenesses. */
    public static final String NODE_LIVENESS = "/nodes/live";
    /** Parent of coordinator livenesses. */
    public static final String COORDINATORS = "/coordinators";
    /** Parent of pools. */
    public static final String POOLS = "/pools";
    /** Parent of the buckets of shard records. */
    public static final String SHARDS = "/shards";
    /** Parent of the buckets of assignments. */
    public static final String ASSIGNMENTS = "/assign";
    /** Which directory shard keeps which slot. */
    public static final String DIRECTORY_MAP = "/dirmap";

    /** Parent of what operators want of nodes. */
    public static final String NODE_INTENTS = "/nodes/intent";
    /** Which plans are being carried out; parent of plans. */
    public static final String PLANS = "/plans";

    /** Number of buckets. */
    public static final int BUCKETS = 256;

    private static final int DEPTH_IN_BUCKET = 3;

    private Paths() {}

    /** A node's persistent registration. */
    public static String nodeRegistration(String nodeId) {
        return NODE_REGISTRATIONS + "/" + nodeId;
    }

    /** A node's ephemeral liveness. */
    public static String nodeLiveness(String nodeId) {
        return NODE_LIVENESS + "/" + nodeId;
    }

    /** What operators want of a node. */
    public static String nodeIntent(String nodeId) {
        return NODE_INTENTS + "/" + nodeId;
    }

    /** A plan. */
    public static String plan(String planId) {
        return PLANS + "/" + planId;
    }

    /** Some of a plan's steps. */
    public static String planPart(String planId, int part) {
        return plan(planId) + "/" + part;
    }

    /** A coordinator's ephemeral liveness. */
    public static String coordinator(String coordinatorId) {
        return COORDINATORS + "/" + coordinatorId;
    }

    /** A pool's rules. */
    public static String pool(String poolKey) {
        return POOLS + "/" + poolKey;
    }

    /** A shard's configuration. */
    public static String shard(int shardId) {
        return SHARDS + "/" + bucket(shardId) + "/" + unsigned(shardId);
    }

    /** Where a shard should be. */
    public static String assignment(int shardId) {
        return ASSIGNMENTS + "/" + bucket(shardId) + "/" + unsigned(shardId);
    }

    /** The bucket of a shard: two hex digits of its id modulo 256. */
    public static String bucket(int shardId) {
        return String.format(Locale.ROOT, "%02x", shardId & (BUCKETS - 1));
    }

    /** Whether a path is of a shard's record or assignment; what is above is none. */
    public static boolean isInBucket(String path) {
        return path.chars().filter(c -> c == '/').count() == DEPTH_IN_BUCKET;
    }

    /** The last part of a path. */
    public static String lastPart(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static String unsigned(int shardId) {
        return Integer.toUnsignedString(shardId);
    }
}
