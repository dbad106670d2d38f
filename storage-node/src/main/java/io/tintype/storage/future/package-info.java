// SPDX-License-Identifier: Apache-2.0
/** What the packages of this module need for futures and the JDK does not have. It knows none of them. */
@NullMarked
package io.tintype.storage.future;

import org.jspecify.annotations.NullMarked;
