// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * Tells browsers which pages of other origins may use answers (the Fetch standard's CORS protocol). Immutable. Never allows
 * credentials: nothing here goes by cookies.
 */
final class Cors {
    private static final String ALLOW_ORIGIN = "Access-Control-Allow-Origin";
    private static final String REQUEST_METHOD = "Access-Control-Request-Method";
    private static final String REQUEST_HEADERS = "Access-Control-Request-Headers";
    private static final String PREFLIGHT_VARY = "Origin, " + REQUEST_METHOD + ", " + REQUEST_HEADERS;
    private static final int MOST_HEADERS = 64;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}");
    // Without credentials this means every header, the caller's own properties included.
    private static final HttpField EXPOSE = new HttpField("Access-Control-Expose-Headers", "*");
    private static final HttpField VARY = new HttpField(HttpHeader.VARY, "Origin");

    private final CorsSettings settings;
    private final boolean everyone;

    Cors(CorsSettings settings) {
        this.settings = settings;
        this.everyone = settings.origins().contains("*");
    }

    /** The response with what a page of the request's origin is told, whatever the answer will be. */
    Response on(Request request, Response response) {
        if (settings.origins().isEmpty()) {
            return response;
        }
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (everyone) {
            return new Kept(request, response, List.of(new HttpField(ALLOW_ORIGIN, "*"), EXPOSE));
        }
        boolean known = origin != null && settings.origins().contains(origin);
        return new Kept(
                request, response, known ? List.of(new HttpField(ALLOW_ORIGIN, origin), EXPOSE, VARY) : List.of(VARY));
    }

    /** Whether it asks what may be asked, before a page's script asks it. */
    boolean isPreflight(Request request) {
        return !settings.origins().isEmpty()
                && request.getMethod().equals("OPTIONS")
                && request.getHeaders().contains(HttpHeader.ORIGIN)
                && request.getHeaders().contains(REQUEST_METHOD);
    }

    /** Answers such a question. */
    void answerPreflight(Request request, Response response, Callback callback, String methods) {
        String origin = String.valueOf(request.getHeaders().get(HttpHeader.ORIGIN));
        if (!everyone && !settings.origins().contains(origin)) {
            throw new TintypeException(
                    Reason.ACCESS_DENIED,
                    "Pages of this origin may not use Tintype here; http.cors.origins of the coordinators says which may.");
        }
        var out = response.getHeaders();
        out.put(HttpHeader.VARY, PREFLIGHT_VARY);
        out.put("Access-Control-Allow-Methods", methods);
        requestedHeaders(request.getHeaders()).ifPresent(names -> out.put("Access-Control-Allow-Headers", names));
        out.put("Access-Control-Max-Age", Long.toString(settings.maxAge().toSeconds()));
        response.setStatus(HttpStatus.NO_CONTENT_204);
        response.write(true, BufferUtil.EMPTY_BUFFER, callback);
    }

    /** All that are asked for, where they are names of headers: the caller's own properties are headers of any name. */
    private static Optional<String> requestedHeaders(HttpFields request) {
        String asked = request.get(REQUEST_HEADERS);
        if (asked == null || asked.isBlank()) {
            return Optional.empty();
        }
        var names = Arrays.stream(asked.split(",", MOST_HEADERS + 1))
                .map(String::trim)
                .toList();
        boolean legal = names.size() <= MOST_HEADERS
                && names.stream().allMatch(name -> NAME.matcher(name).matches());
        if (!legal) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    REQUEST_HEADERS + " must be names of headers with commas between, at most " + MOST_HEADERS + ".");
        }
        return Optional.of(names.stream().collect(Collectors.joining(", ")));
    }

    /** A response that keeps some headers though it is begun anew, as for a failure. */
    private static final class Kept extends Response.Wrapper {
        private final List<HttpField> fields;

        Kept(Request request, Response response, List<HttpField> fields) {
            super(request, response);
            this.fields = fields;
            fields.forEach(getHeaders()::add);
        }

        @Override
        public void reset() {
            super.reset();
            fields.forEach(getHeaders()::add);
        }
    }
}
