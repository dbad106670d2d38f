// SPDX-License-Identifier: Apache-2.0
/**
 * Traces of a server process: which calls are traced, and how what was traced leaves. What a trace is stands in {@code
 * io.tintype.trace}.
 */
@NullMarked
package io.tintype.cluster.trace;

import org.jspecify.annotations.NullMarked;
