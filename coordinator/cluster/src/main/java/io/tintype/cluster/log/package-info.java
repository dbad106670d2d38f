// SPDX-License-Identifier: Apache-2.0
/** What servers write into their logs: requests that failed by a bug, those that were slow, and what fails again and again. */
@NullMarked
package io.tintype.cluster.log;

import org.jspecify.annotations.NullMarked;
