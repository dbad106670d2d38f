// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import static io.tintype.storage.history.Story.CAT;
import static io.tintype.storage.history.Story.v;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How histories come to be, and how they are kept. */
final class HistoryRecordingTest {
    private final AtomicLong clock = new AtomicLong();

    @TempDir
    Path dir;

    @Test
    void whatHasNotComeBackIsUnknown() {
        var recorder = new HistoryRecorder(10, clock::get);
        var first = recorder.begin(1, CAT, new Call.Put("a"));
        clock.set(5);
        recorder.begin(2, CAT, new Call.Read());
        clock.set(9);
        first.end(new Result.Written(v(1)));
        clock.set(20);

        assertThat(recorder.history().operations())
                .containsExactly(
                        new Operation(1, CAT, 0, 9, new Call.Put("a"), new Result.Written(v(1))),
                        new Operation(2, CAT, 5, 20, new Call.Read(), Result.UNKNOWN));
    }

    @Test
    void aFullRecorderSaysSo() {
        var recorder = new HistoryRecorder(1, clock::get);
        recorder.begin(1, CAT, new Call.Read());

        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> recorder.begin(1, CAT, new Call.Read()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("full at 1 operations");
        }
        assertThat(recorder.history().operations()).hasSize(1);
    }

    @Test
    void anOperationEndsOnce() {
        var operation = new HistoryRecorder(1, clock::get).begin(1, CAT, new Call.Read());
        operation.end(Result.MISSING);

        assertThatThrownBy(() -> operation.end(Result.UNKNOWN))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("read on alice/cat.jpg of client 1 has already ended");
    }

    @Test
    void anAnswerToAnotherQuestionIsRefused() {
        assertThatThrownBy(() -> new Operation(1, CAT, 0, 1, new Call.Read(), new Result.Written(v(1))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Operation(1, CAT, 0, 1, new Call.Put("a"), new Result.Conflict(null)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Operation(1, CAT, 2, 1, new Call.Read(), Result.MISSING))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("before it began");
    }

    @Test
    void aFileGivesBackWhatWasWritten() throws IOException {
        var history = Generated.history(3, 8, 4, 500, 0.2)
                .and(new Story()
                        .on("jürgen", "a \"b\"\n/c")
                        .add(1, 1, 2, new Call.Read(Call.Promise.STALE), new Result.Found(v(-1), "x"))
                        .delete(1, 3, 4, new Result.Deleted(null, false))
                        .put(1, 5, 6, "y", Result.FAILED)
                        .history());
        var file = dir.resolve("run.jsonl");

        HistoryFile.write(file, history);

        assertThat(HistoryFile.read(file)).isEqualTo(history);
        assertThat(Files.readAllLines(file)).hasSize(history.operations().size());
    }

    @Test
    void aDamagedFileIsNamedWithTheOperation() throws IOException {
        var file = dir.resolve("run.jsonl");
        HistoryFile.write(file, new Story().put(1, 0, 1, "a", 1).history());
        var good = Files.readString(file);

        for (var bad : new String[] {
            good.replace("\"put\"", "\"pat\""),
            good.replace("written", "found"),
            good.substring(0, 40),
            good.replace("1-7", "seven"),
            good.replace("\"call\"", "\"cull\""),
            "[]\n"
        }) {
            Files.writeString(file, good + bad);
            assertThatThrownBy(() -> HistoryFile.read(file))
                    .as(bad)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("operation 2");
        }
    }
}
