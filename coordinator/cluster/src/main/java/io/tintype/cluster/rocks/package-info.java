// SPDX-License-Identifier: Apache-2.0
/** Where RocksDB's native library comes from, for every process that opens a RocksDB. */
@NullMarked
package io.tintype.cluster.rocks;

import org.jspecify.annotations.NullMarked;
