/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertstore_private.h - what the files of the SQLite back end share. */
#ifndef BW_ALERTSTORE_PRIVATE_H
#define BW_ALERTSTORE_PRIVATE_H

#include "alertstore.h"

#include <sql.h>
#include <stdio.h>

struct bw_alertstore {
    struct bw_sql sql; /* first */
};

/* clang-format off */
enum {
    ALERT_PUT, ALERT_GET, ALERT_LIST, ALERT_UNTOLD, ALERT_CAUSELESS, ALERT_LAST, ALERT_ACK,
    ACT_ADD, ACT_LIST, STATE_PUT, STATE_DROP, STATE_ALL, POST_ADD, POST_HAS, POST_DUE,
    POST_TRIED, POST_LIST, COUNT_OPEN, COUNT_POSTS, FORGET_POSTS, FORGET_ACTS, META_PUT,
    META_GET, N_STMTS
};
/* clang-format on */

/* The first column of the only row of a statement, to which a name is bound where it is not
 * NULL. 1, 0 where there is no row, or a failure. */
int bw_alertstore_one(struct bw_alertstore *s,
                      size_t stmt,
                      const char *name,
                      int64_t *ret,
                      struct bw_err *reterr);

#endif
