// SPDX-License-Identifier: Apache-2.0
/**
 * Tests of the whole: real processes, reached as people and programs reach them. Every process is started by its test and
 * stopped by its id; ports are the system's choice; what processes say is kept under target/system.
 */
@NullMarked
package io.tintype.tools.system;

import org.jspecify.annotations.NullMarked;
