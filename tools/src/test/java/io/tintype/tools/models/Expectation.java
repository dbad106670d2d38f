// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A row of the tables in docs/spec/README.md that begin with a configuration: what TLC must say of it.
 *
 * @param name of the .cfg file
 * @param outcome "no error", or which invariant is violated
 * @param states distinct states; 0 where TLC stops at the first violation
 * @param run "verify" if every build runs it, else "models"; with "walk N" a random walk with that seed
 */
record Expectation(String name, String outcome, long states, String run) {
    private static final Pattern ROW = Pattern.compile(
            "^\\| `(\\w+)` \\| (no error|\\w+ violated) \\| (?:([\\d,]+)|–) \\| (verify|models(?:, walk \\d+)?) \\|.*$",
            Pattern.MULTILINE);
    private static final String WALK = ", walk ";

    static List<Expectation> all(Path readme) throws IOException {
        return ROW.matcher(Files.readString(readme))
                .results()
                .map(row -> new Expectation(
                        row.group(1),
                        row.group(2),
                        row.group(3) == null ? 0 : Long.parseLong(row.group(3).replace(",", "")),
                        row.group(4)))
                .toList();
    }

    String model() {
        return name.substring(0, name.indexOf('_'));
    }

    boolean isQuick() {
        return run.equals("verify");
    }

    /** TLC's arguments for a random walk, if it is to be one. */
    List<String> walk() {
        int at = run.indexOf(WALK);
        return at < 0 ? List.of() : List.of("-simulate", "-depth", "60", "-seed", run.substring(at + WALK.length()));
    }
}
