// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * The rules that keep a late answer from showing what was replaced or deleted long ago. Production keeps all of them; tests
 * switch one off at a time to show that they would notice.
 */
enum HeadRule {
    /** An answer that was under way for long has a lease of full length, counted from when it came. */
    LEASE_COUNTS_FROM_SENDING,
    /** An answer that was overtaken by a newer one, or by the news of a change, takes its name back. */
    NAMES_KEEP_A_FLOOR;

    /** All of them, as in production. */
    static Set<HeadRule> all() {
        return Collections.unmodifiableSet(EnumSet.allOf(HeadRule.class));
    }
}
