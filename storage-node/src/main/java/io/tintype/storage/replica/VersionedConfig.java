// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * A configuration and the znode version it was read at. Immutable.
 *
 * @param config what was read
 * @param version the znode's version, for the next compare-and-set
 */
public record VersionedConfig(ShardConfig config, int version) {}
