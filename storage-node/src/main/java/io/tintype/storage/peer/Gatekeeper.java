// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.Refuse;
import io.tintype.proto.internal.v1.RefuseReason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who may speak here: nodes of this cluster, in this protocol. Says no with a reason, counted. Thread-safe. */
final class Gatekeeper {
    private static final Logger log = LoggerFactory.getLogger(Gatekeeper.class);

    /** A message is not taken; nothing was changed by it. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        private final transient Refuse refuse;

        Refused(RefuseReason reason, String detail) {
            super(detail);
            this.refuse =
                    Refuse.newBuilder().setReason(reason).setDetail(detail).build();
        }

        Refuse refuse() {
            return refuse;
        }
    }

    private final String clusterId;
    private final PeerMetrics metrics;

    Gatekeeper(String clusterId, PeerMetrics metrics) {
        this.clusterId = clusterId;
        this.metrics = metrics;
    }

    void checkCluster(String theirs) throws Refused {
        if (!theirs.equals(clusterId)) {
            throw new Refused(
                    RefuseReason.REFUSE_REASON_WRONG_CLUSTER,
                    "this node belongs to cluster " + clusterId + ", and the caller to '" + shortened(theirs)
                            + "'; check zookeeper.connect of both");
        }
    }

    void checkProtocol(int theirs) throws Refused {
        if (theirs != PeerLimits.PROTOCOL) {
            throw new Refused(
                    RefuseReason.REFUSE_REASON_WRONG_PROTOCOL,
                    "this node speaks protocol " + PeerLimits.PROTOCOL + ", and the caller "
                            + Integer.toUnsignedString(theirs) + "; run the same release on both");
        }
    }

    /** Counts a refusal that is nothing to log: it may be one of many while a shard changes its primary. */
    void count(RefuseReason reason) {
        metrics.refused(reason);
    }

    /** Counts and logs a refusal, and gives what to answer. */
    Refuse note(Refused refused) {
        var refuse = refused.refuse();
        metrics.refused(refuse.getReason());
        log.warn("refused a peer: {}", refuse.getDetail());
        return refuse;
    }

    /** As {@link #note}, for calls that can answer a status only; that there is no room is nothing to log, whoever waits asks every second. */
    StatusRuntimeException status(Refused refused) {
        var refuse = refused.refuse();
        if (refuse.getReason() == RefuseReason.REFUSE_REASON_OVERLOADED) {
            count(refuse.getReason());
        } else {
            note(refused);
        }
        return Status.FAILED_PRECONDITION
                .withDescription(refuse.getReason().name() + ": " + refuse.getDetail())
                .asRuntimeException();
    }

    /** What such a status says, where it says that the peer has no room now: OVERLOADED; else the failure as it is. */
    static Throwable understood(Throwable failure) {
        var status = Status.fromThrowable(failure);
        var text = status.getDescription();
        return status.getCode() == Status.Code.FAILED_PRECONDITION
                        && text != null
                        && text.startsWith(RefuseReason.REFUSE_REASON_OVERLOADED.name())
                ? new TintypeException(Reason.OVERLOADED, text)
                : failure;
    }

    private static String shortened(String text) {
        return text.length() <= 64 ? text : text.substring(0, 64) + "...";
    }
}
