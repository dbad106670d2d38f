/**
 * The command line, the development cluster and the benchmark.
 *
 * <p>Talks to a cluster through the client SDK and the public gRPC services; only the development cluster starts
 * server processes.
 */
@NullMarked
package io.tintype.tools;

import org.jspecify.annotations.NullMarked;
