// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.PoolId;
import io.tintype.model.ShardId;

/**
 * A user and his home. Immutable.
 *
 * @param id the user's id
 * @param pool the pool he belongs to
 * @param shard the shard he lives on
 * @param generation rises with every move
 */
public record UserInfo(String id, PoolId pool, ShardId shard, long generation) {}
