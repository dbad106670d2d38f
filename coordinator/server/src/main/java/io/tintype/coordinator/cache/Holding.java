// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

/**
 * What a layer keeps of a user. Immutable.
 *
 * @param layer the layer's name
 * @param pieces pieces; on disk, at most so many
 * @param bytes their bytes; on disk, at most so many
 */
public record Holding(String layer, long pieces, long bytes) {}
