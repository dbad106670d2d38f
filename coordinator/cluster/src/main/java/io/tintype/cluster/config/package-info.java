// SPDX-License-Identifier: Apache-2.0
/**
 * Settings files: YAML into records, with every unknown key refused.
 */
@NullMarked
package io.tintype.cluster.config;

import org.jspecify.annotations.NullMarked;
