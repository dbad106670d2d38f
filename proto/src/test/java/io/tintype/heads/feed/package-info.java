// SPDX-License-Identifier: Apache-2.0
/** Tests of feeds of heads. */
@NullMarked
package io.tintype.heads.feed;

import org.jspecify.annotations.NullMarked;
