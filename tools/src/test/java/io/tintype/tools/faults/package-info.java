// SPDX-License-Identifier: Apache-2.0
/**
 * Real faults against real processes: a cluster whose every connection goes through a relay of ours, what can befall it,
 * clients whose histories are checked, and the ledger of what came out. Nothing here knows the inside of a server.
 */
@NullMarked
package io.tintype.tools.faults;

import org.jspecify.annotations.NullMarked;
