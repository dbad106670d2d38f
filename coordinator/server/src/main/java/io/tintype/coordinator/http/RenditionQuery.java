// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.coordinator.rendition.ImageFormat;
import io.tintype.coordinator.rendition.RenditionSpec;
import io.tintype.coordinator.rendition.RenditionSpec.Fit;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The rendition that a query string asks for. Stateless. */
final class RenditionQuery {
    private static final Set<String> KNOWN = Set.of("w", "h", "fit", "format");
    private static final int DIGITS = 5;

    private RenditionQuery() {}

    /**
     * Reads a query string; one that has none of w, h, fit and format asks for the blob as it is.
     *
     * @throws TintypeException INVALID_ARGUMENT, naming the parameter
     */
    static Optional<RenditionSpec> parse(@Nullable String rawQuery) {
        if (rawQuery == null || rawQuery.isEmpty()) {
            return Optional.empty();
        }
        Map<String, String> given = new LinkedHashMap<>();
        boolean wanted = false;
        for (String part : rawQuery.split("&", -1)) {
            int equals = part.indexOf('=');
            String name = equals < 0 ? part : part.substring(0, equals);
            wanted |= KNOWN.contains(name);
            if (given.put(name, equals < 0 ? "" : part.substring(equals + 1)) != null && KNOWN.contains(name)) {
                throw wrong("Parameter " + name + " comes twice.");
            }
        }
        return wanted ? Optional.of(spec(given)) : Optional.empty();
    }

    private static RenditionSpec spec(Map<String, String> given) {
        for (String name : given.keySet()) {
            if (!KNOWN.contains(name)) {
                throw wrong("A rendition has no parameter '" + name.substring(0, Math.min(name.length(), 64))
                        + "'. Known are w, h, fit and format.");
            }
        }
        int width = side("w", given.get("w"));
        int height = side("h", given.get("h"));
        var format = format(given.get("format"));
        var fit = fit(given.get("fit"));
        if (width == 0 && height == 0 && format == null) {
            throw wrong("A rendition needs w, h or format.");
        }
        if (fit == Fit.COVER && (width == 0 || height == 0)) {
            throw wrong("fit=cover needs both w and h.");
        }
        return new RenditionSpec(width, height, fit, format);
    }

    private static int side(String name, @Nullable String text) {
        if (text == null) {
            return 0;
        }
        boolean number =
                !text.isEmpty() && text.length() < DIGITS && text.chars().allMatch(c -> c >= '0' && c <= '9');
        int side = number ? Integer.parseInt(text) : 0;
        if (side < 1 || side > RenditionSpec.MOST_SIDE) {
            throw wrong("Parameter " + name + " is no number of pixels from 1 to " + RenditionSpec.MOST_SIDE + ".");
        }
        return side;
    }

    private static Fit fit(@Nullable String text) {
        if (text == null) {
            return Fit.CONTAIN;
        }
        return switch (text) {
            case "contain" -> Fit.CONTAIN;
            case "cover" -> Fit.COVER;
            default -> throw wrong("Parameter fit is neither contain nor cover.");
        };
    }

    private static @Nullable ImageFormat format(@Nullable String text) {
        if (text == null) {
            return null;
        }
        return switch (text) {
            case "jpeg", "jpg" -> ImageFormat.JPEG;
            case "png" -> ImageFormat.PNG;
            case "webp" -> ImageFormat.WEBP;
            default -> throw wrong("Parameter format is none of jpeg, png and webp.");
        };
    }

    private static TintypeException wrong(String message) {
        return new TintypeException(Reason.INVALID_ARGUMENT, message);
    }
}
