/* SPDX-License-Identifier: GPL-3.0-or-later
 * fold_blob.c - a circuit-day as bytes and back, for stored day rows.
 *
 * Form (version 3): "BWD", one byte of version, then unsigned LEB128 varints in their
 * shortest form. A figure is its value plus one, 0 where it is unknown; texts are a
 * length and bytes, absent ones have length 0. Slots stand column by column, and so
 * do a target's cells, which packs better behind it; histograms are bytes, not base64. Only
 * one form is read: what is decoded encodes to the same bytes. */
#include "buf.h"
#include "fold.h"
#include "hash.h"
#include "hist.h"

#include <bw/err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    VERSION = 3,
    DAY_S = 86400,
    BLOB_MAX = 64 * 1024 * 1024,
    TEXT_MAX = 8192,
    CELLS = DAY_S / BW_CELL_S,
    TARGETS_MAX = 512,
    PLACE_MAX = 65535,
    HIST_MAX = 4096
};

#define NUMBER_MAX (INT64_C(1) << 61)

static const char magic[4] = {'B', 'W', 'D', VERSION};
static const char *const outage_whys[] = {"targets silent", "carrier down"};

/* One description for both ways: each function below writes when `out` is there and
 * reads when it is not, so that they cannot come apart. Writing stores nothing behind the
 * day's pointers but the value that stands there. */
struct io {
    struct bw_buf *out;
    const uint8_t *at;
    const uint8_t *end;
    struct bw_summary *memory; /* reading: texts and arrays */
    bool bad;                  /* reading: not canonical; writing: does not fit */
    bool no_memory;
};

static void io_varint(struct io *io, uint64_t *v)
{
    uint64_t n = 0;
    if (io->out) {
        uint8_t bytes[10];
        size_t len = 0;
        for (n = *v; n >= 0x80; n >>= 7) {
            bytes[len++] = (uint8_t)(n | 0x80);
        }
        bytes[len++] = (uint8_t)n;
        bw_buf_add(io->out, bytes, len);
        return;
    }
    *v = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        uint8_t byte;
        if (io->bad || io->at == io->end) {
            io->bad = true;
            return;
        }
        byte = *io->at++;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            io->bad = byte == 0 && shift > 0;
            *v = io->bad ? 0 : n;
            return;
        }
    }
    io->bad = true;
}

/* A figure that may be unknown, not negative otherwise. */
static void io_figure(struct io *io, int64_t *v)
{
    uint64_t n = 0;
    if (io->out) {
        if (*v != BW_UNKNOWN && (*v < 0 || *v >= NUMBER_MAX)) {
            io->bad = true;
            return;
        }
        n = *v == BW_UNKNOWN ? 0 : (uint64_t)*v + 1;
    }
    io_varint(io, &n);
    if (!io->out) {
        io->bad = io->bad || n > (uint64_t)NUMBER_MAX;
        *v = n == 0 || io->bad ? BW_UNKNOWN : (int64_t)n - 1;
    }
}

/* A number that is always known and may be negative (zigzag). */
static void io_signed(struct io *io, int64_t *v)
{
    uint64_t n = 0;
    if (io->out) {
        if (*v >= NUMBER_MAX || *v <= -NUMBER_MAX) {
            io->bad = true;
            return;
        }
        n = *v < 0 ? ((uint64_t)(-*v) << 1) - 1 : (uint64_t)*v << 1;
    }
    io_varint(io, &n);
    if (!io->out) {
        io->bad = io->bad || n >> 1 >= (uint64_t)NUMBER_MAX - 1;
        n = io->bad ? 0 : n;
        *v = n & 1 ? -(int64_t)((n >> 1) + 1) : (int64_t)(n >> 1);
    }
}

/* A small number within [0, max]. */
static unsigned io_small(struct io *io, unsigned v, unsigned max)
{
    uint64_t n = v;
    if (io->out && v > max) {
        io->bad = true;
    }
    io_varint(io, &n);
    if (!io->out && n > max) {
        io->bad = true;
        return 0;
    }
    return (unsigned)n;
}

static size_t io_count(struct io *io, size_t n, size_t max)
{
    uint64_t v = n;
    if (io->out && n > max) {
        io->bad = true;
    }
    io_varint(io, &v);
    /* Every item is at least one byte, so a lie about the count ends here. */
    if (v > max || (!io->out && v > (uint64_t)(io->end - io->at))) {
        io->bad = true;
        return 0;
    }
    return (size_t)v;
}

static void io_bytes(struct io *io, const char **text, size_t *n, size_t max)
{
    *n = io_count(io, *n, max);
    if (io->out) {
        bw_buf_add(io->out, *text, *n);
        return;
    }
    *text = (const char *)io->at;
    if (memchr(io->at, '\0', *n)) {
        io->bad = true;
    }
    io->at += *n;
}

static void io_chars(struct io *io, char *chars, size_t size)
{
    const char *text = chars;
    size_t n = strnlen(chars, size);
    io_bytes(io, &text, &n, size - 1);
    if (!io->out) {
        memcpy(chars, text, n);
        chars[n] = '\0';
    }
}

static void io_text(struct io *io, const char **text)
{
    const char *at = *text ? *text : "";
    size_t n = strlen(at);
    char *copy;
    io_bytes(io, &at, &n, TEXT_MAX);
    if (io->out) {
        return;
    }
    *text = NULL;
    if (n == 0 || io->bad) {
        return;
    }
    copy = bw_summary_alloc(io->memory, n + 1);
    if (!copy) {
        io->no_memory = io->bad = true;
        return;
    }
    memcpy(copy, at, n);
    copy[n] = '\0';
    *text = copy;
}

/* An array: the count, and when reading zeroed memory for it. */
static size_t io_array(struct io *io, void **items, size_t n, size_t size, size_t max)
{
    n = io_count(io, n, max);
    if (io->out || n == 0 || io->bad) {
        return io->bad ? 0 : n;
    }
    *items = bw_summary_alloc(io->memory, n * size);
    if (!*items) {
        io->no_memory = io->bad = true;
        return 0;
    }
    memset(*items, 0, n * size);
    return n;
}

static void io_flow(struct io *io, struct bw_flow *f)
{
    if (!io->out) {
        bw_flow_init(f);
    }
    io_figure(io, &f->bytes);
    io_figure(io, &f->packets);
    io_figure(io, &f->p95_1s_bps);
    io_figure(io, &f->peak_1s_bps);
    io_figure(io, &f->drops);
    io_figure(io, &f->errors);
}

static void io_facts(struct io *io, struct bw_circuit_summary *c)
{
    io_chars(io, c->id, sizeof(c->id));
    c->vantage = (enum bw_vantage)io_small(io, c->vantage, BW_VANTAGE_MIRROR);
    c->behind = io_small(io, c->behind, BW_BEHIND_NAT | BW_BEHIND_FILTER | BW_BEHIND_PROXY);
    c->source = (enum bw_source)io_small(io, c->source, BW_SOURCE_MIRROR);
    c->layer = (enum bw_layer)io_small(io, c->layer, BW_LAYER_GOODPUT);
    io_figure(io, &c->resolution_ms);
    io_figure(io, &c->covered_s);
    io_figure(io, &c->link_bps);
    io_figure(io, &c->mtu);
    io_figure(io, &c->saturated_s);
    io_flow(io, &c->flow[BW_DOWN]);
    io_flow(io, &c->flow[BW_UP]);
}

#define FLOW_AT(d)                                                                         \
    offsetof(struct bw_slot, flow[d].bytes), offsetof(struct bw_slot, flow[d].packets),    \
        offsetof(struct bw_slot, flow[d].p95_1s_bps),                                      \
        offsetof(struct bw_slot, flow[d].peak_1s_bps),                                     \
        offsetof(struct bw_slot, flow[d].drops), offsetof(struct bw_slot, flow[d].errors)

static void io_slots(struct io *io, struct bw_circuit_day *d)
{
    static const size_t figures[] = {offsetof(struct bw_slot, covered_s),
                                     offsetof(struct bw_slot, saturated_s),
                                     FLOW_AT(BW_DOWN), FLOW_AT(BW_UP)};
    int64_t before = d->day_unix_s;
    int64_t seq = 0;
    void *items = d->slots;
    d->n_slots = io_array(io, &items, d->n_slots, sizeof(*d->slots), BW_FOLD_SLOTS_MAX);
    d->slots = items;
    d->n_slots = items ? d->n_slots : 0;
    for (size_t i = 0; i < d->n_slots && !io->out; i++) {
        bw_flow_init(&d->slots[i].flow[BW_DOWN]);
        bw_flow_init(&d->slots[i].flow[BW_UP]);
    }
    for (size_t i = 0; i < d->n_slots && !io->bad; i++) {
        struct bw_slot s = d->slots[i];
        int64_t step = s.start_unix_s - before;
        unsigned length = (unsigned)(s.end_unix_s - s.start_unix_s);
        int64_t seq_step = s.seq - seq;
        io_figure(io, &step); /* never negative: slots are in order within their day */
        if (step == BW_UNKNOWN || before + step >= d->day_unix_s + DAY_S) {
            io->bad = true;
            break;
        }
        length = io_small(io, length, BW_INTERVAL_MAX_S);
        io_signed(io, &seq_step);
        before += step;
        seq += seq_step;
        io->bad = io->bad || seq < 0 || seq >= NUMBER_MAX;
        s.flags = io_small(io, s.flags, 2 * BW_SLOT_TRAFFIC - 1);
        s.start_unix_s = before;
        s.end_unix_s = before + length;
        s.seq = seq;
        if (!io->out) {
            d->slots[i] = s;
        }
    }
    for (size_t k = 0; k < sizeof(figures) / sizeof(figures[0]); k++) {
        for (size_t i = 0; i < d->n_slots && !io->bad; i++) {
            char *at = (char *)&d->slots[i] + figures[k];
            int64_t v;
            memcpy(&v, at, sizeof(v));
            io_figure(io, &v);
            if (!io->out) {
                memcpy(at, &v, sizeof(v));
            }
        }
    }
    for (size_t i = 0; i < d->n_slots && !io->bad; i++) {
        unsigned layer = io_small(io, d->slots[i].layer, BW_LAYER_GOODPUT);
        if (!io->out) {
            d->slots[i].layer = (enum bw_layer)layer;
        }
    }
}

static int by_target(const struct bw_latency_cell *x, const struct bw_latency_cell *y)
{
    int r = strcmp(x->probe, y->probe);
    if (r == 0) {
        r = strcmp(x->kind, y->kind);
    }
    return r ? r : x->family - y->family;
}

/* Times of a target's cells: each in a cell of its own, within the day. */
static void io_cell_times(struct io *io, struct bw_latency_cell *c, size_t n, int64_t day)
{
    int64_t before = -1;
    for (size_t i = 0; i < n && !io->bad; i++) {
        int64_t start = c[i].start_unix_s - day;
        int64_t cell = start / BW_CELL_S;
        unsigned step = (unsigned)(cell - before - 1);
        unsigned offset = (unsigned)(start % BW_CELL_S);
        unsigned span = (unsigned)(c[i].last_start_unix_s - c[i].start_unix_s);
        unsigned length = (unsigned)(c[i].end_unix_s - c[i].last_start_unix_s);
        step = io_small(io, step, CELLS - 1);
        offset = io_small(io, offset, BW_CELL_S - 1);
        span = io_small(io, span, BW_CELL_S - 1);
        length = io_small(io, length, BW_INTERVAL_MAX_S);
        before += (int64_t)step + 1;
        io->bad = io->bad || before >= CELLS || offset + span >= BW_CELL_S;
        if (!io->out && !io->bad) {
            c[i].start_unix_s = day + before * BW_CELL_S + offset;
            c[i].last_start_unix_s = c[i].start_unix_s + span;
            c[i].end_unix_s = c[i].last_start_unix_s + length;
        }
    }
}

/* As bytes, which pack better than text. */
static void io_hist(struct io *io, const char **text)
{
    char bytes[HIST_MAX];
    char back[HIST_MAX * 4 / 3 + 8];
    const char *at = bytes;
    long got = 0;
    size_t n = 0;
    int64_t total = 0;
    if (io->out) {
        got = *text ? bw_b64_decode(*text, strlen(*text), bytes, sizeof(bytes)) : 0;
        io->bad = io->bad || got < 0 || (*text && got == 0);
        n = got > 0 ? (size_t)got : 0;
        n = io_count(io, n, HIST_MAX);
        bw_buf_add(io->out, at, n);
        return;
    }
    n = io_count(io, 0, HIST_MAX);
    *text = NULL;
    if (n == 0 || io->bad) {
        return;
    }
    (void)bw_b64_encode(io->at, n, back);
    io->at += n;
    *text = bw_summary_strdup(io->memory, back);
    io->no_memory = io->no_memory || !*text;
    io->bad = io->bad || !*text || bw_hist_total(*text, strlen(*text), &total) < 0;
}

static void io_cells(struct io *io, struct bw_latency_cell *c, size_t n, int64_t day)
{
    static const size_t figures[] = {offsetof(struct bw_latency_cell, n),
                                     offsetof(struct bw_latency_cell, sent),
                                     offsetof(struct bw_latency_cell, lost),
                                     offsetof(struct bw_latency_cell, late),
                                     offsetof(struct bw_latency_cell, covered_s),
                                     offsetof(struct bw_latency_cell, sum_us),
                                     offsetof(struct bw_latency_cell, p50_us),
                                     offsetof(struct bw_latency_cell, p95_us)};
    io_cell_times(io, c, n, day);
    for (size_t k = 0; k < sizeof(figures) / sizeof(figures[0]); k++) {
        for (size_t i = 0; i < n && !io->bad; i++) {
            char *at = (char *)&c[i] + figures[k];
            int64_t v;
            memcpy(&v, at, sizeof(v));
            io_figure(io, &v);
            if (!io->out) {
                memcpy(at, &v, sizeof(v));
            }
        }
    }
    for (size_t i = 0; i < n && !io->bad; i++) {
        io_hist(io, &c[i].rtt_hist);
    }
}

/* Target by target: who it is, then its cells. */
static void io_latency(struct io *io, struct bw_circuit_day *d)
{
    void *items = d->latency;
    size_t at = 0;
    d->n_latency = io_array(io, &items, d->n_latency, sizeof(*d->latency),
                            (size_t)CELLS * TARGETS_MAX);
    d->latency = items;
    while (at < d->n_latency && !io->bad) {
        struct bw_latency_cell who = {.probe = ""};
        size_t n = 0;
        if (io->out) {
            who = d->latency[at];
            while (at + n < d->n_latency && by_target(&d->latency[at + n], &who) == 0) {
                n++;
            }
        }
        io_chars(io, who.probe, sizeof(who.probe));
        io_chars(io, who.kind, sizeof(who.kind));
        who.family = (int)io_small(io, (unsigned)who.family, 6);
        n = io_count(io, n, d->n_latency - at);
        io->bad =
            io->bad || n == 0 || (at > 0 && by_target(&d->latency[at - 1], &who) >= 0);
        for (size_t i = 0; i < n && !io->out && !io->bad; i++) {
            d->latency[at + i] = who;
        }
        io_cells(io, &d->latency[at], n, d->day_unix_s);
        at += n;
    }
}

static void io_told(struct io *io, struct bw_circuit_day *d)
{
    const struct bw_told *given = io->out ? d->told : NULL;
    struct bw_told *told = NULL;
    unsigned known = io_small(io, d->told != NULL && d->n_tests > 0, 1);
    if (!io->out) {
        d->told = NULL;
        io->bad = io->bad || (known && d->n_tests == 0);
        told = known && !io->bad ? bw_summary_alloc(io->memory, d->n_tests * sizeof(*told))
                                 : NULL;
        io->no_memory = io->no_memory || (known && !io->bad && !told);
        io->bad = io->bad || io->no_memory;
        d->told = told;
    }
    for (size_t i = 0; known && i < d->n_tests && !io->bad; i++) {
        struct bw_told one = given ? given[i] : (struct bw_told){0};
        int64_t start = one.start_unix_s - d->day_unix_s;
        unsigned length = (unsigned)(one.end_unix_s - one.start_unix_s);
        io_signed(io, &start);
        length = io_small(io, length, BW_INTERVAL_MAX_S);
        io_figure(io, &one.seq);
        one.place = io_small(io, (unsigned)one.place, PLACE_MAX);
        one.layer = (enum bw_layer)io_small(io, one.layer, BW_LAYER_GOODPUT);
        io_figure(io, &one.mtu);
        if (told) {
            one.start_unix_s = d->day_unix_s + start;
            one.end_unix_s = one.start_unix_s + length;
            told[i] = one;
        }
    }
}

static void io_tests(struct io *io, struct bw_circuit_day *d)
{
    void *items = d->tests;
    d->n_tests = io_array(io, &items, d->n_tests, sizeof(*d->tests), BW_FOLD_LIST_MAX);
    d->tests = items;
    for (size_t i = 0; i < d->n_tests && !io->bad; i++) {
        struct bw_throughput *t = &d->tests[i];
        unsigned n_flags = 0;
        if (!io->out) {
            bw_throughput_init(t); /* what a day does not hold is unknown, not zero */
        }
        io_chars(io, t->circuit, sizeof(t->circuit));
        io_chars(io, t->probe, sizeof(t->probe));
        io_chars(io, t->kind, sizeof(t->kind));
        io_text(io, &t->method);
        io_chars(io, t->server, sizeof(t->server));
        t->direction = (enum bw_direction)io_small(io, t->direction, BW_UP);
        io_figure(io, &t->at_unix_ms);
        io_figure(io, &t->duration_ms);
        t->state = (enum bw_test_state)io_small(io, t->state, BW_TEST_CANCELLED);
        io_text(io, &t->reason);
        io_text(io, &t->retest_of);
        io_figure(io, &t->streams);
        io_chars(io, t->cc, sizeof(t->cc));
        io_figure(io, &t->mtu);
        t->grade = (enum bw_grade)io_small(io, t->grade, BW_GRADE_ARCHIVE);
        io_text(io, &t->receipt);
        t->egress = (enum bw_egress)io_small(io, t->egress, BW_EGRESS_OTHER);
        io_figure(io, &t->bytes);
        io_figure(io, &t->goodput_bps);
        io_figure(io, &t->line_bps);
        io_figure(io, &t->line_error_ppm);
        io_figure(io, &t->concurrent_bps);
        io_figure(io, &t->rtt_idle_us);
        io_figure(io, &t->rtt_loaded_p95_us);
        io_figure(io, &t->retransmit_ppm);
        io_figure(io, &t->tester_busy_ppm);
        while (io->out && n_flags < BW_FLAGS_MAX && t->flags[n_flags]) {
            n_flags++;
        }
        n_flags = io_small(io, n_flags, BW_FLAGS_MAX);
        for (unsigned k = 0; k < n_flags; k++) {
            io_text(io, &t->flags[k]);
            io->bad = io->bad || !t->flags[k];
        }
    }
    io_told(io, d);
}

static void io_outages(struct io *io, struct bw_circuit_day *d)
{
    void *items = d->outages;
    d->n_outages =
        io_array(io, &items, d->n_outages, sizeof(*d->outages), BW_FOLD_LIST_MAX);
    d->outages = items;
    for (size_t i = 0; i < d->n_outages && !io->bad; i++) {
        struct bw_outage *o = &d->outages[i];
        unsigned why = io->out && strcmp(o->why, outage_whys[1]) == 0;
        io_chars(io, o->circuit, sizeof(o->circuit));
        io_figure(io, &o->from_unix_ms);
        io_figure(io, &o->to_unix_ms);
        io_figure(io, &o->known_to_unix_ms);
        why = io_small(io, why, 1);
        if (!io->out) {
            o->why = outage_whys[why];
        }
    }
}

static void io_gaps(struct io *io, struct bw_circuit_day *d)
{
    void *items = d->gaps;
    d->n_gaps = io_array(io, &items, d->n_gaps, sizeof(*d->gaps), BW_FOLD_LIST_MAX);
    d->gaps = items;
    for (size_t i = 0; i < d->n_gaps && !io->bad; i++) {
        struct bw_gap *g = &d->gaps[i];
        io_figure(io, &g->from_unix_s);
        io_figure(io, &g->to_unix_s);
        g->why = (enum bw_gap_why)io_small(io, g->why, BW_GAP_STORAGE);
    }
}

static void io_day(struct io *io, struct bw_circuit_day *d)
{
    int64_t day = d->day_unix_s / DAY_S;
    io_chars(io, d->site, sizeof(d->site));
    io_figure(io, &day);
    io->bad = io->bad || day == BW_UNKNOWN || day > INT32_MAX;
    d->day_unix_s = io->bad ? 0 : day * DAY_S;
    io_facts(io, &d->facts);
    io_figure(io, &d->n_summaries);
    io_figure(io, &d->n_vantage_changes);
    io_figure(io, &d->max_clock_error_us);
    io_slots(io, d);
    io_latency(io, d);
    io_tests(io, d);
    io_outages(io, d);
    io_gaps(io, d);
}

int bw_day_encode(const struct bw_circuit_day *d, struct bw_buf *out, struct bw_err *reterr)
{
    struct io io = {.out = out};
    struct bw_circuit_day copy = *d;
    size_t before = out->len;
    int r;
    if (d->day_unix_s < 0 || d->day_unix_s % DAY_S != 0) {
        return bw_err_set(reterr, -EINVAL, "the day does not start at midnight UTC");
    }
    bw_buf_add(out, magic, sizeof(magic));
    io_day(&io, &copy);
    r = bw_buf_error(out);
    if (r == 0 && io.bad) {
        r = bw_err_set(
            reterr, -EINVAL,
            "the day of %s.%s holds a figure, time or count that does not fit it", d->site,
            d->facts.id);
    } else if (r < 0) {
        (void)bw_err_set(reterr, r, "a day too large to keep, or out of memory");
    }
    if (r < 0 && out->data) {
        out->len = before;
        out->data[before] = '\0';
    }
    return r;
}

int bw_day_decode(const void *blob,
                  size_t n,
                  struct bw_day_owned *ret,
                  struct bw_err *reterr)
{
    struct bw_summary memory;
    struct bw_circuit_day d = {.day_unix_s = 0};
    struct io io = {.at = blob, .memory = &memory};
    int r = 0;
    bw_summary_init(&memory);
    if (n < sizeof(magic) || n > BLOB_MAX || memcmp(blob, magic, sizeof(magic) - 1) != 0) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "not a circuit-day");
        goto out;
    }
    if (io.at[sizeof(magic) - 1] != VERSION) {
        r = bw_err_set(reterr, -BW_ENEWER,
                       "a circuit-day of version %d; this program reads version %d",
                       io.at[sizeof(magic) - 1], VERSION);
        goto out;
    }
    io.end = io.at + n;
    io.at += sizeof(magic);
    io_day(&io, &d);
    if (io.no_memory) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    if (io.bad || io.at != io.end) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "the circuit-day is damaged at byte %zu",
                       (size_t)(io.at - (const uint8_t *)blob));
        goto out;
    }
    ret->day = d;
    ret->arena = memory.arena; /* ownership moves in the last step */
    memory.arena = NULL;
out:
    bw_summary_done(&memory);
    return r;
}

void bw_day_done(struct bw_day_owned *d)
{
    struct bw_summary memory;
    if (!d) {
        return;
    }
    bw_summary_init(&memory);
    memory.arena = d->arena;
    bw_summary_done(&memory);
    *d = (struct bw_day_owned){.arena = NULL};
}

void bw_day_clip(struct bw_circuit_day *d, int64_t from_unix_s, int64_t to_unix_s)
{
    struct bw_told *told = NULL;
    size_t n = 0;
    memcpy(&told, &d->told, sizeof(struct bw_told *)); /* ours to change, as the day is */
    for (size_t i = 0; i < d->n_slots; i++) {
        if (d->slots[i].start_unix_s >= from_unix_s &&
            d->slots[i].start_unix_s < to_unix_s) {
            d->slots[n++] = d->slots[i];
        }
    }
    d->n_slots = n;
    d->n_summaries = (int64_t)n;
    n = 0;
    for (size_t i = 0; i < d->n_latency; i++) {
        if (d->latency[i].last_start_unix_s >= from_unix_s &&
            d->latency[i].start_unix_s < to_unix_s) {
            d->latency[n++] = d->latency[i];
        }
    }
    d->n_latency = n;
    n = 0;
    for (size_t i = 0; i < d->n_tests; i++) {
        int64_t at = d->tests[i].at_unix_ms / 1000;
        if (at >= from_unix_s && at < to_unix_s) {
            if (told) {
                told[n] = told[i];
            }
            d->tests[n++] = d->tests[i];
        }
    }
    d->n_tests = n;
    n = 0;
    for (size_t i = 0; i < d->n_outages; i++) {
        const struct bw_outage *o = &d->outages[i];
        if (o->from_unix_ms / 1000 < to_unix_s &&
            o->known_to_unix_ms / 1000 >= from_unix_s) {
            d->outages[n++] = d->outages[i];
        }
    }
    d->n_outages = n;
    n = 0;
    for (size_t i = 0; i < d->n_gaps; i++) {
        if (d->gaps[i].from_unix_s < to_unix_s && d->gaps[i].to_unix_s >= from_unix_s) {
            d->gaps[n++] = d->gaps[i];
        }
    }
    d->n_gaps = n;
}
