// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.proto.v1.SessionToken;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * How fresh a read must be, as people write it: {@code linearizable}, {@code near}, {@code bounded:5s}, {@code
 * session:TOKEN,TOKEN}, {@code exact}. The same words on the command line and in HTTP. Stateless and thread-safe.
 */
public final class ReadOptionsText {
    private static final Pattern TIME = Pattern.compile("(\\d{1,9})(ms|s|m|h)");
    private static final Map<String, Long> UNIT_MS = Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L);
    private static final Pattern TOKEN = Pattern.compile("(\\d{1,10})\\.(\\d{1,20})\\.(\\d{1,20})");

    private ReadOptionsText() {}

    /**
     * What a text asks for.
     *
     * @throws TintypeException INVALID_ARGUMENT, saying what may be written
     */
    public static ReadOptions parse(String text) {
        int colon = text.indexOf(':');
        String word = colon < 0 ? text : text.substring(0, colon);
        String rest = colon < 0 ? "" : text.substring(colon + 1);
        var options = ReadOptions.newBuilder();
        boolean plain = colon < 0;
        if (word.equals("linearizable") && plain) {
            return options.setConsistency(Consistency.CONSISTENCY_LINEARIZABLE).build();
        }
        if (word.equals("near") && plain) {
            return options.setConsistency(Consistency.CONSISTENCY_NEAR).build();
        }
        if (word.equals("exact") && plain) {
            return options.setConsistency(Consistency.CONSISTENCY_EXACT_VERSION).build();
        }
        if (word.equals("bounded")) {
            return options.setConsistency(Consistency.CONSISTENCY_BOUNDED_STALENESS)
                    .setMaxStalenessMs(staleness(rest))
                    .build();
        }
        if (word.equals("session") && !rest.isEmpty()) {
            return session(options, rest);
        }
        throw invalid("'" + shortened(text) + "' is no consistency; give linearizable, near, bounded:TIME such as"
                + " bounded:5s, session:TOKEN, or exact");
    }

    /** A session token as people see it: shard, epoch and place in the log. */
    public static String token(SessionToken token) {
        return Integer.toUnsignedString(token.getShard()) + "." + Long.toUnsignedString(token.getEpoch()) + "."
                + Long.toUnsignedString(token.getSequence());
    }

    /**
     * Reads what {@link #token} wrote.
     *
     * @throws TintypeException INVALID_ARGUMENT
     */
    public static SessionToken token(String text) {
        var matcher = TOKEN.matcher(text.trim());
        try {
            if (matcher.matches()) {
                return SessionToken.newBuilder()
                        .setShard(Integer.parseInt(matcher.group(1)))
                        .setEpoch(Long.parseUnsignedLong(matcher.group(2)))
                        .setSequence(Long.parseUnsignedLong(matcher.group(3)))
                        .build();
            }
        } catch (NumberFormatException e) {
            // Digits, but too many of them: told below.
        }
        throw invalid(
                "'" + shortened(text) + "' is no session token; give one as a change answered it, such as 3.1.42");
    }

    private static ReadOptions session(ReadOptions.Builder options, String tokens) {
        options.setConsistency(Consistency.CONSISTENCY_SESSION);
        for (String text : tokens.split(",", -1)) {
            options.addSession(token(text));
        }
        if (options.getSessionCount() > Limits.MAX_SESSION_TOKENS) {
            throw invalid(options.getSessionCount() + " session tokens; give at most " + Limits.MAX_SESSION_TOKENS
                    + ", the newest of each shard");
        }
        return options.build();
    }

    private static int staleness(String text) {
        var matcher = TIME.matcher(text);
        if (matcher.matches()) {
            long millis = Long.parseLong(matcher.group(1)) * unitMs(matcher.group(2));
            if (millis >= 1 && millis <= Limits.MAX_STALENESS.toMillis()) {
                return (int) millis;
            }
        }
        throw invalid("bounded:" + shortened(text) + " has no time from 1ms to 1h; give one such as bounded:5s");
    }

    private static long unitMs(String unit) {
        var millis = UNIT_MS.get(unit);
        return millis == null ? 0 : millis;
    }

    private static String shortened(String text) {
        return text.length() <= 64 ? text : text.substring(0, 64) + "…";
    }

    private static TintypeException invalid(String message) {
        return new TintypeException(Reason.INVALID_ARGUMENT, message);
    }
}
