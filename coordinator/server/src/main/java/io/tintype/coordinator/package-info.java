/**
 * The coordinator process: the stateless request layer and the controller.
 *
 * <p>Keeps nothing that cannot be lost; storage nodes are reached over the wire, never by import.
 */
@NullMarked
package io.tintype.coordinator;

import org.jspecify.annotations.NullMarked;
