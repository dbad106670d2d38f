// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

/** What a fault needs of the machine, or of how nodes were started. */
enum Need {
    /** A disk of its own for each node. */
    DISKS,
    /** Nodes in which an fsync can be made to fail, or held back. */
    FSYNC_ERRORS,
    /** Nodes whose clocks can be set. */
    CLOCKS
}
