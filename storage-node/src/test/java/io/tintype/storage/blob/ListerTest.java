// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.BlobName;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.Precondition;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListerTest {
    private static final UserId ALICE = UserId.of("alice");
    private static final UserId ALICE2 = UserId.of("alice2");

    @TempDir
    Path directory;

    private Shelf shelf;

    @BeforeEach
    void open() throws Exception {
        shelf = new Shelf(directory);
        shelf.claim(ALICE);
        shelf.claim(ALICE2);
    }

    @AfterEach
    void close() {
        shelf.close();
    }

    @Test
    void namesComeInOrderOfTheirBytesWhateverIsInThem() {
        store(ALICE, "b", "a", "a/b", "..", "a\\b", "%2F", "📷", "é", "a/", "a//b", "~");

        assertThat(names(ALICE, "", ""))
                .containsExactly("%2F", "..", "a", "a/", "a//b", "a/b", "a\\b", "b", "~", "é", "📷");
    }

    @Test
    void aPrefixSelectsNamesAndNotUsers() {
        store(ALICE, "2/x", "x");
        store(ALICE2, "y", "/x");

        assertThat(names(ALICE, "", "")).containsExactly("2/x", "x");
        assertThat(names(ALICE2, "", "")).containsExactly("/x", "y");
        assertThat(names(ALICE, "2", "")).containsExactly("2/x");
        assertThat(names(ALICE, "3", "")).isEmpty();
        assertThat(names(UserId.of("ali"), "", "")).isEmpty();
    }

    @Test
    void commonBeginningsBecomeOneEntry() {
        store(ALICE, "a", "a/1", "a/2", "ab/1", "b//x", "b//y", "c");

        assertThat(names(ALICE, "", "/")).containsExactly("a", "[a/]", "[ab/]", "[b/]", "c");
        assertThat(names(ALICE, "a", "/")).containsExactly("a", "[a/]", "[ab/]");
        assertThat(names(ALICE, "a/", "/")).containsExactly("a/1", "a/2");
        assertThat(names(ALICE, "b/", "/")).containsExactly("[b//]");
        assertThat(names(ALICE, "", "//")).containsExactly("a", "a/1", "a/2", "ab/1", "[b//]", "c");
        assertThat(names(ALICE, "", "📷")).hasSize(7);
    }

    @Test
    void whatIsExpiredIsNotListedNotEvenAsAPrefix() {
        shelf.put(ALICE, "a/1", bytes("x"), null, Precondition.getDefaultInstance(), shelf.nowMs + 1000);
        shelf.put(ALICE, "b/1", bytes("x"), null, Precondition.getDefaultInstance(), shelf.nowMs + 1000);
        store(ALICE, "b/2");
        assertThat(names(ALICE, "", "/")).containsExactly("[a/]", "[b/]");

        shelf.nowMs += 1000;

        assertThat(names(ALICE, "", "/")).containsExactly("[b/]");
        assertThat(names(ALICE, "", "")).containsExactly("b/2");
    }

    @Test
    void pagesOfAnySizeAddUpToTheWhole() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var all = new TreeSet<>(ListerTest::compare);
        var alphabet = List.of("a", "b", "/", "é", "📷", ".", "~");
        for (int i = 0; i < 120; i++) {
            var name = new StringBuilder();
            for (int length = 1 + random.nextInt(5); length > 0; length--) {
                name.append(alphabet.get(random.nextInt(alphabet.size())));
            }
            all.add(name.toString());
        }
        store(ALICE, all.toArray(String[]::new));

        for (int i = 0; i < 60; i++) {
            String prefix = random.nextBoolean() ? "" : alphabet.get(random.nextInt(alphabet.size()));
            String delimiter = List.of("", "/", "//", "é").get(random.nextInt(4));
            int limit = 1 + random.nextInt(7);
            assertThat(pages(prefix, delimiter, limit))
                    .as("seed %d, prefix '%s', delimiter '%s', pages of %d", seed, prefix, delimiter, limit)
                    .isEqualTo(expected(all, prefix, delimiter));
        }
    }

    @Test
    void noTwoPairsOfUserAndNameMeet() {
        var left = UserId.of("a");
        var right = UserId.of("ab");
        shelf.claim(left);
        shelf.claim(right);
        shelf.put(left, "bc", bytes("left"));
        shelf.put(right, "c", bytes("right"));

        assertThat(shelf.get(left, "bc")).isEqualTo(bytes("left"));
        assertThat(shelf.get(right, "c")).isEqualTo(bytes("right"));
        assertThat(shelf.reader().head(left, BlobName.of("c"), 0)).isEmpty();
    }

    private List<String> pages(String prefix, String delimiter, int limit) {
        var found = new ArrayList<String>();
        String startAfter = "";
        while (true) {
            var page = shelf.reader().list(ALICE, prefix, delimiter, startAfter, limit, shelf.nowMs);
            page.entries().forEach(entry -> found.add(show(entry)));
            assertThat(page.entries()).hasSizeLessThanOrEqualTo(limit);
            if (!page.more()) {
                return found;
            }
            startAfter = page.entries().get(page.entries().size() - 1).position();
        }
    }

    private static List<String> expected(SortedSet<String> all, String prefix, String delimiter) {
        return all.stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> {
                    int at = delimiter.isEmpty() ? -1 : name.indexOf(delimiter, prefix.length());
                    return at < 0 ? name : "[" + name.substring(0, at + delimiter.length()) + "]";
                })
                .distinct()
                .toList();
    }

    private List<String> names(UserId user, String prefix, String delimiter) {
        return shelf.reader().list(user, prefix, delimiter, "", 1000, shelf.nowMs).entries().stream()
                .map(ListerTest::show)
                .toList();
    }

    private static String show(Listed entry) {
        return entry instanceof Listed.Prefix ? "[" + entry.position() + "]" : entry.position();
    }

    private void store(UserId user, String... names) {
        for (String name : names) {
            shelf.put(user, name, bytes(name));
        }
    }

    private static int compare(String a, String b) {
        return Arrays.compareUnsigned(bytes(a), bytes(b));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
