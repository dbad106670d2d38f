// SPDX-License-Identifier: Apache-2.0
/** What tests of the request layer share: nodes that implement the gRPC services in memory and can be told to misbehave. */
@NullMarked
package io.tintype.coordinator.testing;

import org.jspecify.annotations.NullMarked;
