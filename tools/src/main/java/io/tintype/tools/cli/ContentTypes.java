// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.model.Limits;
import java.net.URLConnection;
import java.util.Locale;
import java.util.Map;

/** The media type that a file's name suggests. Pure. */
final class ContentTypes {
    /** Image types that the JDK's own table lacks. */
    private static final Map<String, String> IMAGES = Map.of(
            "avif", "image/avif",
            "bmp", "image/bmp",
            "heic", "image/heic",
            "heif", "image/heif",
            "jxl", "image/jxl",
            "svg", "image/svg+xml",
            "webp", "image/webp");

    private ContentTypes() {}

    static String of(String fileName) {
        var lower = fileName.toLowerCase(Locale.ROOT);
        var image = IMAGES.get(lower.substring(lower.lastIndexOf('.') + 1));
        if (image != null) {
            return image;
        }
        var known = URLConnection.guessContentTypeFromName(lower);
        return known == null ? Limits.DEFAULT_CONTENT_TYPE : known;
    }
}
