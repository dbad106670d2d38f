// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.tools.system.Browser;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.awaitility.Awaitility;

/**
 * The page of a coordinator on a phone, while things happen; its pictures stay beside what the fleet says, in {@code pages}.
 * Without a browser only what the page is made of is looked at. Used by one thread.
 */
final class StatusPage {
    private final String address;
    private final Optional<Browser> browser;

    StatusPage(Fleet fleet, String coordinator) throws IOException {
        address = fleet.http(coordinator).toString();
        browser = Browser.find(Files.createDirectories(fleet.folder().resolve("pages")));
    }

    /** A plan runs, and the page says which, how far it is, when it ends, and what happened before. */
    void showsThatSomethingMoves(String plan, String... events) throws Exception {
        awaitStatus(
                "a plan of which one can say when it ends",
                status -> has(status.get("plans"), one -> one.get("secondsLeft").asLong() > 0));
        if (browser.isPresent()) {
            awaitPage("moving", page -> {
                assertThat(page)
                        .contains(plan)
                        .containsPattern(
                                "running: \\d+ of \\d+ steps, [0-9.]+ [KMi]*B of [0-9.]+ [KMi]*B, \\d+ (s|min) left");
                assertThat(page).contains(events);
            });
        }
    }

    /** Copies are missing, and the page says of which shards, and why. */
    void showsThatCopiesAreMissing(String... events) throws Exception {
        awaitStatus(
                "two nodes are missed, and copies with them",
                status -> !status.get("verdict").asText().equals("SAFE")
                        && has(
                                status.get("shards"),
                                one -> one.get("state").asText().equals("UNDER_REPLICATED"))
                        && StreamSupport.stream(status.get("nodes").spliterator(), false)
                                        .filter(node -> !node.get("live").asBoolean())
                                        .count()
                                == events.length);
        if (browser.isPresent()) {
            awaitPage("missing", page -> {
                assertThat(page).doesNotContain("Your data is safe").contains("fewer copies", "not in touch");
                assertThat(page).contains(events);
            });
        }
    }

    /** Looks until the page is so: a browser takes seconds, in which things go on. */
    private void awaitPage(String name, Consumer<String> wanted) {
        Awaitility.await("page: " + name).atMost(Story.LONG).untilAsserted(() -> wanted.accept(look(name)));
    }

    private String look(String name) throws Exception {
        var there = browser.orElseThrow();
        var page = there.page(address + "/", Browser.PHONE);
        there.picture(address + "/", Browser.LONG_PHONE, name);
        return page;
    }

    private interface Wanted {
        boolean in(JsonNode json);
    }

    private static boolean has(JsonNode all, Wanted wanted) {
        return StreamSupport.stream(all.spliterator(), false).anyMatch(wanted::in);
    }

    private void awaitStatus(String what, Wanted wanted) {
        var json = new ObjectMapper();
        Awaitility.await(what)
                .atMost(Story.LONG)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> {
                    try (var told = java.net
                            .URI
                            .create(address + "/status.json")
                            .toURL()
                            .openStream()) {
                        return wanted.in(json.readTree(told));
                    }
                });
    }
}
