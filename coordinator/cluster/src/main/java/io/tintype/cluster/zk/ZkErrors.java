// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.apache.zookeeper.KeeperException;

/** What a failed ZooKeeper operation says about whether it was carried out. */
public final class ZkErrors {
    private ZkErrors() {}

    /** The failure itself, without the wrapper that chained futures put around it. */
    public static Throwable unwrap(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** True where the operation may have been carried out although it failed, or may succeed when repeated. */
    public static boolean isUnanswered(Throwable failure) {
        var cause = unwrap(failure);
        if (cause instanceof TimeoutException) {
            return true;
        }
        return cause instanceof KeeperException e
                && switch (e.code()) {
                    case CONNECTIONLOSS,
                            OPERATIONTIMEOUT,
                            REQUESTTIMEOUT,
                            SESSIONEXPIRED,
                            SESSIONMOVED,
                            SESSIONCLOSEDREQUIRESASLAUTH,
                            SYSTEMERROR,
                            THROTTLEDOP -> true;
                    default -> false;
                };
    }

    /** True where the failure has this code. */
    public static boolean is(Throwable failure, KeeperException.Code code) {
        return unwrap(failure) instanceof KeeperException e && e.code() == code;
    }
}
