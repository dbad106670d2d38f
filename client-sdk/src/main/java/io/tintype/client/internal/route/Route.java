// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import io.tintype.client.internal.net.Op;
import java.util.Set;

/**
 * What the router must know of a request. Immutable but for the operation it belongs to.
 *
 * @param user whose request it is
 * @param change whether it changes something: then an unknown user is registered, and only the primary may serve it
 * @param followersMayServe whether any replica in sync may answer
 * @param avoid addresses that must not be asked, where there are others
 * @param op the operation
 */
public record Route(String user, boolean change, boolean followersMayServe, Set<String> avoid, Op op) {
    public Route {
        avoid = Set.copyOf(avoid);
    }

    /** A change. */
    public static Route change(String user, Op op) {
        return new Route(user, true, false, Set.of(), op);
    }

    /** A read. */
    public static Route read(String user, boolean followersMayServe, Op op) {
        return new Route(user, false, followersMayServe, Set.of(), op);
    }

    /** The same, by another way than through these addresses. */
    public Route avoiding(Set<String> addresses) {
        return new Route(user, change, followersMayServe, addresses, op);
    }
}
