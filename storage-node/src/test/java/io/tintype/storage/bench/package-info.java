// SPDX-License-Identifier: Apache-2.0
/** Measures the storage engine against RocksDB itself; run by hand, see docs/benchmarks.md. */
@NullMarked
package io.tintype.storage.bench;

import org.jspecify.annotations.NullMarked;
