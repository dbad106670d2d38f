// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.util.ArrayDeque;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** All entries of a listing, fetched a page at a time when wanted. For one thread at a time. */
final class Listing extends Spliterators.AbstractSpliterator<ListEntry> {
    private final Function<ListOptions, ListPage> pages;
    private final ArrayDeque<ListEntry> page = new ArrayDeque<>();
    private @Nullable ListOptions next;

    Listing(Function<ListOptions, ListPage> pages, ListOptions first) {
        super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.DISTINCT);
        this.pages = pages;
        this.next = first;
    }

    @Override
    public boolean tryAdvance(Consumer<? super ListEntry> action) {
        while (page.isEmpty() && next != null) {
            var asked = next;
            var answer = pages.apply(asked);
            page.addAll(answer.entries());
            next = answer.nextPageToken().map(asked::withPageToken).orElse(null);
        }
        var entry = page.poll();
        if (entry == null) {
            return false;
        }
        action.accept(entry);
        return true;
    }
}
