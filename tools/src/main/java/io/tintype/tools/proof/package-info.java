// SPDX-License-Identifier: Apache-2.0
/**
 * Commands that show that Tintype keeps its promises. What they run lives with the tests and is found as a service: nothing
 * that can switch off a rule is in a distribution.
 */
@NullMarked
package io.tintype.tools.proof;

import org.jspecify.annotations.NullMarked;
