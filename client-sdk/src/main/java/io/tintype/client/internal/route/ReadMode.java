// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import io.tintype.proto.v1.ReadOptions;
import java.util.function.IntFunction;

/**
 * How fresh a read must be, said anew for each shard it is sent to.
 *
 * @param followersMayServe whether any replica in sync may answer
 * @param options what to put into a request for a shard; 0: the shard is not known
 */
public record ReadMode(boolean followersMayServe, IntFunction<ReadOptions> options) {}
