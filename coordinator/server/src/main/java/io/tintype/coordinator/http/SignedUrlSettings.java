// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.cluster.config.Meaning;

/** Which signed URLs are taken, and whether others are. Immutable. */
public record SignedUrlSettings(
        @Meaning("File of keys whose signatures are taken: on each line an id, white space, and a secret in Base64;"
                + " read again when it changes. Empty: no signed URL is taken.")
        String keyFile,

        @Meaning("Whether requests for blobs and listings that are not signed are refused; needs a key file.")
        boolean required) {
    /** No keys, and everyone may do everything. */
    public static final SignedUrlSettings NONE = new SignedUrlSettings("", false);

    public SignedUrlSettings {
        if (required && keyFile.isEmpty()) {
            throw new IllegalArgumentException(
                    "Setting http.signedUrls.required is true, but http.signedUrls.keyFile names no file of keys; nobody"
                            + " could do anything.");
        }
    }
}
