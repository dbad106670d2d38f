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
import java.awt.color.ProfileDataException;
import java.awt.image.BufferedImage;
import java.awt.image.ColorConvertOp;
import java.awt.image.WritableRaster;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;

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

    /** Transforms of one profile that are kept for later. */
    private static final int MOST_IDLE = 16;

    private final Cache<ByteString, Optional<Transforms>> kept = Caffeine.newBuilder()
            .maximumWeight(MOST_KEPT)
            .weigher((ByteString profile, Optional<Transforms> transforms) -> profile.size() + WORKED_OUT)
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
        var raster = image.getRaster();
        // How much is seen through is no colour.
        kept.get(UnsafeByteOperations.unsafeWrap(profile), bytes -> Transforms.of(profile))
                .ifPresent(transforms -> transforms.apply(raster.createWritableChild(
                        0, 0, raster.getWidth(), raster.getHeight(), 0, 0, new int[] {0, 1, 2})));
    }

    /** From the colours of one profile. A transform is used by one thread at a time, and keeps what it worked out. */
    private static final class Transforms {
        private final ICC_Profile profile;
        private final Queue<ColorConvertOp> idle = new ArrayBlockingQueue<>(MOST_IDLE);

        private Transforms(ICC_Profile profile) {
            this.profile = profile;
        }

        /** None where it is damaged, of sRGB or of another kind. */
        static Optional<Transforms> of(byte[] bytes) {
            try {
                var profile = ColorProfiles.createProfile(bytes);
                return profile.getColorSpaceType() != ColorSpace.TYPE_RGB || ColorProfiles.isCS_sRGB(profile)
                        ? Optional.empty()
                        : Optional.of(new Transforms(profile));
            } catch (IllegalArgumentException | CMMException | ProfileDataException e) {
                return Optional.empty();
            }
        }

        void apply(WritableRaster colours) {
            var found = idle.poll();
            var transform = found == null
                    ? new ColorConvertOp(new ICC_Profile[] {profile, ICC_Profile.getInstance(ColorSpace.CS_sRGB)}, null)
                    : found;
            try {
                transform.filter(colours, colours);
                var unused = idle.offer(transform);
            } catch (CMMException | ProfileDataException e) {
                // It was well from outside only; what it says cannot be done, and nothing was.
            }
        }
    }
}
