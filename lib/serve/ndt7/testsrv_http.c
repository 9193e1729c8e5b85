/* SPDX-License-Identifier: GPL-3.0-or-later
 * testsrv_http.c - a test over plain HTTP: any number of downloads or uploads on up to 32
 * connections under one ticket, until its receipt is fetched. */
#include "testsrv_private.h"

#include <clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BEHIND_MS = 1000 /* the test's own deadline comes first */
};

void http_next(struct conn *c)
{
    if (!c->keep_alive) {
        conn_finish(c);
        return;
    }
    c->state = CONN_HEAD;
    c->deadline_mono_ms = bw_clock_mono_ms() + c->srv->limits.setup_ms;
    if (c->in.len > 0) {
        head_look(c);
    }
}

static void feed_what_came(struct conn *c)
{
    uint8_t *p = (uint8_t *)c->in.data;
    size_t n = c->in.len;
    if (n == 0) {
        return;
    }
    bw_buf_init(&c->in, c->in.max); /* what is behind this body comes back into it */
    http_bytes(c, p, n);
    free(p);
}

void http_granted(struct conn *c)
{
    struct test *t = c->test;
    c->deadline_mono_ms = t->deadline_mono_ms + BEHIND_MS;
    if (t->direction == BW_UP) {
        c->state = CONN_HTTP_UP;
        if (c->wants_continue && c->in.len == 0 &&
            !conn_put(c, "HTTP/1.1 100 Continue\r\n\r\n", 25)) {
            return;
        }
        if (c->body_left == 0) {
            http_bytes(c, NULL, 0);
        } else {
            feed_what_came(c);
        }
        return;
    }
    char head[256];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                     "Content-Length: %lld\r\nCache-Control: no-store\r\n"
                     "Connection: %s\r\n\r\n",
                     (long long)c->body_left, c->keep_alive ? "keep-alive" : "close");
    c->state = CONN_HTTP_DOWN;
    c->load_at = 0;
    (void)conn_put(c, head, (size_t)n);
}

/* The ticket's most bytes: nothing tells the client, so its connections are cut. */
static void used_up(struct conn *c)
{
    test_end(c->test, BW_RECEIPT_BYTES);
    conn_close(c);
}

void http_bytes(struct conn *c, const uint8_t *p, size_t n)
{
    size_t mine = (int64_t)n < c->body_left ? n : (size_t)c->body_left;
    if (mine > 0) {
        if (!test_may_move(c->test)) {
            used_up(c);
            return;
        }
        test_moved(c, (int64_t)mine);
        c->body_left -= (int64_t)mine;
    }
    if (c->body_left > 0) {
        return;
    }
    http_reply(c, 200, "text/plain", "", 0);
    if (c->dead) {
        return;
    }
    if (n > mine) {
        bw_buf_add(&c->in, p + mine, n - mine);
    }
    http_next(c);
}

bool http_may_send(struct conn *c)
{
    if (!test_may_move(c->test)) {
        used_up(c);
        return false;
    }
    return true;
}

void http_receipt_asked(struct conn *c, struct test *t)
{
    c->keep_alive = false;
    if (t->state == TEST_RUNNING) {
        test_end(t, BW_RECEIPT_DONE);
        t->deadline_mono_ms = bw_clock_mono_ms() + t->srv->limits.receipt_ms;
    }
    if (t->state == TEST_SIGNING) {
        if (t->asker && t->asker != c) {
            head_problem(c, 409, "another connection waits for this receipt");
            return;
        }
        if (c->test != t) {
            test_leave(c);
            test_join(t, c);
        }
        t->asker = c;
        c->state = CONN_HTTP_RECEIPT;
        for (struct conn *o = t->conns, *next; o; o = next) {
            next = o->test_next;
            if (o != c) {
                conn_close(o); /* its load is over */
            }
        }
        return;
    }
    t->asker = NULL;
    if (t->jws) {
        http_reply(c, 200, "application/jose", t->jws, strlen(t->jws));
        if (!c->dead) {
            conn_finish(c);
        }
    } else {
        head_problem(c, 503, "the collector signed no receipt for this test");
    }
}
