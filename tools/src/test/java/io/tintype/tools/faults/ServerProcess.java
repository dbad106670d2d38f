// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A server in a process of its own. Started, it is started again whenever it ends by itself, as an init system does. Its
 * standard input is a pipe of ours, so that it ends with us. Thread-safe.
 */
final class ServerProcess implements AutoCloseable {
    private static final Duration AGAIN_AFTER = Duration.ofSeconds(1);
    private static final Duration STOP = Duration.ofSeconds(30);

    private final String name;
    private final Path log;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private List<String> command = List.of();
    private Map<String, String> environment = Map.of();
    private boolean wanted;
    private boolean closed;
    private boolean paused;
    private int starts;
    private @Nullable Process process;

    /** Nothing runs yet. What it says is appended to the file. */
    ServerProcess(String name, Path log) {
        this.name = name;
        this.log = log;
        var keeper = new Thread(this::keep, "keeper of " + name);
        keeper.setDaemon(true);
        keeper.start();
    }

    /** From its next start on. */
    void become(List<String> newCommand, Map<String, String> newEnvironment) {
        lock.lock();
        try {
            command = List.copyOf(newCommand);
            environment = Map.copyOf(newEnvironment);
        } finally {
            lock.unlock();
        }
    }

    /** Wants it to run; returns at once. */
    void start() {
        lock.lock();
        try {
            wanted = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** SIGKILL; it stays down until {@link #start}. */
    void kill() {
        end(false);
    }

    /** Tells it to stop, and waits; it stays down until {@link #start}. */
    void stop() {
        resume();
        end(true);
    }

    /** SIGSTOP. */
    void pause() {
        lock.lock();
        try {
            paused = true;
            signal("STOP");
        } finally {
            lock.unlock();
        }
    }

    /** SIGCONT, where it was paused. */
    void resume() {
        lock.lock();
        try {
            if (paused) {
                paused = false;
                signal("CONT");
            }
        } finally {
            lock.unlock();
        }
    }

    /** Its process id; 0: it does not run. */
    long pid() {
        lock.lock();
        try {
            return process == null || !process.isAlive() ? 0 : process.pid();
        } finally {
            lock.unlock();
        }
    }

    /** How often it was started so far, by us or again. */
    int starts() {
        lock.lock();
        try {
            return starts;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return name;
    }

    @Override
    public void close() {
        stop();
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void end(boolean gently) {
        Process running;
        lock.lock();
        try {
            wanted = false;
            paused = false;
            running = process;
        } finally {
            lock.unlock();
        }
        if (running == null) {
            return;
        }
        try {
            if (gently) {
                running.getOutputStream().close();
                running.onExit().get(STOP.toSeconds(), TimeUnit.SECONDS);
            }
        } catch (IOException | TimeoutException e) {
            // Killed below.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            running.destroyForcibly().onExit().join();
        }
    }

    /** Starts it whenever it is wanted and does not run. */
    private void keep() {
        lock.lock();
        try {
            while (!closed) {
                if (!wanted) {
                    changed.await();
                } else if (process == null || !process.isAlive()) {
                    process = launch();
                    starts++;
                } else {
                    changed.await(AGAIN_AFTER.toMillis(), TimeUnit.MILLISECONDS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private Process launch() {
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void signal(String which) {
        if (process != null && process.isAlive()) {
            Shell.run("kill -" + which + " " + process.pid());
        }
    }
}
