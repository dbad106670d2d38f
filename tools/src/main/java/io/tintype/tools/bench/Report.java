// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that a run tells; the document that {@code --json} prints.
 *
 * @param machine hardware and versions
 * @param durability what an acknowledgement of the cluster meant
 * @param workload what was done
 * @param seconds how long the measured part took
 * @param put the writes
 * @param get the reads
 * @param serverCpuMicrosPerOperation CPU of all server processes; null where they could not be asked
 * @param serverSteadyCpuMicrosPerOperation the same without their JIT compilers
 * @param serverCpuMicrosByThreads by what threads are there for; empty where the operating system does not tell
 * @param clientCpuMicrosPerOperation CPU of this process, making and verifying bytes included
 * @param verifiedBytes bytes read and compared
 * @param wrongReads reads that returned other bytes than they should
 * @param firstWrong the first of them, in words
 * @param failures failed operations, counted by reason
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
record Report(
        Map<String, Object> machine,
        String durability,
        Map<String, Object> workload,
        double seconds,
        Figures put,
        Figures get,
        @Nullable Double serverCpuMicrosPerOperation,
        @Nullable Double serverSteadyCpuMicrosPerOperation,
        Map<String, Double> serverCpuMicrosByThreads,
        double clientCpuMicrosPerOperation,
        long verifiedBytes,
        long wrongReads,
        List<String> firstWrong,
        Map<String, Long> failures) {
    /** The workload as a document. */
    static Map<String, Object> describe(Workload workload) {
        var map = new LinkedHashMap<String, Object>();
        map.put("seed", workload.seed());
        map.put("users", workload.users());
        map.put("keys", workload.keys());
        map.put("sizes", workload.mix().toString());
        map.put("readShare", workload.readShare());
        map.put("zipfExponent", workload.exponent());
        map.put("concurrency", workload.concurrency());
        map.put("maxSeconds", workload.duration().toMillis() / 1e3);
        map.put("maxOperations", workload.operations());
        map.put("ratePerSecond", workload.rate());
        return map;
    }
}
