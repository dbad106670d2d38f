// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.dev.DevFile.DevNode;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DevLockTest {
    @TempDir
    private Path folder;

    @Test
    void oneHolderAtATime() throws Exception {
        var first = DevLock.take(folder);
        assertThatThrownBy(() -> DevLock.take(folder))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("process " + ProcessHandle.current().pid())
                .hasMessageContaining(folder.toString());
        first.close();
        DevLock.take(folder).close();
    }

    @Test
    void aPlaceWhereNothingCanBeWrittenIsNamedWithTheWayOut() throws Exception {
        var file = Files.writeString(folder.resolve("file"), "no directory");
        assertThatThrownBy(() -> DevLock.take(file))
                .isInstanceOf(CommandFailure.class)
                .hasMessage("cannot keep data in " + file + " (" + file
                        + ": exists already); choose another directory with --data");
    }

    @Test
    void aPortInUseIsNamedWithItsPurpose() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var ports = new DevPorts(taken.getLocalPort() - 10);
            assertThatThrownBy(() -> ports.check(1))
                    .isInstanceOf(CommandFailure.class)
                    .hasMessageContaining("port " + taken.getLocalPort() + " (gRPC of node-1)")
                    .hasMessageContaining("--port-base");
        }
        new DevPorts(0).check(3);
    }

    @Test
    void thePlanOfPortsHasNoTwoAlike() {
        var ports = new DevPorts(7400);
        assertThat(List.of(
                        ports.grpc(),
                        ports.node(1),
                        ports.nodePeers(1),
                        ports.node(7),
                        ports.nodePeers(7),
                        ports.http(),
                        ports.zooKeeper()))
                .containsExactly(7400, 7410, 7411, 7470, 7471, 7480, 7490);
    }

    @Test
    void theDescriptionOfARunningClusterIsReadBack() throws Exception {
        var written = new DevFile(
                1,
                true,
                "127.0.0.1:7400",
                "http://127.0.0.1:7480",
                "127.0.0.1:7490",
                2,
                List.of(new DevNode("node-1", "127.0.0.1:7410", "127.0.0.1:7411", 3)));
        written.write(folder);
        assertThat(DevFile.read(folder)).isEqualTo(written);
        assertThat(written.serverPids()).containsExactly(2L, 3L);
        assertThat(written.allPids()).containsExactly(1L, 2L, 3L);
        DevFile.remove(folder);
        assertThatThrownBy(() -> DevFile.read(folder))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("is running");
    }
}
