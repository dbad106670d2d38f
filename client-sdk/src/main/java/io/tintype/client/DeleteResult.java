// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.Version;

/**
 * What a removal did. Immutable.
 *
 * @param existed whether there was a blob to remove
 * @param version the version that the removal took
 * @param session the point in history; the client's own session has noted it
 */
public record DeleteResult(boolean existed, Version version, SessionToken session) {}
