// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * All operations of a run, in the order in which they were invoked. The run began with an empty store.
 *
 * <p>Immutable.
 *
 * @param operations sorted by {@link Operation#invokedNanos}; of one key at most {@link Integer#MAX_VALUE}
 */
public record History(List<Operation> operations) {
    private static final Comparator<Operation> BY_TIME =
            Comparator.comparingLong(Operation::invokedNanos).thenComparingLong(Operation::returnedNanos);

    /** Takes operations in any order. */
    public History {
        operations = operations.stream().sorted(BY_TIME).toList();
    }

    /** This history and what another recorded with the same clock, such as the reads after all faults ended. */
    public History and(History other) {
        return new History(
                Stream.concat(operations.stream(), other.operations.stream()).toList());
    }

    /** The operations of each key, in order. */
    public Map<BlobKey, List<Operation>> byKey() {
        var keys = new LinkedHashMap<BlobKey, List<Operation>>();
        for (var operation : operations) {
            keys.computeIfAbsent(operation.key(), k -> new ArrayList<>()).add(operation);
        }
        return keys;
    }
}
