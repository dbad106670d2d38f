// SPDX-License-Identifier: Apache-2.0
/**
 * Bytes in motion: uploads and downloads under flow control, their checksums, and the near cache.
 *
 * <p>Speaks in messages of the contract; the shapes that applications see are made in the public package.
 */
@NullMarked
package io.tintype.client.internal.transfer;

import org.jspecify.annotations.NullMarked;
