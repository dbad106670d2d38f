// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What to do, in order, and what comes of it. Immutable.
 *
 * @param steps in the order in which to begin them
 * @param problems what cannot be done
 * @param hot shards that carry so much alone that moving replicas helps little
 * @param before what each node carries now
 * @param after what each node carries once all is done
 */
public record Plan(
        List<PlanStep> steps,
        List<PlanProblem> problems,
        List<HotShard> hot,
        List<NodeShare> before,
        List<NodeShare> after) {
    private static final int HASH_DIGITS = 12;

    public Plan {
        steps = List.copyOf(steps);
        problems = List.copyOf(problems);
        hot = List.copyOf(hot);
        before = List.copyOf(before);
        after = List.copyOf(after);
    }

    /** Bytes that travel. */
    public long bytes() {
        return steps.stream().mapToLong(PlanStep::bytes).sum();
    }

    /**
     * The same plan, reckoned anew how much travels.
     *
     * @param bytes of each step, by its place in the order
     */
    public Plan withBytes(IntToLongFunction bytes) {
        var reckoned = IntStream.range(0, steps.size())
                .mapToObj(i -> steps.get(i).withBytes(bytes.applyAsLong(i)))
                .toList();
        return new Plan(reckoned, problems, hot, before, after);
    }

    /** Whether a node that is to be drained would keep something. */
    public boolean isBlocked() {
        return problems.stream().anyMatch(PlanProblem::blocking);
    }

    /** A name for exactly these steps from exactly this start: 12 hex digits. */
    public String hash() {
        var text = steps.stream()
                .map(step -> step.text() + " at "
                        + step.base().stream().map(NodeId::value).collect(Collectors.joining(",")) + " leader "
                        + step.leaderOrNull() + " bytes " + step.bytes())
                .collect(Collectors.joining("\n"));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, HASH_DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
