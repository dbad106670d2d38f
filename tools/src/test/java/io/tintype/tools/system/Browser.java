// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A real browser without a window. Used by one thread. */
public final class Browser {
    /** Width and height of a phone, and of one that shows a whole page at once. */
    public static final String PHONE = "412,915";

    /** A phone's width, and all of a long page. */
    public static final String LONG_PHONE = "412,2600";

    private static final Pattern NOT_SHOWN = Pattern.compile("(?s)<(script|style)>.*?</\\1>");
    private static final int SECONDS = 120;

    private final Path program;
    private final Path folder;

    private Browser(Path program, Path folder) {
        this.program = program;
        this.folder = folder;
    }

    /** The one on the PATH; says so where there is none. What it needs and what it says is kept in the folder. */
    public static Optional<Browser> find(Path folder) {
        var found = find("chromium").or(() -> find("google-chrome"));
        if (found.isEmpty()) {
            System.err.println("SKIPPED: the status page in a browser, since there is no chromium on the PATH.");
        }
        return found.map(program -> new Browser(program, folder));
    }

    /** The page as it stands once its scripts have run for some seconds of its own time, without those scripts. */
    public String page(String address, String size) throws Exception {
        var all = run(address, "--dump-dom", "--window-size=" + size, "--virtual-time-budget=8000");
        return NOT_SHOWN.matcher(all).replaceAll("");
    }

    /** A picture of it, kept in the folder under a name. */
    public Path picture(String address, String size, String name) throws Exception {
        var picture = folder.resolve(name + "-" + size.replace(',', 'x') + ".png");
        run(address, "--screenshot=" + picture, "--window-size=" + size, "--virtual-time-budget=8000");
        return picture;
    }

    private String run(String address, String... options) throws Exception {
        var line = new ArrayList<>(List.of(
                program.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--hide-scrollbars",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + Files.createTempDirectory(folder, "profile")));
        line.addAll(List.of(options));
        line.add(address);
        var out = folder.resolve("browser.out");
        var process = new ProcessBuilder(line)
                .redirectOutput(out.toFile())
                .redirectError(folder.resolve("browser.err").toFile())
                .start();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("the browser did not end within " + SECONDS + " s: " + line);
        }
        return Files.readString(out);
    }

    private static Optional<Path> find(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
