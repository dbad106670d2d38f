// SPDX-License-Identifier: Apache-2.0
/**
 * Figures that every server process tells Prometheus: its JVM, its gRPC calls. What a kind of process tells beside them is
 * its own business.
 */
@NullMarked
package io.tintype.cluster.metrics;

import org.jspecify.annotations.NullMarked;
