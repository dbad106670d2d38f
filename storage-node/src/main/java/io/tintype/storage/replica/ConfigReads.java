// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/** At most one plain read of the configuration under way, tried again until one succeeds. */
final class ConfigReads {
    private final Context context;
    private boolean wanted;
    private long ticket;
    private long retryAtNanos;

    ConfigReads(Context context) {
        this.context = context;
    }

    /** Somebody spoke of an epoch that the configuration known here does not have yet. */
    void request() {
        wanted = true;
        if (ticket == 0 && context.now().nanos() - retryAtNanos >= 0) {
            send();
        }
    }

    void tick() {
        if (wanted && ticket == 0 && context.now().nanos() - retryAtNanos >= 0) {
            send();
        }
    }

    /** True: the answer was to our question. */
    boolean answered(long answeredTicket) {
        if (answeredTicket != ticket || ticket == 0) {
            return false;
        }
        ticket = 0;
        wanted = false;
        return true;
    }

    void failed(long failedTicket) {
        if (failedTicket == ticket) {
            ticket = 0;
        }
    }

    private void send() {
        ticket = context.nextTicket();
        retryAtNanos = context.now().nanos() + context.timing.retryNanos();
        context.act(new ReplicaAction.ReadConfig(ticket));
    }
}
