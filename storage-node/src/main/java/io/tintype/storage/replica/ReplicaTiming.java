// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * The times that safety and failover rest on, all in nanoseconds. Every process of a cluster must use the same.
 *
 * <p>Immutable. Invariants, checked when one is made: 4H &lt; T_lag &lt; L; L(1+&rho;)+&epsilon; &le; G &lt;
 * T_suspect; T_lag + H + compare-and-set &lt; T_suspect. The first makes a lost heartbeat or three harmless, and shrinks
 * a dead member before its lease is missed; the second makes a follower's promise outlive the primary's lease on any
 * two clocks; the third lets a primary settle its in-sync set before others stand for election, and counts in that at rest it
 * notices up to a heartbeat late who lags ({@link Restfulness}).
 *
 * @param heartbeatNanos H: how often a primary is heard
 * @param lagNanos T_lag: a member without progress for so long leaves the in-sync set
 * @param leaseNanos L: how long a primary may serve reads after it sent the beat that was answered
 * @param suspectNanos T_suspect: silence of the primary after which a follower stands for election
 * @param suspectGoneNanos the same where the primary's node has lost its ephemeral node too
 * @param rankNanos how much longer each next follower in rank waits, so that the first one wins alone
 */
public record ReplicaTiming(
        long heartbeatNanos, long lagNanos, long leaseNanos, long suspectNanos, long suspectGoneNanos, long rankNanos) {
    private static final long MILLI = 1_000_000;

    /** Rate by which two clocks of the cluster may differ at most, in percent (&rho;). */
    public static final int MAX_DRIFT_PERCENT = 5;

    /** Added to a grant for what rates do not explain (&epsilon;). */
    public static final long GRANT_SLACK_NANOS = 100 * MILLI;

    /** Monotonic and wall clock of one process may disagree by this much before leases drop. */
    public static final long MAX_CLOCK_GAP_NANOS = 200 * MILLI;

    /** What a compare-and-set takes when all is well; part of the third relation only. */
    public static final long CAS_NANOS = 1_000 * MILLI;

    /** H 250 ms, T_lag 1.5 s, L 2 s, T_suspect 4.5 s, 2.2 s with the ephemeral node gone, rank 300 ms. */
    public static final ReplicaTiming DEFAULT =
            new ReplicaTiming(250 * MILLI, 1_500 * MILLI, 2_000 * MILLI, 4_500 * MILLI, 2_200 * MILLI, 300 * MILLI);

    public ReplicaTiming {
        require(heartbeatNanos > 0 && rankNanos > 0, "heartbeat and rank delay must be above 0");
        require(4 * heartbeatNanos < lagNanos, "four heartbeats must fit into the lag time");
        require(lagNanos < leaseNanos, "the lag time must be below the lease");
        require(grantNanos(leaseNanos) < suspectNanos, "a grant must end before the primary is suspected");
        require(
                lagNanos + heartbeatNanos + CAS_NANOS < suspectNanos,
                "lag time, a heartbeat and a compare-and-set must fit into the suspect time");
        require(
                suspectGoneNanos >= lagNanos && suspectGoneNanos <= suspectNanos,
                "the suspect time without an ephemeral node must lie between lag time and suspect time");
    }

    /** G: how long a follower elects nobody after it answered a beat; 1.05 L + 100 ms. */
    public long grantNanos() {
        return grantNanos(leaseNanos);
    }

    /** How often the shell should send {@link ReplicaEvent.Tick}. */
    public long tickNanos() {
        return heartbeatNanos / 5;
    }

    /** How long a candidate waits for answers to its ballot. */
    long ballotNanos() {
        return 2 * heartbeatNanos;
    }

    /** Pause before something that failed is tried again. */
    long retryNanos() {
        return heartbeatNanos;
    }

    /** Whoever was heard within this time is well, as far as anybody can know: three heartbeats. */
    long momentNanos() {
        return 3 * heartbeatNanos;
    }

    /** How long a primary that hands over takes no writes before it gives that up. */
    long stopNanos() {
        return 2 * heartbeatNanos;
    }

    private static long grantNanos(long leaseNanos) {
        return leaseNanos + leaseNanos / 100 * MAX_DRIFT_PERCENT + GRANT_SLACK_NANOS;
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException("replication timing: " + rule);
        }
    }
}
