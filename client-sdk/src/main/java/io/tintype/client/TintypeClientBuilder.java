// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Tracer;
import io.tintype.client.internal.net.ClientSettings;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Settings of a client, each with a default that suits most. For one thread at a time. */
public final class TintypeClientBuilder {
    private List<String> seeds = List.of();
    private ChannelCredentials credentials = InsecureChannelCredentials.create();
    private Duration requestTimeout = Duration.ofSeconds(30);
    private Duration attemptTimeout = Duration.ofSeconds(10);
    private int maxAttempts = 20;
    private Duration firstBackoff = Duration.ofMillis(50);
    private Duration maxBackoff = Duration.ofSeconds(2);
    private long nearCacheBytes;
    private boolean nearCacheLeases = true;
    private int nearCacheMaxBlobBytes = 1 << 20;
    private String region = "";
    private String zone = "";
    private boolean direct = true;
    private @Nullable Duration hedgeReadsAfter;
    private int maxCallsInFlight = 4096;
    private int maxChannels = 256;
    private CallListener listener = report -> {};
    private @Nullable Tracer tracer;

    TintypeClientBuilder() {}

    /** Coordinators as host:port, at least one; any of them will do, more survive the loss of some. */
    public TintypeClientBuilder seeds(String... addresses) {
        return seeds(List.of(addresses));
    }

    /** Coordinators as host:port, at least one; any of them will do, more survive the loss of some. */
    public TintypeClientBuilder seeds(List<String> addresses) {
        seeds = List.copyOf(addresses);
        return this;
    }

    /** How to prove and check identity; plaintext by default. {@code TlsChannelCredentials} gives TLS. */
    public TintypeClientBuilder credentials(ChannelCredentials proof) {
        credentials = proof;
        return this;
    }

    /**
     * For how long an operation may go on without progress, retries included; 30 s by default. Calls that move no bytes have
     * this in all, unless their options say otherwise.
     */
    public TintypeClientBuilder requestTimeout(Duration limit) {
        requestTimeout = positive("requestTimeout", limit);
        return this;
    }

    /** For how long one try may go on without a sign of life before another is made; 10 s by default. */
    public TintypeClientBuilder attemptTimeout(Duration limit) {
        attemptTimeout = positive("attemptTimeout", limit);
        return this;
    }

    /** Most tries of an operation, 1 or more; 20 by default. */
    public TintypeClientBuilder maxAttempts(int attempts) {
        maxAttempts = atLeast("maxAttempts", 1, attempts);
        return this;
    }

    /** Wait before the second try, and longest wait; 50 ms and 2 s by default. Waits double, and vary by half. */
    public TintypeClientBuilder backoff(Duration first, Duration longest) {
        firstBackoff = positive("first backoff", first);
        maxBackoff = positive("longest backoff", longest);
        if (first.compareTo(longest) > 0) {
            throw new IllegalArgumentException("first backoff " + first + " is longer than the longest, " + longest);
        }
        return this;
    }

    /**
     * Memory for blobs that were read; 0, the default, is off. Reads stay as fresh as before. A linearizable or near read
     * asks the cluster whether the version held is still the current one, and only the bytes are spared; the other kinds ask
     * nobody while a lease runs that is as fresh as they demand ({@link #nearCacheLeases}).
     */
    public TintypeClientBuilder nearCacheBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("nearCacheBytes is " + bytes);
        }
        nearCacheBytes = bytes;
        return this;
    }

    /**
     * Whether the near cache answers session, bounded-staleness and exact reads without asking the cluster, up to 5 s after it
     * last did; as by default. False: every read asks.
     */
    public TintypeClientBuilder nearCacheLeases(boolean trusted) {
        nearCacheLeases = trusted;
        return this;
    }

    /** Largest blob that the near cache keeps; 1 MiB by default. */
    public TintypeClientBuilder nearCacheMaxBlobBytes(int bytes) {
        nearCacheMaxBlobBytes = atLeast("nearCacheMaxBlobBytes", 0, bytes);
        return this;
    }

    /** Where this process stands, so that reads which any replica may answer go to a near one. */
    public TintypeClientBuilder location(String ownRegion, String ownZone) {
        region = ownRegion;
        zone = ownZone;
        return this;
    }

    /** Whether requests go straight to storage nodes, as by default; false: all go through coordinators. */
    public TintypeClientBuilder direct(boolean straight) {
        direct = straight;
        return this;
    }

    /**
     * After which wait for a read's first byte to ask a second server too; off by default. Choose about the 95th percentile
     * of your reads' latency: then one read in twenty costs twice and the slowest become faster.
     */
    public TintypeClientBuilder hedgeReadsAfter(Duration wait) {
        hedgeReadsAfter = positive("hedgeReadsAfter", wait);
        return this;
    }

    /** Most operations at once, open streams included; 4096 by default. More are refused with OVERLOADED. */
    public TintypeClientBuilder maxCallsInFlight(int calls) {
        maxCallsInFlight = atLeast("maxCallsInFlight", 1, calls);
        return this;
    }

    /** Most connections kept, one a server; 256 by default. Idle ones are let go after 10 minutes. */
    public TintypeClientBuilder maxChannels(int channels) {
        maxChannels = atLeast("maxChannels", 1, channels);
        return this;
    }

    /** Who hears of every operation, for metrics. */
    public TintypeClientBuilder listener(CallListener hearer) {
        listener = hearer;
        return this;
    }

    /**
     * Where traces of operations go; nowhere by default. Each is part of the trace that is current in OpenTelemetry's context
     * when it begins, and goes on in the cluster's processes where those trace too ({@code tracing.endpoint}).
     */
    public TintypeClientBuilder openTelemetry(OpenTelemetry telemetry) {
        tracer = telemetry.getTracer("io.tintype.client");
        return this;
    }

    /**
     * Makes the client. Does not connect: the first call does.
     *
     * @throws IllegalArgumentException where no seed is given
     */
    public TintypeClient build() {
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("no seeds; give at least one coordinator as host:port");
        }
        seeds.forEach(TintypeClientBuilder::checkAddress);
        var settings = new ClientSettings(
                seeds,
                new ClientSettings.Retry(maxAttempts, firstBackoff, maxBackoff),
                requestTimeout,
                attemptTimeout,
                new ClientSettings.Routing(direct, region, zone, hedgeReadsAfter),
                new ClientSettings.Channels(credentials, maxChannels),
                maxCallsInFlight);
        var caching = new NearCacheSettings(nearCacheBytes, nearCacheMaxBlobBytes, nearCacheLeases);
        return new TintypeClient(new TintypeAsyncClient(settings, caching, listener, tracer));
    }

    private static void checkAddress(String address) {
        int colon = address.lastIndexOf(':');
        if (colon < 1 || !address.substring(colon + 1).matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException("'" + address + "' is not of the form host:port");
        }
    }

    private static Duration positive(String what, Duration value) {
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException(what + " is " + value + "; give more than zero");
        }
        return value;
    }

    private static int atLeast(String what, int least, int value) {
        if (value < least) {
            throw new IllegalArgumentException(what + " is " + value + "; give at least " + least);
        }
        return value;
    }
}
