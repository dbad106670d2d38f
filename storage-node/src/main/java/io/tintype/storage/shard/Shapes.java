// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.log.LogStore;
import io.tintype.storage.replica.EpochStart;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.LogShape;

/** Logs and places in them, as the core knows them. Stateless. */
final class Shapes {
    private Shapes() {}

    static LogShape of(LogStore log) {
        return new LogShape(
                log.epochs().stream()
                        .map(start -> new EpochStart(start.epoch(), start.seq()))
                        .toList(),
                log.first(),
                log.last().seq());
    }

    static LogPosition of(io.tintype.storage.log.LogPosition position) {
        return new LogPosition(position.epoch(), position.seq());
    }
}
