// SPDX-License-Identifier: Apache-2.0
/**
 * Settings of processes: records with defaults, over which a YAML file, the environment and the command line are laid. Every
 * unknown name is refused. Start with {@link io.tintype.cluster.config.ConfigSources}.
 */
@NullMarked
package io.tintype.cluster.config;

import org.jspecify.annotations.NullMarked;
