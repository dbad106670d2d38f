// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.ShardType;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.replica.ReplicaTiming;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What the replicas of a node without company stand on: a real disk, at which one write may wait, and ZooKeeper. For tests. */
final class OneNode implements AutoCloseable {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";

    final Disk disk;
    final ShardThreads threads;
    final ShardContext context;
    final ShardRegistry registry = new ShardRegistry();
    final ShardOpener opener;
    private final EmbeddedZooKeeper zooKeeper;
    private final ZkSession session;
    private final CountDownLatch held = new CountDownLatch(1);
    private final CompletableFuture<Void> released = new CompletableFuture<>();

    OneNode(Path folder) throws Exception {
        this(folder, nobody());
    }

    /** @param peers what its replicas may ask of others */
    OneNode(Path folder, Peers peers) throws Exception {
        zooKeeper = EmbeddedZooKeeper.start(folder.resolve("zookeeper"), 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        disk = Disk.open(DiskConfig.of(folder.resolve("disk"), CLUSTER)
                .withMemory(8 << 20, 16 << 20)
                .withCommitter(1, 4 << 20, 1, Duration.ZERO)
                .withReserve(0));
        threads = new ShardThreads(1, 1, 1);
        context = new ShardContext(
                new NodeId("a"),
                disk,
                new ShardZnodes(session),
                peers,
                threads,
                ReplicaTiming.DEFAULT,
                Clock.SYSTEM,
                new ShardMetrics(new SimpleMeterRegistry()),
                ShardContext.Budgets.of(1 << 30),
                new SnapshotTraffic(1 << 20, System::nanoTime));
        opener = new ShardOpener(context, registry, shard -> {}, shard -> {});
    }

    private static Peers nobody() {
        return (Peers) Proxy.newProxyInstance(
                Peers.class.getClassLoader(), new Class<?>[] {Peers.class}, (it, method, args) -> {
                    throw new AssertionError("nobody is there for " + method);
                });
    }

    static ShardIdentity shard(int id) {
        return new ShardIdentity(
                new ShardId(id),
                ShardType.SHARD_TYPE_DATA,
                new PoolId("local", "standard"),
                new ShardRules(1_000, 0, 0, false));
    }

    /** From here on the disk takes no writes, until it is released. */
    void holdTheDisk() throws Exception {
        do {
            var unused = disk.committer().commitEssential(anything()).whenComplete((done, failure) -> {
                if (Thread.currentThread().getName().equals("tintype-committer")) {
                    held.countDown();
                    released.join();
                }
            });
        } while (!held.await(10, TimeUnit.SECONDS));
        var unused = disk.committer().commitEssential(anything());
    }

    void releaseTheDisk() {
        released.complete(null);
    }

    private static Write anything() {
        return new Write().put(Family.CHUNK, new byte[] {0, 0, 0, 1}, new byte[1]);
    }

    /** Has the opener do something, and waits until it has. */
    void onOpener(Runnable task) throws Exception {
        var done = new CompletableFuture<Void>();
        opener.submit(task);
        opener.submit(() -> done.complete(null));
        done.get(60, TimeUnit.SECONDS);
    }

    /** Has a replica opened, if that is possible now. */
    void open(ShardIdentity shard) throws Exception {
        onOpener(() -> {
            var unused = opener.open(shard);
        });
    }

    @Override
    public void close() {
        releaseTheDisk();
        opener.close();
        threads.close();
        disk.close();
        session.close();
        zooKeeper.close();
    }
}
