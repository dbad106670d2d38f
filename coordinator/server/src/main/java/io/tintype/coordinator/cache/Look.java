// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import java.time.Duration;

/**
 * What was found by looking whether a layer has a piece. Immutable.
 *
 * @param layer the layer's name
 * @param state whether it has it
 * @param at host:port of who was asked, where that is another process; else empty
 * @param ageMs where held: milliseconds since it was put there
 * @param took time until the layer had answered
 */
public record Look(String layer, State state, String at, long ageMs, Duration took) {
    /** Whether a layer has a piece. */
    public enum State {
        /** It has it. */
        HELD,
        /** It does not. */
        NOT_HELD,
        /** It has something else under that name, which a read would drop. */
        DAMAGED,
        /** A read would not ask it now. */
        NOT_ASKED,
        /** It did not answer in the time that it has. */
        UNREACHABLE
    }

    /** Of a layer that holds nothing, for this reason. */
    static Look without(State state, String at) {
        return new Look("", state, at, 0, Duration.ZERO);
    }

    /** Of a layer that has something, which is given back after it was checked. */
    static Look at(PieceSpec spec, Piece piece) {
        try {
            return spec.isMetBy(piece)
                    ? new Look("", State.HELD, "", piece.ageMs(), Duration.ZERO)
                    : without(State.DAMAGED, "");
        } finally {
            piece.release();
        }
    }

    /** The same, by this layer, after so long. */
    Look by(String name, Duration time) {
        return new Look(name, state, at, ageMs, time);
    }

    /** Whether it has it. */
    public boolean isHeld() {
        return state == State.HELD;
    }
}
