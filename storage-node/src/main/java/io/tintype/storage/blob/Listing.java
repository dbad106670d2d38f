// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import java.util.List;

/**
 * A page of names. Immutable.
 *
 * @param entries in order of names' bytes
 * @param more whether there is more behind the last one
 */
public record Listing(List<Listed> entries, boolean more) {
    public Listing {
        entries = List.copyOf(entries);
    }
}
