// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ErrorReportTest {
    @ParameterizedTest
    @CsvSource({
        "INVALID_NAME, USAGE",
        "BLOB_NOT_FOUND, NOT_FOUND",
        "VERSION_CONFLICT, CONFLICT",
        "OUTCOME_UNKNOWN, UNAVAILABLE",
        "DISK_FULL, FULL",
        "CORRUPT_DATA, DAMAGED",
        "INTERNAL, FAILURE"
    })
    void theReasonDecidesTheExitCode(Reason reason, ExitCode code) {
        var explained = ErrorReport.explain(new CompletionException(new TintypeException(reason, "what happened")));
        assertThat(explained.code()).isEqualTo(code);
        assertThat(explained.reason()).isEqualTo(reason.name());
        assertThat(explained.text()).isEqualTo("what happened");
    }

    /** As where a node finds damage in what follows the first frame. */
    @ParameterizedTest
    @CsvSource({"CORRUPT_DATA, DAMAGED", "UNAVAILABLE, UNAVAILABLE", "VERSION_GONE, UNAVAILABLE"})
    void whatBreaksOffAStreamIsToldAsWhatKeepsItFromBeginning(Reason reason, ExitCode code) {
        var explained = ErrorReport.explain(new IOException("broke off", new TintypeException(reason, "why")));
        assertThat(explained.code()).isEqualTo(code);
        assertThat(explained.reason()).isEqualTo(reason.name());
        assertThat(explained.text()).isEqualTo("why");
    }

    @Test
    void aServerThatIsNotThereIsUnavailableAndSaysHowToStartOne() {
        var explained = ErrorReport.explain(
                Status.UNAVAILABLE.withDescription("connection refused").asRuntimeException());
        assertThat(explained.code()).isEqualTo(ExitCode.UNAVAILABLE);
        assertThat(explained.hint()).contains("tintype dev").contains("--server");
    }

    /** As where ZooKeeper is away, or while a user moves. */
    @Test
    void whatAServerSaidOfItselfNamesNoOther() {
        var said = Errors.toWire(new TintypeException(Reason.UNAVAILABLE, "ZooKeeper is out of reach"));
        for (var failure : List.of(said, new CompletionException(said), Errors.fromWire(said))) {
            var explained = ErrorReport.explain(failure);
            assertThat(explained.text()).isEqualTo("ZooKeeper is out of reach");
            assertThat(explained.hint()).contains("tintype cluster status").doesNotContain("tintype dev");
        }
    }

    @Test
    void programsAreToldWhatToDoNextAsPeopleAre() {
        var full = ErrorReport.explain(new TintypeException(Reason.DISK_FULL, "no room"));
        assertThat(full.asMap()).containsEntry("hint", full.hint());
        assertThat(ErrorReport.explain(new IOException("the pipe is full of no"))
                        .asMap())
                .containsKey("hint");
        assertThat(ErrorReport.explain(new TintypeException(Reason.WRONG_STATE, "no"))
                        .asMap())
                .doesNotContainKey("hint");
    }

    @Test
    void aMissingFileIsNotFoundEvenWhenWrapped() {
        var explained = ErrorReport.explain(new UncheckedIOException(new NoSuchFileException("cat.jpg")));
        assertThat(explained.code()).isEqualTo(ExitCode.NOT_FOUND);
        assertThat(explained.text()).contains("cat.jpg");
    }

    @Test
    void anythingElseIsAFailureThatNamesItself() {
        var explained = ErrorReport.explain(new IOException("the pipe broke"));
        assertThat(explained.code()).isEqualTo(ExitCode.FAILURE);
        assertThat(explained.text()).contains("the pipe broke");
    }
}
