// SPDX-License-Identifier: Apache-2.0
package io.tintype.examples;

import io.tintype.client.BlobSource;
import io.tintype.client.ListEntry;
import io.tintype.client.ListOptions;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Stores the files of a folder, lists them, reads them back and compares. Arguments: HOST:PORT of a coordinator, a user, a
 * folder. Ends with 1 where anything differs.
 */
public final class StoreFolder {
    private StoreFolder() {}

    /** See the class. */
    public static void main(String[] args) throws IOException {
        if (args.length != 3) {
            System.err.println("usage: StoreFolder HOST:PORT USER FOLDER");
            System.exit(2);
        }
        try (var client = TintypeClient.connect(args[0])) {
            int wrong = run(client, args[1], Path.of(args[2]));
            System.exit(wrong == 0 ? 0 : 1);
        }
    }

    /**
     * Does the work.
     *
     * @return how many files differ
     */
    static int run(TintypeClient client, String user, Path folder) throws IOException {
        List<Path> files;
        try (var all = Files.list(folder)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        for (var file : files) {
            String type = Files.probeContentType(file);
            var options = PutOptions.DEFAULT.withContentType(type == null ? "" : type);
            var stored = client.put(user, file.getFileName().toString(), BlobSource.of(file), options);
            System.out.printf(
                    "stored  %s  %d bytes  crc32c %08x  on %s%n",
                    stored.info().name(), stored.info().size(), stored.info().crc32c(), stored.replicas());
        }

        try (var entries = client.listAll(user, ListOptions.DEFAULT)) {
            entries.map(ListEntry::name).forEach(name -> System.out.println("listed  " + name));
        }

        int wrong = 0;
        for (var file : files) {
            byte[] back = client.get(user, file.getFileName().toString()).bytes();
            boolean same = Arrays.equals(back, Files.readAllBytes(file));
            System.out.println((same ? "same    " : "DIFFERS ") + file.getFileName());
            wrong += same ? 0 : 1;
        }
        return wrong;
    }
}
