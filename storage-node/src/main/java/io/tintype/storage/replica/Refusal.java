// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * A message was not taken, and the stream it came on ends. Immutable.
 *
 * @param reason why
 * @param epoch the highest epoch the refuser knows
 */
public record Refusal(RefuseReason reason, long epoch) {}
