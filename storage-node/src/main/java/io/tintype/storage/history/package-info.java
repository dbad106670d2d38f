// SPDX-License-Identifier: Apache-2.0
/**
 * What clients saw, and whether a single correct store could have shown it to them.
 *
 * <p>A run, simulated or with real processes, records every operation as a {@link io.tintype.storage.history.History}; the
 * checks here judge it afterwards. Nothing here talks to a store, and nothing in a serving path may use it.
 */
@NullMarked
package io.tintype.storage.history;

import org.jspecify.annotations.NullMarked;
