/* SPDX-License-Identifier: GPL-3.0-or-later
 * bytes.c - looks for addresses in bytes.
 *
 * Bare bytes: an address of 4 bytes equals something by chance once in 4 GB of random
 * bytes, and far more often in the marks of a data base. So it is a finding by itself only
 * where bytes have no structure; everywhere when another one that was seen stands within 16
 * bytes (as in a packet's header or a table of flows). 6 and 16 bytes are findings
 * everywhere. None is where chance alone would make as many (bw_search_judge()). */
#include "bytes.h"

#include <arpa/inet.h>
#include <bw/units.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEAR = 16,       /* bytes between the beginnings of two addresses */
    V6_SHORTEST = 8, /* of a shape among any bytes: shorter ones come by chance */
    BASE64_MIN = 16, /* characters */
    BASE64_PHASES = 4
};

/* ---- telling ----------------------------------------------------------------------------
 */

static void readable(const struct bw_shape *s, const char *text, char *out, size_t cap)
{
    const uint8_t *b = s->bytes;
    switch (s->kind) {
    case BW_SHAPE_V4:
        (void)inet_ntop(AF_INET, b, out, (socklen_t)cap);
        break;
    case BW_SHAPE_V6:
        (void)inet_ntop(AF_INET6, b, out, (socklen_t)cap);
        break;
    case BW_SHAPE_MAC:
        (void)snprintf(out, cap, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3],
                       b[4], b[5]);
        break;
    case BW_SHAPE_HOST:
    case BW_SHAPE_MAIL:
        (void)snprintf(out, cap, "%.*s", (int)s->n, text + s->at);
        break;
    }
}

static void tell(const struct bw_search *s,
                 enum bw_found_why why,
                 const struct bw_shape *shape,
                 const char *text,
                 size_t at,
                 enum bw_chance_of chance)
{
    struct bw_found f = {.why = why,
                         .kind = shape->kind,
                         .file = s->file,
                         .offset =
                             s->base == BW_UNKNOWN ? BW_UNKNOWN : s->base + (int64_t)at,
                         .chance = chance};
    readable(shape, text, f.text, sizeof(f.text));
    (void)snprintf(f.where, sizeof(f.where), "%s", s->where);
    bw_report_found(s->report, &f);
}

/* ---- text -------------------------------------------------------------------------------
 */

struct text_search {
    const struct bw_search *s;
    const char *text;
    bool among_bytes; /* not written as one text */
    size_t at;        /* where the text begins, or … */
    size_t per_4;     /* … of each 4 characters there: 3 of the text came (base64) */
};

static bool is_seen(const struct bw_search *s, const char *text, const struct bw_shape *f)
{
    return s->seen &&
           (f->kind == BW_SHAPE_HOST   ? bw_seen_has_name(s->seen, text + f->at, f->n)
            : f->kind == BW_SHAPE_MAIL ? false
                                       : bw_seen_has(s->seen, f->kind, f->bytes));
}

static bool is_finding(const struct text_search *t, const struct bw_shape *f)
{
    if (!f->strict || bw_shape_of_nobody(f->kind, f->bytes) ||
        (f->kind == BW_SHAPE_HOST && !t->s->hosts)) {
        return false;
    }
    return !t->among_bytes || f->kind != BW_SHAPE_V6 || f->n >= V6_SHORTEST;
}

static int on_shape(void *owner, const struct bw_shape *f)
{
    const struct text_search *t = owner;
    const struct bw_search *s = t->s;
    size_t at = t->at + (t->per_4 ? f->at / 3 * 4 : f->at);
    if (at >= s->n_told) {
        return 0;
    }
    bool seen = is_seen(s, t->text, f);
    if ((!seen && !is_finding(t, f)) || bw_excepted_has(s->excepted, t->text, f)) {
        return 0;
    }
    if (!seen && f->kind == BW_SHAPE_HOST && s->answers) {
        bw_report_answer(s->report, t->text + f->at, f->n);
        return 0;
    }
    tell(s, seen ? BW_FOUND_SEEN : BW_FOUND_SHAPE, f, t->text, at, BW_CHANCES);
    return 0;
}

/* Names are looked for where they are findings, and where any were seen. */
static bool wants_names(const struct bw_search *s)
{
    return s->hosts || (s->seen && bw_seen_count(s->seen, BW_SHAPE_HOST) > 0);
}

void bw_search_text(const struct bw_search *s, const char *text, size_t n)
{
    struct text_search t = {.s = s, .text = text};
    (void)bw_shapes(text, n, wants_names(s), on_shape, &t);
}

/* ---- bare bytes
 * ---------------------------------------------------------------------------- */

struct last {
    size_t at; /* SIZE_MAX: none */
    struct bw_shape shape;
    bool turned;
};

static bool is_text4(const uint8_t *b)
{
    for (size_t i = 0; i < 4; i++) {
        if (b[i] < 0x20 || b[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

static void on_v4(const struct bw_search *s,
                  const uint8_t *bytes,
                  size_t at,
                  bool turned,
                  enum bw_chance_of chance,
                  struct last *last)
{
    struct bw_shape f = {.kind = BW_SHAPE_V4, .strict = true};
    for (size_t i = 0; i < 4; i++) {
        f.bytes[i] = bytes[at + (turned ? 3 - i : i)];
    }
    if (!bw_seen_has(s->seen, BW_SHAPE_V4, f.bytes) ||
        bw_excepted_has(s->excepted, "", &f)) {
        return;
    }
    bool pair = last->at != SIZE_MAX && at - last->at >= 4 && at - last->at <= NEAR &&
                last->turned == turned && memcmp(last->shape.bytes, f.bytes, 4) != 0;
    if (pair) {
        s->report->chance[BW_CHANCE_BESIDE].hits++;
        tell(s, BW_FOUND_BYTES, &last->shape, "", last->at, BW_CHANCE_BESIDE);
        tell(s, BW_FOUND_BYTES, &f, "", at, BW_CHANCE_BESIDE);
    } else if (chance == BW_CHANCE_IN_TABLES) {
        s->report->chance[chance].hits++;
    } else if (chance == BW_CHANCE_NUMBER || !is_text4(bytes + at)) {
        s->report->chance[chance].hits++;
        tell(s, BW_FOUND_BYTES, &f, "", at, chance);
    }
    *last = (struct last){.at = at, .shape = f, .turned = turned};
}

static void
on_long(const struct bw_search *s, const uint8_t *bytes, size_t at, enum bw_shape_kind kind)
{
    struct bw_shape f = {.kind = kind, .strict = true};
    memcpy(f.bytes, bytes + at, bw_shape_bytes(kind));
    if (bw_seen_is_plain(kind, f.bytes) && bw_seen_has(s->seen, kind, f.bytes) &&
        !bw_excepted_has(s->excepted, "", &f)) {
        enum bw_chance_of chance = kind == BW_SHAPE_MAC ? BW_CHANCE_MAC : BW_CHANCE_V6;
        s->report->chance[chance].hits++;
        tell(s, BW_FOUND_BYTES, &f, "", at, chance);
    }
}

static void search_bare(const struct bw_search *s,
                        const uint8_t *bytes,
                        size_t n,
                        enum bw_bytes_kind kind)
{
    struct last last = {.at = SIZE_MAX};
    size_t most = n < s->n_told ? n : s->n_told;
    enum bw_chance_of chance =
        kind == BW_BYTES_TABLE ? BW_CHANCE_IN_TABLES : BW_CHANCE_ALONE;
    for (size_t i = 0; i < most && i + 4 <= n; i++) {
        unsigned hint = bw_seen_hint(s->seen, bytes[i], bytes[i + 1]);
        if (hint == 0) {
            continue;
        }
        if (hint & 1U << BW_SHAPE_V4 && bw_seen_is_plain(BW_SHAPE_V4, bytes + i)) {
            on_v4(s, bytes, i, false, chance, &last);
        }
        if (hint & BW_SEEN_TURNED && bw_seen_is_plain(BW_SHAPE_V4, bytes + i)) {
            on_v4(s, bytes, i, true, chance, &last);
        }
        if (hint & 1U << BW_SHAPE_MAC && i + 6 <= n) {
            on_long(s, bytes, i, BW_SHAPE_MAC);
        }
        if (hint & 1U << BW_SHAPE_V6 && i + 16 <= n) {
            on_long(s, bytes, i, BW_SHAPE_V6);
        }
    }
    s->report->chance[chance].places += (int64_t)most;
    s->report->chance[BW_CHANCE_BESIDE].places += (int64_t)most;
    s->report->chance[BW_CHANCE_MAC].places += (int64_t)most;
    s->report->chance[BW_CHANCE_V6].places += (int64_t)most;
}

/* ---- base64
 * -------------------------------------------------------------------------------- */

static int sextet(uint8_t c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '-' || c == '+' ? 62
           : c == '_' || c == '/' ? 63
                                  : -1;
}

/* Decode from[0 … n) from its character `phase` on; gives the number of bytes. */
static size_t decode(const uint8_t *from, size_t n, size_t phase, uint8_t *out)
{
    uint32_t bits = 0;
    size_t used = 0;
    size_t have = 0;
    for (size_t i = phase; i < n; i++) {
        bits = bits << 6 | (uint32_t)sextet(from[i]);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[used++] = (uint8_t)(bits >> have);
        }
    }
    return used;
}

static void
search_run(const struct bw_search *s, const uint8_t *bytes, size_t from, size_t n)
{
    uint8_t *out = malloc(n);
    if (!out) {
        s->report->no_memory = true;
        return;
    }
    for (size_t phase = 0; phase < BASE64_PHASES; phase++) {
        struct text_search t = {.s = s,
                                .text = (const char *)out,
                                .among_bytes = true,
                                .at = from + phase,
                                .per_4 = 3};
        size_t len = decode(bytes + from, n, phase, out);
        (void)bw_shapes((const char *)out, len, wants_names(s), on_shape, &t);
        if (s->seen) {
            struct bw_search within = *s;
            if (s->base != BW_UNKNOWN) {
                within.base = s->base + (int64_t)(from + phase);
            }
            within.n_told =
                from + phase < s->n_told ? (s->n_told - from - phase) / 4 * 3 : 0;
            search_bare(&within, out, len, BW_BYTES_TABLE);
        }
    }
    free(out);
}

void bw_search_within(const struct bw_search *s, const char *text, size_t n)
{
    const uint8_t *bytes = (const uint8_t *)text;
    struct bw_search within = *s;
    within.hosts = false;
    for (size_t i = 0; i < n; i++) {
        size_t from = i;
        while (i < n && sextet(bytes[i]) >= 0) {
            i++;
        }
        if (i - from >= BASE64_MIN && from < s->n_told) {
            search_run(&within, bytes, from, i - from);
        }
    }
}

/* ---- all
 * ------------------------------------------------------------------------------------ */

void bw_search_bytes(const struct bw_search *s,
                     const uint8_t *bytes,
                     size_t n,
                     enum bw_bytes_kind kind)
{
    struct text_search t = {.s = s, .text = (const char *)bytes, .among_bytes = true};
    (void)bw_shapes((const char *)bytes, n, wants_names(s), on_shape, &t);
    bw_search_within(s, (const char *)bytes, n);
    if (s->seen) {
        search_bare(s, bytes, n, kind);
    }
}

void bw_search_number(const struct bw_search *s, int64_t number)
{
    struct last none = {.at = SIZE_MAX};
    uint8_t b[4];
    if (!s->seen || number < 0 || number > UINT32_MAX) {
        return;
    }
    for (size_t i = 0; i < 4; i++) {
        b[i] = (uint8_t)(number >> (24 - 8 * i));
    }
    s->report->chance[BW_CHANCE_NUMBER].places++;
    if (bw_seen_is_plain(BW_SHAPE_V4, b)) {
        on_v4(s, b, 0, false, BW_CHANCE_NUMBER, &none);
        none.at = SIZE_MAX;
        on_v4(s, b, 0, true, BW_CHANCE_NUMBER, &none);
    }
}

/* By random bytes: the tables' own marks are not random, and are not counted for that. */
static double expected(const struct bw_seen *seen, enum bw_chance_of of, int64_t places)
{
    double n = (double)places;
    double v4 = 2.0 * (double)bw_seen_plain(seen, BW_SHAPE_V4) / 0x1p32;
    switch (of) {
    case BW_CHANCE_ALONE:
    case BW_CHANCE_IN_TABLES:
    case BW_CHANCE_NUMBER:
        return n * v4;
    case BW_CHANCE_BESIDE:
        return n * v4 * v4 * (NEAR - 4 + 1);
    case BW_CHANCE_MAC:
        return n * (double)bw_seen_plain(seen, BW_SHAPE_MAC) / 0x1p48;
    case BW_CHANCE_V6:
        return n * (double)bw_seen_plain(seen, BW_SHAPE_V6) / 0x1p128;
    case BW_CHANCES:
        break;
    }
    return 0;
}

void bw_search_judge(const struct bw_seen *seen, struct bw_privacy_report *r)
{
    size_t kept = 0;
    bool judged[BW_CHANCES] = {false};
    for (size_t i = 0; seen && i < BW_CHANCES; i++) {
        struct bw_chance *c = &r->chance[i];
        c->expected = expected(seen, (enum bw_chance_of)i, c->places);
        judged[i] = bw_chance_is_judged((enum bw_chance_of)i, c);
        r->found_beyond += judged[i] ? c->beyond : 0;
    }
    for (size_t i = 0; i < r->n_found; i++) {
        const struct bw_found *f = &r->found[i];
        if (f->why != BW_FOUND_BYTES || judged[f->chance]) {
            r->found[kept++] = *f;
        }
    }
    r->n_found = kept;
}
