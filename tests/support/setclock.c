/* SPDX-License-Identifier: GPL-3.0-or-later
 * setclock.c - preloaded into a program under test, moves its wall clock: by as many
 * seconds as the file $BW_CLOCK_OFFSET says, read at every call; or it always shows the
 * second $BW_CLOCK_AT. Monotonic clocks are left alone, as when an administrator sets the
 * time. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *ts);

static long offset_s(void)
{
    static __thread int busy;
    char text[32] = "";
    const char *path = getenv("BW_CLOCK_OFFSET");
    if (!path || busy) {
        return 0;
    }
    busy = 1;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)syscall(SYS_read, fd, text, sizeof(text) - 1);
        (void)syscall(SYS_close, fd);
    }
    busy = 0;
    return strtol(text, NULL, 10);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    int r = (int)syscall(SYS_clock_gettime, id, ts);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        const char *at = getenv("BW_CLOCK_AT");
        *ts = at ? (struct timespec){.tv_sec = strtol(at, NULL, 10)} : *ts;
        ts->tv_sec += offset_s();
    }
    return r;
}
