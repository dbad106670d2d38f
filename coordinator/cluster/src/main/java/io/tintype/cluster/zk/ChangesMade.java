// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import io.tintype.cluster.zk.ZnodeTransaction.Result;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Finds out whether the changes of a transaction that was refused in the end had been made by an earlier send of it. They are
 * made together, so each that was not made speaks for all; and those that were bear the same transaction's number.
 *
 * <p>Confined to one thread while changes are added; never blocks.
 */
final class ChangesMade {
    private final Znodes znodes;
    private final List<Change> changes = new ArrayList<>();

    ChangesMade(Znodes znodes) {
        this.znodes = znodes;
    }

    /** What one znode says of the change. */
    private enum Sign {
        MADE,
        NOT_MADE,
        /** Somebody has changed it since. */
        NONE
    }

    private interface Judgement {
        Sign of(Optional<Znode> now);
    }

    private record Change(String path, Judgement judgement) {}

    private record Found(Sign sign, long zxid) {}

    /** One of the changes replaces this version of a znode. */
    void set(String path, byte[] data, int version) {
        changes.add(new Change(path, now -> {
            if (now.isEmpty() || now.get().version() == version) {
                return Sign.NOT_MADE;
            }
            return written(now.get(), data, version + 1);
        }));
    }

    /** One of the changes creates a znode. */
    void create(String path, byte[] data) {
        changes.add(new Change(path, now -> now.isEmpty() ? Sign.NOT_MADE : written(now.get(), data, 0)));
    }

    private static Sign written(Znode now, byte[] data, int version) {
        if (now.version() != version) {
            return Sign.NONE;
        }
        return Arrays.equals(now.data(), data) ? Sign.MADE : Sign.NOT_MADE;
    }

    /** One of the changes deletes a znode. That it is gone proves nothing: it may not have been there before. */
    void delete(String path) {
        changes.add(new Change(path, now -> now.isEmpty() ? Sign.NONE : Sign.NOT_MADE));
    }

    /** How the transaction ended, as far as can be seen now; never fails. */
    CompletableFuture<Result> look() {
        if (changes.isEmpty()) {
            return CompletableFuture.completedFuture(Result.REFUSED);
        }
        return znodes.sync(changes.get(0).path())
                .thenCompose(synced -> {
                    var looks = changes.stream().map(this::look).toList();
                    return CompletableFuture.allOf(looks.toArray(CompletableFuture[]::new))
                            .thenApply(all -> judge(
                                    looks.stream().map(CompletableFuture::join).toList()));
                })
                .exceptionally(unanswered -> Result.UNKNOWN);
    }

    private CompletableFuture<Found> look(Change change) {
        return znodes.get(change.path())
                .thenApply(now -> new Found(
                        change.judgement().of(now), now.map(Znode::modifiedZxid).orElse(0L)));
    }

    private static Result judge(List<Found> all) {
        if (all.stream().anyMatch(found -> found.sign() == Sign.NOT_MADE)) {
            return Result.REFUSED;
        }
        var made = all.stream().filter(found -> found.sign() == Sign.MADE).toList();
        boolean together = made.stream().map(Found::zxid).distinct().count() == 1;
        return together ? Result.MADE : Result.UNKNOWN;
    }
}
