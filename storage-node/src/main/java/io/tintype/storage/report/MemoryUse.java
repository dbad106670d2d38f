// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.report;

/**
 * What one part of a node uses of memory. Immutable.
 *
 * @param part what it is for
 * @param used bytes in use
 * @param limit bytes that it may use
 */
public record MemoryUse(String part, long used, long limit) {}
