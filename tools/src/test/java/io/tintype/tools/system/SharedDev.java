// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Hands one running {@link Dev} to all tests of this run that ask for it; it is stopped when the run ends. */
final class SharedDev implements ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(SharedDev.class);

    /** Stops it after the last test of the run. */
    private record Held(Dev dev) implements AutoCloseable {
        @Override
        public void close() {
            dev.close();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Dev.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(Held.class, key -> start(), Held.class)
                .dev();
    }

    private static Held start() {
        try {
            return new Held(Dev.start(Dev.folder("shared-" + System.getProperty("test.fork", "alone"))
                    .resolve("data")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
