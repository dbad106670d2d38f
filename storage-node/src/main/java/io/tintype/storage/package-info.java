/**
 * The storage node process: replicas of shards, their log, and the RPCs that serve them.
 *
 * <p>Only this module touches RocksDB. It knows no coordinator and no client SDK.
 */
@NullMarked
package io.tintype.storage;

import org.jspecify.annotations.NullMarked;
