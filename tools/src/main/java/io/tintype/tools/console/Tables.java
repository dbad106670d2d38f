// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.util.List;
import java.util.stream.Collectors;

/** Plain tables: headings, no borders. Pure. */
public final class Tables {
    private Tables() {}

    /**
     * Renders a table.
     *
     * @param columns headings; one that ends in {@code >} stands, without it, over a column aligned to the right
     * @param rows as many cells as there are columns
     */
    public static String render(List<String> columns, List<List<String>> rows) {
        Column[] specs = columns.stream().map(Tables::column).toArray(Column[]::new);
        Object[][] cells = rows.stream().map(row -> row.toArray(Object[]::new)).toArray(Object[][]::new);
        return AsciiTable.getTable(AsciiTable.NO_BORDERS, specs, cells)
                .lines()
                .map(line -> line.startsWith(" ") ? line.substring(1).stripTrailing() : line.stripTrailing())
                .collect(Collectors.joining(System.lineSeparator()));
    }

    private static Column column(String heading) {
        boolean right = heading.endsWith(">");
        var align = right ? HorizontalAlign.RIGHT : HorizontalAlign.LEFT;
        return new Column()
                .header(right ? heading.substring(0, heading.length() - 1) : heading)
                .headerAlign(align)
                .dataAlign(align)
                .maxWidth(Integer.MAX_VALUE);
    }
}
