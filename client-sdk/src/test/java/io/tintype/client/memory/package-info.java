// SPDX-License-Identifier: Apache-2.0
/** A whole cluster in memory that speaks the real protocol over loopback, and fails when told to. For tests only. */
@NullMarked
package io.tintype.client.memory;

import org.jspecify.annotations.NullMarked;
