// SPDX-License-Identifier: Apache-2.0
// A library to be preloaded: the next fdatasync fails with EIO, and syncs nothing, once the file that FAILING_SYNC names is
// there. That call removes the file, so exactly one fails. No thread, no pipe: nothing that a starting JVM could wait for.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int fdatasync(int fd) {
    const char *armed = getenv("FAILING_SYNC");
    if (armed != NULL && unlink(armed) == 0) {
        errno = EIO;
        return -1;
    }
    return (int) syscall(SYS_fdatasync, fd);
}
