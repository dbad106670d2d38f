// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/** This incarnation is over: it promises, acknowledges, grants and elects nothing any more. */
final class Failed extends Role {
    Failed(Context context) {
        super(context);
    }

    @Override
    ReplicaState state() {
        return ReplicaState.FAILED;
    }

    @Override
    void configChanged(VersionedConfig found) {}

    @Override
    void outranked() {}

    @Override
    void heardPrimary(ReplicaEvent.BeatReceived event) {}

    @Override
    boolean agreesTo(Ballot ballot) {
        return false;
    }
}
