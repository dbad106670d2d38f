// SPDX-License-Identifier: Apache-2.0
/** Tests of head caches. */
@NullMarked
package io.tintype.heads;

import org.jspecify.annotations.NullMarked;
