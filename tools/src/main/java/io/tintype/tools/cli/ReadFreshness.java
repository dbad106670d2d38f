// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.Consistency;
import io.tintype.client.Freshness;
import io.tintype.model.TintypeException;
import java.io.PrintWriter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Mixed into the commands that read: how fresh the answer must be. */
final class ReadFreshness {
    @Option(
            names = "--consistency",
            paramLabel = "MODE",
            description = "How fresh the answer must be. linearizable, without asking: every acknowledged write."
                    + " near: the same, bytes from a near replica. bounded:TIME: all but the last TIME, 1ms to 1h, from"
                    + " any replica. session:TOKEN: at least the change that printed this token, from any replica."
                    + " exact: the version of --if-version, current or not, from any replica.")
    private @Nullable String consistency;

    @Option(
            names = "--max-staleness",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "The same as --consistency bounded:TIME.")
    private @Nullable Duration maxStaleness;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    Consistency consistency() {
        if (consistency != null && maxStaleness != null) {
            throw new ParameterException(
                    command.commandLine(), "--consistency and --max-staleness both say how fresh; give one");
        }
        if (maxStaleness != null) {
            return Consistency.boundedStaleness(maxStaleness);
        }
        try {
            return consistency == null ? Consistency.linearizable() : Consistency.parse(consistency);
        } catch (TintypeException e) {
            throw new ParameterException(command.commandLine(), "--consistency: " + e.getMessage(), e);
        }
    }

    /** Says so when an answer may be old. */
    static void remark(Freshness freshness, PrintWriter err) {
        if (freshness.stale()) {
            err.println("may be stale: the state as of "
                    + freshness.asOf().map(Object::toString).orElse("an unknown time"));
        }
    }
}
