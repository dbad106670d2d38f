// SPDX-License-Identifier: Apache-2.0
/**
 * The services a storage node answers: {@code BlobUpload} and {@code BlobRetrieval} for everybody, {@code Directory} for
 * its peers.
 *
 * <p>Thin: check, hand to the shard, encode. Decisions about versions, conditions and ownership are the shard's ({@code
 * io.tintype.storage.blob}); who leads and how fresh an answer is, {@code io.tintype.storage.shard}'s. What is decided here
 * is only how many bytes a transfer may hold, and when. Netty's threads come in here and never wait: what reads the disk
 * runs on {@link io.tintype.storage.rpc.ReaderPool}.
 */
@NullMarked
package io.tintype.storage.rpc;

import org.jspecify.annotations.NullMarked;
