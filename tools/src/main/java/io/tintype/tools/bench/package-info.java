// SPDX-License-Identifier: Apache-2.0
/**
 * {@code tintype bench}: loads a cluster with a stated mix, verifies every byte that it reads, and reports what it took.
 *
 * <p>Measures through the same client SDK that applications use. The only package outside the storage node that may use
 * RocksDB, to measure what the raw library does beside it.
 */
@NullMarked
package io.tintype.tools.bench;

import org.jspecify.annotations.NullMarked;
