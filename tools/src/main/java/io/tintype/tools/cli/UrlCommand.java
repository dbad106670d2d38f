// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.UrlSigner;
import io.tintype.model.TintypeException;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import io.tintype.wire.SigningKey;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tintype url}: URLs of blobs. */
@Command(
        name = "url",
        description = "Makes URLs of blobs.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = UrlCommand.Sign.class,
        footer = "  tintype url sign alice cat.jpg --key-file keys.txt --for 10m")
final class UrlCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Say what to do: sign.");
    }

    /** What a URL can be signed for. */
    enum Use {
        /** Reading. */
        GET,
        /** Storing. */
        PUT,
        /** Removing. */
        DELETE
    }

    /** What {@code sign} prints as JSON. */
    record Signed(String url, String method, String key) {}

    /** {@code tintype url sign}. */
    @Command(
            name = "sign",
            description = {
                "Prints a URL that anyone who has it may use until it expires.",
                "",
                "Asks no server: the key file is that of the coordinators (http.signedUrls.keyFile), or a part of it."
            },
            footer = {
                "  tintype url sign alice cat.jpg --key-file keys.txt --for 10m",
                "  curl -T cat.jpg \"$(tintype url sign alice cat.jpg --method put --key-file keys.txt)\""
            })
    static final class Sign implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "USER", description = "Whose blob it is.")
        private String user;

        @Parameters(index = "1", paramLabel = "NAME", description = "The blob's name.")
        private String name;

        @Option(
                names = "--key-file",
                required = true,
                paramLabel = "FILE",
                description = "Signing keys: on each line an id, white space, and a secret in Base64.")
        private Path file;

        @Option(names = "--key", paramLabel = "ID", description = "Which key (default: the first of the file).")
        private @Nullable String key;

        @Option(
                names = "--method",
                paramLabel = "METHOD",
                description = "get (HEAD included), put or delete (default: get).")
        private Use method = Use.GET;

        @Option(
                names = "--for",
                paramLabel = "TIME",
                converter = DurationConverter.class,
                description = "How long the URL can be used, such as 10m or 7d (default: 1h).")
        private Duration lifetime = Duration.ofHours(1);

        @Option(
                names = "--base",
                paramLabel = "URL",
                description =
                        "The coordinators' HTTP address, as callers will use it (default:" + " http://127.0.0.1:7480).")
        private URI base = URI.create("http://127.0.0.1:7480");

        @Option(
                names = "--query",
                paramLabel = "QUERY",
                description = "Parameters to sign too, percent-encoded, such as w=320&format=jpeg.")
        private String query = "";

        @Mixin
        private OutputOptions output;

        @Override
        public Integer call() {
            var signing = pick(read());
            URI url;
            try {
                url = new UrlSigner(base, signing)
                        .sign(method.name().toUpperCase(Locale.ROOT), user, name, query, lifetime);
            } catch (IllegalArgumentException e) {
                throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()));
            }
            output.print(new Signed(url.toString(), method.name(), signing.id()), url.toString());
            return ExitCode.OK.number();
        }

        private Map<String, SigningKey> read() {
            try {
                return SigningKey.parse(Files.readString(file));
            } catch (IOException e) {
                throw new CommandFailure(ExitCode.NOT_FOUND, "Cannot read signing keys from " + file + ": " + e);
            } catch (TintypeException e) {
                throw new CommandFailure(ExitCode.USAGE, file + ": " + e.getMessage());
            }
        }

        private SigningKey pick(Map<String, SigningKey> keys) {
            var found = key == null ? keys.values().stream().findFirst().orElse(null) : keys.get(key);
            if (found == null) {
                throw new CommandFailure(
                        ExitCode.NOT_FOUND,
                        key == null ? file + " has no keys." : file + " has no key with the id " + key + ".");
            }
            return found;
        }
    }
}
