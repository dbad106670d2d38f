// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * The rules that keep a user whole and with one owner while he is moved, each with the interleaving that it closes.
 * Production keeps all of them; tests switch one off at a time to show that the simulator would notice.
 */
public enum MoveRule {
    /** The freeze is in memory only: after a restart both sides take writes. */
    FREEZE_IS_RECORDED,
    /** A late FREEZE of a move that was given up fits the next one. */
    FREEZE_NAMES_GENERATION,
    /** A late INSTALL of a move that was given up makes its old content the next move's. */
    INSTALL_NAMES_MOVE,
    /** A late ACTIVATE of a move that was given up makes a second owner. */
    ACTIVATE_NAMES_MOVE,
    /** The target takes over without having read the directory: two owners if the move is given up. */
    ACTIVATE_AFTER_DIRECTORY,
    /** What was copied is taken for whole unchecked: whatever a lost record or a bug left out is lost. */
    INSTALL_IS_CHECKED,
    /** The final copy is taken before the freeze: a write slips between. */
    FINAL_COPY_AFTER_FREEZE,
    /** A move that is given up leaves its generation to the next one: its late messages fit that. */
    ABORT_TAKES_GENERATION,
    /** A directory's answer from before the move thaws the source after its copy was taken. */
    UNFREEZE_NEEDS_NEWER,
    /** Who has given a user away claims him by an old answer, without his blobs. */
    NO_CLAIM_OVER_GONE,
    /** A shard that was full claims the user when he has another home already. */
    NO_CLAIM_AFTER_REFUSAL,
    /** A shard has forgotten that it gave a user away, and takes him in by what the directory said before. */
    NO_ENTRY_BY_OLD_ANSWER,
    /** A refusal is forgotten and he is let in, while he is being given another home because of it. */
    REFUSAL_OUTLIVES_REHOMING,
    /** A late ERASE removes a user who was registered under the same id afterwards. */
    ERASE_NAMES_GENERATION,
    /** A claim that was decided before he was erased makes him an owner again. */
    ERASE_CLOSES_THE_DOOR;

    /** All of them, as in production. */
    public static Set<MoveRule> all() {
        return Collections.unmodifiableSet(EnumSet.allOf(MoveRule.class));
    }
}
