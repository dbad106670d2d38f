// SPDX-License-Identifier: Apache-2.0
/**
 * Keys of users: chunks of pools that ask for it are sealed under a key of the user's own, so that whoever destroys the key
 * has erased them wherever copies of them lie. See docs/decisions/0183.
 *
 * <p>Knows nothing of replication: the primary seals what comes in, whoever serves a read opens it, and all between carry
 * chunks as they are.
 */
@NullMarked
package io.tintype.storage.keys;

import org.jspecify.annotations.NullMarked;
