// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import com.google.protobuf.ByteString;
import io.tintype.model.UserId;
import io.tintype.storage.keys.KeySource;
import io.tintype.storage.keys.KeySourceProvider;
import io.tintype.storage.keys.KeySources;
import io.tintype.storage.keys.UserKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Keys in files, of which the first one to be destroyed is the death of the node that destroys it: by SIGKILL, when the key is
 * gone and before anybody is told. {@code dying:/keys?master=/master#/by}; the file {@code /by} then has the node's process.
 */
public final class DyingKeys implements KeySourceProvider {
    @Override
    public String scheme() {
        return "dying";
    }

    @Override
    public KeySource open(URI address) {
        var by = Path.of(address.getFragment());
        return new Dying(KeySources.open("file:" + address.getSchemeSpecificPart()), by);
    }

    private record Dying(KeySource keys, Path by) implements KeySource {
        @Override
        public void recognise(Path memory) {
            keys.recognise(memory);
        }

        @Override
        public UserKey current(UserId user) {
            return keys.current(user);
        }

        @Override
        public Optional<UserKey> find(UserId user) {
            return keys.find(user);
        }

        @Override
        public void destroy(UserId user, ByteString id) {
            keys.destroy(user, id);
            try {
                Files.createFile(by);
                long self = ProcessHandle.current().pid();
                Files.writeString(by, Long.toString(self));
                new ProcessBuilder("kill", "-KILL", Long.toString(self)).start();
            } catch (FileAlreadyExistsException e) {
                return; // somebody has died of it
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            while (true) {
                LockSupport.park(this);
            }
        }

        @Override
        public void close() {
            keys.close();
        }
    }
}
