// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import java.net.URI;
import java.nio.file.Path;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** Opens the source that a setting names. Stateless. */
public final class KeySources {
    private KeySources() {}

    /**
     * Opens the source of a node, by {@link #open(String)} and {@link KeySource#recognise}. May block.
     *
     * @param memory the node's data directory
     * @throws IllegalArgumentException also if it is not the source of which the node had keys before
     */
    public static KeySource open(String address, Path memory) {
        var source = open(address);
        try {
            source.recognise(memory);
            return source;
        } catch (IllegalArgumentException e) {
            source.close();
            throw e;
        }
    }

    /**
     * Opens a source by its address, whose scheme says of which kind it is. May block.
     *
     * @throws IllegalArgumentException if there is no such kind, or the address is wrong, saying how
     */
    public static KeySource open(String address) {
        var where = URI.create(address);
        var known = new TreeMap<String, KeySourceProvider>();
        ServiceLoader.load(KeySourceProvider.class).forEach(provider -> known.put(provider.scheme(), provider));
        var provider = where.getScheme() == null ? null : known.get(where.getScheme());
        if (provider == null) {
            throw new IllegalArgumentException("Setting keys.source is '" + address + "'; it must begin with one of "
                    + known.keySet() + " and ':'.");
        }
        return provider.open(where);
    }
}
