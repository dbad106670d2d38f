// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.ListEntry;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.ListResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A user's listing, from a query string and to JSON. Stateless. */
final class Listing {
    private static final Set<String> KNOWN = Set.of("prefix", "delimiter", "page_size", "page_token");

    private Listing() {}

    /**
     * The request that a query string asks for.
     *
     * @throws TintypeException INVALID_ARGUMENT, naming the parameter
     */
    static ListRequest request(UserId user, @Nullable String rawQuery) {
        var parameters = parameters(rawQuery);
        var request = ListRequest.newBuilder()
                .setUser(user.value())
                .setPrefix(parameters.getOrDefault("prefix", ""))
                .setDelimiter(parameters.getOrDefault("delimiter", ""))
                .setPageToken(parameters.getOrDefault("page_token", ""));
        String size = parameters.get("page_size");
        if (size != null) {
            request.setPageSize((int) BlobHeaders.number("page_size", size, Limits.MAX_PAGE_SIZE));
        }
        return request.build();
    }

    private static Map<String, String> parameters(@Nullable String rawQuery) {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (rawQuery == null || rawQuery.isEmpty()) {
            return parameters;
        }
        for (String part : rawQuery.split("&", -1)) {
            int equals = part.indexOf('=');
            String name = equals < 0 ? part : part.substring(0, equals);
            if (!KNOWN.contains(name)) {
                throw new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        "A listing has no parameter '" + name.substring(0, Math.min(name.length(), 64))
                                + "'. Known are prefix, delimiter, page_size and page_token.");
            }
            String value = PercentCoding.decode(equals < 0 ? "" : part.substring(equals + 1))
                    .orElseThrow(() -> new TintypeException(
                            Reason.INVALID_ARGUMENT, "Parameter " + name + " is not percent-encoded UTF-8."));
            if (parameters.put(name, value) != null) {
                throw new TintypeException(Reason.INVALID_ARGUMENT, "Parameter " + name + " comes twice.");
            }
        }
        return parameters;
    }

    /** The page as JSON shows it. */
    static Map<String, Object> toJson(ListResponse page) {
        List<Object> entries = new ArrayList<>(page.getEntriesCount());
        for (ListEntry entry : page.getEntriesList()) {
            switch (entry.getKindCase()) {
                case BLOB -> entries.add(blob(entry.getBlob()));
                case COMMON_PREFIX -> entries.add(Map.of("prefix", entry.getCommonPrefix()));
                case KIND_NOT_SET -> {
                    // A newer node's kind of entry, which this interface cannot show.
                }
            }
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("entries", entries);
        if (!page.getNextPageToken().isEmpty()) {
            body.put("nextPageToken", page.getNextPageToken());
        }
        return body;
    }

    private static Map<String, Object> blob(BlobHead head) {
        Map<String, Object> blob = new LinkedHashMap<>();
        blob.put("name", head.getName());
        blob.put("etag", head.getEtag());
        blob.put("size", head.getSize());
        blob.put("crc32c", BlobHeaders.crc(head.getCrc32C()));
        blob.put("contentType", head.getContentType());
        blob.put("writtenAtMs", head.getWrittenAtMs());
        if (head.getExpiresAtMs() != 0) {
            blob.put("expiresAtMs", head.getExpiresAtMs());
        }
        if (head.getMetadataCount() > 0) {
            blob.put("metadata", head.getMetadataMap());
        }
        return blob;
    }
}
