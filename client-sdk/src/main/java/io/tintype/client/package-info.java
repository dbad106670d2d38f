/**
 * The public API of the Java client.
 *
 * <p>Everything an application may use is in this package; how it works is in packages below it. No ZooKeeper client
 * and no server code on its class path.
 */
@NullMarked
package io.tintype.client;

import org.jspecify.annotations.NullMarked;
