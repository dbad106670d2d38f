// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import java.net.URI;

/**
 * Makes sources of one kind; found by {@link java.util.ServiceLoader}, so that one over a vault of another maker is a jar on
 * the class path. Stateless.
 */
public interface KeySourceProvider {
    /** The scheme of its addresses, such as {@code file}. */
    String scheme();

    /**
     * Opens a source. May block.
     *
     * @throws IllegalArgumentException where the address says nothing of use, naming what is wrong
     */
    KeySource open(URI address);
}
