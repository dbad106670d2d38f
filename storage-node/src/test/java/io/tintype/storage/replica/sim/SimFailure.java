// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

/** An invariant does not hold. */
final class SimFailure extends AssertionError {
    private static final long serialVersionUID = 1;

    SimFailure(String message) {
        super(message);
    }
}
