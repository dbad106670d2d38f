// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.NodeCarries;
import io.tintype.proto.v1.NodePace;
import io.tintype.proto.v1.PaceSource;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.PlanStep;
import io.tintype.proto.v1.StepKind;
import io.tintype.proto.v1.StepPhase;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.Tables;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Plans in words and small charts. Pure. */
final class PlanText {
    private static final int BAR = 20;
    private static final int SHOWN = 30;

    /** From here on a part is shown as all of it. */
    private static final double ALL_OF_IT = 0.995;

    private PlanText() {}

    /** A plan before it is applied, and how to apply it. */
    static String proposal(MakePlanResponse made) {
        return made.getPlan().getId().isEmpty()
                ? shown(made)
                : shown(made, "tintype rebalance apply " + made.getPlan().getId());
    }

    /** A plan, and what is, or is to be, done with it. */
    static String shown(MakePlanResponse made, String next) {
        return shown(made) + System.lineSeparator() + System.lineSeparator() + next;
    }

    /** What read copies become that a node to be drained keeps. */
    static String readCopies(MakePlanResponse made) {
        return made.getReadCopies() + " read copies of pools of other regions, which no plan has: the controller has"
                + " another node of its region keep them, where there is one";
    }

    /** A plan. */
    static String shown(MakePlanResponse made) {
        var plan = made.getPlan();
        var text = new ArrayList<String>();
        made.getProblemsList().forEach(problem -> text.add("! " + problem.getWhat() + " " + problem.getFix()));
        if (plan.getStepsCount() == 0) {
            text.add("Nothing to do.");
        } else {
            text.add(steps(plan.getStepsList(), SHOWN));
            if (plan.getStepsCount() > SHOWN) {
                text.add("... and " + (plan.getStepCount() - SHOWN) + " more");
            }
            text.add("");
            text.add(chart(made.getBeforeList(), made.getAfterList()));
            text.add("");
            text.add(plan.getStepCount() + " steps, " + Humane.bytes(plan.getBytes()) + " to copy, about "
                    + Humane.seconds(plan.getExpectedSeconds()) + " with " + plan.getMovesAtOnce() + " shards at once");
            text.add(reckoned(made));
        }
        made.getHotList()
                .forEach(hot -> text.add(String.format(
                        Locale.ROOT,
                        "! Shard %d on %s alone answers %.0f calls/s; a node's share is %.0f. Moving it helps little:"
                                + " move users off it.",
                        hot.getShard(),
                        hot.getPrimary(),
                        hot.getCallsPerSecond(),
                        hot.getFairShare())));
        if (made.getReadCopies() > 0) {
            text.add("! It also keeps " + readCopies(made) + ".");
        }
        return String.join(System.lineSeparator(), text);
    }

    /** What the time was reckoned by. */
    private static String reckoned(MakePlanResponse made) {
        var measured = nodes(made, PaceSource.PACE_SOURCE_MEASURED);
        var like = nodes(made, PaceSource.PACE_SOURCE_LIKE_OTHERS);
        var text = new StringBuilder("reckoned by ")
                .append(Humane.bytes(made.getMeasuredBytesPerSecond()))
                .append("/s into a node");
        if (measured.isEmpty() && like.isEmpty()) {
            text.append(", which is the limit, for nothing was measured yet");
        } else {
            text.append(measured.isEmpty() ? "" : ", as measured at " + measured)
                    .append(like.isEmpty() ? "" : ", as measured at other nodes for " + like);
        }
        double left = made.getLeftByReaders();
        if (left > 0 && left < ALL_OF_IT) {
            text.append(String.format(Locale.ROOT, ", with %.0f %% of the limit left by readers", 100 * left));
        }
        return text.append(String.format(
                        Locale.ROOT,
                        ", and %.1f s a step besides, %s",
                        made.getStepSeconds(),
                        made.getStepSecondsMeasured() ? "as measured" : "which is a guess"))
                .toString();
    }

    private static String nodes(MakePlanResponse made, PaceSource source) {
        return made.getPacesList().stream()
                .filter(pace -> pace.getSource() == source)
                .map(NodePace::getNode)
                .limit(SHOWN)
                .collect(Collectors.joining(" "));
    }

    private static String steps(List<PlanStep> steps, int most) {
        return Tables.render(
                List.of("step>", "what", "bytes>", "why"),
                IntStream.range(0, Math.min(most, steps.size()))
                        .mapToObj(i -> List.of(
                                Integer.toString(i + 1),
                                what(steps.get(i)),
                                Humane.bytes(steps.get(i).getBytes()),
                                steps.get(i).getReason()))
                        .toList());
    }

    /** A step in words. */
    static String what(PlanStep step) {
        return switch (step.getKind()) {
            case STEP_KIND_MOVE -> "shard " + step.getShard() + ": " + step.getFrom() + " -> " + step.getTo();
            case STEP_KIND_ADD -> "shard " + step.getShard() + ": + " + step.getTo();
            case STEP_KIND_DROP -> "shard " + step.getShard() + ": - " + step.getFrom();
            case STEP_KIND_LEAD -> "shard " + step.getShard() + ": led by " + step.getTo();
            default -> "shard " + step.getShard();
        };
    }

    private static String chart(List<NodeCarries> before, List<NodeCarries> after) {
        long most = Math.max(
                1,
                Math.max(
                        before.stream().mapToLong(NodeCarries::getBytes).max().orElse(1),
                        after.stream().mapToLong(NodeCarries::getBytes).max().orElse(1)));
        var rows = new ArrayList<List<String>>();
        for (int i = 0; i < Math.min(before.size(), after.size()); i++) {
            var was = before.get(i);
            var is = after.get(i);
            rows.add(List.of(
                    was.getNode(),
                    bar(was.getBytes(), most),
                    Humane.bytes(was.getBytes()),
                    bar(is.getBytes(), most),
                    Humane.bytes(is.getBytes()),
                    was.getReplicas() + " -> " + is.getReplicas(),
                    was.getPrimaries() + " -> " + is.getPrimaries()));
        }
        return Tables.render(List.of("node", "before", "bytes>", "after", "bytes>", "replicas>", "primaries>"), rows);
    }

    private static String bar(long value, long most) {
        int filled = (int) Math.round((double) BAR * value / most);
        return "#".repeat(filled) + ".".repeat(BAR - filled);
    }

    /** How a plan goes. */
    static String status(GetPlanResponse status) {
        var plan = status.getPlan();
        var text = new ArrayList<String>();
        text.add("plan " + plan.getId() + ": " + plan.getTitle() + ", " + state(plan.getState()));
        text.add(plan.getDone() + " of " + plan.getStepCount() + " steps made"
                + (plan.getNotDone() == 0 ? "" : ", " + plan.getNotDone() + " not made") + "; "
                + Humane.bytes(plan.getMovedBytes()) + " of " + Humane.bytes(plan.getBytes()) + " copied");
        if (plan.getFinishedAtMs() != 0) {
            text.add("took " + Humane.seconds((plan.getFinishedAtMs() - plan.getStartedAtMs()) / 1_000) + ", planned "
                    + Humane.seconds(plan.getExpectedSeconds()));
        } else if (plan.getStartedAtMs() != 0) {
            text.add(Humane.bytes(status.getBytesPerSecondNow()) + "/s now, of "
                    + Humane.bytes(status.getThrottleBytesPerSecond()) + "/s a node allowed; left: "
                    + Humane.seconds(status.getSecondsLeft())
                    + (status.getHeldUp().isEmpty() ? "" : "; " + status.getHeldUp()));
        }
        if (plan.getStepsCount() > 0) {
            text.add("");
            text.add(Tables.render(
                    List.of("step", "phase", "copied>", "of>", "detail"),
                    plan.getStepsList().stream().limit(SHOWN).map(PlanText::row).toList()));
        }
        return String.join(System.lineSeparator(), text);
    }

    private static List<String> row(PlanStep step) {
        boolean lead = step.getKind() == StepKind.STEP_KIND_LEAD;
        return List.of(
                what(step),
                phase(step.getPhase()),
                lead ? "" : Humane.bytes(step.getMovedBytes()),
                lead ? "" : Humane.bytes(step.getBytes()),
                step.getDetail());
    }

    /** A phase as commands print it. */
    static String phase(StepPhase phase) {
        return phase.name().replace("STEP_PHASE_", "").toLowerCase(Locale.ROOT);
    }

    /** A state as commands print it. */
    static String state(PlanState state) {
        return state.name().replace("PLAN_STATE_", "").toLowerCase(Locale.ROOT);
    }

    /** One line of the history. */
    static List<String> line(Plan plan) {
        return List.of(
                plan.getId(),
                state(plan.getState()),
                Instant.ofEpochMilli(plan.getCreatedAtMs())
                        .truncatedTo(ChronoUnit.SECONDS)
                        .toString(),
                plan.getTitle(),
                plan.getDone() + "/" + plan.getStepCount(),
                Humane.bytes(plan.getFinishedAtMs() == 0 ? plan.getBytes() : plan.getMovedBytes()),
                plan.getFinishedAtMs() == 0
                        ? ""
                        : Humane.seconds((plan.getFinishedAtMs() - plan.getStartedAtMs()) / 1_000));
    }
}
