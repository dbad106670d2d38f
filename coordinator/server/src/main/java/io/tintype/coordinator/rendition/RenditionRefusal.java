// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;

/** An image of which no rendition can be made: INVALID_ARGUMENT. The image itself can be read as it is. */
public final class RenditionRefusal extends TintypeException {
    private static final long serialVersionUID = 1L;

    private final boolean noImage;

    private RenditionRefusal(String message, boolean noImage) {
        super(Reason.INVALID_ARGUMENT, message);
        this.noImage = noImage;
    }

    static RenditionRefusal noImage() {
        return new RenditionRefusal(
                "The blob is no JPEG, PNG, WebP or GIF image, so no rendition can be made of it. Read it without w, h, fit"
                        + " and format.",
                true);
    }

    static RenditionRefusal damaged(String how) {
        return new RenditionRefusal(
                "No rendition can be made of this image, since it is damaged or cut short: " + how
                        + ". Read it without w, h, fit and format, or store it again.",
                false);
    }

    static RenditionRefusal unread(String kind) {
        return new RenditionRefusal(
                "No rendition can be made of this image: it is " + kind
                        + ", which is not read here. Read it without w, h, fit and format, or store another kind.",
                false);
    }

    static RenditionRefusal tooLarge(String what) {
        return new RenditionRefusal(
                "No rendition can be made of this image: " + what
                        + ". Read it without w, h, fit and format, or store a smaller one.",
                false);
    }

    /** Whether it is no image at all, as against one that cannot be used. */
    public boolean isNoImage() {
        return noImage;
    }
}
