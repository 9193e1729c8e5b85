/* SPDX-License-Identifier: GPL-3.0-or-later
 * keep_servers.c - what sites reach at each measurement server, hour by hour, and why runs
 * at it were not good.
 *
 * Invariant: all of it is of the runs in memory: those of the last seven days. Tests that
 * were put off tell nothing of a server. */
#include "roomkeeper_private.h"

#include <bw/summary.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <words.h>

enum {
    HOUR_S = 3600,
    TOLD = 64, /* servers, those with most runs */
    HOURS = BW_KEEP_RUNS_MS / 1000 / HOUR_S + 2,
    CELLS = BW_DIRECTIONS * HOURS,
    REASONS = BW_KEEP_REASONS_MAX + 1 + BW_APARTS, /* failed for …; set apart for … */
    REASONS_TOLD = 12
};

int bw_keep_servers(struct bw_roomkeeper *k)
{
    struct bw_server_sample *list;
    struct bw_server_hours *hours;
    size_t n = 0;

    if (!k->runs_changed && k->server_hours) {
        return 0;
    }
    for (size_t i = 0; i < k->n_circuits; i++) {
        n += k->circuits[i]->n_runs;
    }
    list = calloc(n + 1, sizeof(*list));
    if (!list) {
        return -ENOMEM;
    }
    n = 0;
    for (size_t i = 0; i < k->n_circuits; i++) {
        const struct keep_circuit *c = k->circuits[i];
        for (size_t t = 0; t < c->n_runs; t++) {
            n += bw_server_sample(&c->runs[t], c->site->number, &list[n]);
        }
    }
    hours = bw_server_hours_new(list, n);
    free(list);
    if (!hours) {
        return -ENOMEM;
    }
    bw_server_hours_free(k->server_hours);
    k->server_hours = hours;
    k->runs_changed = false;
    return 0;
}

/* ---- into a room ------------------------------------------------------------------------
 */

/* One server that is told of, while its runs are counted. */
struct tally {
    size_t server; /* its number; k->n_servers: of runs that name none */
    int32_t n_sites, n_good;
    const char *last_site;
    struct bw_room_server_hour cells[CELLS];
    int32_t reasons[REASONS];
};

struct telling {
    const struct bw_roomkeeper *k;
    int32_t first_hour;
    struct tally *list; /* by name */
    size_t n;
    size_t *place; /* of each server's number in list; n: nowhere */
};

static size_t number_of(const struct bw_roomkeeper *k, const struct bw_kept_run *t)
{
    return t->server < k->n_servers ? t->server : k->n_servers;
}

static bool tells(const struct bw_kept_run *t)
{
    return t->state != BW_TEST_DEFERRED;
}

/* A run that names no server and did not fail tells nothing of servers. */
static bool tells_here(const struct bw_roomkeeper *k, const struct bw_kept_run *t)
{
    return tells(t) && (t->server < k->n_servers || t->state != BW_TEST_OK);
}

struct choice {
    size_t server;
    size_t n_runs;
};

static int by_runs(const void *a, const void *b)
{
    const struct choice *x = a;
    const struct choice *y = b;

    if (x->n_runs != y->n_runs) {
        return x->n_runs > y->n_runs ? -1 : 1;
    }
    return (x->server > y->server) - (x->server < y->server);
}

static const char *name_of(const struct bw_roomkeeper *k, size_t server)
{
    return server < k->n_servers ? k->servers[server] : "";
}

/* Which servers are told of: those with most runs, in the order of their names. */
static bool choose(struct telling *g, struct bw_room *r)
{
    const struct bw_roomkeeper *k = g->k;
    size_t all = k->n_servers + 1;
    struct choice *c = calloc(all, sizeof(*c));

    g->place = calloc(all, sizeof(*g->place));
    if (!c || !g->place) {
        free(c);
        return false;
    }
    for (size_t i = 0; i < all; i++) {
        c[i].server = i;
    }
    for (size_t i = 0; i < k->n_circuits; i++) {
        for (size_t t = 0; t < k->circuits[i]->n_runs; t++) {
            const struct bw_kept_run *x = &k->circuits[i]->runs[t];
            c[number_of(k, x)].n_runs += tells_here(k, x);
        }
    }
    qsort(c, all, sizeof(*c), by_runs);
    for (size_t i = 0; i < all && c[i].n_runs > 0; i++) {
        g->n += i < TOLD;
        r->n_servers_more += i >= TOLD;
    }
    g->list = calloc(g->n + 1, sizeof(*g->list));
    for (size_t i = 0; g->list && i < all; i++) {
        g->place[i] = g->n;
    }
    for (size_t i = 0; g->list && i < g->n; i++) {
        size_t at = i; /* few: sorted as they come */
        while (at > 0 &&
               strcmp(name_of(k, g->list[at - 1].server), name_of(k, c[i].server)) > 0) {
            g->list[at].server = g->list[at - 1].server;
            at--;
        }
        g->list[at].server = c[i].server;
    }
    for (size_t i = 0; g->list && i < g->n; i++) {
        g->place[g->list[i].server] = i;
    }
    free(c);
    return g->list != NULL;
}

static struct bw_room_server_hour *
cell_of(struct telling *g, size_t server, int32_t hour, uint8_t direction)
{
    size_t at = g->place[server];
    int64_t h = (int64_t)hour - g->first_hour;

    return at < g->n && h >= 0 && h < HOURS && direction < BW_DIRECTIONS
               ? &g->list[at].cells[direction * HOURS + h]
               : NULL;
}

static void count(struct telling *g, const char *site, const struct bw_kept_run *t)
{
    size_t server = number_of(g->k, t);
    struct bw_room_server_hour *c =
        cell_of(g, server, (int32_t)(t->at_unix_ms / 1000 / HOUR_S), t->direction);

    if (!c) {
        return;
    }
    struct tally *y = &g->list[g->place[server]];
    bool good = t->state == BW_TEST_OK && t->apart == BW_APART_NOT;
    c->n_good += good;
    c->n_failed += t->state != BW_TEST_OK;
    c->n_apart += t->state == BW_TEST_OK && t->apart != BW_APART_NOT;
    c->n_erratum += t->state == BW_TEST_OK && t->apart == BW_APART_ERRATUM;
    y->n_good += good;
    y->n_sites += site != y->last_site; /* a site's circuits stand together */
    y->last_site = site;
    if (!good) {
        y->reasons[t->state != BW_TEST_OK ? t->reason : REASONS - BW_APARTS + t->apart]++;
    }
}

static bool fill(struct telling *g)
{
    const struct bw_roomkeeper *k = g->k;
    struct bw_server_hour *list = NULL;
    const char *site = NULL;
    size_t n = 0;

    for (size_t i = 0; i < k->n_circuits; i++) {
        const struct keep_circuit *c = k->circuits[i];
        site = site && strcmp(site, c->site_id) == 0 ? site : c->site_id;
        for (size_t t = 0; t < c->n_runs; t++) {
            if (tells_here(k, &c->runs[t])) {
                count(g, site, &c->runs[t]);
            }
        }
    }
    if (!k->server_hours) {
        return true;
    }
    if (bw_server_hours_all(k->server_hours, &list, &n) < 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct bw_room_server_hour *c =
            list[i].server < k->n_servers
                ? cell_of(g, list[i].server, list[i].hour, list[i].direction)
                : NULL;
        if (c) {
            c->median_ppm = list[i].median_ppm;
            c->n_sites = list[i].n_sites;
            c->word = list[i].word;
        }
    }
    free(list);
    return true;
}

static void
put_reasons(const struct telling *g, struct bw_room *r, struct tally *y, bool *failed)
{
    for (int told = 0; told < REASONS_TOLD; told++) {
        size_t most = 0;
        for (size_t i = 1; i < REASONS; i++) {
            most = y->reasons[i] > y->reasons[most] ? i : most;
        }
        if (y->reasons[most] == 0) {
            return;
        }
        bool apart = most >= REASONS - BW_APARTS;
        r->server_reasons[r->n_server_reasons++] = (struct bw_room_server_reason){
            .words = apart ? bw_words_apart((enum bw_apart)(most - (REASONS - BW_APARTS)))
                     : most == 0 ? "no reason was given"
                                 : bw_keep_put(r, g->k->reasons[most - 1], failed),
            .n = y->reasons[most],
            .apart = apart};
        y->reasons[most] = 0;
    }
}

static void
put_server(const struct telling *g, struct bw_room *r, struct tally *y, bool *failed)
{
    struct bw_room_server *to = &r->servers[r->n_servers++];

    *to = (struct bw_room_server){.name = bw_keep_put(r, name_of(g->k, y->server), failed),
                                  .first_hour = (uint32_t)r->n_server_hours,
                                  .first_reason = (uint32_t)r->n_server_reasons,
                                  .n_sites = y->n_sites,
                                  .n_good = y->n_good};
    for (size_t i = 0; i < CELLS; i++) {
        struct bw_room_server_hour *c = &y->cells[i];
        if (c->n_good + c->n_failed + c->n_apart == 0) {
            continue;
        }
        c->direction = (uint8_t)(i / HOURS);
        c->from_unix_s = ((int64_t)g->first_hour + (int64_t)(i % HOURS)) * HOUR_S;
        r->server_hours[r->n_server_hours++] = *c;
    }
    put_reasons(g, r, y, failed);
    to->end_hour = (uint32_t)r->n_server_hours;
    to->end_reason = (uint32_t)r->n_server_reasons;
}

bool bw_keep_make_servers(struct bw_roomkeeper *k, struct bw_room *r)
{
    int64_t now_s = k->now_unix_ms / 1000;
    struct telling g = {.k = k,
                        .first_hour = (int32_t)((now_s - BW_KEEP_RUNS_MS / 1000) / HOUR_S)};
    bool failed = !choose(&g, r);
    size_t hours = 0;

    r->servers_from_unix_s = (int64_t)g.first_hour * HOUR_S;
    for (size_t i = 0; !failed && i < g.n; i++) {
        for (size_t h = 0; h < CELLS; h++) {
            g.list[i].cells[h].median_ppm = BW_UNKNOWN;
        }
    }
    failed = failed || !fill(&g);
    for (size_t i = 0; !failed && i < g.n; i++) {
        for (size_t h = 0; h < CELLS; h++) {
            const struct bw_room_server_hour *c = &g.list[i].cells[h];
            hours += c->n_good + c->n_failed + c->n_apart > 0;
        }
    }
    if (!failed) {
        r->servers = calloc(g.n + 1, sizeof(*r->servers));
        r->server_hours = calloc(hours + 1, sizeof(*r->server_hours));
        r->server_reasons = calloc(g.n * REASONS_TOLD + 1, sizeof(*r->server_reasons));
        r->bytes += (g.n + 1) * sizeof(*r->servers) + hours * sizeof(*r->server_hours);
        failed = !r->servers || !r->server_hours || !r->server_reasons;
    }
    for (size_t i = 0; !failed && i < g.n; i++) {
        put_server(&g, r, &g.list[i], &failed);
    }
    free(g.list);
    free(g.place);
    return !failed;
}
