// SPDX-License-Identifier: Apache-2.0
/**
 * What the records of a shard's log do: heads, chunks, users, retries, directory entries, and their readers.
 *
 * <p>Everything that replicas must decide alike is decided here, from the log alone. Knows neither peers nor RPCs.
 */
@NullMarked
package io.tintype.storage.blob;

import org.jspecify.annotations.NullMarked;
