/* SPDX-License-Identifier: GPL-3.0-or-later
 * readiness_was.c - the days of testing weeks that are over, from room.db.
 *
 * Invariant: only days of circuits that may be seen are read. */
#include "readiness_parts.h"

#include <errno.h>
#include <roomstore.h>
#include <stdio.h>
#include <stdlib.h>

struct reading {
    struct bw_ready_job *j;
    int64_t *ids; /* in room.db, of the room's circuits; unknown: not there */
    struct bw_ready_line *line;
    struct bw_ready_days days;
};

static int on_circuit(void *owner, const struct bw_roomstore_circuit *c)
{
    struct reading *x = owner;
    char id[sizeof(c->site) + sizeof(c->name) + 1];

    (void)snprintf(id, sizeof(id), "%s.%s", c->site, c->name);
    uint32_t at = bw_room_circuit_find(x->j->r, id);
    if (at != BW_ROOM_NONE) {
        x->ids[at] = c->id;
    }
    return 0;
}

static int on_day(void *owner, int64_t circuit, const struct bw_room_day *d)
{
    struct reading *x = owner;

    (void)circuit;
    bw_ready_line_day(x->line, &x->days, d);
    return 0;
}

static bool wanted(const struct bw_ready_job *j, uint32_t circuit)
{
    uint32_t at = j->r->sites[j->r->circuits[circuit].site].entity;

    return bw_page_scope_circuit(&j->scope, circuit) &&
           (j->ask.below == BW_ROOM_NONE || bw_room_below(j->r, at, j->ask.below));
}

static int read_all(struct reading *x, struct bw_roomstore *s)
{
    struct bw_ready_job *j = x->j;
    int r = bw_roomstore_circuits(s, on_circuit, x, &j->err);

    for (uint32_t c = 0; r == 0 && c < j->r->n_circuits; c++) {
        x->line = &j->lines[c];
        x->days = (struct bw_ready_days){.n = 0};
        bw_ready_line_begin(x->line, c);
        if (x->ids[c] != BW_UNKNOWN && wanted(j, c)) {
            r = bw_roomstore_days(s, x->ids[c], BW_ROOM_SPAN_DAY, j->ask.from_day,
                                  j->ask.to_day, on_day, x, &j->err);
        }
        bw_ready_line_end(x->line, &x->days, j->ask.of);
    }
    return r;
}

/* So many that the answer would take long? */
static bool too_many(const struct bw_ready_job *j)
{
    int64_t n = 0;

    for (uint32_t c = 0; c < j->r->n_circuits; c++) {
        n += wanted(j, c);
    }
    return n * (j->ask.to_day - j->ask.from_day) > BW_READY_DAYS_READ;
}

bool bw_ready_read_days(struct bw_ready_job *j)
{
    struct bw_roomstore *s = NULL;
    struct reading x = {.j = j};
    int r = 0;

    if (too_many(j)) {
        j->status = 400;
        (void)bw_err_set(&j->err, 0,
                         "days that are over are read one by one: choose a region or a "
                         "district, or fewer days");
        return false;
    }
    j->lines = calloc(j->r->n_circuits + 1, sizeof(*j->lines));
    x.ids = calloc(j->r->n_circuits + 1, sizeof(*x.ids));
    r = j->lines && x.ids ? 0 : bw_err_set(&j->err, -ENOMEM, "out of memory");
    for (size_t i = 0; x.ids && i < j->r->n_circuits; i++) {
        x.ids[i] = BW_UNKNOWN;
    }
    r = r < 0 ? r : bw_roomstore_open_read(j->path, &s, &j->err);
    r = r < 0 ? r : read_all(&x, s);
    bw_roomstore_close(s);
    free(x.ids);
    j->ask.lines = j->lines;
    return r == 0; /* else 503 */
}
