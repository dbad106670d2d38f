/**
 * Short programs that show the client SDK at work.
 *
 * <p>They use the public API alone, as an application would.
 */
@NullMarked
package io.tintype.examples;

import org.jspecify.annotations.NullMarked;
