// SPDX-License-Identifier: Apache-2.0
/**
 * Images in other sizes and formats, made of blobs when they are asked for, on threads and memory of their own. Knows caches
 * and reads, and nothing of HTTP; what decodes images stays in here.
 */
@NullMarked
package io.tintype.coordinator.rendition;

import org.jspecify.annotations.NullMarked;
