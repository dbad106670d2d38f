// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.CopyUser;
import io.tintype.proto.internal.v1.DirectoryAbort;
import io.tintype.proto.internal.v1.DirectoryBegin;
import io.tintype.proto.internal.v1.DirectoryCommit;
import io.tintype.proto.internal.v1.DirectoryCreate;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryErase;
import io.tintype.proto.internal.v1.DirectoryErased;
import io.tintype.proto.internal.v1.DirectoryRehome;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.MoveEnd;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.move.MoveStep;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Moves of one user over the real state machines of several shards and a directory, and the real {@link MoveStep}, by a seed.
 * Whatever is sent (commands, records to be appended, answers of the directory) lies in a heap from which anything may be
 * taken next, taken twice, or lost; movers, shards' primaries and clients die and come back by forgetting what they knew.
 *
 * <p>Checked after every event: at most one shard takes changes; it has exactly what was applied; no request is applied
 * twice; versions rise; nobody has anything of him once he is erased, until he is registered anew. And at the end, when nothing
 * is lost any more: one home, where the directory says, or none.
 */
final class MoveSim {
    private static final int SHARDS = 3;
    private static final int NAMES = 3;
    private static final int LATE = 12;

    /** What a run came to. */
    record Result(Optional<String> violation, int generations, int writes) {}

    private final Random random;

    /** Whether shards are full when the user comes first. */
    private final boolean crowded;

    /** How many of a hundred events purge, and how many give a move up. */
    private final int purges;

    private final int aborts;

    /** Of how many looks at a frozen user one finds him frozen for too long. */
    private final int patience;

    /** Shards he may be moved to. */
    private final int targets;

    /** Whether he is erased now and then, and registered again. */
    private final boolean erased;

    private final Set<MoveRule> rules;
    private final Disk disk;
    private final UserId user;
    private final Map<Integer, UserShard> shards;
    private final UserShard directory;
    private final List<Runnable> heap = new ArrayList<>();

    /** Some of the records that were ever proposed to a shard, to come once more long after. */
    private final List<Runnable> late = new ArrayList<>();

    private final Map<String, Version> model = new TreeMap<>();
    private final Map<RequestId, Version> applied = new HashMap<>();
    private final List<RequestId> sent = new ArrayList<>();
    private Version newest = new Version(0, 0);
    private @Nullable String violation;
    private int marks;

    /** How often he was registered again. */
    private int life;

    private int writes;

    MoveSim(
            Disk disk,
            Map<Integer, UserShard> shards,
            UserShard directory,
            Set<MoveRule> rules,
            String name,
            long seed) {
        this.disk = disk;
        this.shards = shards;
        this.directory = directory;
        this.rules = rules;
        this.user = UserId.of(name);
        this.random = new Random(seed);
        this.crowded = random.nextInt(4) == 0;
        this.purges = random.nextInt(3);
        this.aborts = random.nextInt(3);
        this.patience = random.nextBoolean() ? 4 : 16;
        this.targets = 2 + random.nextInt(SHARDS - 1);
        this.erased = random.nextInt(3) == 0;
    }

    Result run(int events) {
        directory.append(
                RecordType.DIR_CREATE,
                user,
                null,
                DirectoryCreate.newBuilder().setHome(1).setPool("eu.hot").build());
        shards.values().forEach(shard -> shard.usersLimit = crowded ? 0 : 1 << 30);
        for (int i = 0; i < events && violation == null; i++) {
            if (crowded && writes == 0 && random.nextInt(2) == 0) {
                arrive();
            } else {
                event();
            }
            check();
        }
        quiesce();
        var entry = entry();
        return new Result(Optional.ofNullable(violation), (int) entry.getGeneration() - 1, writes);
    }

    /** Somebody registers a user, who finds no room at once. */
    private void arrive() {
        switch (random.nextInt(4)) {
            case 0 -> rehome();
            case 1 -> purge(shard());
            case 2 -> claim(shard());
            default -> shard().usersLimit = random.nextInt(2) == 0 ? 0 : 1 << 30;
        }
    }

    private void event() {
        int what = random.nextInt(100);
        if (what < 4 && !late.isEmpty()) {
            late.get(random.nextInt(late.size())).run();
        } else if (what < 40 && !heap.isEmpty()) {
            int which = random.nextInt(heap.size());
            var message = heap.get(which);
            boolean again = random.nextInt(4) == 0;
            boolean lost = random.nextInt(12) == 0;
            if (!again) {
                heap.remove(which);
            }
            if (!lost) {
                message.run();
            }
        } else if (what < 56) {
            request();
        } else if (what < 78) {
            look(shard());
        } else if (what < 81) {
            claim(shard());
        } else if (what < 88) {
            begin();
        } else if (what < 88 + aborts) {
            abort();
        } else if (what < 92) {
            rehome();
        } else if (what < 93) {
            crash(shard());
        } else if (what < 94) {
            heap.clear(); // everybody restarts
        } else if (what < 94 + purges) {
            purge(shard());
        } else if (erased && random.nextInt(3) == 0) {
            erasure();
        } else {
            var shard = shard();
            shard.usersLimit = random.nextInt(4) == 0 ? 0 : 1 << 30;
        }
    }

    // ---- who erases him

    private void erasure() {
        var seen = entry();
        if (!isErased(seen)) {
            if (random.nextInt(4) == 0) {
                laterToo(() -> directory.append(
                        RecordType.DIR_ERASE,
                        user,
                        null,
                        DirectoryErase.newBuilder()
                                .setGeneration(seen.getGeneration())
                                .build()));
            }
        } else if (seen.getErasedAtMs() == 0) {
            var where = places(seen);
            later(() -> eraseAll(seen, where, random.nextInt(3) == 0));
        } else {
            directory.append(
                    RecordType.DIR_CREATE,
                    user,
                    null,
                    DirectoryCreate.newBuilder()
                            .setHome(1 + random.nextInt(SHARDS))
                            .setPool("eu.hot")
                            .build());
            // His requests are too old to be taken by now.
            life++;
            sent.clear();
            applied.clear();
        }
    }

    /** Shards that have something of him, and those that may be about to. */
    private Set<Integer> places(DirectoryEntry seen) {
        var where = new TreeSet<Integer>();
        shards.values().stream()
                .filter(shard ->
                        shard.store.reader().users().traces(user).user().isPresent())
                .forEach(shard -> where.add(shard.id));
        where.add(seen.getHome());
        where.add(seen.getTo());
        where.remove(0);
        return where;
    }

    private void eraseAll(DirectoryEntry seen, Set<Integer> where, boolean dies) {
        boolean done = !dies;
        for (int id : where) {
            laterToo(() -> at(id).erase(user, seen.getGeneration(), 2));
            done &= at(id).erase(user, seen.getGeneration(), 2) instanceof Outcome.Moved moved
                    && moved.user().getState() == OwnershipState.OWNERSHIP_STATE_UNSPECIFIED;
        }
        if (done
                && directory.append(
                                RecordType.DIR_ERASED,
                                user,
                                null,
                                DirectoryErased.newBuilder()
                                        .setGeneration(seen.getGeneration())
                                        .build())
                        instanceof Outcome.Entry entry
                && entry.changed()) {
            model.clear();
        }
    }

    private static boolean isErased(DirectoryEntry entry) {
        return entry.getState() == DirectoryState.DIRECTORY_STATE_DELETED;
    }

    private static boolean isNowhere(DirectoryEntry entry) {
        return isErased(entry) && entry.getErasedAtMs() != 0;
    }

    private UserShard at(int id) {
        return Objects.requireNonNull(shards.get(id));
    }

    private UserShard shard() {
        return at(1 + random.nextInt(SHARDS));
    }

    private DirectoryEntry entry() {
        return directory.store.reader().users().entry(user).orElseThrow();
    }

    private void later(Runnable message) {
        if (random.nextInt(3) == 0) {
            message.run();
        } else if (heap.size() < 60) {
            heap.add(message);
        }
    }

    /** As {@link #later}, and perhaps once more long after. */
    private void laterToo(Runnable record) {
        if (random.nextInt(3) == 0) {
            if (late.size() == LATE) {
                late.remove(random.nextInt(LATE));
            }
            late.add(record);
        }
        later(record);
    }

    // ---- coordinators

    private void begin() {
        var seen = entry();
        int to = 1 + random.nextInt(targets);
        if (isErased(seen)) {
            return;
        }
        if (!(at(seen.getHome()).claim(user, seen.getGeneration()) instanceof Outcome.Claimed)) {
            return; // as a coordinator has the home claim him first
        }
        later(() -> directory.append(
                RecordType.DIR_BEGIN,
                user,
                null,
                DirectoryBegin.newBuilder()
                        .setGeneration(seen.getGeneration())
                        .setTo(to)
                        .setPool("eu.hot")
                        .build()));
    }

    private void abort() {
        var seen = entry();
        if (seen.getState() == DirectoryState.DIRECTORY_STATE_MOVING) {
            later(() -> abort(seen.getMove()));
        }
    }

    private DirectoryEntry abort(long move) {
        var abort = DirectoryAbort.newBuilder()
                .setMove(move)
                .setWhy(MoveEnd.MOVE_END_CANCELLED)
                .build();
        return ((Outcome.Entry) directory.append(RecordType.DIR_ABORT, user, null, abort)).entry();
    }

    /** Gives a user whom a shard turned away another home. */
    private void rehome() {
        var seen = entry();
        if (isErased(seen)) {
            return;
        }
        var home = at(seen.getHome());
        if (seen.getState() != DirectoryState.DIRECTORY_STATE_MOVING
                && home.claim(user, seen.getGeneration()) instanceof Outcome.Refused refused
                && refused.reason() == Reason.SHARD_FULL) {
            int to = 1 + random.nextInt(SHARDS);
            later(() -> directory.append(
                    RecordType.DIR_REHOME,
                    user,
                    null,
                    DirectoryRehome.newBuilder()
                            .setGeneration(seen.getGeneration())
                            .setHome(to)
                            .build()));
        }
    }

    // ---- shards

    private void claim(UserShard shard) {
        var seen = entry();
        if (seen.getHome() == shard.id && !isErased(seen)) {
            var askedAt = shard.store.reader().appliedAt();
            laterToo(() -> shard.claim(user, seen.getGeneration(), askedAt));
        }
    }

    /** What a user left is removed at any time: nobody waits until all that was sent before has come. */
    private void purge(UserShard shard) {
        var gone = shard.user(user);
        var seen = entry();
        var state = gone.getState();
        if (state == OwnershipState.OWNERSHIP_STATE_GONE || state == OwnershipState.OWNERSHIP_STATE_REFUSED) {
            later(() -> shard.purge(user, gone.getMove(), 2, seen.getGeneration()));
        }
    }

    private void look(UserShard shard) {
        var seen = entry();
        var askedAt = shard.store.reader().appliedAt();
        later(() -> settle(shard, seen, askedAt));
    }

    private void settle(UserShard shard, DirectoryEntry seen, LogPosition askedAt) {
        long frozenFor = random.nextInt(patience) == 0 ? 10_000 : 0;
        var step = MoveStep.next(shard.id, shard.user(user), seen, askedAt, frozenFor, shard.usersLimit, rules);
        if (step instanceof MoveStep.Append append) {
            laterToo(() -> shard.append(append.type(), user, null, append.payload()));
        } else if (step instanceof MoveStep.Commit commit) {
            later(() -> {
                var nowAt = shard.store.reader().appliedAt();
                var now = ((Outcome.Entry) directory.append(
                                RecordType.DIR_COMMIT,
                                user,
                                null,
                                DirectoryCommit.newBuilder()
                                        .setMove(commit.move())
                                        .build()))
                        .entry();
                later(() -> settle(shard, now, nowAt));
            });
        } else if (step instanceof MoveStep.Abort abort) {
            later(() -> abort(abort.move()));
        } else if (step instanceof MoveStep.Erase erase) {
            laterToo(() -> shard.erase(user, erase.generation(), 2));
        } else if (step instanceof MoveStep.Pull pull) {
            pull(shard, pull);
        }
    }

    private void pull(UserShard target, MoveStep.Pull pull) {
        var source = at(pull.from());
        source.content(user, pull.move(), target).forEach(copy -> later(() -> target.copy(user, copy)));
        if (!rules.contains(MoveRule.FINAL_COPY_AFTER_FREEZE)) {
            var copies = source.content(user, pull.move(), target);
            var summary = source.summary(user, pull.move());
            later(() -> {
                source.freeze(user, pull.generation(), pull.move(), target.id);
                finish(target, copies, () -> target.install(user, summary));
            });
            return;
        }
        later(() -> {
            if (source.user(user).getGeneration() < pull.generation()
                    && entry().getHome() == source.id
                    && !isErased(entry())) {
                source.claim(user, entry().getGeneration());
            }
            if (source.freeze(user, pull.generation(), pull.move(), target.id) instanceof Outcome.Moved) {
                later(() -> last(source, target, pull.move()));
            }
        });
    }

    private void last(UserShard source, UserShard target, long move) {
        var frozen = source.user(user);
        if (frozen.getState() == OwnershipState.OWNERSHIP_STATE_FROZEN && frozen.getMove() == move) {
            var summary = source.summary(user, move);
            finish(target, source.content(user, move, target), () -> target.install(user, summary));
        }
    }

    private void finish(UserShard target, List<CopyUser> copies, Runnable install) {
        copies.forEach(copy -> {
            if (random.nextInt(8) != 0) {
                target.copy(user, copy);
            }
        });
        laterToo(install);
    }

    /** A restart; harmless, unless the freeze was in memory only. */
    private void crash(UserShard shard) {
        var here = shard.user(user);
        if (here.getState() == OwnershipState.OWNERSHIP_STATE_FROZEN && !rules.contains(MoveRule.FREEZE_IS_RECORDED)) {
            var write = new Write();
            write.put(
                    Family.USER,
                    new Keys(shard.store.id()).user(user),
                    here.toBuilder()
                            .setState(OwnershipState.OWNERSHIP_STATE_ACTIVE)
                            .clearMove()
                            .build()
                            .toByteArray());
            disk.committer().writeNow(write);
        }
    }

    // ---- clients

    private void request() {
        if (isNowhere(entry())) {
            return;
        }
        int when = life;
        boolean retry = !sent.isEmpty() && random.nextInt(4) == 0;
        var request = retry
                ? sent.get(sent.size() - 1 - random.nextInt(Math.min(5, sent.size())))
                : new RequestId(marks, random.nextLong());
        if (!retry) {
            sent.add(request);
            marks++;
        }
        // A request's content follows from its id, as a retry's must.
        int mark = (int) request.high() + 1;
        String name = "blob" + mark % NAMES;
        boolean delete = mark % 5 == 0;
        var shard = random.nextInt(3) == 0 ? shard() : at(entry().getHome());
        later(() -> {
            if (when != life) {
                return;
            }
            var outcome = delete ? shard.delete(user, name, request) : shard.put(user, name, request, mark);
            if (outcome instanceof Outcome.Written written) {
                took(request, name, Stored.version(written.head().getVersion()), false);
            } else if (outcome instanceof Outcome.Removed removed) {
                took(request, name, removed.version(), true);
            }
        });
    }

    private void took(RequestId request, String name, Version version, boolean removed) {
        var before = applied.putIfAbsent(request, version);
        if (before != null) {
            if (!before.equals(version)) {
                fail("request " + request + " was applied as " + before + " and again as " + version);
            }
            return;
        }
        writes++;
        if (version.compareTo(newest) <= 0) {
            fail("version " + version + " came after " + newest);
        }
        newest = version;
        if (removed) {
            model.remove(name);
        } else {
            model.put(name, version);
        }
    }

    // ---- what must hold

    private void fail(String what) {
        if (violation == null) {
            violation = what;
        }
    }

    private void check() {
        int owner = 0;
        for (var shard : shards.values()) {
            if (shard.user(user).getState() == OwnershipState.OWNERSHIP_STATE_ACTIVE) {
                if (owner != 0) {
                    fail("shards " + owner + " and " + shard.id + " both take changes");
                }
                owner = shard.id;
            }
        }
        if (owner != 0 && isNowhere(entry())) {
            fail("shard " + owner + " owns him who was erased");
        }
        if (owner != 0 && violation == null) {
            var there = new TreeMap<String, Version>();
            at(owner)
                    .store
                    .reader()
                    .exports()
                    .heads(user, "", "", 100)
                    .heads()
                    .forEach((name, head) -> there.put(name, Stored.version(head.getVersion())));
            if (!there.equals(model)) {
                fail("shard " + owner + " owns him with " + there + ", but " + model + " was applied");
            }
        }
    }

    /** Nothing is lost any more, and all shards look after him: whatever is under way has to end. */
    private void quiesce() {
        heap.clear();
        shards.values().forEach(shard -> shard.usersLimit = 1 << 30);
        for (int round = 0; round < 60 && violation == null; round++) {
            for (var shard : shards.values()) {
                look(shard);
                if (entry().getHome() == shard.id) {
                    claim(shard);
                }
            }
            if (isErased(entry()) && !isNowhere(entry())) {
                eraseAll(entry(), places(entry()), false);
            }
            while (!heap.isEmpty() && violation == null) {
                heap.remove(0).run();
                check();
            }
        }
        if (violation != null) {
            return;
        }
        var entry = entry();
        for (var shard : shards.values()) {
            var state = shard.user(user).getState();
            boolean home = !isErased(entry) && entry.getHome() == shard.id;
            boolean settled = home
                    ? state == OwnershipState.OWNERSHIP_STATE_ACTIVE || state == OwnershipState.OWNERSHIP_STATE_REFUSED
                    : state == OwnershipState.OWNERSHIP_STATE_UNSPECIFIED
                            || state == OwnershipState.OWNERSHIP_STATE_GONE
                            || state == OwnershipState.OWNERSHIP_STATE_REFUSED;
            if (isErased(entry)) {
                settled = isNowhere(entry)
                        && state == OwnershipState.OWNERSHIP_STATE_UNSPECIFIED
                        && !shard.store.reader().users().traces(user).heads();
            }
            if (entry.getState() == DirectoryState.DIRECTORY_STATE_MOVING || !settled) {
                fail("at the end shard " + shard.id + " has him as " + state + ", and the directory says " + entry);
            }
        }
    }
}
