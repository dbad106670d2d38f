// SPDX-License-Identifier: Apache-2.0
/**
 * The replicated log of one shard on one disk: how a record is written down, and which records there are.
 *
 * <p>Knows neither what payloads mean nor who else holds the log.
 */
@NullMarked
package io.tintype.storage.log;

import org.jspecify.annotations.NullMarked;
