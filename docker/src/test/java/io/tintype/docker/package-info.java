// SPDX-License-Identifier: Apache-2.0
/** Clusters made of containers, from the images that {@code docker/build.sh} builds, used through their published ports. */
@NullMarked
package io.tintype.docker;

import org.jspecify.annotations.NullMarked;
