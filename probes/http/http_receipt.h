/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_receipt.h - a test at a server that asks for tickets: where the ticket says to
 * test, and the receipt that the server signs at the end. */
#ifndef BW_HTTP_RECEIPT_H
#define BW_HTTP_RECEIPT_H

#include <bw/units.h>
#include <stddef.h>

struct bw_err;
struct bw_opts;
struct http_receipt;
struct uv_loop_s;

enum {
    HTTP_RECEIPT_MS = 5000, /* longest time for it */
    HTTP_TICKET_MS = 28000, /* a test with a ticket is over by then */
    HTTP_TICKET_URL = 2048
};

/* The ticket's address for the load and for the receipt in this direction, and what the
 * server calls itself. -EBADMSG. */
int http_ticket_read(const char *ticket,
                     enum bw_direction d,
                     char load[HTTP_TICKET_URL],
                     char receipt[HTTP_TICKET_URL],
                     char machine[BW_NAME_MAX + 1],
                     struct bw_err *reterr);

struct http_receipt_setup {
    struct uv_loop_s *loop;
    const char *url;
    const struct bw_opts *opts; /* borrowed */
    /* Once, later: the receipt, lent, or NULL when none could be had. Close it then. */
    void (*done)(void *owner, const char *jws);
    void *owner;
};

/* 0: done() follows, unless it is closed before. */
int http_receipt_start(const struct http_receipt_setup *setup, struct http_receipt **ret);
/* closed(owner) later. Not NULL. */
void http_receipt_close(struct http_receipt *r, void (*closed)(void *owner), void *owner);

#endif
