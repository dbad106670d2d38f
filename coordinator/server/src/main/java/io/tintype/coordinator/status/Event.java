// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.status;

/**
 * Something that happened to the cluster. Immutable.
 *
 * @param atMs when this coordinator learnt of it, in milliseconds since 1970
 * @param text what happened, for people
 */
public record Event(long atMs, String text) {}
