// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.config;

import org.jspecify.annotations.Nullable;

/** A settings file cannot be used. The message names the file, the setting, and what would be right. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ConfigException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
