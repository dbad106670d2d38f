// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.model.PoolId;
import io.tintype.model.TintypeException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Pools on the command line: {@code REGION.TIER}. Pure. */
final class Pools {
    private Pools() {}

    /** Reads {@code REGION.TIER}. Stateless. */
    static final class Converter implements ITypeConverter<PoolId> {
        @Override
        public PoolId convert(String text) {
            try {
                return PoolId.parse(text);
            } catch (TintypeException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
