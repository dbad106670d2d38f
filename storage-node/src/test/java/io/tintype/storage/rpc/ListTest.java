// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.proto.v1.ListEntry;
import io.tintype.proto.v1.ListRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ListTest {
    private static Rig rig;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        rig = Rig.start(folder);
        for (var name : List.of("a", "a/1", "a/2", "a/b/3", "a0", "b/1", "b/2", "ä", "z/")) {
            rig.put(name, name.getBytes(StandardCharsets.UTF_8));
        }
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    private static List<String> all(String prefix, String delimiter, int pageSize) {
        var found = new ArrayList<String>();
        var request = ListRequest.newBuilder()
                .setUser(Rig.USER)
                .setShard(Rig.DATA)
                .setPrefix(prefix)
                .setDelimiter(delimiter)
                .setPageSize(pageSize);
        do {
            var page = rig.retrieval.list(request.build());
            assertThat(page.getEntriesCount()).isLessThanOrEqualTo(pageSize);
            page.getEntriesList().forEach(entry -> found.add(text(entry)));
            request.setPageToken(page.getNextPageToken());
        } while (!request.getPageToken().isEmpty());
        return found;
    }

    private static String text(ListEntry entry) {
        return entry.hasBlob() ? entry.getBlob().getName() : "<" + entry.getCommonPrefix() + ">";
    }

    @Test
    void pagesOfAnySizeAddUpToTheSameList() {
        for (int size : new int[] {1, 2, 3, 1_000}) {
            assertThat(all("", "", size)).containsExactly("a", "a/1", "a/2", "a/b/3", "a0", "b/1", "b/2", "z/", "ä");
            assertThat(all("", "/", size)).containsExactly("a", "<a/>", "a0", "<b/>", "<z/>", "ä");
            assertThat(all("a/", "/", size)).containsExactly("a/1", "a/2", "<a/b/>");
            assertThat(all("c", "/", size)).isEmpty();
        }
    }

    @Test
    void aPageFitsOneMessageHoweverLargeItsHeadsAre() {
        rig.register("heavy", Rig.DATA);
        var names = new TreeSet<BlobName>();
        for (int i = 0; i < 250; i++) {
            var name = "n" + i;
            names.add(BlobName.of(name));
            rig.put(
                    rig.header(name)
                            .setUser("heavy")
                            .putMetadata("m", "x".repeat(Limits.MAX_METADATA_BYTES - 100))
                            .build(),
                    new byte[0]);
        }
        var found = new ArrayList<BlobName>();
        Set<String> tokens = new TreeSet<>();
        var request = ListRequest.newBuilder().setUser("heavy").setShard(Rig.DATA);
        do {
            var page = rig.retrieval.list(request.build());
            assertThat(page.getSerializedSize()).isLessThan(Limits.MAX_MESSAGE_BYTES);
            page.getEntriesList()
                    .forEach(entry -> found.add(BlobName.of(entry.getBlob().getName())));
            request.setPageToken(page.getNextPageToken());
        } while (!request.getPageToken().isEmpty() && tokens.add(request.getPageToken()));
        assertThat(found).containsExactlyElementsOf(names);
    }
}
