// SPDX-License-Identifier: Apache-2.0
/** What the tests of all modules share. No tests, and nothing of the product. */
@NullMarked
package io.tintype.testing;

import org.jspecify.annotations.NullMarked;
