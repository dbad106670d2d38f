// SPDX-License-Identifier: Apache-2.0
/** What servers write into their logs about requests. Knows nothing of what requests are about. */
@NullMarked
package io.tintype.cluster.log;

import org.jspecify.annotations.NullMarked;
