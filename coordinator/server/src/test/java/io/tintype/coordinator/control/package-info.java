// SPDX-License-Identifier: Apache-2.0
/** Tests of what the controller decides. */
@NullMarked
package io.tintype.coordinator.control;

import org.jspecify.annotations.NullMarked;
