/* SPDX-License-Identifier: GPL-3.0-or-later
 * tickets.c - bookings: asked for, shown, over, forgotten.
 *
 * A booking has a place at the server from its request until each of its directions is
 * over or its tickets have expired. It is remembered as long as its request could be shown
 * again, so that neither a request nor a ticket works twice. */
#include "tickets.h"

#include <arpa/inet.h>
#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <jws.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400,
    BUSY_WAIT_S = 20,
    SITES_MAX = 16384
};

enum side_state {
    SIDE_NONE, /* not asked for, or over */
    SIDE_OUT,  /* its ticket is out */
    SIDE_RUNS
};

struct side {
    enum side_state state;
    uint64_t number; /* while it runs */
    enum bw_egress egress;
};

struct booking {
    bool used; /* the slot */
    char nonce[BW_NONCE_LEN + 1];
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    enum bw_test_kind kind;
    struct side sides[BW_DIRECTIONS];
    int64_t bps; /* of the rate, while it has a place */
    int64_t expires_mono_ms;
    int64_t expires_unix_ms;
    int64_t forget_mono_ms;
    struct bw_prefix prefixes[BW_TICKETS_PREFIXES_MAX];
    size_t n_prefixes;
    bool more_prefixes;
};

struct site_day {
    char site[BW_SITE_MAX + 1];
    int64_t bytes;
    int64_t tests;
};

struct bw_tickets {
    struct bw_tickets_opts o;
    char server[BW_NAME_MAX + 1];
    char host[300];
    struct booking *bookings; /* [BW_TICKETS_MAX] */
    size_t n_bookings;        /* slots that were ever used */
    struct site_day *days;
    size_t n_days;
    int64_t day; /* of all of `days` */
    struct bw_tickets_stats stats;
};

int bw_tickets_new(const struct bw_tickets_opts *opts, struct bw_tickets **ret)
{
    struct bw_tickets *t = calloc(1, sizeof(*t));
    if (!t) {
        return -ENOMEM;
    }
    t->o = *opts;
    (void)snprintf(t->server, sizeof(t->server), "%s", opts->server);
    (void)snprintf(t->host, sizeof(t->host), "%s", opts->host);
    t->bookings = calloc(BW_TICKETS_MAX, sizeof(*t->bookings));
    t->days = calloc(SITES_MAX, sizeof(*t->days));
    if (!t->bookings || !t->days) {
        bw_tickets_free(t);
        return -ENOMEM;
    }
    *ret = t;
    return 0;
}

void bw_tickets_free(struct bw_tickets *t)
{
    if (t) {
        free(t->bookings);
        free(t->days);
        free(t);
    }
}

/* ---- places */

static bool has_place(const struct booking *b, int64_t now_ms)
{
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if (b->sides[d].state == SIDE_RUNS ||
            (b->sides[d].state == SIDE_OUT && now_ms < b->expires_mono_ms)) {
            return true;
        }
    }
    return false;
}

static bool runs(const struct booking *b)
{
    return b->sides[BW_DOWN].state == SIDE_RUNS || b->sides[BW_UP].state == SIDE_RUNS;
}

/* Forget what is too old to come again. */
static void tidy(struct bw_tickets *t, int64_t now_ms)
{
    int64_t today = bw_clock_unix_ms() / 1000 / DAY_S;
    for (size_t i = 0; i < t->n_bookings; i++) {
        struct booking *b = &t->bookings[i];
        if (b->used && now_ms >= b->forget_mono_ms && !has_place(b, now_ms)) {
            b->used = false;
        }
    }
    while (t->n_bookings > 0 && !t->bookings[t->n_bookings - 1].used) {
        t->n_bookings--;
    }
    if (today != t->day) {
        t->day = today;
        t->n_days = 0;
    }
}

static struct site_day *day_of(struct bw_tickets *t, const char *site)
{
    for (size_t i = 0; i < t->n_days; i++) {
        if (strcmp(t->days[i].site, site) == 0) {
            return &t->days[i];
        }
    }
    if (t->n_days == SITES_MAX) {
        return NULL;
    }
    struct site_day *d = &t->days[t->n_days++];
    memset(d, 0, sizeof(*d));
    (void)snprintf(d->site, sizeof(d->site), "%s", site);
    return d;
}

static struct booking *slot(struct bw_tickets *t)
{
    for (size_t i = 0; i < t->n_bookings; i++) {
        if (!t->bookings[i].used) {
            return &t->bookings[i];
        }
    }
    return t->n_bookings < BW_TICKETS_MAX ? &t->bookings[t->n_bookings++] : NULL;
}

static int64_t rate_of(const struct bw_tickets *t, const struct bw_tickets_asker *a)
{
    int64_t bps = BW_UNKNOWN;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        if ((a->request->directions & 1U << d) && a->claim_bps[d] > bps) {
            bps = a->claim_bps[d];
        }
    }
    return bps == BW_UNKNOWN ? t->o.unclaimed_bps : bps;
}

/* Tickets that are out and not shown are void when their site asks again: the answer may
 * have been lost on its way. */
static void void_older(struct bw_tickets *t, const char *site)
{
    for (size_t i = 0; i < t->n_bookings; i++) {
        struct booking *b = &t->bookings[i];
        for (int d = 0; b->used && d < BW_DIRECTIONS && strcmp(b->site, site) == 0; d++) {
            if (b->sides[d].state == SIDE_OUT) {
                b->sides[d].state = SIDE_NONE;
            }
        }
    }
}

static int check_request(const struct bw_tickets *t,
                         const struct bw_tickets_asker *a,
                         struct bw_err *reterr)
{
    int64_t off_ms = a->request->at_unix_ms - bw_clock_unix_ms();
    if (strcmp(a->request->aud, bw_key_public(t->o.log_key)->kid) != 0) {
        return bw_err_set(reterr, -EPERM, "this request is for another collector (aud)");
    }
    if (off_ms < -BW_TICKETS_SKEW_MS || off_ms > BW_TICKETS_SKEW_MS) {
        return bw_err_set(reterr, -EPERM,
                          "the request is %" PRId64 " s %s by the collector's clock",
                          off_ms < 0 ? -off_ms / 1000 : off_ms / 1000,
                          off_ms < 0 ? "old" : "from the future");
    }
    for (size_t i = 0; i < t->n_bookings; i++) {
        if (t->bookings[i].used && strcmp(t->bookings[i].nonce, a->request->nonce) == 0) {
            return bw_err_set(reterr, -EALREADY, "this nonce was used before");
        }
    }
    return 0;
}

static int check_room(struct bw_tickets *t,
                      const struct bw_tickets_asker *a,
                      int64_t now_ms,
                      int64_t *ret_wait_s,
                      struct bw_err *reterr)
{
    int64_t bps = rate_of(t, a);
    int64_t taken = 0;
    int64_t taken_bps = 0;
    const struct site_day *day = day_of(t, a->site);
    int64_t day_left_s = DAY_S - bw_clock_unix_ms() / 1000 % DAY_S;
    if (bps > t->o.rate_bps) {
        return bw_err_set(reterr, -EFBIG,
                          "the circuit's claim is %" PRId64
                          " bit/s and the server's line carries %" PRId64,
                          bps, t->o.rate_bps);
    }
    if (!day) {
        *ret_wait_s = day_left_s;
        return bw_err_set(reterr, -EBUSY,
                          "%d sites have tested today, more are not counted; they begin "
                          "anew at 00:00 UTC",
                          SITES_MAX);
    }
    if (day->bytes >= t->o.site_bytes || day->tests >= t->o.site_tests) {
        *ret_wait_s = day_left_s;
        return bw_err_set(reterr, -EDQUOT,
                          "this site has had the tests or bytes of its day; they begin "
                          "anew at 00:00 UTC");
    }
    for (size_t i = 0; i < t->n_bookings; i++) {
        const struct booking *b = &t->bookings[i];
        if (b->used && has_place(b, now_ms)) {
            taken++;
            taken_bps += b->bps;
            if (strcmp(b->site, a->site) == 0 && runs(b)) {
                *ret_wait_s = BUSY_WAIT_S;
                return bw_err_set(reterr, -EBUSY, "a test of this site runs");
            }
        }
    }
    if (taken >= t->o.tests || taken_bps + bps > t->o.rate_bps) {
        *ret_wait_s = BUSY_WAIT_S;
        return bw_err_set(reterr, -EBUSY, "server busy: %" PRId64 " tests hold it", taken);
    }
    return 0;
}

/* ---- booking */

static int sign_ticket(const struct bw_tickets *t,
                       const struct booking *b,
                       enum bw_direction d,
                       struct bw_buf *out,
                       struct bw_err *reterr)
{
    struct bw_ticket ticket = {.kind = b->kind,
                               .direction = d,
                               .max_bytes = t->o.test_bytes,
                               .expires_unix_ms = b->expires_unix_ms};
    struct bw_buf payload;
    (void)snprintf(ticket.nonce, sizeof(ticket.nonce), "%s", b->nonce);
    (void)snprintf(ticket.kid, sizeof(ticket.kid), "%s", b->kid);
    (void)snprintf(ticket.site, sizeof(ticket.site), "%s", b->site);
    (void)snprintf(ticket.circuit, sizeof(ticket.circuit), "%s", b->circuit);
    (void)snprintf(ticket.server, sizeof(ticket.server), "%s", t->server);
    bw_buf_init(&payload, BW_TICKET_JWS_MAX);
    int r = bw_ticket_encode(&ticket, &payload, reterr);
    r = r < 0 ? r
              : bw_jws_sign(t->o.log_key, BW_TYP_TICKET, payload.data, payload.len, out,
                            reterr);
    bw_buf_done(&payload);
    return r;
}

static void put_url(const struct bw_tickets *t,
                    struct bw_jw *w,
                    const char *scheme,
                    const char *path,
                    const char *token)
{
    char key[64];
    char url[BW_TICKET_JWS_MAX + 400];
    (void)snprintf(key, sizeof(key), "%s://%s", scheme, path);
    (void)snprintf(url, sizeof(url), "%s://%s%s?access_token=%s", scheme, t->host, path,
                   token);
    bw_jw_kstr(w, key, url);
}

static int put_urls(const struct bw_tickets *t,
                    const struct booking *b,
                    struct bw_jw *w,
                    struct bw_err *reterr)
{
    static const char *const paths[2][BW_DIRECTIONS] = {
        [BW_TEST_KIND_NDT7] = {"/ndt/v7/download", "/ndt/v7/upload"},
        [BW_TEST_KIND_HTTP] = {"/down", "/up"},
    };
    const char *scheme = b->kind == BW_TEST_KIND_NDT7 ? (t->o.tls ? "wss" : "ws")
                         : t->o.tls                   ? "https"
                                                      : "http";
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        struct bw_buf token;
        char receipt[32];
        int r;
        if (b->sides[d].state != SIDE_OUT) {
            continue;
        }
        bw_buf_init(&token, BW_TICKET_JWS_MAX);
        r = sign_ticket(t, b, (enum bw_direction)d, &token, reterr);
        if (r == 0) {
            put_url(t, w, scheme, paths[b->kind][d], token.data);
        }
        if (r == 0 && b->kind == BW_TEST_KIND_HTTP) {
            (void)snprintf(receipt, sizeof(receipt), "%s/receipt", paths[b->kind][d]);
            put_url(t, w, scheme, receipt, token.data);
        }
        bw_buf_done(&token);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static int put_answer(const struct bw_tickets *t,
                      const struct booking *b,
                      struct bw_buf *out,
                      struct bw_err *reterr)
{
    struct bw_jw w;
    size_t name = strcspn(t->host, ":");
    name = t->host[0] == '[' ? strcspn(t->host, "]") + 1 : name;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_karr(&w, "results");
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "machine", t->server);
    bw_jw_key(&w, "hostname");
    bw_jw_strn(&w, t->host, name);
    bw_jw_kobj(&w, "urls");
    int r = put_urls(t, b, &w, reterr);
    bw_jw_obj_end(&w);
    bw_jw_obj_end(&w);
    bw_jw_arr_end(&w);
    bw_jw_kstr(&w, "nonce", b->nonce);
    bw_jw_ki64(&w, "expires_ms", b->expires_unix_ms);
    bw_jw_obj_end(&w);
    return r < 0 ? r : bw_buf_error(out);
}

static void fill(struct booking *b, const struct bw_tickets_asker *a, int64_t now_ms)
{
    const struct bw_ticket_request *q = a->request;
    int64_t life_ms = q->directions == 3 ? BW_TICKETS_BOTH_MS : BW_TICKETS_ONE_MS;
    memset(b, 0, sizeof(*b));
    b->used = true;
    (void)snprintf(b->nonce, sizeof(b->nonce), "%s", q->nonce);
    (void)snprintf(b->kid, sizeof(b->kid), "%s", a->kid);
    (void)snprintf(b->site, sizeof(b->site), "%s", a->site);
    (void)snprintf(b->circuit, sizeof(b->circuit), "%s", q->circuit);
    b->kind = q->kind;
    for (int d = 0; d < BW_DIRECTIONS; d++) {
        b->sides[d].state = q->directions & 1U << d ? SIDE_OUT : SIDE_NONE;
    }
    b->expires_mono_ms = now_ms + life_ms;
    b->expires_unix_ms = bw_clock_unix_ms() + life_ms;
    b->forget_mono_ms = now_ms + 2 * (int64_t)BW_TICKETS_SKEW_MS + life_ms;
    b->n_prefixes =
        a->n_prefixes < BW_TICKETS_PREFIXES_MAX ? a->n_prefixes : BW_TICKETS_PREFIXES_MAX;
    for (size_t i = 0; i < b->n_prefixes; i++) {
        b->prefixes[i] = a->prefixes[i];
    }
    b->more_prefixes = a->more_prefixes || a->n_prefixes > b->n_prefixes;
}

int bw_tickets_book(struct bw_tickets *t,
                    const struct bw_tickets_asker *a,
                    struct bw_buf *out,
                    int64_t *ret_wait_s,
                    struct bw_err *reterr)
{
    int64_t now_ms = bw_clock_mono_ms();
    tidy(t, now_ms);
    int r = check_request(t, a, reterr);
    if (r == 0) {
        void_older(t, a->site);
        r = check_room(t, a, now_ms, ret_wait_s, reterr);
    }
    struct booking *b = r == 0 ? slot(t) : NULL;
    if (r == 0 && !b) {
        *ret_wait_s = BUSY_WAIT_S;
        r = bw_err_set(reterr, -EBUSY, "too many requests are remembered");
    }
    if (r < 0 || !b) {
        t->stats.refused += r == -EBUSY || r == -EDQUOT;
        return r;
    }
    fill(b, a, now_ms);
    b->bps = rate_of(t, a);
    r = put_answer(t, b, out, reterr);
    if (r < 0) {
        b->used = false;
        return r;
    }
    t->stats.booked++;
    return 0;
}

/* ---- at the server */

static bool within(const struct bw_prefix *p, const uint8_t *addr)
{
    unsigned whole = p->bits / 8;
    unsigned rest = p->bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);
    return memcmp(p->addr, addr, whole) == 0 &&
           (rest == 0 || (p->addr[whole] & mask) == (addr[whole] & mask));
}

static enum bw_egress egress_of(const struct booking *b, const char *peer)
{
    uint8_t addr[16];
    uint8_t family = 0;
    enum bw_egress found = BW_EGRESS_UNKNOWN;
    if (inet_pton(AF_INET, peer, addr) == 1) {
        family = 4;
    } else if (inet_pton(AF_INET6, peer, addr) == 1) {
        family = 6;
    }
    for (size_t i = 0; i < b->n_prefixes; i++) {
        if (b->prefixes[i].family != family) {
            continue;
        }
        if (within(&b->prefixes[i], addr)) {
            return BW_EGRESS_MATCH;
        }
        found = b->more_prefixes ? BW_EGRESS_UNKNOWN : BW_EGRESS_OTHER;
    }
    return found;
}

/* One connection by another line, and the figure is not this line's. */
static enum bw_egress worse(enum bw_egress a, enum bw_egress b)
{
    if (a == BW_EGRESS_OTHER || b == BW_EGRESS_OTHER) {
        return BW_EGRESS_OTHER;
    }
    return a == b ? a : BW_EGRESS_UNKNOWN;
}

/* The ticket, if the log key signed it. */
static int read_token(const struct bw_tickets *t, const char *token, struct bw_ticket *ret)
{
    struct bw_buf scratch;
    struct bw_jws j;
    bw_buf_init(&scratch, BW_TICKET_JWS_MAX);
    int r = bw_jws_parse(token, strlen(token), &scratch, &j, NULL);
    if (r == 0 && (strcmp(j.typ, BW_TYP_TICKET) != 0 ||
                   bw_jws_verify(&j, bw_key_public(t->o.log_key)) < 0)) {
        r = -BW_ESIGNATURE;
    }
    r = r < 0 ? r : bw_ticket_decode(j.payload, j.payload_len, ret, NULL);
    bw_buf_done(&scratch);
    return r;
}

int bw_tickets_begin(struct bw_tickets *t,
                     const char *token,
                     const char *peer,
                     enum bw_test_kind kind,
                     enum bw_direction direction,
                     uint64_t number,
                     int64_t *ret_max_bytes,
                     struct bw_err *reterr)
{
    struct bw_ticket ticket;
    int64_t now_ms = bw_clock_mono_ms();
    if (read_token(t, token, &ticket) < 0) {
        (void)bw_err_set(reterr, 0, "this is no ticket of this collector's");
        return 401;
    }
    if (ticket.kind != kind || ticket.direction != direction ||
        strcmp(ticket.server, t->server) != 0) {
        (void)bw_err_set(reterr, 0, "the ticket is for another test: %s %s",
                         bw_test_kind_name(ticket.kind),
                         ticket.direction == BW_UP ? "up" : "down");
        return 403;
    }
    if (bw_clock_unix_ms() >= ticket.expires_unix_ms) {
        (void)bw_err_set(reterr, 0, "the ticket has expired");
        return 403;
    }
    for (size_t i = 0; i < t->n_bookings; i++) {
        struct booking *b = &t->bookings[i];
        struct side *s = &b->sides[direction];
        if (b->used && s->state == SIDE_OUT && strcmp(b->nonce, ticket.nonce) == 0) {
            /* Its place may be another's by now, whatever the wall clock was set to. */
            if (now_ms >= b->expires_mono_ms) {
                (void)bw_err_set(reterr, 0, "the ticket has expired");
                return 403;
            }
            struct site_day *day = day_of(t, b->site);
            s->state = SIDE_RUNS;
            s->number = number;
            s->egress = egress_of(b, peer);
            if (day) {
                day->tests++;
            }
            *ret_max_bytes = ticket.max_bytes;
            return 200;
        }
    }
    (void)bw_err_set(reterr, 0, "this ticket is spent or void: one is good for one test");
    return 409;
}

void bw_tickets_joined(struct bw_tickets *t, uint64_t number, const char *peer)
{
    for (size_t i = 0; i < t->n_bookings; i++) {
        struct booking *b = &t->bookings[i];
        for (int d = 0; b->used && d < BW_DIRECTIONS; d++) {
            struct side *s = &b->sides[d];
            if (s->state == SIDE_RUNS && s->number == number) {
                s->egress = worse(s->egress, egress_of(b, peer));
            }
        }
    }
}

static void fill_receipt(const struct bw_tickets *t,
                         const struct booking *b,
                         enum bw_direction d,
                         struct bw_receipt *r)
{
    (void)snprintf(r->nonce, sizeof(r->nonce), "%s", b->nonce);
    (void)snprintf(r->kid, sizeof(r->kid), "%s", b->kid);
    (void)snprintf(r->site, sizeof(r->site), "%s", b->site);
    (void)snprintf(r->circuit, sizeof(r->circuit), "%s", b->circuit);
    (void)snprintf(r->server, sizeof(r->server), "%s", t->server);
    r->egress = b->sides[d].egress;
}

int bw_tickets_end(struct bw_tickets *t,
                   uint64_t number,
                   const struct bw_receipt *measured,
                   struct bw_buf *out,
                   struct bw_err *reterr)
{
    struct bw_receipt receipt = *measured;
    struct bw_buf payload;
    int r;
    for (size_t i = 0; i < t->n_bookings; i++) {
        struct booking *b = &t->bookings[i];
        struct side *s = &b->sides[measured->direction];
        if (!b->used || s->state != SIDE_RUNS || s->number != number ||
            b->kind != measured->kind) {
            continue;
        }
        struct site_day *day = day_of(t, b->site);
        s->state = SIDE_NONE;
        if (day) {
            day->bytes += measured->bytes;
        }
        fill_receipt(t, b, measured->direction, &receipt);
        bw_buf_init(&payload, BW_RECEIPT_JWS_MAX);
        r = bw_receipt_encode(&receipt, &payload, reterr);
        r = r < 0 ? r
                  : bw_jws_sign(t->o.log_key, BW_TYP_TEST, payload.data, payload.len, out,
                                reterr);
        bw_buf_done(&payload);
        t->stats.receipts += r == 0;
        return r;
    }
    return bw_err_set(reterr, -ENOENT, "there is no such test");
}

void bw_tickets_lost(struct bw_tickets *t)
{
    for (size_t i = 0; i < t->n_bookings; i++) {
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            struct side *s = &t->bookings[i].sides[d];
            s->state = s->state == SIDE_RUNS ? SIDE_NONE : s->state;
        }
    }
}

void bw_tickets_stats(const struct bw_tickets *t, struct bw_tickets_stats *ret)
{
    int64_t now_ms = bw_clock_mono_ms();
    *ret = t->stats;
    ret->taken = 0;
    for (size_t i = 0; i < t->n_bookings; i++) {
        ret->taken += t->bookings[i].used && has_place(&t->bookings[i], now_ms);
    }
}
