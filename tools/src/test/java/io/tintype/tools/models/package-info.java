// SPDX-License-Identifier: Apache-2.0
/** Runs the models of docs/spec and holds them to what their README says. */
@NullMarked
package io.tintype.tools.models;

import org.jspecify.annotations.NullMarked;
