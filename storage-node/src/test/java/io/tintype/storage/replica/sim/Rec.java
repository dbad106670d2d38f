// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

/**
 * A record of a simulated log.
 *
 * @param epoch its epoch
 * @param value what it says; each append says something else
 */
record Rec(long epoch, long value) {}
