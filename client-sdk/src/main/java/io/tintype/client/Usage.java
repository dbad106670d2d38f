// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

/**
 * What a user has stored. Immutable.
 *
 * @param blobs number of blobs, expired ones included until they are collected
 * @param bytes their bytes
 */
public record Usage(long blobs, long bytes) {}
