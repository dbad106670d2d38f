// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.ByteRange;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads ranges as HTTP writes them: {@code 0-99} is the first 100 bytes, {@code 100-} the rest. Stateless. */
final class RangeConverter implements ITypeConverter<ByteRange> {
    private static final Pattern SHAPE = Pattern.compile("(\\d{1,18})-(\\d{1,18})?");

    @Override
    public ByteRange convert(String text) {
        var matcher = SHAPE.matcher(text);
        if (!matcher.matches()) {
            throw new TypeConversionException("'" + text + "' is no range; give FIRST-LAST, such as 0-99, or 100-");
        }
        long first = Long.parseLong(matcher.group(1));
        var last = matcher.group(2);
        if (last == null) {
            return ByteRange.from(first);
        }
        long length = Long.parseLong(last) - first + 1;
        if (length < 1) {
            throw new TypeConversionException("'" + text + "' ends before it begins");
        }
        return ByteRange.of(first, length);
    }
}
