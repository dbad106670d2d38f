// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

/** What is being loaded. Used by many threads at once; calls block until the outcome is known or throw. */
interface Target extends AutoCloseable {
    /** Stores bytes; returns once they are acknowledged. */
    void put(String user, String name, byte[] bytes);

    /** Reads bytes. */
    byte[] get(String user, String name);

    /** Removes a blob. */
    void delete(String user, String name);

    @Override
    void close();
}
