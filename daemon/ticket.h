/* SPDX-License-Identifier: GPL-3.0-or-later
 * ticket.h - the right to test against the collector's own server: asked for before a run,
 * signed with the box's key, good for that run (docs/receipt-v1.md).
 *
 * One request at a time, since one heavy test runs at a time. The storage thread signs, a
 * thread of the pool posts; everything here is the loop thread's and nothing blocks. */
#ifndef BW_TICKET_H
#define BW_TICKET_H

#include <bw/units.h>
#include <receipt.h>
#include <stdint.h>
#include <uv.h>

struct bw_err;
struct bw_ticketer;
struct bw_writer;

enum {
    BW_TICKET_POST_MS = 15000,
    BW_TICKET_ALL_MS = 25000,           /* signing and posting */
    BW_TICKET_WAIT_MAX_MS = 3600 * 1000 /* of what Retry-After says */
};

/* Where to ask; copied. url "": nobody, and every request is told so. */
struct bw_ticket_where {
    const char *url;
    const char *ca_file; /* "": the system's certificates */
    const char *agent;
    const char *aud; /* kid of the collector's log key */
};

struct bw_ticket_want {
    const char *circuit;
    enum bw_test_kind kind;
    uint32_t directions; /* bits: 1 << BW_DOWN, 1 << BW_UP */
};

/* 0: `text` is the ticket, the collector's answer as JSON. Else `text` says why there is
 * none, in words for a record: -EBUSY, the server has no place now (wait_ms says for how
 * long at least, 0 where it did not); -BW_EREFUSED; -ECANCELED; or another error of the
 * way. Lent until it returns. */
typedef void (*bw_ticket_cb)(void *owner, int status, const char *text, int64_t wait_ms);

int bw_ticketer_new(uv_loop_t *loop,
                    struct bw_writer *writer,
                    struct bw_ticketer **ret,
                    struct bw_err *reterr);
void bw_ticketer_set(struct bw_ticketer *t, const struct bw_ticket_where *where);

/* 0: cb follows, later, exactly once. -EBUSY: one is under way. */
int bw_ticketer_ask(struct bw_ticketer *t,
                    const struct bw_ticket_want *want,
                    bw_ticket_cb cb,
                    void *owner,
                    struct bw_err *reterr);
/* cb(-ECANCELED) follows, later, where one is under way. */
void bw_ticketer_cancel(struct bw_ticketer *t);

/* The writer's news: what was signed, by the number it was asked with. */
void bw_ticketer_signed(struct bw_ticketer *t, int64_t number, const char *jws);

/* Nothing is under way any more: cancel first and wait for cb. Frees, then cb(owner). */
void bw_ticketer_close(struct bw_ticketer *t, void (*cb)(void *owner), void *owner);

/* What an answer means; for tests. */
int bw_ticket_said(
    long http_status, const char *body, size_t n, char *ret_text, size_t cap);

#endif
