// SPDX-License-Identifier: Apache-2.0
/**
 * Caches of blobs' bytes, one behind the other.
 *
 * <p>What is cached are pieces of one version of a blob, which never change; which version is current is not asked here.
 * So nothing in here can be stale, a loss is a miss, and whoever has no live head of a version cannot reach its bytes.
 */
@NullMarked
package io.tintype.coordinator.cache;

import org.jspecify.annotations.NullMarked;
