/* SPDX-License-Identifier: GPL-3.0-or-later
 * talk.c - one keep-alive HTTP connection. */
#include "talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grow.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FIRST_BYTES = 65536,
    ANSWER_MAX = 64 * 1024 * 1024
};

int bw_talk_open(struct bw_talk *t, int epoll, uint16_t port, uint64_t tag)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = tag};
    int one = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    t->epoll = epoll;
    t->port = port;
    t->tag = tag;
    t->busy = false;
    t->got = 0;
    t->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (t->fd < 0) {
        return -errno;
    }
    (void)setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(t->fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
        fcntl(t->fd, F_SETFL, O_NONBLOCK) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, t->fd, &e) < 0) {
        int r = -errno;
        bw_talk_close(t);
        return r;
    }
    return 0;
}

void bw_talk_close(struct bw_talk *t)
{
    if (t->fd >= 0) {
        (void)close(t->fd);
    }
    t->fd = -1;
    t->busy = false;
}

int bw_talk_ask(struct bw_talk *t, const char *request, size_t n)
{
    int r = t->fd >= 0 ? 0 : bw_talk_open(t, t->epoll, t->port, t->tag);

    if (r < 0) {
        return r;
    }
    t->got = 0;
    t->busy = true;
    if (send(t->fd, request, n, MSG_NOSIGNAL) != (ssize_t)n) { /* fits any buffer */
        bw_talk_close(t);
        return -EPIPE;
    }
    return 0;
}

/* Where the value of a field begins; NULL: it is not there. */
static const char *field(const char *head, const char *name)
{
    const char *at = strcasestr(head, name);

    return at ? at + strlen(name) : NULL;
}

/* 1 when the answer is whole. */
static int judge(struct bw_talk *t)
{
    t->in[t->got] = '\0';
    char *end = strstr(t->in, "\r\n\r\n");
    if (!end) {
        return 0;
    }
    char kept = end[2];
    end[2] = '\0';
    const char *length = field(t->in, "\r\ncontent-length:");
    bool chunked = field(t->in, "\r\ntransfer-encoding: chunked") != NULL;
    size_t head = (size_t)(end + 4 - t->in);
    size_t body = length ? strtoul(length, NULL, 10) : t->got - head;
    bool whole = chunked
                     ? t->got >= head + 5 && memcmp(t->in + t->got - 5, "0\r\n\r\n", 5) == 0
                     : t->got >= head + body;
    if (!whole) {
        end[2] = kept;
        return 0;
    }
    t->status = (int)strtol(t->in + 9, NULL, 10);
    t->head = t->in;
    t->body = t->in + head;
    t->body_bytes = chunked ? t->got - head : body;
    t->busy = false;
    return 1;
}

int bw_talk_read(struct bw_talk *t)
{
    for (;;) {
        if (t->got + 2 > t->cap) {
            size_t cap = t->cap ? t->cap * 2 : FIRST_BYTES;
            char *room = cap <= ANSWER_MAX ? realloc(t->in, cap) : NULL;
            if (!room) {
                bw_talk_close(t);
                return -ENOMEM;
            }
            t->in = room;
            t->cap = cap;
        }
        ssize_t n = recv(t->fd, t->in + t->got, t->cap - 1 - t->got, 0);
        if (n < 0 && errno == EAGAIN) {
            return 0;
        }
        if (n <= 0) {
            bw_talk_close(t);
            return n == 0 ? -ECONNRESET : -errno;
        }
        t->got += (size_t)n;
        if (t->busy && judge(t)) {
            return 1;
        }
    }
}

int bw_times_add(struct bw_times *t, int64_t ns)
{
    int64_t *room = bw_grow(t->ns, t->n, &t->cap, sizeof(*room));

    if (!room) {
        return -ENOMEM;
    }
    t->ns = room;
    t->ns[t->n++] = ns;
    return 0;
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return (*x > *y) - (*x < *y);
}

/* The nearest rank. */
static double at_ms(const struct bw_times *t, size_t percent)
{
    size_t rank = (t->n * percent + 99) / 100;

    return t->n ? (double)t->ns[rank ? rank - 1 : 0] / 1e6 : 0;
}

void bw_times_print(struct bw_times *t, FILE *f)
{
    if (t->n) {
        qsort(t->ns, t->n, sizeof(*t->ns), by_value);
    }
    (void)fprintf(f,
                  "\"n\":%zu,\"p50_ms\":%.3f,\"p95_ms\":%.3f,\"p99_ms\":%.3f,"
                  "\"max_ms\":%.3f",
                  t->n, at_ms(t, 50), at_ms(t, 95), at_ms(t, 99), at_ms(t, 100));
}
