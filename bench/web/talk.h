/* SPDX-License-Identifier: GPL-3.0-or-later
 * talk.h - one keep-alive HTTP connection to a port of loopback, without blocking, for
 * programs that load a server; and the times of many answers. */
#ifndef BW_WEB_TALK_H
#define BW_WEB_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bw_talk {
    int fd; /* -1: closed */
    int epoll;
    uint16_t port;
    uint64_t tag; /* what epoll gives for it */
    char *in;
    size_t got, cap;
    bool busy;
    /* of the answer that is whole */
    int status;
    const char *head; /* ends with NUL; lent until the next request */
    size_t body_bytes;
    const char *body;
};

/* All zero, then this. 0 or -errno. */
int bw_talk_open(struct bw_talk *t, int epoll, uint16_t port, uint64_t tag);
void bw_talk_close(struct bw_talk *t);
/* Opens again what was closed. */
int bw_talk_ask(struct bw_talk *t, const char *request, size_t n);
/* There is something to read: 1 the answer is whole, 0 more is to come, -errno the
 * connection ended (it is closed). */
int bw_talk_read(struct bw_talk *t);

struct bw_times {
    int64_t *ns;
    size_t n, cap;
};

int bw_times_add(struct bw_times *t, int64_t ns);
/* "n":…,"p50_ms":…,"p95_ms":…,"p99_ms":…,"max_ms":… (0 of none); sorts. */
void bw_times_print(struct bw_times *t, FILE *f);

#endif
