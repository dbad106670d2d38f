// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.util.function.Predicate;

/**
 * Whose bytes may lie where, by user id. What is not known for certain is not so.
 *
 * @param here on this machine's disk
 * @param inMemcached where the servers of memcached stand
 */
public record Residency(Predicate<String> here, Predicate<String> inMemcached) {
    /** Everyone's anywhere. */
    public static final Residency ANYWHERE = new Residency(user -> true, user -> true);
}
