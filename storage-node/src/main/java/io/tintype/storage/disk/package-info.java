// SPDX-License-Identifier: Apache-2.0
/**
 * One data directory: RocksDB with its column families, the thread that makes writes durable, the account of native
 * memory, and the guard against a full disk.
 *
 * <p>Knows keys and values as bytes. What they mean (records, heads, chunks) must not be known here.
 */
@NullMarked
package io.tintype.storage.disk;

import org.jspecify.annotations.NullMarked;
