// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/** How a compare-and-set came back. */
public enum CasOutcome {
    /** Written. */
    APPLIED,
    /** Not written by this call: the znode had another version. An earlier try may have written it. */
    BAD_VERSION,
    /** No answer: it may have been written, or may yet be. */
    UNKNOWN
}
