// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

/**
 * A registered user. Immutable.
 *
 * @param user the user
 * @param created true where this very call registered him
 */
public record Registration(UserInfo user, boolean created) {}
