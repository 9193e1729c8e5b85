/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_folder.c - a collector's data folder for `bench/run web`, in steps, each of which
 * prints what it made as a line of JSON.
 *
 * gen_folder catalogue DIR SITES DAYS        entities, sites, keys, claims, circuits
 * gen_folder ledger DIR SITES DAYS RECENT A_DAY FULL EVERY
 *     signed records by the ledger's own code: of each of the last RECENT days A_DAY
 * records a site (each of five minutes), 24 of the last whole day and today; of the first
 * FULL sites all 288 a day of all DAYS days, of every EVERYth site (0: of none) all of the
 * last eight days, which is more than a site's page tells of; days are sealed as a
 * collector seals them gen_folder room DIR SITES DAYS             room.db: a row for each
 * circuit and day gen_folder fresh DIR SITES                 each site's newest whole
 * interval but one, so that one is there to be delivered gen_folder ids DIR SITES the
 * sites' ids
 *
 * What room.db has is drawn, not folded from the records: folding them takes the keeper
 * milliseconds a day. Invariant: the catalogue, the ledger and the room are written by the
 * libraries that the collector has, and by nothing else. */
#include "schools.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <facts.h>
#include <gen_private.h>
#include <gen_sink.h>
#include <gen_summaries.h>
#include <hash.h>
#include <jws.h>
#include <known.h>
#include <ledger.h>
#include <limits.h>
#include <pthread.h>
#include <roomstore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DAY = 86400,
    HOT_DAYS = 3, /* before a day is sealed, as collectors have it */
    REGIONS = 20,
    SCHOOLS_OF_DISTRICT = 10,
    HOURS = 24,
    WEEK = 8, /* days */
    DAYS_MAX = 396
};

struct folder {
    const char *dir;
    size_t n; /* sites */
    int64_t days;
    size_t full;  /* so many have every record … */
    size_t every; /* … and one in so many those of a week; 0: none */
    int64_t now_s;
    int64_t today; /* midnight, UTC: this machine's zone is the sites' */
    struct bw_gen **gens;
    int64_t *last_end_s; /* of each site's newest record; unknown: none */
    int64_t records;
    int64_t rows;
};

static void path_of(const struct folder *f, const char *name, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%s/%s", f->dir, name);
}

/* ---- the catalogue -------------------------------------------------------------- */

static int add_entity(struct bw_catalogue *c,
                      const char *id,
                      const char *name,
                      enum bw_entity_kind kind,
                      const char *parent,
                      int64_t from,
                      struct bw_err *reterr)
{
    struct bw_entity e = {.kind = kind, .from_unix_s = from};

    (void)snprintf(e.id, sizeof(e.id), "%s", id);
    (void)snprintf(e.name, sizeof(e.name), "%s", name);
    (void)snprintf(e.parent, sizeof(e.parent), "%s", parent);
    return c->ops->entity_add(c, &e, reterr);
}

static const char *const words[] = {"Alder",  "Birch", "Cedar",  "Dipper", "Egret",
                                    "Fir",    "Grebe", "Heron",  "Isar",   "Juniper",
                                    "Kite",   "Larch", "Maple",  "Neckar", "Oak",
                                    "Plover", "Rowan", "Severn", "Teal",   "Willow"};

static const char *word(size_t i)
{
    return words[i % (sizeof(words) / sizeof(words[0]))];
}

static int add_places(struct folder *f,
                      struct bw_catalogue *c,
                      int64_t from,
                      size_t *ret_n,
                      struct bw_err *reterr)
{
    size_t districts = (f->n + SCHOOLS_OF_DISTRICT - 1) / SCHOOLS_OF_DISTRICT;
    char id[32];
    char parent[32];
    char name[BW_LABEL_MAX + 1];
    int r = add_entity(c, "state", "State of Rivers", BW_ENTITY_STATE, "", from, reterr);

    for (size_t i = 0; r == 0 && i < REGIONS; i++) {
        (void)snprintf(id, sizeof(id), "region-%zu", i);
        (void)snprintf(name, sizeof(name), "%s Region", word(i));
        r = add_entity(c, id, name, BW_ENTITY_REGION, "state", from, reterr);
    }
    for (size_t i = 0; r == 0 && i < districts; i++) {
        (void)snprintf(id, sizeof(id), "district-%zu", i);
        (void)snprintf(parent, sizeof(parent), "region-%zu", i % REGIONS);
        (void)snprintf(name, sizeof(name), "%s %s District %zu", word(i), word(i / 20 + 3),
                       i);
        r = add_entity(c, id, name, BW_ENTITY_DISTRICT, parent, from, reterr);
    }
    for (size_t i = 0; r == 0 && i < f->n; i++) {
        (void)snprintf(id, sizeof(id), "school-%zu", i);
        (void)snprintf(parent, sizeof(parent), "district-%zu", i / SCHOOLS_OF_DISTRICT);
        (void)snprintf(name, sizeof(name), "%s %s School %zu", word(i * 7 + 1),
                       word(i / 20), i);
        r = add_entity(c, id, name, BW_ENTITY_SCHOOL, parent, from, reterr);
    }
    *ret_n = 1 + REGIONS + districts + f->n;
    return r;
}

static int enrol(struct bw_catalogue *c,
                 const struct bw_gen *g,
                 size_t i,
                 int64_t at,
                 struct bw_err *reterr)
{
    struct bw_site site = {.state = BW_SITE_EXPECTED, .created_unix_s = at};
    struct bw_site_key key = {.from_unix_s = at, .revoked_unix_s = BW_UNKNOWN};
    const struct bw_pubkey *p = bw_gen_key(g);
    struct bw_site done;
    uint8_t token[32];
    int r;

    (void)snprintf(site.id, sizeof(site.id), "%s", bw_gen_site(g));
    (void)snprintf(site.entity, sizeof(site.entity), "school-%zu", i);
    (void)snprintf(site.name, sizeof(site.name), "%s %s School %zu", word(i * 7 + 1),
                   word(i / 20), i);
    memcpy(key.kid, p->kid, sizeof(key.kid));
    key.alg = (int)p->alg;
    memcpy(key.raw, p->raw, sizeof(p->raw));
    bw_sha256(site.id, strlen(site.id), token);
    r = c->ops->site_add(c, &site, reterr);
    r = r < 0 ? r : c->ops->token_add(c, token, site.id, at, at + DAY, reterr);
    return r < 0 || bw_web_never(i) ? r : c->ops->enrol(c, token, &key, at, &done, reterr);
}

static int claim(struct bw_catalogue *c,
                 const struct bw_gen *g,
                 size_t i,
                 int64_t from,
                 struct bw_err *reterr)
{
    struct bw_claim x = {.from_unix_s = from,
                         .to_unix_s = BW_UNKNOWN,
                         .layer = BW_LAYER_IP,
                         .provider = "Heron Networks",
                         .origin = "generated",
                         .monthly_cost_cents = (int64_t)(i % 700) * 100 + 20000,
                         .recorded_unix_s = from};
    int64_t bps[BW_DIRECTIONS];

    bw_web_claim(i, bps);
    x.down_bps = bps[BW_DOWN];
    x.up_bps = bps[BW_UP];
    (void)snprintf(x.site, sizeof(x.site), "%s", bw_gen_site(g));
    (void)snprintf(x.circuit, sizeof(x.circuit), "wan");
    return c->ops->claim_add(c, &x, NULL, reterr);
}

static int
note_circuits(struct folder *f, struct bw_catalogue *c, int64_t from, struct bw_err *reterr)
{
    struct bw_circuit_facts *list = calloc(f->n + 1, sizeof(*list));
    size_t n = 0;
    int r = list ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < f->n; i++) {
        if (bw_web_never(i)) {
            continue;
        }
        list[n] = (struct bw_circuit_facts){.from_unix_s = from,
                                            .vantage = BW_VANTAGE_ROUTER,
                                            .source = BW_SOURCE_KERNEL,
                                            .layer = BW_LAYER_ETHERNET,
                                            .resolution_ms = 1000,
                                            .link_bps = 1000000000,
                                            .mtu = 1500};
        (void)snprintf(list[n].site, sizeof(list[n].site), "%s", bw_gen_site(f->gens[i]));
        (void)snprintf(list[n].circuit, sizeof(list[n].circuit), "wan");
        n++;
    }
    r = r < 0 ? r : c->ops->circuits_note(c, list, n, reterr);
    free(list);
    return r;
}

static int make_catalogue(struct folder *f, struct bw_err *reterr)
{
    char path[PATH_MAX];
    struct bw_catalogue *c = NULL;
    int64_t from = f->today - f->days * DAY - DAY;
    size_t entities = 0;
    int r;

    path_of(f, "catalogue.db", path);
    r = bw_catalogue_open(path, &c, reterr);
    r = r < 0 ? r : add_places(f, c, from, &entities, reterr);
    for (size_t i = 0; r == 0 && i < f->n; i++) {
        r = enrol(c, f->gens[i], i, from, reterr);
        r = r < 0 ? r : claim(c, f->gens[i], i, from, reterr);
    }
    r = r < 0 ? r : note_circuits(f, c, from + DAY, reterr);
    bw_catalogue_close(c);
    (void)printf("{\"entities\":%zu,\"sites\":%zu}\n", entities, f->n);
    return r;
}

/* ---- the ledger ----------------------------------------------------------------- */

static int put(struct folder *f,
               struct bw_gen_sink *book,
               size_t i,
               int64_t start,
               struct bw_err *reterr)
{
    const char *jws = NULL;
    size_t n = 0;
    int r;

    if (bw_web_never(i) || (f->last_end_s[i] != BW_UNKNOWN && start < f->last_end_s[i])) {
        return 0;
    }
    r = bw_web_record(f->gens[i], start, BW_WEB_STEP_S, &jws, &n, reterr);
    r = r < 0 ? r : bw_gen_sink_put(book, f->gens[i], jws, n, reterr);
    f->last_end_s[i] = start + BW_WEB_STEP_S;
    f->records += r == 0;
    return r;
}

/* When the slot'th of n records of this day begins. The first one of two days in three has
 * the day's test in it; the others are spread over class hours. */
static int64_t slot_start(const struct bw_gen *g, size_t i, int64_t day, int slot, int n)
{
    int64_t test = bw_web_test_start(g, day);
    int64_t at;

    if (n == HOURS) {
        at = day + slot * 3600 + (int64_t)(i + (size_t)slot) % 12 * BW_WEB_STEP_S;
        return test / 3600 == at / 3600 ? test : at;
    }
    if (slot == 0 && (n > 1 || (day / DAY + (int64_t)i) % 3 != 0)) {
        return test;
    }
    at = day + 7 * 3600 + (int64_t)slot * 10 * 3600 / n +
         (int64_t)(i * 7 % 100) * (36000 / n) / 100;
    return at - at % BW_WEB_STEP_S;
}

/* Has a site every record of a day so long ago? */
static bool is_whole(const struct folder *f, size_t i, int64_t ago)
{
    return i < f->full || (f->every > 0 && i % f->every == 0 && ago <= WEEK);
}

static int one_day(struct folder *f,
                   struct bw_gen_sink *book,
                   int64_t ago,
                   int slots,
                   struct bw_err *reterr)
{
    int64_t day = f->today - ago * DAY;
    int r = 0;

    for (int slot = 0; r == 0 && slot < slots; slot++) {
        for (size_t i = 0; r == 0 && i < f->n; i++) {
            if (is_whole(f, i, ago)) {
                continue;
            }
            int64_t start = slot_start(f->gens[i], i, day, slot, slots);
            if (start + BW_WEB_STEP_S <= f->now_s &&
                !(bw_web_silent(i) && start > f->now_s - 4 * 3600)) {
                r = put(f, book, i, start, reterr);
            }
        }
    }
    for (int64_t start = day; r == 0 && start < day + DAY; start += BW_WEB_STEP_S) {
        for (size_t i = 0; r == 0 && i < f->n && start + BW_WEB_STEP_S <= f->now_s; i++) {
            bool silent = i >= f->full && bw_web_silent(i) && start > f->now_s - 4 * 3600;
            r = is_whole(f, i, ago) && !silent ? put(f, book, i, start, reterr) : 0;
        }
    }
    return r;
}

static int make_ledger(struct folder *f, int64_t recent, int a_day, struct bw_err *reterr)
{
    static struct bw_gen_sink book;
    struct bw_ledger_seal_report sum = {.segments = 0};
    char path[PATH_MAX];
    int64_t began_ns = bw_clock_mono_ns();
    int64_t seal_ns = 0;
    int r;

    path_of(f, "ledger", path);
    r = bw_ledger_open(path, BW_LEDGER_WRITE, &book.ledger, reterr);
    for (int64_t ago = f->days; r == 0 && ago >= 0; ago--) {
        struct bw_ledger_seal_report one = {.segments = 0};
        int64_t day = f->today - ago * DAY;
        r = one_day(f, &book, ago, ago <= 1 ? HOURS : ago <= recent ? a_day : 0, reterr);
        r = r < 0 ? r : bw_gen_sink_flush(&book, reterr);
        int64_t before_ns = bw_clock_mono_ns();
        r = r < 0 ? r
                  : book.ledger->ops->seal(book.ledger, (day + DAY) * 1000, HOT_DAYS, 0,
                                           &one, reterr);
        seal_ns += bw_clock_mono_ns() - before_ns;
        sum.segments += one.segments;
        sum.rows += one.rows;
        sum.raw_bytes += one.raw_bytes;
        sum.file_bytes += one.file_bytes;
    }
    if (r < 0) {
        (void)bw_gen_sink_flush(&book, NULL);
    }
    bw_ledger_close(book.ledger);
    (void)printf("{\"records\":%lld,\"sealed_days\":%lld,\"sealed_records\":%lld,"
                 "\"jws_bytes\":%lld,\"sealed_bytes\":%lld,\"seconds\":%.1f,"
                 "\"seal_seconds\":%.1f}\n",
                 (long long)f->records, (long long)sum.segments, (long long)sum.rows,
                 (long long)sum.raw_bytes, (long long)sum.file_bytes,
                 (double)(bw_clock_mono_ns() - began_ns) / 1e9, (double)seal_ns / 1e9);
    return r;
}

static int make_fresh(struct folder *f, struct bw_err *reterr)
{
    static struct bw_gen_sink book;
    char path[PATH_MAX];
    int64_t start = f->now_s - f->now_s % BW_WEB_STEP_S - 2 * BW_WEB_STEP_S;
    int r;

    path_of(f, "ledger", path);
    r = bw_ledger_open(path, BW_LEDGER_WRITE, &book.ledger, reterr);
    for (size_t i = 0; r == 0 && i < f->n; i++) {
        r = bw_web_resume(f->gens[i], book.ledger, &f->last_end_s[i], reterr);
        book.received_unix_ms = f->now_s * 1000;
        r = r < 0 || bw_web_silent(i) ? r : put(f, &book, i, start, reterr);
    }
    int flushed = bw_gen_sink_flush(&book, r < 0 ? NULL : reterr);
    bw_ledger_close(book.ledger);
    (void)printf("{\"records\":%lld}\n", (long long)f->records);
    return r < 0 ? r : flushed;
}

/* ---- the room ------------------------------------------------------------------- */

static void
fill_way(struct bw_room_way *w, size_t i, int64_t day, int way, int64_t n_days, bool school)
{
    int64_t line[BW_DIRECTIONS];
    int64_t claimed[BW_DIRECTIONS];
    int64_t wave = (int64_t)((i * 131 + (size_t)day * 17 + (size_t)way * 7) % 400);

    bw_web_line(i, line);
    bw_web_claim(i, claimed);
    w->claim_bps = claimed[way];
    w->p95_bps = line[way] / 1000 * (300 + wave);
    w->peak_bps = line[way] / 1000 * (500 + wave);
    w->class_p95_bps = school ? line[way] / 1000 * (350 + wave) : BW_UNKNOWN;
    w->class_peak_bps = school ? w->peak_bps : BW_UNKNOWN;
    w->class_share_ppm = school ? w->class_p95_bps / (w->claim_bps / 1000000) : BW_UNKNOWN;
    w->claimed_p95_bps = w->class_p95_bps;
    w->claimed_peak_bps = w->class_peak_bps;
    w->bytes = line[way] / 8 * 86400 / 10 * n_days;
    w->full_s = school && wave > 380 ? 600 : 0;
    w->full_of_s = school ? 36000 * n_days : 0;
    w->class_expected = school ? 120 * n_days : 0;
    w->class_known = school ? (int32_t)(118 * n_days) : 0;
    w->best_bps = line[way] / 1000 * 980;
    w->median_bps = line[way] / 1000 * (940 + wave / 10);
    w->goodput_bps = line[way] / 1000 * 930;
    w->idle_p50_us = 12000;
    w->loaded_p50_us = 20000 + wave * 50;
    w->n_wanted = (int32_t)(2 * n_days);
    w->n_made = w->n_wanted;
    w->n_ok = w->n_wanted;
    w->n_compared = w->n_wanted;
    w->n_at_80 = claimed[way] > line[way] ? 0 : w->n_wanted;
    w->n_at_90 = w->n_at_80;
}

static void fill_day(struct bw_room_day *d, size_t i, int64_t day, int64_t n_days)
{
    bool school = n_days > 1 || ((day + 4) % 7 >= 1 && (day + 4) % 7 <= 5);

    bw_room_day_init(d);
    d->day = day;
    d->from_unix_s = day * DAY;
    d->to_unix_s = (day + n_days) * DAY;
    d->n_days = (int32_t)n_days;
    d->flags = BW_ROOM_DAY_NO_CALENDAR;
    d->layer = BW_LAYER_ETHERNET;
    d->claim_layer = BW_LAYER_IP;
    d->n_records = (int32_t)(288 * n_days);
    d->n_egress_match = (int32_t)(4 * n_days);
    d->recorded_s = DAY * n_days;
    d->counted_s = DAY * n_days;
    d->class_s = school ? 36000 * n_days : 0;
    d->unsynced_s = 0;
    d->sent = 2 * DAY * n_days;
    d->lost = (int64_t)(i % 90) * n_days;
    d->rtt_p50_us = 4300 + (int64_t)(i % 50) * 10;
    d->rtt_p95_us = 6000 + (int64_t)((i + (size_t)day) % 90) * 40;
    d->class_rtt_p95_us = school ? d->rtt_p95_us + 900 : BW_UNKNOWN;
    d->outage_ms = (day + (int64_t)i) % 30 == 2 ? 1500000 : 0;
    d->outage_class_ms = school ? d->outage_ms / 2 : 0;
    d->outage_excluded_ms = 0;
    d->watched_s = DAY * n_days;
    for (int way = 0; way < BW_DIRECTIONS; way++) {
        fill_way(&d->way[way], i, day, way, n_days, school);
    }
}

static int
room_of_site(struct folder *f, struct bw_roomstore *s, size_t i, struct bw_err *reterr)
{
    int64_t today = f->today / DAY;
    struct bw_roomstore_risk risk = {.made_unix_s = f->now_s,
                                     .wanted = BW_UNKNOWN,
                                     .counted = BW_UNKNOWN,
                                     .deferred = BW_UNKNOWN,
                                     .by_unix_s = BW_UNKNOWN,
                                     .students = BW_UNKNOWN};
    struct bw_room_day d;
    int r = bw_roomstore_circuit(s, bw_gen_site(f->gens[i]), "wan", &risk.circuit, reterr);

    for (int64_t ago = f->days; r == 0 && ago > 0; ago--) {
        fill_day(&d, i, today - ago, 1);
        r = bw_roomstore_put_day(s, risk.circuit, BW_ROOM_SPAN_DAY, &d, reterr);
        f->rows++;
    }
    fill_day(&d, i, today - BW_ROOM_DAYS_MERGED, BW_ROOM_DAYS_MERGED);
    r = r < 0 ? r : bw_roomstore_put_day(s, risk.circuit, BW_ROOM_SPAN_MERGED, &d, reterr);
    r = r < 0 ? r : bw_roomstore_put_risk(s, &risk, reterr);
    return r < 0 ? r : bw_roomstore_set_filled(s, risk.circuit, today - f->days, reterr);
}

/* Marks as the keeper leaves them, so that it takes these rows for its own. */
static int mark_room(struct folder *f, struct bw_roomstore *s, struct bw_err *reterr)
{
    static pthread_mutex_t conf = PTHREAD_MUTEX_INITIALIZER;
    const struct bw_known_opts o = {.data_dir = f->dir, .rules = "", .conf = &conf};
    struct bw_ledger_stat stat = {.n_positions = 0};
    struct bw_known *k = NULL;
    int64_t said = BW_UNKNOWN;
    bool changed = false;
    int r = bw_known_open(&o, &k, reterr);

    r = r < 0 ? r : bw_known_refresh(k, &said, NULL, NULL, &changed, reterr);
    struct bw_ledger *l = r < 0 ? NULL : bw_known_ledger(k);
    r = r < 0 ? r : l->ops->stat(l, &stat, reterr);
    const struct {
        const char *name;
        int64_t value;
    } marks[] = {{"facts", BW_FACTS_VERSION},
                 {"said", said},
                 {"claims", r < 0 ? 0 : (int64_t)(bw_known_claims_mark(k) >> 1)},
                 {"cursor", stat.n_positions},
                 {"passed", f->now_s},
                 {"watched", f->today - f->days * DAY}};
    for (size_t i = 0; r == 0 && i < sizeof(marks) / sizeof(marks[0]); i++) {
        r = bw_roomstore_set(s, marks[i].name, marks[i].value, reterr);
    }
    bw_known_close(k);
    return r;
}

static int make_room(struct folder *f, struct bw_err *reterr)
{
    char path[PATH_MAX];
    struct bw_roomstore *s = NULL;
    int64_t began_ns = bw_clock_mono_ns();
    int r;

    path_of(f, "room.db", path);
    r = bw_roomstore_open(path, &s, NULL, reterr);
    r = r < 0 ? r : bw_roomstore_begin(s, reterr);
    for (size_t i = 0; r == 0 && i < f->n; i++) {
        r = bw_web_never(i) ? 0 : room_of_site(f, s, i, reterr);
        if (r == 0 && i % 50 == 49) {
            r = bw_roomstore_commit(s, reterr);
            r = r < 0 ? r : bw_roomstore_begin(s, reterr);
        }
    }
    r = r < 0 ? r : bw_roomstore_commit(s, reterr);
    r = r < 0 ? r : mark_room(f, s, reterr);
    bw_roomstore_close(s);
    (void)printf("{\"rows\":%lld,\"seconds\":%.1f}\n", (long long)f->rows,
                 (double)(bw_clock_mono_ns() - began_ns) / 1e9);
    return r;
}

static int print_ids(const struct folder *f)
{
    for (size_t i = 0; i < f->n; i++) {
        (void)printf("%s\n", bw_gen_site(f->gens[i]));
    }
    return 0;
}

/* --------------------------------------------------------------------------------- */

static int begin(struct folder *f, struct bw_err *reterr)
{
    int r = 0;

    f->now_s = bw_clock_unix_ms() / 1000;
    f->today = f->now_s - f->now_s % DAY;
    f->gens = calloc(f->n, sizeof(struct bw_gen *));
    f->last_end_s = calloc(f->n, sizeof(*f->last_end_s));
    r = f->gens && f->last_end_s ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < f->n; i++) {
        f->last_end_s[i] = BW_UNKNOWN;
        r = bw_web_school(i, &f->gens[i], reterr);
    }
    return r;
}

static long number(int argc, char **argv, int at, long low, long high)
{
    char *end = NULL;
    long v = at < argc ? strtol(argv[at], &end, 10) : -1;

    return at < argc && end != argv[at] && *end == '\0' && v >= low && v <= high ? v : -1;
}

int main(int argc, char **argv)
{
    struct bw_err err = {.text = ""};
    const char *what = argc > 2 ? argv[1] : "";
    long sites = number(argc, argv, 3, 1, BW_WEB_SITES_MAX);
    long days = number(argc, argv, 4, 1, DAYS_MAX);
    long recent = number(argc, argv, 5, 0, days);
    long a_day = number(argc, argv, 6, 0, HOURS - 1);
    long full = number(argc, argv, 7, 0, sites);
    long every = number(argc, argv, 8, 0, sites);
    bool fresh = strcmp(what, "fresh") == 0;
    bool ids = strcmp(what, "ids") == 0;
    bool ledger = strcmp(what, "ledger") == 0;
    struct folder f = {
        .dir = argc > 2 ? argv[2] : NULL, .n = sites > 0 ? (size_t)sites : 0, .days = days};
    int r;

    f.full = full > 0 ? (size_t)full : 0;
    f.every = every > 0 ? (size_t)every : 0;
    if (sites < 0 || (!fresh && !ids && days < 0) ||
        (ledger && (recent < 0 || a_day < 0 || full < 0 || every < 0))) {
        (void)fprintf(stderr,
                      "Usage: gen_folder catalogue|room DIR SITES DAYS\n"
                      "       gen_folder ledger DIR SITES DAYS RECENT A_DAY FULL EVERY\n"
                      "       gen_folder fresh|ids DIR SITES\n");
        return 2;
    }
    r = bw_crypto_init();
    r = r < 0 ? r : begin(&f, &err);
    r = r < 0                            ? r
        : ids                            ? print_ids(&f)
        : fresh                          ? make_fresh(&f, &err)
        : ledger                         ? make_ledger(&f, recent, (int)a_day, &err)
        : strcmp(what, "catalogue") == 0 ? make_catalogue(&f, &err)
        : strcmp(what, "room") == 0      ? make_room(&f, &err)
                                         : bw_err_set(&err, -EINVAL, "no such step");
    for (size_t i = 0; f.gens && i < f.n; i++) {
        bw_gen_free(f.gens[i]);
    }
    free(f.gens);
    free(f.last_end_s);
    if (r < 0) {
        (void)fprintf(stderr, "gen_folder: %s\n", err.text[0] ? err.text : bw_strerror(r));
    }
    return r < 0;
}
