/* SPDX-License-Identifier: GPL-3.0-or-later
 * notify.c - readiness and watchdog for systemd, one datagram at a time.
 *
 * The protocol is that of sd_notify(3): newline-separated assignments to the Unix
 * datagram socket named by $NOTIFY_SOCKET, '@' in front for an abstract one. */
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int bw_notify(const char *state)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path =
        getenv("NOTIFY_SOCKET"); /* NOLINT(concurrency-mt-unsafe): never set */
    size_t n = path ? strlen(path) : 0;
    int r = 0;

    if (n == 0) {
        return 0;
    }
    if ((path[0] != '/' && path[0] != '@') || n >= sizeof(to.sun_path)) {
        return -EINVAL;
    }
    memcpy(to.sun_path, path, n);
    if (path[0] == '@') {
        to.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0) {
        r = -errno;
    }
    (void)close(fd);
    return r;
}

int64_t bw_notify_watchdog_ms(void)
{
    const char *us = getenv("WATCHDOG_USEC"); /* NOLINT(concurrency-mt-unsafe): never set */
    const char *pid = getenv("WATCHDOG_PID"); /* NOLINT(concurrency-mt-unsafe): never set */
    char *end = NULL;

    if (!us || (pid && strtol(pid, NULL, 10) != (long)getpid())) {
        return 0;
    }
    errno = 0;
    long long v = strtoll(us, &end, 10);
    if (errno != 0 || end == us || *end != '\0' || v <= 0) {
        return 0;
    }
    int64_t half_ms = (int64_t)(v / 2000);
    return half_ms > 0 ? half_ms : 1;
}
