// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

/**
 * A decoded record and the version of the znode it was read from.
 *
 * @param value the record
 * @param version what a compare-and-set must name to replace it
 */
public record Versioned<T>(T value, int version) {}
