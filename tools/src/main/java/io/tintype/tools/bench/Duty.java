// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.util.List;

/** What a thread of a server is there for, as far as the operating system's name of it tells. */
enum Duty {
    /** Turns bytecode into machine code: busy while a server is young, and hardly ever later. */
    COMPILER("JIT compilers", List.of("C1 Comp", "C2 Comp")),
    /** Collects garbage, and keeps the JVM's house otherwise. */
    COLLECTOR(
            "garbage collector",
            List.of("GC Thread", "G1 ", "VM Thread", "VM Periodic", "Reference Handl", "Finalizer", "Monitor Defl")),
    /** Moves messages, and runs what is called from there. */
    NETWORK("network", List.of("grpc-")),
    /** Serves HTTP. */
    HTTP("HTTP", List.of("http", "qtp")),
    /** Reads the disk for calls. */
    READERS("readers", List.of("reader-")),
    /** Runs the replicas. */
    LOOPS("shard loops", List.of("tintype-shard-l")),
    /** Makes committed records take effect. */
    APPLY("apply", List.of("tintype-shard-a")),
    /** Makes writes durable. */
    COMMITTER("committer", List.of("tintype-committ")),
    /** Looks for chunks, reads for followers. */
    IO("shard io", List.of("tintype-shard-i")),
    /** RocksDB's flushes and compactions. */
    ROCKSDB("RocksDB background", List.of("rocksdb:")),
    /** All others, and threads that ended. */
    OTHER("other", List.of());

    private final String label;

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<String> prefixes;

    Duty(String label, List<String> prefixes) {
        this.label = label;
        this.prefixes = prefixes;
    }

    /** What people call it. */
    String label() {
        return label;
    }

    /** By the name of a thread, of which Linux keeps 15 characters. */
    static Duty of(String threadName) {
        for (var duty : values()) {
            if (duty.prefixes.stream().anyMatch(threadName::startsWith)) {
                return duty;
            }
        }
        return OTHER;
    }
}
