// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import com.twelvemonkeys.imageio.color.ColorProfiles;
import java.awt.color.CMMException;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.ColorConvertOp;
import java.util.Optional;

/**
 * Turns the colours that a profile (ICC.1) gives to an image's numbers into those of sRGB. To work out how takes longer than to
 * do it, and the cameras of the world have few profiles: what was worked out is kept. Thread-safe; takes as long as it takes.
 */
final class SrgbColours {
    /** Bytes of a profile that is regarded: those of cameras and screens have 500 to 4,000, those of printers a million. */
    static final int MOST_PROFILE_BYTES = 4 << 20;

    /** What the profiles that are kept may take together, and each of them apart from its bytes. */
    private static final int MOST_KEPT = 8 << 20;

    private static final int WORKED_OUT = 64 << 10;

    private final Cache<ByteString, Optional<ColorConvertOp>> kept = Caffeine.newBuilder()
            .maximumWeight(MOST_KEPT)
            .weigher((ByteString profile, Optional<ColorConvertOp> op) -> profile.size() + WORKED_OUT)
            .build();

    /**
     * Changes the colours of an image, where they are others than those of sRGB and the profile can be understood; otherwise
     * leaves the image as it is, as browsers do.
     *
     * @param profile which nobody changes; empty: there is none
     */
    void convert(BufferedImage image, byte[] profile) {
        if (profile.length == 0) {
            return;
        }
        var conversion = kept.get(UnsafeByteOperations.unsafeWrap(profile), bytes -> conversion(profile));
        if (conversion.isPresent()) {
            var raster = image.getRaster();
            // How much is seen through is no colour.
            var colours =
                    raster.createWritableChild(0, 0, raster.getWidth(), raster.getHeight(), 0, 0, new int[] {0, 1, 2});
            synchronized (conversion.get()) { // it keeps what it worked out for images whose bytes lie like this
                conversion.get().filter(colours, colours);
            }
        }
    }

    private static Optional<ColorConvertOp> conversion(byte[] bytes) {
        try {
            var profile = ColorProfiles.createProfile(bytes);
            if (profile.getColorSpaceType() != ColorSpace.TYPE_RGB || ColorProfiles.isCS_sRGB(profile)) {
                return Optional.empty();
            }
            var profiles = new ICC_Profile[] {profile, ICC_Profile.getInstance(ColorSpace.CS_sRGB)};
            return Optional.of(new ColorConvertOp(profiles, null));
        } catch (IllegalArgumentException | CMMException e) { // damaged, or of another kind
            return Optional.empty();
        }
    }
}
