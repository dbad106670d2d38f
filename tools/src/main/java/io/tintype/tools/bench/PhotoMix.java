// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.util.SplittableRandom;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/** The photo mix of {@code tintype bench}, for loads of other kinds. Stateless. */
public final class PhotoMix {
    private PhotoMix() {}

    /** Sizes of so many photos; the same seed makes the same. */
    public static int[] sizes(int count, long seed) {
        var random = new SplittableRandom(seed);
        return IntStream.range(0, count)
                .map(i -> SizeMix.PHOTO_CDN.size(random.nextDouble()))
                .toArray();
    }

    /** Draws among so many photos, unevenly popular by {@link Zipf}. */
    public static ToIntFunction<SplittableRandom> zipf(int count, double exponent) {
        var zipf = new Zipf(count, exponent);
        return random -> zipf.rank(random.nextDouble());
    }
}
