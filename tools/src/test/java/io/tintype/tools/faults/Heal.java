// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

/** The way back from a fault. */
@FunctionalInterface
interface Heal {
    /** Undoes it, as an operator would: starts what was killed, mends what was cut. Called once. */
    void heal() throws Exception;

    /** Looks, when the cluster is whole again, whether it took the fault as it must. */
    default void check() throws Exception {}
}
