// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

/**
 * Whose data directory it is. Immutable; written once, when the directory is made.
 *
 * @param clusterId the cluster, 32 hex digits
 * @param dataId the directory itself, 32 random hex digits: a wiped directory is another one
 */
public record DiskIdentity(String clusterId, String dataId) {}
