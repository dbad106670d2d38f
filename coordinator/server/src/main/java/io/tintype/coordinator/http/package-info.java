// SPDX-License-Identifier: Apache-2.0
/**
 * The plain HTTP interface, over the same gateways as the gRPC services.
 */
@NullMarked
package io.tintype.coordinator.http;

import org.jspecify.annotations.NullMarked;
