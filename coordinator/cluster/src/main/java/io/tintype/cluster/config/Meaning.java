// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a setting does, in a sentence that {@code tintype config explain} prints: its range, and what its special values
 * mean. Stands at each component of a settings record that is no record itself.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Meaning {
    /** The sentence. */
    String value();
}
