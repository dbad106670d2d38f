// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.wire.Wire;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * What a message of the contract says that it is about, by the names of fields which all of them share. Immutable.
 *
 * @param about user, name and shard, for people; empty: it names none
 * @param request its id; null: it has none
 */
record RequestFacts(String about, @Nullable RequestId request) {
    static final RequestFacts NONE = new RequestFacts("", null);

    /** Begins uploads; it names what the message around it does not. */
    private static final String HEADER = "header";

    /** Of a message, or the header in it. */
    static RequestFacts of(Message message) {
        var header = message.getDescriptorForType().findFieldByName(HEADER);
        var said =
                header != null && header.getJavaType() == FieldDescriptor.JavaType.MESSAGE && message.hasField(header)
                        ? (Message) message.getField(header)
                        : message;
        var about = new StringJoiner(", ");
        add(about, said, "user", "user ");
        add(about, said, "name", "blob ");
        add(about, said, "prefix", "names from ");
        add(about, said, "shard", "shard ");
        return new RequestFacts(about.toString(), id(said));
    }

    private static void add(StringJoiner about, Message message, String name, String word) {
        var value = value(message, name);
        if (value != null) {
            about.add(word + value);
        }
    }

    private static @Nullable RequestId id(Message message) {
        if (value(message, "request_id") instanceof ByteString bytes) {
            try {
                return Wire.requestId(bytes);
            } catch (TintypeException notOne) {
                return null;
            }
        }
        return null;
    }

    /** What a plain field holds; null: there is no such field, or what is in it is nothing. */
    private static @Nullable Object value(Message message, String name) {
        var field = message.getDescriptorForType().findFieldByName(name);
        if (field == null || field.isRepeated() || field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
            return null;
        }
        var value = message.getField(field);
        return value.equals(field.getDefaultValue()) ? null : value;
    }
}
