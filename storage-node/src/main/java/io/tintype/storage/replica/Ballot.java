// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * The question in front of an election: would you agree? Immutable.
 *
 * @param candidate who wants to be elected
 * @param epoch the epoch of the configuration it goes by; it wants the next one
 * @param round counts the candidate's rounds; the answer repeats it
 */
public record Ballot(Member candidate, long epoch, long round) {}
