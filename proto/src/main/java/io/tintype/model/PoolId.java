// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.util.regex.Pattern;

/**
 * Names a pool: the shards of one region and tier.
 *
 * <p>Immutable.
 *
 * @param region 1 to 32 characters out of a-z, 0-9 and '-'
 * @param tier likewise
 */
public record PoolId(String region, String tier) implements Comparable<PoolId> {
    private static final Pattern LEGAL = Pattern.compile("[a-z0-9-]{1,32}");

    public PoolId {
        check("region", region);
        check("tier", tier);
    }

    /**
     * Reads what {@link #toString} wrote.
     *
     * @throws TintypeException INVALID_ARGUMENT when it is not "region.tier"
     */
    public static PoolId parse(String text) {
        int dot = text.indexOf('.');
        if (dot < 0) {
            throw new TintypeException(Reason.INVALID_ARGUMENT, "pool '" + text + "' is not of the form region.tier");
        }
        return new PoolId(text.substring(0, dot), text.substring(dot + 1));
    }

    private static void check(String what, String value) {
        if (!LEGAL.matcher(value).matches()) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    what + " '" + value + "' is not 1 to 32 characters out of a-z, 0-9 and '-'");
        }
    }

    @Override
    public int compareTo(PoolId other) {
        int byRegion = region.compareTo(other.region);
        return byRegion != 0 ? byRegion : tier.compareTo(other.tier);
    }

    @Override
    public String toString() {
        return region + "." + tier;
    }
}
