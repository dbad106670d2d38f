// SPDX-License-Identifier: Apache-2.0
/**
 * CRC32C over all the shapes bytes come in, and the arithmetic that joins checksums of parts to that of the whole.
 *
 * <p>Pure: no I/O. Bytes are never copied to be summed.
 */
@NullMarked
package io.tintype.checksum;

import org.jspecify.annotations.NullMarked;
