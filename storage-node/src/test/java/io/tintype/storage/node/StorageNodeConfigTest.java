// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.config.ConfigFiles;
import org.junit.jupiter.api.Test;

final class StorageNodeConfigTest {
    @Test
    void otherPortsLeaveTheAddressThatOthersAreToldAsItWas() throws Exception {
        var file = "listen: {host: 0.0.0.0, port: 7410, advertisedHost: node-1.example.org}";
        var config = ConfigFiles.parse(file, "storage-node.yaml", StorageNodeConfig.defaults());

        var moved = config.withListen("127.0.0.1", 7510, 7511).listen();

        assertThat(moved.advertised(moved.port())).isEqualTo("node-1.example.org:7510");
        assertThat(moved.host()).isEqualTo("127.0.0.1");
    }

    @Test
    void aNodeWithoutAnotherAddressIsReachedWhereItListens() throws Exception {
        var listen =
                StorageNodeConfig.defaults().withListen("127.0.0.2", 7510, 7511).listen();

        assertThat(listen.advertised(7510)).isEqualTo("127.0.0.2:7510");
    }
}
