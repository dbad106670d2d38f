// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.util.Arrays;
import java.util.Locale;

/**
 * How large blobs are: maps a probability to a size through stated quantiles.
 *
 * <p>Between two quantiles the logarithm of the size is linear in the logarithm of the share of larger blobs, which is a
 * stretch of a Pareto distribution: sizes of files and photographs have tails of that kind (M. Crovella and A. Bestavros,
 * "Self-Similarity in World Wide Web Traffic", 1997). Immutable.
 */
final class SizeMix {
    /**
     * As served by a large photo CDN: p25 2.8 KB, p50 13.3 KB, p75 41 KB, p90 78 KB, p99 274 KB, p99.9 827 KB, from 256
     * bytes to 4 MB; the mean comes to 32 KB.
     */
    static final SizeMix PHOTO_CDN =
            new SizeMix("photo-cdn", new double[] {0, 0.25, 0.50, 0.75, 0.90, 0.99, 0.999, 0.99999}, new double[] {
                256, 2_800, 13_300, 41_000, 78_000, 274_000, 827_000, 4_000_000
            });

    private final String name;
    private final double[] probabilities;
    private final double[] sizes;

    private SizeMix(String name, double[] probabilities, double[] sizes) {
        this.name = name;
        this.probabilities = probabilities;
        this.sizes = sizes;
    }

    /** Every blob of the same size. */
    static SizeMix fixed(int bytes) {
        return new SizeMix(Integer.toString(bytes), new double[] {0}, new double[] {bytes});
    }

    /**
     * Reads {@code photo-cdn}, or one size such as {@code 4096}, {@code 64k}, {@code 1m}.
     *
     * @throws IllegalArgumentException saying what may be given
     */
    static SizeMix parse(String text) {
        if (text.equals(PHOTO_CDN.name)) {
            return PHOTO_CDN;
        }
        var digits = text.toLowerCase(Locale.ROOT);
        int shift = digits.endsWith("k") ? 10 : digits.endsWith("m") ? 20 : 0;
        try {
            long bytes = Long.parseLong(shift == 0 ? digits : digits.substring(0, digits.length() - 1)) << shift;
            if (bytes >= 1 && bytes <= Payload.MAX_BYTES) {
                return fixed((int) bytes);
            }
        } catch (NumberFormatException e) {
            // Answered below, like a number out of range.
        }
        throw new IllegalArgumentException("size '" + text + "' is neither photo-cdn nor 1 to "
                + (Payload.MAX_BYTES >> 20) + "m bytes, such as 4096, 64k or 1m");
    }

    /** The size below which a share of the blobs lies; {@code probability} from 0 to below 1. */
    int size(double probability) {
        int found = Arrays.binarySearch(probabilities, probability);
        int lower = found >= 0 ? found : -found - 2;
        if (lower >= sizes.length - 1) {
            return (int) sizes[sizes.length - 1];
        }
        double from = Math.log1p(-probabilities[lower]);
        double to = Math.log1p(-probabilities[lower + 1]);
        double share = (Math.log1p(-probability) - from) / (to - from);
        return (int) Math.round(sizes[lower] * Math.pow(sizes[lower + 1] / sizes[lower], share));
    }

    @Override
    public String toString() {
        return name;
    }
}
