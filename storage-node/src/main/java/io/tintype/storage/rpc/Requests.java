// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.proto.internal.v1.VersionStamp;
import io.tintype.proto.v1.BlobVersion;
import io.tintype.proto.v1.Condition;
import io.tintype.wire.Wire;
import java.nio.charset.StandardCharsets;

/** Checks of request fields that several calls share. Pure; every refusal names the field. */
final class Requests {
    /** A precondition that always holds. */
    static final Precondition NO_CONDITION = Precondition.getDefaultInstance();

    private Requests() {}

    /** A condition as the log keeps it. */
    static Precondition precondition(Condition condition) {
        Wire.checkCondition(condition);
        return condition.hasAbsent()
                ? Precondition.newBuilder().setAbsent(true).build()
                : Precondition.newBuilder()
                        .setVersion(stamp(version("condition.version", condition.getVersion())))
                        .build();
    }

    /** A removal's condition: there is no use in removing what must not be there. */
    static Precondition removalCondition(Condition condition) {
        if (condition.hasAbsent()) {
            throw invalid("condition.absent makes no sense for a removal; name the version to remove instead");
        }
        return precondition(condition);
    }

    /** A version that names one. */
    static Version version(String field, BlobVersion version) {
        if (version.getNumber() == 0) {
            throw invalid(field + ".number is 0, which no version has; leave " + field + " out for no condition");
        }
        return Wire.version(version);
    }

    /** A version as it is stored. */
    static VersionStamp stamp(Version version) {
        return VersionStamp.newBuilder()
                .setNumber(version.number())
                .setNonce(version.nonce())
                .build();
    }

    /** A stored version. */
    static Version version(VersionStamp stamp) {
        return new Version(stamp.getNumber(), stamp.getNonce());
    }

    /** A page size with its default filled in. */
    static int pageSize(int asked) {
        if (asked < 0 || asked > Limits.MAX_PAGE_SIZE) {
            throw invalid("page_size is " + Integer.toUnsignedString(asked) + "; give 1 to " + Limits.MAX_PAGE_SIZE
                    + ", or 0 for the default");
        }
        return asked == 0 ? Limits.MAX_PAGE_SIZE : asked;
    }

    /** Refuses text that is too long or has a NUL, which no name has. */
    static void checkText(String field, String text, int maxBytes) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > maxBytes) {
            throw invalid(field + " has " + bytes + " bytes of UTF-8; at most " + maxBytes + " are allowed");
        }
        if (text.indexOf(0) >= 0) {
            throw invalid(field + " has a NUL, which no name can have; leave it out");
        }
    }

    static TintypeException invalid(String message) {
        return new TintypeException(Reason.INVALID_ARGUMENT, message);
    }
}
