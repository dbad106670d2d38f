// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import io.tintype.cluster.config.Meaning;
import java.time.Duration;
import java.util.List;

/** A memcached that all coordinators share. Immutable. */
public record MemcachedSettings(
        @Meaning(
                "Servers, as host or host:port (11211), which share the images among themselves; none: it is not used.")
        List<String> servers,

        @Meaning("Region the servers stand in; images of users of this region's pools alone go there. Empty: region.")
        String region,

        @Meaning("How long an answer may take, 5 ms to 5 s; what takes longer is read elsewhere.")
        Duration timeout,

        @Meaning("Largest value the servers take (their option -I), less 1 KiB; 64 KiB to 2 MiB.")
        long maxValueBytes) {
    /** None. */
    public static final MemcachedSettings NONE =
            new MemcachedSettings(List.of(), "", Duration.ofMillis(50), (1 << 20) - (1 << 10));

    /** Most servers. */
    public static final int MOST_SERVERS = 64;

    private static final int PORT = 11_211;

    public MemcachedSettings {
        servers = List.copyOf(servers);
        require(servers.size() <= MOST_SERVERS, "servers", servers.size() + " servers", "at most " + MOST_SERVERS);
        for (var server : servers) {
            require(isAddress(server), "servers", server, "host or host:port");
        }
        require(timeout.toMillis() >= 5 && timeout.toMillis() <= 5_000, "timeout", timeout.toString(), "5 ms to 5 s");
        require(
                maxValueBytes >= 64 << 10 && maxValueBytes <= 2 << 20,
                "maxValueBytes",
                Long.toString(maxValueBytes),
                "64KiB to 2MiB");
    }

    private static boolean isAddress(String text) {
        try {
            var address = HostAndPort.fromString(text);
            String host = address.getHost();
            boolean named = !host.isBlank() && !host.contains(":");
            return (named || InetAddresses.isInetAddress(host)) && address.getPortOrDefault(PORT) > 0;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The servers' addresses. */
    List<HostAndPort> addresses() {
        return servers.stream()
                .map(server -> HostAndPort.fromString(server).withDefaultPort(PORT))
                .toList();
    }

    /** Whether there is any. */
    public boolean enabled() {
        return !servers.isEmpty();
    }

    /** The region the servers stand in, given that of the coordinator. */
    public String regionOr(String own) {
        return region.isEmpty() ? own : region;
    }

    private static void require(boolean holds, String setting, String value, String wanted) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "Setting cache.memcached." + setting + " is '" + value + "'; it must be " + wanted + ".");
        }
    }
}
