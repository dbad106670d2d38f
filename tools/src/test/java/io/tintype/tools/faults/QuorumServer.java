// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import org.apache.zookeeper.server.quorum.QuorumPeerMain;

/** One server of a ZooKeeper ensemble, which ends with its standard input. */
final class QuorumServer {
    private QuorumServer() {}

    /** Runs until told to stop; the argument is the configuration file. */
    public static void main(String[] arguments) {
        var watch = new Thread(QuorumServer::endWithStandardInput, "standard input");
        watch.setDaemon(true);
        watch.start();
        QuorumPeerMain.main(arguments);
    }

    private static void endWithStandardInput() {
        try {
            while (System.in.read() >= 0) {
                // Nobody says anything; it is the end that counts.
            }
        } catch (IOException e) {
            // The same as the end.
        }
        Runtime.getRuntime().halt(0);
    }
}
