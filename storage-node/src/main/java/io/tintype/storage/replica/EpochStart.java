// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * Where an epoch begins in a log. Immutable.
 *
 * @param epoch the epoch, from 1
 * @param seq its first record
 */
public record EpochStart(long epoch, long seq) {
    public EpochStart {
        if (epoch <= 0 || seq <= 0) {
            throw new IllegalArgumentException("epoch " + epoch + " cannot begin at record " + seq);
        }
    }

    @Override
    public String toString() {
        return epoch + "@" + seq;
    }
}
