// SPDX-License-Identifier: Apache-2.0
/** Tests of the contract as a whole. */
@NullMarked
package io.tintype.proto;

import org.jspecify.annotations.NullMarked;
