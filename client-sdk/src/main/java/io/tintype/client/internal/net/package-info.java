// SPDX-License-Identifier: Apache-2.0
/**
 * Calls and what they run on: channels, threads, deadlines, retries, and the coordinators given as seeds.
 *
 * <p>Knows nothing of users, shards or blobs.
 */
@NullMarked
package io.tintype.client.internal.net;

import org.jspecify.annotations.NullMarked;
