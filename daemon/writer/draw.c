/* SPDX-License-Identifier: GPL-3.0-or-later
 * draw.c - the box's RRD pictures, made from its records.
 *
 * The live way and the rebuilding way use the same function to make a step out of a
 * summary, so a rebuilt picture shows what the live one did. */
#include "draw.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <file.h>
#include <journal.h>
#include <jws.h>
#include <limits.h>
#include <log.h>
#include <plural.h>
#include <series.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STEPS_AT_ONCE = 64,
    MICRO = 1000000
};

enum topic {
    TOPIC_LINK,
    TOPIC_LINK_10S,
    TOPIC_LATENCY,
    TOPIC_THROUGHPUT,
    TOPIC_TRAFFIC,
    TOPIC_TCP
};

struct picture {
    enum topic topic;
    char circuit[BW_NAME_MAX + 1];
    char target[BW_NAME_MAX + 1]; /* latency only */
    char path[PATH_MAX];
    struct bw_complaint complaint;
};

struct bw_draw {
    char state_dir[PATH_MAX];
    char journal[PATH_MAX];
    int64_t step_s;
    struct picture *pictures[BW_DRAW_FILES_MAX];
    size_t n_pictures;
    struct bw_complaint complaint;
};

static const struct bw_series_shape *shape_of(enum topic t)
{
    switch (t) {
    case TOPIC_LATENCY:
        return &bw_series_latency;
    case TOPIC_THROUGHPUT:
        return &bw_series_throughput;
    case TOPIC_TRAFFIC:
        return &bw_series_traffic;
    case TOPIC_TCP:
        return &bw_series_tcp;
    case TOPIC_LINK:
    case TOPIC_LINK_10S:
        break;
    }
    return &bw_series_link;
}

struct bw_draw *bw_draw_new(const char *state_dir, const char *journal_path, int64_t step_s)
{
    struct bw_draw *d = calloc(1, sizeof(*d));
    if (d) {
        (void)snprintf(d->state_dir, sizeof(d->state_dir), "%s", state_dir);
        (void)snprintf(d->journal, sizeof(d->journal), "%s", journal_path);
        d->step_s = step_s;
    }
    return d;
}

void bw_draw_free(struct bw_draw *d)
{
    if (d) {
        for (size_t i = 0; i < d->n_pictures; i++) {
            free(d->pictures[i]);
        }
        free(d);
    }
}

static int64_t rate_bps(int64_t bytes, int64_t s)
{
    return bytes == BW_UNKNOWN || s == BW_UNKNOWN || s <= 0 ? BW_UNKNOWN : bytes * 8 / s;
}

static bool link_step(const struct bw_summary *s, const char *circuit, int64_t *v)
{
    for (size_t i = 0; i < s->n_circuits; i++) {
        const struct bw_circuit_summary *c = &s->circuits[i];
        if (strcmp(c->id, circuit) == 0) {
            v[0] = rate_bps(c->flow[BW_DOWN].bytes, c->covered_s);
            v[1] = rate_bps(c->flow[BW_UP].bytes, c->covered_s);
            v[2] = c->flow[BW_DOWN].peak_1s_bps;
            v[3] = c->flow[BW_UP].peak_1s_bps;
            return true;
        }
    }
    return false;
}

static bool latency_step(const struct bw_summary *s, const struct picture *p, int64_t *v)
{
    for (size_t i = 0; i < s->n_latency; i++) {
        const struct bw_latency *l = &s->latency[i];
        if (strcmp(l->circuit, p->circuit) == 0 && strcmp(l->probe, p->target) == 0) {
            v[0] = l->p50_us;
            v[1] = l->p95_us;
            v[2] = l->sent > 0 && l->lost != BW_UNKNOWN ? l->lost * MICRO / l->sent
                                                        : BW_UNKNOWN;
            return true;
        }
    }
    return false;
}

static bool throughput_step(const struct bw_summary *s, const char *circuit, int64_t *v)
{
    bool any = false;
    for (size_t i = 0; i < s->n_throughput; i++) {
        const struct bw_throughput *t = &s->throughput[i];
        if (strcmp(t->circuit, circuit) == 0 && t->state == BW_TEST_OK &&
            (t->direction == BW_DOWN || t->direction == BW_UP)) {
            v[t->direction] = t->goodput_bps;
            v[2 + t->direction] = t->line_bps;
            any = true;
        }
    }
    return any;
}

static bool traffic_step(const struct bw_summary *s, const struct picture *p, int64_t *v)
{
    int64_t other[BW_SERIES_DS_MAX];
    bool mix = p->topic == TOPIC_TRAFFIC;
    return bw_series_traffic_values(s, p->circuit, mix ? v : other, mix ? other : v);
}

/* What this record says to this picture; false: nothing (a step of unknowns). */
static bool
make_step(const struct picture *p, const struct bw_summary *s, struct bw_series_step *step)
{
    step->start_unix_s = s->start_unix_s;
    step->end_unix_s = s->end_unix_s;
    for (size_t i = 0; i < BW_SERIES_DS_MAX; i++) {
        step->values[i] = BW_UNKNOWN;
    }
    switch (p->topic) {
    case TOPIC_LINK:
        return link_step(s, p->circuit, step->values);
    case TOPIC_LATENCY:
        return latency_step(s, p, step->values);
    case TOPIC_THROUGHPUT:
        return throughput_step(s, p->circuit, step->values);
    case TOPIC_TRAFFIC:
    case TOPIC_TCP:
        return traffic_step(s, p, step->values);
    case TOPIC_LINK_10S:
        break;
    }
    return false;
}

struct rebuild {
    struct picture *p;
    struct bw_buf scratch;
    struct bw_series_step steps[STEPS_AT_ONCE];
    size_t n;
    int64_t last_s;
    int64_t before_s; /* the record in hand is drawn by the caller */
    int64_t total;
};

static int flush_steps(struct rebuild *b)
{
    int r = b->n > 0
                ? bw_series_update(b->p->path, shape_of(b->p->topic), b->steps, b->n, NULL)
                : 0;
    b->total += (int64_t)b->n;
    b->n = 0;
    return r == -EEXIST ? 0 : r;
}

static int rebuild_record(void *owner, const struct bw_record *rec)
{
    struct rebuild *b = owner;
    struct bw_jws jws;
    struct bw_summary s;
    if (rec->end_unix_s <= b->last_s || rec->end_unix_s >= b->before_s ||
        bw_jws_parse(rec->jws, rec->jws_len, &b->scratch, &jws, NULL) < 0 ||
        bw_summary_decode(jws.payload, jws.payload_len, &s, NULL) < 0) {
        return 0; /* time may repeat; a picture has one value a time */
    }
    (void)make_step(b->p, &s, &b->steps[b->n++]);
    bw_summary_done(&s);
    b->last_s = rec->end_unix_s;
    return b->n == STEPS_AT_ONCE ? flush_steps(b) : 0;
}

static void rebuild(struct bw_draw *d, struct picture *p, int64_t start_s, int64_t before_s)
{
    struct bw_records *records = NULL;
    struct bw_err err = {0};
    struct rebuild *b = calloc(1, sizeof(*b));
    if (!b) {
        return;
    }
    b->p = p;
    b->last_s = start_s;
    b->before_s = before_s;
    bw_buf_init(&b->scratch, BW_JWS_MAX);
    int r = bw_journal_records(d->journal, &records, &err);
    if (r == 0) {
        r = bw_records_each(records, "", start_s, before_s, rebuild_record, b, &err);
        r = r < 0 ? r : flush_steps(b);
    }
    if (r < 0) {
        bw_log(BW_AREA_SERIES, BW_WARN,
               "%s: could not be drawn from the journal again (%s); it goes on from here",
               p->path, err.text[0] ? err.text : bw_strerror(r));
    } else if (b->total > 0) {
        bw_log(BW_AREA_SERIES, BW_NOTICE, "%s: drawn again from %lld %s", p->path,
               (long long)b->total, bw_plural(b->total, "record", "records"));
    }
    bw_records_close(records);
    bw_buf_done(&b->scratch);
    free(b);
}

/* Make the file, and what it showed before when it should already have been there. */
static int prepare(struct bw_draw *d, struct picture *p, int64_t end_s)
{
    struct bw_err err = {0};
    bool ten = p->topic == TOPIC_LINK_10S;
    int64_t step_s = ten ? BW_DRAW_TEN_S : d->step_s;
    int64_t start_s = end_s - step_s;
    int remade = 0;
    bool missing = access(p->path, F_OK) < 0;

    if (!missing && bw_series_last(p->path) > end_s + 3 * step_s) {
        bw_log(BW_AREA_SERIES, BW_WARN,
               "%s is ahead of the clock: it is drawn again from the journal", p->path);
        missing = unlink(p->path) == 0;
    }
    if (!ten) {
        /* The journal tells how far back a new picture must reach. */
        struct bw_journal *j = NULL;
        struct bw_journal_stat st;
        if (bw_journal_open(d->journal, BW_JOURNAL_READ, &j, NULL) == 0) {
            if (bw_journal_stat(j, &st, NULL) == 0 && st.first_start_unix_s != BW_UNKNOWN &&
                st.first_start_unix_s < start_s) {
                start_s = st.first_start_unix_s;
            }
            bw_journal_close(j);
        }
    }
    start_s -= start_s % step_s;
    char folder[PATH_MAX + BW_NAME_MAX + 8];
    (void)snprintf(folder, sizeof(folder), "%s/rrd/%s", d->state_dir, p->circuit);
    int r = bw_dir_make(folder, 0750, &err);
    r = r < 0
            ? r
            : bw_series_create(p->path, shape_of(p->topic), step_s, start_s, &remade, &err);
    if (r < 0 && r != -EEXIST) {
        bw_complain(&d->complaint, BW_AREA_SERIES, BW_WARN,
                    "%s: %s; records are kept, this picture is not drawn", p->path,
                    err.text[0] ? err.text : bw_strerror(r));
        return r;
    }
    bw_complain_over(&d->complaint, BW_AREA_SERIES, "pictures are drawn again");
    if (remade) {
        bw_log(BW_AREA_SERIES, BW_WARN,
               "%s was damaged or of another shape: moved aside, drawn again", p->path);
    }
    if (!ten && (missing || remade)) {
        rebuild(d, p, start_s, end_s);
    }
    return 0;
}

static struct picture *find(struct bw_draw *d,
                            enum topic topic,
                            const char *circuit,
                            const char *target,
                            int64_t end_s)
{
    for (size_t i = 0; i < d->n_pictures; i++) {
        struct picture *p = d->pictures[i];
        if (p->topic == topic && strcmp(p->circuit, circuit) == 0 &&
            strcmp(p->target, target) == 0) {
            return p;
        }
    }
    if (d->n_pictures == BW_DRAW_FILES_MAX) {
        return NULL;
    }
    struct picture *p = calloc(1, sizeof(*p));
    if (!p) {
        return NULL;
    }
    static const char *const names[] = {
        [TOPIC_LINK] = "link",        [TOPIC_LINK_10S] = "link-10s",
        [TOPIC_LATENCY] = "latency-", [TOPIC_THROUGHPUT] = "throughput",
        [TOPIC_TRAFFIC] = "traffic",  [TOPIC_TCP] = "tcp"};
    p->topic = topic;
    (void)snprintf(p->circuit, sizeof(p->circuit), "%s", circuit);
    (void)snprintf(p->target, sizeof(p->target), "%s", target);
    int n = snprintf(p->path, sizeof(p->path), "%s/rrd/%s/%s%s.rrd", d->state_dir, circuit,
                     names[topic], target);
    if (n < 0 || (size_t)n >= sizeof(p->path) || prepare(d, p, end_s) < 0) {
        free(p);
        return NULL;
    }
    d->pictures[d->n_pictures++] = p;
    return p;
}

static void update(struct bw_draw *d, struct picture *p, const struct bw_series_step *step)
{
    struct bw_err err = {0};
    const struct bw_series_shape *shape = shape_of(p->topic);
    int r = bw_series_update(p->path, shape, step, 1, &err);
    if (r == -EEXIST) {
        /* Not newer than the picture: a repeated time, or one drawn under a clock that
         * was far ahead. The latter would stay blank until time catches up. */
        r = prepare(d, p, step->end_unix_s);
        r = r < 0 ? r : bw_series_update(p->path, shape, step, 1, &err);
        r = r == -EEXIST ? 0 : r;
    } else if (r < 0 && r != -ENOSPC) {
        r = prepare(d, p, step->end_unix_s);
        r = r < 0 ? r : bw_series_update(p->path, shape, step, 1, &err);
    }
    if (r < 0) {
        bw_complain(&p->complaint, BW_AREA_SERIES, BW_WARN,
                    "%s: %s; records are kept, the picture has a hole", p->path,
                    err.text[0] ? err.text : bw_strerror(r));
    } else {
        bw_complain_over(&p->complaint, BW_AREA_SERIES, "%s: drawn again", p->path);
    }
}

static void draw_one(struct bw_draw *d,
                     enum topic topic,
                     const char *circuit,
                     const char *target,
                     const struct bw_summary *s)
{
    struct bw_series_step step;
    struct picture *p = find(d, topic, circuit, target, s->end_unix_s);
    if (p) {
        (void)make_step(p, s, &step);
        update(d, p, &step);
    }
}

static bool is_drawn(const struct bw_draw *d, enum topic topic, const char *circuit)
{
    for (size_t k = 0; k < d->n_pictures; k++) {
        if (d->pictures[k]->topic == topic &&
            strcmp(d->pictures[k]->circuit, circuit) == 0) {
            return true;
        }
    }
    return false;
}

void bw_draw_summary(struct bw_draw *d, const struct bw_summary *s)
{
    for (size_t i = 0; i < s->n_circuits; i++) {
        int64_t v[BW_SERIES_DS_MAX];
        int64_t w[BW_SERIES_DS_MAX];
        const char *id = s->circuits[i].id;
        if (s->circuits[i].source != BW_SOURCE_NONE) {
            draw_one(d, TOPIC_LINK, id, "", s);
        }
        /* Once there was a test, every step is drawn: a picture needs its unknowns. */
        if (is_drawn(d, TOPIC_THROUGHPUT, id) || throughput_step(s, id, v)) {
            draw_one(d, TOPIC_THROUGHPUT, id, "", s);
        }
        if (is_drawn(d, TOPIC_TRAFFIC, id) || bw_series_traffic_values(s, id, v, w)) {
            draw_one(d, TOPIC_TRAFFIC, id, "", s);
            draw_one(d, TOPIC_TCP, id, "", s);
        }
    }
    for (size_t i = 0; i < s->n_latency; i++) {
        draw_one(d, TOPIC_LATENCY, s->latency[i].circuit, s->latency[i].probe, s);
    }
}

void bw_draw_tens(struct bw_draw *d, const struct bw_writer_ten *tens, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct bw_series_step step = {.start_unix_s = tens[i].end_unix_s - BW_DRAW_TEN_S,
                                      .end_unix_s = tens[i].end_unix_s};
        struct picture *p =
            find(d, TOPIC_LINK_10S, tens[i].circuit, "", tens[i].end_unix_s);
        if (!p) {
            continue;
        }
        for (size_t k = 0; k < BW_SERIES_DS_MAX; k++) {
            step.values[k] = BW_UNKNOWN;
        }
        step.values[0] = tens[i].rate_bps[BW_DOWN];
        step.values[1] = tens[i].rate_bps[BW_UP];
        update(d, p, &step);
    }
}
