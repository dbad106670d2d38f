// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * The kind {@code file}: {@code file:/srv/tintype-keys?master=/etc/tintype/master.key}, a folder that all nodes share and a
 * file with 64 hexadecimal digits, readable by the node alone, that stands elsewhere. Stateless.
 */
public final class FileKeys implements KeySourceProvider {
    private static final String MASTER = "master=";

    @Override
    public String scheme() {
        return "file";
    }

    @Override
    public KeySource open(URI address) {
        String query = address.getQuery();
        if (address.getPath() == null || query == null || !query.startsWith(MASTER)) {
            throw wrong(address, "must be file:FOLDER?master=FILE, both paths from the root");
        }
        var folder = Path.of(address.getPath());
        if (!Files.isDirectory(folder)) {
            throw wrong(address, "names a folder that is not there: " + folder);
        }
        return new FileKeySource(folder, master(address, Path.of(query.substring(MASTER.length()))));
    }

    private static byte[] master(URI address, Path file) {
        try {
            byte[] master = HexFormat.of().parseHex(Files.readString(file).strip());
            if (master.length == UserKey.SECRET_BYTES) {
                return master;
            }
        } catch (IOException e) {
            throw wrong(address, "names a master key that cannot be read: " + e);
        } catch (IllegalArgumentException e) {
            // Its text would show the key.
        }
        throw wrong(address, "names a master key, " + file + ", that is not 64 hexadecimal digits");
    }

    private static IllegalArgumentException wrong(URI address, String how) {
        return new IllegalArgumentException("Setting keys.source '" + address + "' " + how + ".");
    }
}
