// SPDX-License-Identifier: Apache-2.0
// A library to be preloaded, for two things that a disk may do with an fdatasync:
// - fail it: the next one fails with EIO, and syncs nothing, once the file that FAILING_SYNC names is there. That call
//   removes the file, so exactly one fails;
// - hold it back: as long as the file that HOLDING_SYNC names is there, none returns or syncs. The first to wait makes a file
//   of the same name with ".held" behind it, so that a test can know.
// No thread, no pipe: nothing that a starting JVM could wait for.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait_while(const char *holding) {
    char held[PATH_MAX];
    const struct timespec pause = {0, 2000000};
    if (access(holding, F_OK) != 0 || snprintf(held, sizeof held, "%s.held", holding) >= (int) sizeof held) {
        return;
    }
    int mark = open(held, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (mark >= 0) {
        close(mark);
    }
    while (access(holding, F_OK) == 0) {
        nanosleep(&pause, NULL);
    }
}

int fdatasync(int fd) {
    const char *armed = getenv("FAILING_SYNC");
    const char *holding = getenv("HOLDING_SYNC");
    if (armed != NULL && unlink(armed) == 0) {
        errno = EIO;
        return -1;
    }
    if (holding != NULL) {
        wait_while(holding);
    }
    return (int) syscall(SYS_fdatasync, fd);
}
