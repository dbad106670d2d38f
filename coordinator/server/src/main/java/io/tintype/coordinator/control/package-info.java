// SPDX-License-Identifier: Apache-2.0
/**
 * The operator's and the SDKs' view of the cluster, and the controller, which places new shards.
 */
@NullMarked
package io.tintype.coordinator.control;

import org.jspecify.annotations.NullMarked;
