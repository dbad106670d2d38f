// SPDX-License-Identifier: Apache-2.0
/**
 * The cluster's vocabulary: ids, versions, limits, reasons of failure, and the shard map.
 *
 * <p>Values only: nothing here does I/O, starts a thread, or reads a clock. Whatever two parties must agree on to the
 * letter (what a legal name is, which slot a user falls into) is decided here and nowhere else. How these values travel
 * is the business of {@code io.tintype.wire}, which depends on this package and not the reverse.
 */
@NullMarked
package io.tintype.model;

import org.jspecify.annotations.NullMarked;
