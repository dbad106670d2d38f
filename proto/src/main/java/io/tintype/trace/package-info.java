// SPDX-License-Identifier: Apache-2.0
/**
 * Which trace the work at hand belongs to: carried from thread to thread by gRPC's own context, from process to process by
 * the header {@code traceparent} of the W3C.
 *
 * <p>Only the vocabulary of traces: nothing here samples, queues or sends. Where nobody traces, all of it does nothing and
 * allocates nothing.
 */
@NullMarked
package io.tintype.trace;

import org.jspecify.annotations.NullMarked;
