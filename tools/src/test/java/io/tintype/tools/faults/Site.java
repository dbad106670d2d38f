// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.util.List;

/**
 * A process of the cluster, or the clients. Immutable.
 *
 * @param name what its log and the ledger call it
 * @param number its own octet in the addresses of the network, 1 to 250
 * @param ports that others may connect to
 */
record Site(String name, int number, List<Integer> ports) {
    Site {
        ports = List.copyOf(ports);
    }

    /** By what others know it; each process finds another address behind it. */
    String host() {
        return name + ".test";
    }

    /** What it tells others: its name and one of its ports. */
    String at(int index) {
        return host() + ":" + ports.get(index);
    }

    @Override
    public String toString() {
        return name;
    }
}
