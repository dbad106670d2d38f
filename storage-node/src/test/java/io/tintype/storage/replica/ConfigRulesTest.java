// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.NodeId;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ConfigRulesTest {
    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final Member AT_A = new Member(A, 1);
    private static final Member AT_B = new Member(B, 2);
    private static final ShardConfig BOTH = config(5, 3, A, Set.of(AT_A, AT_B), Set.of(), 0);

    private static ShardConfig config(
            long cfg, long epoch, NodeId primary, Set<Member> inSync, Set<Member> electable, int losses) {
        return new ShardConfig(
                cfg,
                epoch,
                primary,
                inSync,
                electable,
                Map.of(A, ReplicaRole.VOTER, B, ReplicaRole.VOTER),
                2,
                ShardLifecycle.ACTIVE,
                losses,
                primary,
                1);
    }

    @Test
    void shrinkingBelowTheMinimumKeepsTheRemovedElectable() {
        assertThatCode(() -> ConfigRules.requireSuccessor(BOTH, config(6, 3, A, Set.of(AT_A), Set.of(AT_B), 0)))
                .doesNotThrowAnyException();
    }

    @Test
    void nobodyIsElectableBesideAFullInSyncSet() {
        var three = new Member(new NodeId("c"), 3);
        var replicas = Map.of(A, ReplicaRole.VOTER, B, ReplicaRole.VOTER, three.node(), ReplicaRole.VOTER);
        var wrong = new ShardConfig(
                6, 3, A, Set.of(AT_A, AT_B), Set.of(three), replicas, 2, ShardLifecycle.ACTIVE, 0, A, 1);
        assertThatThrownBy(() -> ConfigRules.requireSuccessor(BOTH, wrong))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("beside a full in-sync set");
    }

    @Test
    void cfgRisesByExactlyOne() {
        assertThatThrownBy(() -> ConfigRules.requireSuccessor(BOTH, config(7, 3, A, Set.of(AT_A, AT_B), Set.of(), 0)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cfg must rise by exactly one");
    }

    @Test
    void theEpochNeverFalls() {
        assertThatThrownBy(() -> ConfigRules.requireSuccessor(BOTH, config(6, 2, A, Set.of(AT_A, AT_B), Set.of(), 0)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("epoch");
    }

    @Test
    void anotherPrimaryNeedsAnotherEpoch() {
        assertThatThrownBy(() -> ConfigRules.requireSuccessor(BOTH, config(6, 3, B, Set.of(AT_A, AT_B), Set.of(), 0)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("new primary needs a new epoch");
    }

    @Test
    void dataIsGivenUpOnlyWithANewEpoch() {
        assertThatThrownBy(() -> ConfigRules.requireSuccessor(BOTH, config(6, 3, A, Set.of(AT_A, AT_B), Set.of(), 1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("give up data");
    }

    @Test
    void aPrimaryOutsideTheInSyncSetIsNoConfiguration() {
        assertThatThrownBy(() -> config(6, 3, B, Set.of(AT_A), Set.of(AT_B), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not in sync");
    }

    @Test
    void aNodeIsAMemberOnce() {
        assertThatThrownBy(() -> config(6, 3, A, Set.of(AT_A), Set.of(new Member(A, 9)), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("member twice");
    }
}
