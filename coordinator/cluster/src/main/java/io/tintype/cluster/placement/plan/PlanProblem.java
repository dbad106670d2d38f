// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

/**
 * Something that should be moved and cannot be. Immutable.
 *
 * @param what what is wrong, for people
 * @param fix what would help
 * @param missingBytes bytes of room that are missing; 0: room is not what is missing
 * @param blocking whether a node that is to be drained would keep something
 */
public record PlanProblem(String what, String fix, long missingBytes, boolean blocking) {
    @Override
    public String toString() {
        return what + " " + fix;
    }
}
