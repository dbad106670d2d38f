// SPDX-License-Identifier: Apache-2.0
/**
 * gRPC between storage nodes: the service that other nodes call, and the clients that call them. Three connections a
 * pair of nodes (control, log, bulk), so that a heartbeat never waits behind an image.
 *
 * <p>Translates and bounds; decides nothing. What comes from another node is checked here, once, on its way in: cluster
 * and protocol, lengths, checksums, order. What fails is refused with a reason and counted, and changes nothing.
 * Handlers never block: they may run on the transport's own threads.
 */
@NullMarked
package io.tintype.storage.peer;

import org.jspecify.annotations.NullMarked;
