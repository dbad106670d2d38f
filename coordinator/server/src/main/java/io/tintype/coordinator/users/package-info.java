// SPDX-License-Identifier: Apache-2.0
/**
 * Gives users a home: which pool, which shard, and the claim on that shard.
 */
@NullMarked
package io.tintype.coordinator.users;

import org.jspecify.annotations.NullMarked;
