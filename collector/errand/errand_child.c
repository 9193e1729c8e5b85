/* SPDX-License-Identifier: GPL-3.0-or-later
 * errand_child.c - what an errand's process does before it becomes the command: it makes
 * room for everything else on the machine and takes limits that no program can lift. */
#include "errand.h"

#include <bw/err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    NICE = 19,
    EXIT_NOT_STARTED = 127,
    IO_WHO_PROCESS = 1, /* ioprio_set(2) has no header of its own */
    IO_CLASS_IDLE = 3 << 13,
    LIMIT_MAX_S = 86400
};

#define FILE_BYTES ((rlim_t)1 << 30)
/* A year's report of one circuit takes less than a tenth of it. */
#define DATA_BYTES ((rlim_t)1 << 30)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static int limit(int resource, rlim_t value)
{
    struct rlimit l = {value, value};
    struct rlimit now;

    if (getrlimit((__rlimit_resource_t)resource, &now) == 0 && now.rlim_max < value) {
        l.rlim_cur = l.rlim_max = now.rlim_max;
    }
    return setrlimit((__rlimit_resource_t)resource, &l);
}

int bw_errand_child_main(int n, char **words)
{
    char *end = NULL;
    long limit_s = n > 1 ? strtol(words[0], &end, 10) : 0;

    if (n < 2 || *end != '\0' || limit_s < 1 || limit_s > LIMIT_MAX_S) {
        (void)fputs("an errand is LIMIT_S PROGRAM WORDS\n", stderr);
        return EXIT_NOT_STARTED;
    }
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    (void)syscall(SYS_ioprio_set, IO_WHO_PROCESS, 0, IO_CLASS_IDLE);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || limit(RLIMIT_CORE, 0) < 0 ||
        limit(RLIMIT_FSIZE, FILE_BYTES) < 0 || limit(RLIMIT_CPU, (rlim_t)limit_s) < 0 ||
        (!SANITIZED && limit(RLIMIT_DATA, DATA_BYTES) < 0)) {
        (void)fprintf(stderr, "an errand's limits: %s\n", bw_strerror(-errno));
        return EXIT_NOT_STARTED;
    }
    (void)execv(words[1], words + 1);
    (void)fprintf(stderr, "%s: %s\n", words[1], bw_strerror(-errno));
    return EXIT_NOT_STARTED;
}
