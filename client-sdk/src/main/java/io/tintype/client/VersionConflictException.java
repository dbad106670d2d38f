// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import java.util.Optional;

/** The condition on the current version does not hold: VERSION_CONFLICT. Nothing was changed. */
public final class VersionConflictException extends TintypeException {
    VersionConflictException(TintypeException cause) {
        super(
                cause.reason(),
                String.valueOf(cause.getMessage()),
                cause.details(),
                cause.retryAfter().orElse(null),
                cause);
    }

    /** The version there is; empty: there is no blob of that name. */
    public Optional<Version> current() {
        return Optional.ofNullable(details().get(CURRENT_VERSION)).flatMap(Version::parseEtag);
    }
}
