// SPDX-License-Identifier: Apache-2.0
/**
 * gRPC connections to other processes of the cluster, and the limits every server and channel keeps.
 */
@NullMarked
package io.tintype.cluster.channel;

import org.jspecify.annotations.NullMarked;
