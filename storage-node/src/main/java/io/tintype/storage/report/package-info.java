// SPDX-License-Identifier: Apache-2.0
/**
 * What a node tells the controller of itself: the service for that, and how long reads take here. Decides nothing.
 */
@NullMarked
package io.tintype.storage.report;

import org.jspecify.annotations.NullMarked;
