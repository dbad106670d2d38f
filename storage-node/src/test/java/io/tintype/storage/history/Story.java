// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import io.tintype.model.Version;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes histories down in few words. Times are ms; all on one key unless said otherwise. */
final class Story {
    static final BlobKey CAT = BlobKey.of("alice", "cat.jpg");

    private final List<Operation> operations = new ArrayList<>();
    private BlobKey key = CAT;

    static Version v(long number) {
        return new Version(number, 7);
    }

    Story on(String user, String name) {
        key = BlobKey.of(user, name);
        return this;
    }

    Story put(int client, long from, long to, String digest, Result result) {
        return add(client, from, to, new Call.Put(digest), result);
    }

    Story put(int client, long from, long to, String digest, long version) {
        return put(client, from, to, digest, new Result.Written(v(version)));
    }

    Story putIf(int client, long from, long to, String digest, Condition condition, Result result) {
        return add(client, from, to, new Call.Put(digest, condition), result);
    }

    Story delete(int client, long from, long to, long version) {
        return add(client, from, to, new Call.Delete(), new Result.Deleted(v(version), true));
    }

    Story delete(int client, long from, long to, Result result) {
        return add(client, from, to, new Call.Delete(), result);
    }

    Story finds(int client, long from, long to, String digest, long version) {
        return add(client, from, to, new Call.Read(), new Result.Found(v(version), digest));
    }

    Story misses(int client, long from, long to) {
        return add(client, from, to, new Call.Read(), Result.MISSING);
    }

    Story add(int client, long from, long to, Call call, Result result) {
        operations.add(new Operation(client, key, from * 1_000_000, to * 1_000_000, call, result));
        return this;
    }

    static Result conflict(@Nullable Version current) {
        return new Result.Conflict(current);
    }

    History history() {
        return new History(operations);
    }

    Report report() {
        return Linearizability.check(history());
    }
}
