// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.Attach;
import io.tintype.storage.replica.Refusal;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaAction.CloseStream;
import io.tintype.storage.replica.ReplicaAction.OpenStream;
import io.tintype.storage.replica.ReplicaAction.RefusePrimary;
import io.tintype.storage.replica.ReplicaAction.SendAck;
import io.tintype.storage.replica.ReplicaEvent;
import org.jspecify.annotations.Nullable;

/** The stream that this replica opened to its primary: at most one. Confined to the shard's loop. */
final class PrimaryStream {
    private final ChunkGate.Source source;
    private final Inbox<Input> inbox;
    private @Nullable Session current;

    PrimaryStream(ChunkGate.Source source, Inbox<Input> inbox) {
        this.source = source;
        this.inbox = inbox;
    }

    /** Carries out an action, if it is one of these. */
    boolean execute(ReplicaAction action) {
        if (action instanceof SendAck ack) {
            var session = current(ack.stream());
            if (session != null) {
                session.link.ack(ack.ack());
            }
        } else if (action instanceof OpenStream open) {
            close();
            current = new Session(open);
        } else if (action instanceof CloseStream close) {
            var session = current(close.stream());
            if (session != null && close.stalled()) {
                session.link.stalled();
            }
            if (session != null) {
                close();
            }
        } else if (action instanceof RefusePrimary refuse) {
            var session = current(refuse.stream());
            if (session != null) {
                session.gate.close();
                session.link.refuse(refuse.refusal());
                current = null;
            }
        } else {
            return false;
        }
        return true;
    }

    void close() {
        if (current != null) {
            current.gate.close();
            current.link.close();
            current = null;
        }
    }

    private @Nullable Session current(long stream) {
        return current != null && current.stream == stream ? current : null;
    }

    /** One stream; its events come on the transport's threads. */
    private final class Session implements PrimaryLink.Events {
        final long stream;
        final ChunkGate gate;
        final PrimaryLink link;

        Session(OpenStream open) {
            stream = open.stream();
            var primary = open.primary();
            gate = new ChunkGate(
                    source, primary, batch -> inbox.post(new Input.Received(stream, batch)), this::endFromHere);
            link = source.peers().follow(source.store().id(), primary, open.hello(), this);
        }

        @Override
        public void attached(Attach attach) {
            gate.attached(attach);
            post(new ReplicaEvent.AttachReceived(stream, attach));
        }

        @Override
        public void received(ReceivedBatch batch) {
            gate.receive(batch);
        }

        @Override
        public void refused(Refusal refusal) {
            post(new ReplicaEvent.RefuseReceived(stream, refusal));
        }

        @Override
        public void lost(boolean refused) {
            gate.close();
            post(new ReplicaEvent.PrimaryLost(stream, refused));
        }

        private void endFromHere() {
            inbox.post(new Input.Task(() -> {
                if (current == this) {
                    close();
                }
            }));
            post(new ReplicaEvent.PrimaryLost(stream, false));
        }

        private void post(ReplicaEvent event) {
            inbox.post(new Input.Event(event));
        }
    }
}
