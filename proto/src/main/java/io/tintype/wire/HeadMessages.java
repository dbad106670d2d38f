// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import io.tintype.heads.HeadChange;
import io.tintype.heads.HeadFeed;
import io.tintype.heads.HeadKey;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;

/** Feeds of heads to and from their messages. Stateless and thread-safe. */
public final class HeadMessages {
    private HeadMessages() {}

    /** A change as a message. */
    public static io.tintype.proto.v1.HeadChange change(HeadChange change) {
        var message = io.tintype.proto.v1.HeadChange.newBuilder();
        if (change instanceof HeadChange.OfBlob blob) {
            message.setUser(blob.key().user()).setName(blob.key().name()).setVersion(Wire.version(blob.version()));
        } else if (change instanceof HeadChange.OfUser user) {
            message.setUser(user.user());
        }
        return message.build();
    }

    /** A change from its message. */
    public static HeadChange change(io.tintype.proto.v1.HeadChange message) {
        return message.getName().isEmpty()
                ? new HeadChange.OfUser(message.getUser())
                : new HeadChange.OfBlob(
                        new HeadKey(message.getUser(), message.getName()), Wire.version(message.getVersion()));
    }

    /** What a feed must ask for to go on where it is. */
    public static WatchHeadsRequest goOn(HeadFeed feed) {
        return WatchHeadsRequest.newBuilder()
                .setShard(feed.shard())
                .setEpoch(feed.epoch())
                .setAfterSequence(feed.sequence())
                .build();
    }

    /** Takes a message into a feed; whether it joined on, as {@link HeadFeed#take} says. */
    public static boolean take(HeadFeed feed, WatchHeadsResponse message) {
        return feed.take(
                message.getEpoch(),
                message.getAfterSequence(),
                message.getSequence(),
                message.getChangesList().stream().map(HeadMessages::change).toList());
    }
}
