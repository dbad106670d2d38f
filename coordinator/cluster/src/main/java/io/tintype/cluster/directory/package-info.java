// SPDX-License-Identifier: Apache-2.0
/**
 * Asks the directory shards where a user lives.
 *
 * <p>Answers are hints that may be old; the shard's own record of the user decides.
 */
@NullMarked
package io.tintype.cluster.directory;

import org.jspecify.annotations.NullMarked;
