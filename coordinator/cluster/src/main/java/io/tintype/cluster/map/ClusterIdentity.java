// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.proto.internal.v1.ClusterMeta;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;

/** What cluster this is: a random id that whoever comes first writes, and all others read. */
public final class ClusterIdentity {
    private static final int ID_BYTES = 16;
    private static final Pattern LEGAL = Pattern.compile("[0-9a-f]{32}");

    private ClusterIdentity() {}

    /** The cluster's id, 32 hex digits; chosen by this call where there was none. Does not block. */
    public static CompletableFuture<String> createOrRead(ZkSession session, long nowMs) {
        var random = new byte[ID_BYTES];
        new SecureRandom().nextBytes(random);
        var mine = ClusterMeta.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setClusterId(HexFormat.of().formatHex(random))
                .setCreatedAtMs(nowMs)
                .build();
        return new CompareAndSet<>(session.znodes(), ZnodeCodec.META, ClusterMeta::equals)
                .create(Paths.META, mine)
                .thenApply(ClusterIdentity::idIn);
    }

    private static String idIn(CasOutcome<ClusterMeta> outcome) {
        var meta = outcome instanceof CasOutcome.Won<ClusterMeta> won
                ? won.written().value()
                : ((CasOutcome.Lost<ClusterMeta>) outcome).current().value();
        if (!LEGAL.matcher(meta.getClusterId()).matches()) {
            throw new IllegalStateException("Znode " + Paths.META + " has no legal cluster id but '"
                    + meta.getClusterId() + "'. Is zookeeper.root that of another program?");
        }
        return meta.getClusterId();
    }
}
