// SPDX-License-Identifier: Apache-2.0
/**
 * How the command line talks to people and to programs: exit codes, tables, JSON, progress bars, error texts.
 *
 * <p>Knows nothing of clusters: what is shown comes from the commands. Must not open connections or files.
 */
@NullMarked
package io.tintype.tools.console;

import org.jspecify.annotations.NullMarked;
