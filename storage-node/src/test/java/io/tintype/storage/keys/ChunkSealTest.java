// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.storage.blob.Chunk;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Chunks are sealed and opened. */
final class ChunkSealTest {
    private static final UserId ALICE = UserId.of("alice");
    private final UserKey key = UserKey.random(new SecureRandom());
    private final ChunkSeal seal = new ChunkSeal();

    private static Chunk plain(int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        // In parts, as it comes from the network.
        var data =
                ByteString.copyFrom(bytes, 0, size / 3).concat(ByteString.copyFrom(bytes, size / 3, size - size / 3));
        return new Chunk(data, Crc32c.of(data));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, 300_000, 1 << 20})
    void whatIsSealedOpensAsItWas(int size) {
        var plain = plain(size);
        var sealed = seal.seal(key, ALICE, 3, plain);

        assertThat(sealed.sealed()).isTrue();
        assertThat(sealed.plainBytes()).isEqualTo(size);
        assertThat(sealed.plainCrc()).isEqualTo(plain.crc());
        assertThat(sealed.crc()).isEqualTo(Crc32c.of(sealed.data()));
        assertThat(ChunkSeal.keyId(sealed)).isEqualTo(key.id());
        assertThat(seal.open(key, ALICE, 3, sealed)).isEqualTo(plain);
        assertThat(seal.seal(key, ALICE, 3, plain).data()).as("sealed again").isNotEqualTo(sealed.data());
    }

    @Test
    void whatWasSealedForAnotherPlaceOrIsChangedByOneBitDoesNotOpen() {
        var sealed = seal.seal(key, ALICE, 3, plain(100));

        assertRefused(UserKey.random(new SecureRandom()), ALICE, 3, sealed);
        assertRefused(key, UserId.of("bob"), 3, sealed);
        assertRefused(key, ALICE, 4, sealed);
        assertRefused(key, ALICE, 3, Chunk.sealed(sealed.data(), sealed.crc(), sealed.plainCrc() + 1));
        byte[] bytes = sealed.data().toByteArray();
        for (int at = UserKey.ID_BYTES; at < bytes.length; at++) {
            byte[] other = Arrays.copyOf(bytes, bytes.length);
            other[at] ^= (byte) (1 << (at % 8));
            assertRefused(key, ALICE, 3, Chunk.sealed(UnsafeByteOperations.unsafeWrap(other), 0, sealed.plainCrc()));
        }
        for (int length = Chunk.SEAL_BYTES; length < bytes.length; length++) {
            assertRefused(key, ALICE, 3, Chunk.sealed(sealed.data().substring(0, length), 0, sealed.plainCrc()));
        }
    }

    private void assertRefused(UserKey with, UserId user, int index, Chunk sealed) {
        assertThatThrownBy(() -> seal.open(with, user, index, sealed))
                .isInstanceOfSatisfying(
                        TintypeException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Reason.CORRUPT_DATA));
    }
}
