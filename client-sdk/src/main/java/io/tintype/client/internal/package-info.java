// SPDX-License-Identifier: Apache-2.0
/**
 * How the client works: puts the parts below together. Applications use nothing of it.
 *
 * <p>Must not know the public package, which sits on top of this one.
 */
@NullMarked
package io.tintype.client.internal;

import org.jspecify.annotations.NullMarked;
