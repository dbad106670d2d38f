// SPDX-License-Identifier: Apache-2.0
/**
 * How the vocabulary of {@code io.tintype.model} travels: conversions to and from the generated messages, and errors
 * to and from gRPC statuses.
 *
 * <p>Everything that comes from outside is checked here, once, on its way in.
 */
@NullMarked
package io.tintype.wire;

import org.jspecify.annotations.NullMarked;
