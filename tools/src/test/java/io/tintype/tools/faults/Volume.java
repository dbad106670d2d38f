// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where one storage node keeps its data. */
interface Volume extends AutoCloseable {
    /** The node's data directory. */
    Path data();

    /** A plain folder. */
    static Volume folder(Path folder) throws IOException {
        Files.createDirectories(folder);
        return new Volume() {
            @Override
            public Path data() {
                return folder;
            }

            @Override
            public void close() {}
        };
    }

    @Override
    void close() throws IOException;
}
