// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.ShardId;
import io.tintype.storage.blob.Applied;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells what was applied: the core how far it is, and those who watch heads what came of it.
 *
 * @param shard whose records they are
 * @param heads who watches
 * @param events takes events for the core, from any thread
 */
record ApplyNews(ShardId shard, HeadWatches heads, Consumer<ReplicaEvent> events) implements Applier.Listener {
    private static final Logger log = LoggerFactory.getLogger(ApplyNews.class);

    @Override
    public void applied(long seq) {
        events.accept(new ReplicaEvent.Applied(seq));
    }

    @Override
    public void tookEffect(List<LogRecord> records, List<Applied> results) {
        heads.applied(records, results);
    }

    @Override
    public void applyFailed(Throwable cause) {
        log.error("shard {}: records cannot be applied", shard, cause);
        events.accept(new ReplicaEvent.PersistFailed("applying failed: " + cause.getMessage()));
    }
}
