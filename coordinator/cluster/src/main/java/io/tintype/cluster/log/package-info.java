// SPDX-License-Identifier: Apache-2.0
/** What servers write into their logs about requests: those that failed by a bug, and those that were slow. */
@NullMarked
package io.tintype.cluster.log;

import org.jspecify.annotations.NullMarked;
