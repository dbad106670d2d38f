// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What a coordinator does. Any number of coordinators may have any of the roles. */
public enum Role {
    /** Takes changes and passes them on. */
    UPLOAD,
    /** Serves reads. */
    RETRIEVAL,
    /** Serves operators, and competes to be the controller. */
    CONTROL;

    /** All of them: what a coordinator does unless told otherwise. */
    public static Set<Role> all() {
        return EnumSet.allOf(Role.class);
    }

    /**
     * Reads one role by its name in lower case.
     *
     * @throws IllegalArgumentException naming the roles there are
     */
    @JsonCreator
    public static Role of(String name) {
        return Arrays.stream(values())
                .filter(role -> role.text().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no role '" + name + "'. Roles are "
                        + Arrays.stream(values()).map(Role::text).collect(Collectors.joining(", ")) + "."));
    }

    /** The name in lower case. */
    @JsonValue
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
