// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.ClientCore;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.ExportUserRequest;
import io.tintype.proto.v1.ExportUserResponse;
import io.tintype.proto.v1.UsersGrpc;
import java.util.ArrayList;
import java.util.TreeMap;

/** Puts the pages of the list of all that a user has together, and begins again where they do not fit. */
final class ExportList {
    private static final int BEGINNINGS = 10;

    private final ClientCore core;
    private final String user;
    private final int mostBlobs;

    ExportList(ClientCore core, String user, int mostBlobs) {
        this.core = core;
        this.user = user;
        this.mostBlobs = mostBlobs;
    }

    UserBlobs read() {
        for (int begun = 1; ; begun++) {
            try {
                return readOnce();
            } catch (InvalidRequestException e) {
                if (e.reason() != Reason.INVALID_PAGE_TOKEN || begun == BEGINNINGS) {
                    throw e;
                }
            }
        }
    }

    private UserBlobs readOnce() {
        var blobs = new TreeMap<String, BlobInfo>();
        String token = "";
        while (true) {
            var page = page(token);
            page.getBlobsList().forEach(blob -> blobs.put(blob.getName(), Convert.info(blob)));
            page.getRemovedList().forEach(blobs::remove);
            if (blobs.size() > mostBlobs) {
                throw Typed.of(new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        "user '" + user + "' has more than " + mostBlobs
                                + " blobs, the most that are taken into memory; raise the limit"));
            }
            token = page.getNextPageToken();
            if (token.isEmpty()) {
                return new UserBlobs(Convert.user(page.getUser()), page.getSequence(), new ArrayList<>(blobs.values()));
            }
        }
    }

    private ExportUserResponse page(String token) {
        return Futures.await(Futures.start(() -> Futures.map(
                core.call(
                        UsersGrpc.getExportUserMethod(),
                        ExportUserRequest.newBuilder()
                                .setUser(user)
                                .setPageToken(token)
                                .build()),
                answer -> answer)));
    }
}
