// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import com.google.protobuf.ByteString;

/**
 * A record and the bytes it is written as, which are the same on every replica. Immutable; made by {@link LogCodec}.
 *
 * @param record the record
 * @param encoded its bytes on disk and on the wire
 */
public record LogEntry(LogRecord record, ByteString encoded) {}
