// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.ServerCallStreamObserver;
import io.tintype.proto.v1.GetResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** In which order a stream is asked for messages and given them back. */
final class BlobRetrievalServiceTest {
    private final List<String> calls = new ArrayList<>();
    private final Transport transport = new Transport();
    private final BlobRetrievalService.Outgoing outgoing = new BlobRetrievalService.Outgoing(transport);
    private final Source source = new Source();

    @Test
    void aMessageIsGivenBackBeforeTheNextIsDemanded() {
        outgoing.onReady(source);
        outgoing.onMessage(GetResponse.getDefaultInstance());
        assertThat(calls).containsExactly("demand", "send", "release", "demand");
    }

    @Test
    void aTransportThatGetsReadyMeanwhileDoesNotDemandBeforeThat() {
        outgoing.onReady(source);
        transport.ready = false;
        source.beforeRelease = () -> { // as another thread may
            transport.ready = true;
            outgoing.onReady(source);
        };
        outgoing.onMessage(GetResponse.getDefaultInstance());
        assertThat(calls).containsExactly("demand", "send", "release", "demand");
    }

    @Test
    void whatASlowTransportHasTakenIsGivenBackAtOnce() {
        outgoing.onReady(source);
        transport.ready = false;
        outgoing.onMessage(GetResponse.getDefaultInstance());
        assertThat(calls).containsExactly("demand", "send", "release");
        transport.ready = true;
        outgoing.onReady(source);
        assertThat(calls).containsExactly("demand", "send", "release", "demand");
    }

    private final class Source implements GetStream {
        private Runnable beforeRelease = () -> {};

        @Override
        public void demand() {
            calls.add("demand");
        }

        @Override
        public void release() {
            beforeRelease.run();
            calls.add("release");
        }

        @Override
        public void cancel(String why) {
            calls.add("cancel");
        }
    }

    private final class Transport extends ServerCallStreamObserver<GetResponse> {
        private boolean ready = true;

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public boolean isReady() {
            return ready;
        }

        @Override
        public void onNext(GetResponse message) {
            calls.add("send");
        }

        @Override
        public void onError(Throwable failure) {
            calls.add("error");
        }

        @Override
        public void onCompleted() {
            calls.add("end");
        }

        @Override
        public void setOnCancelHandler(Runnable handler) {}

        @Override
        public void setOnReadyHandler(Runnable handler) {}

        @Override
        public void setCompression(String compression) {}

        @Override
        public void setMessageCompression(boolean enable) {}

        @Override
        public void disableAutoInboundFlowControl() {}

        @Override
        public void request(int count) {}
    }
}
