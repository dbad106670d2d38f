// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Limits;
import io.tintype.model.UserId;
import io.tintype.proto.v1.ListEntry;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.ListResponse;
import io.tintype.storage.blob.Listed;
import io.tintype.storage.blob.ShardReader;

/** Pages of names: which one is asked for, and how it is answered. Stateless and thread-safe. */
final class Listings {
    /** A page ends early where its entries are this many bytes, so that it fits one message with room to spare. */
    private static final int PAGE_BYTES = Limits.MAX_MESSAGE_BYTES / 2;

    private final PageTokens tokens;

    Listings(PageTokens tokens) {
        this.tokens = tokens;
    }

    /** A page that is asked for; all checked. */
    record Page(UserId user, String prefix, String delimiter, String startAfter, int size) {}

    /**
     * Which page is asked for.
     *
     * @throws io.tintype.model.TintypeException naming the field that is wrong
     */
    Page page(ListRequest request) {
        var user = UserId.of(request.getUser());
        Requests.checkText("prefix", request.getPrefix(), Limits.MAX_NAME_BYTES);
        Requests.checkText("delimiter", request.getDelimiter(), Limits.MAX_DELIMITER_BYTES);
        int size = Requests.pageSize(request.getPageSize());
        var token = request.getPageToken();
        var startAfter = token.isEmpty() ? "" : tokens.open(user, request.getPrefix(), request.getDelimiter(), token);
        return new Page(user, request.getPrefix(), request.getDelimiter(), startAfter, size);
    }

    /** Reads a page. Blocks on the disk. */
    ListResponse read(ShardReader reader, Page page, long nowMs, long mayLagMs) {
        var listing = reader.list(
                page.user(), page.prefix(), page.delimiter(), page.startAfter(), page.size(), nowMs, mayLagMs);
        var response = ListResponse.newBuilder();
        int bytes = 0;
        int taken = 0;
        for (var listed : listing.entries()) {
            if (bytes > PAGE_BYTES) {
                break;
            }
            var entry = entry(page.user(), listed);
            bytes += entry.getSerializedSize();
            response.addEntries(entry);
            taken++;
        }
        if (taken > 0 && (listing.more() || taken < listing.entries().size())) {
            var last = listing.entries().get(taken - 1).position();
            response.setNextPageToken(tokens.after(page.user(), page.prefix(), page.delimiter(), last));
        }
        return response.build();
    }

    private static ListEntry entry(UserId user, Listed listed) {
        if (listed instanceof Listed.Blob blob) {
            return ListEntry.newBuilder()
                    .setBlob(Writes.head(user.value(), blob.name().value(), blob.head()))
                    .build();
        }
        return ListEntry.newBuilder().setCommonPrefix(listed.position()).build();
    }
}
