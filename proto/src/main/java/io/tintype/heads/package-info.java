// SPDX-License-Identifier: Apache-2.0
/**
 * Which version of a name is current, remembered for a bounded time: head leases, version floors, and the feed that ends
 * leases early. The rules of coherence that every cache outside the storage nodes obeys, in one place.
 *
 * <p>Bytes of a version never change, so caches of bytes need none of this: they ask here which version is current. Nothing
 * here does I/O or starts a thread; time comes from outside, in nanoseconds of a clock that never goes back.
 *
 * <h2>How a cache uses it</h2>
 *
 * <ol>
 *   <li>{@link io.tintype.heads.HeadCache#find} with the earliest moment the reader puts up with. A hit needs no network.
 *   <li>On a miss {@link io.tintype.heads.HeadCache#begin} <b>before</b> the request is sent: the lease counts from there.
 *   <li>When the answer is there {@link io.tintype.heads.HeadCache.Fill#found} or {@link
 *       io.tintype.heads.HeadCache.Fill#absent}, with the age that the server gave the answer (0 where it is not stale).
 *   <li>Every acknowledged change made here: {@link io.tintype.heads.HeadCache#changed}.
 *   <li>For each shard of interest one {@code WatchHeads} stream, whose messages go to a {@link io.tintype.heads.HeadFeed}.
 *       Without a feed everything holds just the same, but leases end only by time.
 * </ol>
 */
@NullMarked
package io.tintype.heads;

import org.jspecify.annotations.NullMarked;
