// SPDX-License-Identifier: Apache-2.0
/**
 * The commands that use a cluster: blobs, users, shards, nodes and pools. One class a command, thin: options in, one call
 * of the client SDK, a document or a table out.
 *
 * <p>The fields of the documents that {@code --json} prints are part of the contract: they are listed in docs/cli.md and
 * may be added to, not renamed.
 */
@NullMarked
package io.tintype.tools.cli;

import org.jspecify.annotations.NullMarked;
