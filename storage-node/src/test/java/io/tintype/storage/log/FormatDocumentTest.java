// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.zk.Paths;
import io.tintype.storage.disk.Family;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

/** docs/storage-format.md leaves out no family, no type of record and no znode. */
final class FormatDocumentTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "storage-format.md");

    @Test
    void everyFamilyIsThere() throws IOException {
        var document = Files.readString(DOCUMENT);
        for (var family : Family.values()) {
            assertThat(document).contains("| `" + family.columnFamily() + "` | `S ");
        }
    }

    @Test
    void everyTypeOfRecordIsThereWithItsCode() throws IOException {
        var document = Files.readString(DOCUMENT);
        for (var type : RecordType.values()) {
            assertThat(document).contains("| " + type.code() + " | " + type + " | ");
        }
    }

    @Test
    void everyZnodeIsThere() throws IOException, IllegalAccessException {
        var document = Files.readString(DOCUMENT);
        var paths = new ArrayList<String>();
        for (var field : Paths.class.getFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == String.class) {
                paths.add(String.valueOf(field.get(null)));
            }
        }
        assertThat(paths).hasSizeGreaterThan(10);
        for (var path : paths) {
            assertThat(document).containsPattern("(?m)^\\| `" + path + "[`/]");
        }
    }
}
