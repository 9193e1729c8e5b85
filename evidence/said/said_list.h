/* SPDX-License-Identifier: GPL-3.0-or-later
 * said_list.h - statements of one kind read from a catalogue into rows: one way to make
 * room for them, to bound them, and to fail. */
#ifndef BW_SAID_LIST_H
#define BW_SAID_LIST_H

#include <catalogue.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

struct bw_said_list {
    void *rows; /* the caller's to free(); NULL after a failure */
    size_t n;
    size_t cap;
    size_t size;    /* of a row */
    size_t max;     /* rows at most */
    int64_t unread; /* bodies of a form that only a newer program reads: no rows */
};

/* A copy of the row goes to the end. -E2BIG beyond max, -ENOMEM. */
int bw_said_list_add(struct bw_said_list *l, const void *row);

/* Those that q asks for, each taken into the list by `take` with `owner`; c NULL (nothing
 * was ever said here): none. A failure frees the rows; -E2BIG says "more than MAX `what`".
 */
int bw_said_list_read(struct bw_catalogue *c,
                      const struct bw_said_query *q,
                      bw_said_cb take,
                      void *owner,
                      struct bw_said_list *l,
                      const char *what,
                      struct bw_err *reterr);

#endif
