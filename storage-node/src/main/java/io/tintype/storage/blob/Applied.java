// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.RecordType;

/**
 * A record was applied. Immutable.
 *
 * @param at where the record stands
 * @param type what it was to do
 * @param outcome what came of it; the same on every replica
 */
public record Applied(LogPosition at, RecordType type, Outcome outcome) {}
