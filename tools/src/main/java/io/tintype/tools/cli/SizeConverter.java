// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import java.util.Locale;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads sizes such as {@code 500}, {@code 64k}, {@code 10m}, {@code 2g}, {@code 1t}, in powers of 1024. Stateless. */
final class SizeConverter implements ITypeConverter<Long> {
    private static final Pattern SHAPE = Pattern.compile("(\\d{1,15})([kmgt]?)");
    private static final String UNITS = "kmgt";
    private static final int BITS_A_UNIT = 10;

    @Override
    public Long convert(String text) {
        var matcher = SHAPE.matcher(text.toLowerCase(Locale.ROOT));
        if (matcher.matches()) {
            int shift = (UNITS.indexOf(matcher.group(2)) + 1) * BITS_A_UNIT;
            long number = Long.parseLong(matcher.group(1));
            if (matcher.group(2).isEmpty()) {
                return number;
            }
            if (number <= Long.MAX_VALUE >> shift) {
                return number << shift;
            }
        }
        throw new TypeConversionException(
                "'" + text + "' is no size; give bytes, or a number with k, m, g or t: 500, 64k, 10m, 2g, 1t");
    }
}
