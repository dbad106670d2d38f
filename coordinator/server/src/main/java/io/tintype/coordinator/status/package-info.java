// SPDX-License-Identifier: Apache-2.0
/**
 * What a coordinator tells people about the cluster at a glance: whether data is safe, what is missing, what happened. Values
 * and pure functions of the map; the page itself is a resource. Serving it is the business of {@code http}.
 */
@NullMarked
package io.tintype.coordinator.status;

import org.jspecify.annotations.NullMarked;
