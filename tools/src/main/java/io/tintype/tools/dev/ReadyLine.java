// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.tools.console.Json;
import io.tintype.tools.console.OutputOptions;
import java.io.IOException;

/**
 * What a server process says on standard output, once, when it serves: the one line of its {@code --json}. Immutable.
 *
 * @param name what people call it
 * @param pid its process
 * @param address where it serves gRPC
 * @param otherAddress a storage node's address for its peers, a coordinator's for HTTP
 */
record ReadyLine(String name, long pid, String address, String otherAddress) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Says it. */
    void print(OutputOptions output, String otherName) {
        output.out()
                .println(
                        output.isJson()
                                ? Json.line(this)
                                : name + " is ready: gRPC " + address + ", " + otherName + " " + otherAddress
                                        + "; Ctrl-C stops it");
        output.out().flush();
    }

    /** Reads what {@link #print} wrote with {@code --json}. */
    static ReadyLine parse(String line) throws IOException {
        return JSON.readValue(line, ReadyLine.class);
    }
}
