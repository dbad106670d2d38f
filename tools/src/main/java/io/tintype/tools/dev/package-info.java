// SPDX-License-Identifier: Apache-2.0
/**
 * Runs servers: {@code tintype storage-node} and {@code tintype coordinator} run one, {@code tintype dev} a whole cluster
 * on this machine, in one process or in several.
 *
 * <p>The only package that knows all kinds of servers. What they do is their business; here they are configured, started,
 * watched and stopped.
 */
@NullMarked
package io.tintype.tools.dev;

import org.jspecify.annotations.NullMarked;
