/* SPDX-License-Identifier: GPL-3.0-or-later
 * roomstore_months.c - whole months of circuits in room.db, and which of them are due. */
#include "roomcolumns.h"
#include "roomstore_private.h"

#include <sqlite3.h>

int bw_roomstore_set_months(struct bw_roomstore *s,
                            int64_t circuit,
                            int64_t months_at,
                            int64_t months_due,
                            struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, CIRCUIT_MONTHS, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, circuit);
    bw_sql_i64(st, 2, months_at);
    bw_sql_i64(st, 3, months_due);
    return bw_sql_run(&s->sql, st, reterr);
}

#define BIND_MONTH(column, member, type) bw_sql_i64(st, i++, (int64_t)m->member);
#define READ_MONTH(column, member, type) m.member = (type)bw_sql_get(st, i++);

int bw_roomstore_put_month(struct bw_roomstore *s,
                           int64_t circuit,
                           const struct bw_room_month *m,
                           struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, m->n_days > 0 ? MONTH_PUT : MONTH_DROP, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, circuit);
    bw_sql_i64(st, 2, m->month);
    if (m->n_days > 0) {
        int i = 3;
        BW_ROOM_MONTH_COLUMNS(BIND_MONTH)
    }
    return bw_sql_run(&s->sql, st, reterr);
}

int bw_roomstore_months(struct bw_roomstore *s,
                        int64_t from_month,
                        bw_roomstore_month_cb cb,
                        void *owner,
                        struct bw_err *reterr)
{
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(&s->sql, MONTH_ALL, &st, reterr);

    if (r < 0) {
        return r;
    }
    bw_sql_i64(st, 1, from_month);
    while ((r = bw_sql_row(&s->sql, st, reterr)) > 0) {
        struct bw_room_month m = {.month = (int32_t)bw_sql_get(st, 1)};
        int i = 2;
        BW_ROOM_MONTH_COLUMNS(READ_MONTH)
        r = cb(owner, bw_sql_get(st, 0), &m);
        if (r != 0) {
            break;
        }
    }
    (void)sqlite3_reset(st);
    return r;
}
