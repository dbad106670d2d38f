// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

/**
 * Names a blob. Immutable.
 *
 * @param user the user
 * @param name the blob's name within the user
 */
public record HeadKey(String user, String name) {}
