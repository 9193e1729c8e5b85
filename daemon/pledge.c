/* SPDX-License-Identifier: GPL-3.0-or-later
 * pledge.c - the secrets of days, and what records tell of them.
 *
 * Invariant: days are ascending, and today and tomorrow are among them. A secret is put
 * into the writer's queue before any record that tells its hash, so a hash is never signed
 * whose secret could be lost. A secret is told only by records of a later day. */
#include "pledge.h"

#include <buf.h>
#include <bw/summary.h>
#include <errno.h>
#include <hash.h>
#include <inttypes.h>
#include <log.h>
#include <starts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <writer.h>

enum {
    DAYS_MAX = 12, /* today, tomorrow, and what is still told */
    TOLD_MAX = 4,  /* secrets a record tells: the newest days that are over */
    TEXT_MAX = 256
};

static const char days_name[] = "sched.days";

struct secret {
    int64_t day_s;
    bool over; /* the clock has shown a later day */
    uint8_t bytes[BW_STARTS_SECRET_LEN];
};

struct bw_pledge {
    struct bw_writer *writer;
    int64_t today_s;
    struct secret list[DAYS_MAX];
    size_t n;
};

static void secret_name(int64_t day_s, char *out, size_t cap)
{
    (void)snprintf(out, cap, "sched.secret.%" PRId64, day_s);
}

static void over_name(int64_t day_s, char *out, size_t cap)
{
    (void)snprintf(out, cap, "sched.over.%" PRId64, day_s);
}

static struct secret *find(struct bw_pledge *p, int64_t day_s)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->list[i].day_s == day_s) {
            return &p->list[i];
        }
    }
    return NULL;
}

static bool is_needed(const struct bw_pledge *p, int64_t day_s)
{
    return day_s == p->today_s || day_s == p->today_s + BW_STARTS_DAY_S;
}

/* The newest days stay, and those of the time that the clock shows: a box that boots in
 * 1970 keeps its true days until the clock is right. */
static void add(struct bw_pledge *p, const struct secret *s)
{
    size_t at = 0;
    if (find(p, s->day_s)) {
        return;
    }
    if (p->n == DAYS_MAX) {
        while (is_needed(p, p->list[at].day_s)) { /* two at most */
            at++;
        }
        p->n--;
        memmove(&p->list[at], &p->list[at + 1], (p->n - at) * sizeof(p->list[0]));
    }
    at = p->n;
    while (at > 0 && p->list[at - 1].day_s > s->day_s) {
        p->list[at] = p->list[at - 1];
        at--;
    }
    p->list[at] = *s;
    p->n++;
}

static void load(struct bw_pledge *p, int64_t day_s)
{
    struct secret s = {.day_s = day_s};
    char name[64];
    struct bw_buf b;
    bw_buf_init(&b, TEXT_MAX);
    secret_name(day_s, name, sizeof(name));
    if (bw_writer_get(p->writer, name, &b) == 0 && b.data &&
        bw_b64_decode(b.data, b.len, s.bytes, sizeof(s.bytes)) == (long)sizeof(s.bytes)) {
        bw_buf_done(&b);
        bw_buf_init(&b, TEXT_MAX);
        over_name(day_s, name, sizeof(name));
        s.over = bw_writer_get(p->writer, name, &b) == 0;
        add(p, &s);
    }
    bw_buf_done(&b);
}

/* Draw what today or tomorrow lacks, and keep it. */
static void make(struct bw_pledge *p, int64_t day_s)
{
    struct secret s = {.day_s = day_s};
    char name[64];
    char text[64];
    if (find(p, day_s)) {
        return;
    }
    bw_random(s.bytes, sizeof(s.bytes));
    (void)bw_b64_encode(s.bytes, sizeof(s.bytes), text);
    secret_name(day_s, name, sizeof(name));
    if (bw_writer_set(p->writer, name, text) < 0) {
        bw_log(BW_AREA_SCHED, BW_WARN,
               "the secret of a day could not be kept: its start times cannot be checked");
    }
    add(p, &s);
}

static void keep_days(const struct bw_pledge *p)
{
    char text[TEXT_MAX] = "";
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%" PRId64, i ? " " : "",
                              p->list[i].day_s);
    }
    (void)bw_writer_set(p->writer, days_name, text);
}

/* From now on records and status show the secrets of the days before today. */
static void keep_over(struct bw_pledge *p)
{
    char name[64];
    for (size_t i = 0; i < p->n && p->list[i].day_s < p->today_s; i++) {
        if (!p->list[i].over) {
            p->list[i].over = true;
            over_name(p->list[i].day_s, name, sizeof(name));
            (void)bw_writer_set(p->writer, name, "1");
        }
    }
}

void bw_pledge_turn(struct bw_pledge *p, int64_t today_unix_s)
{
    bool had = find(p, today_unix_s) && find(p, today_unix_s + BW_STARTS_DAY_S);
    p->today_s = today_unix_s;
    make(p, today_unix_s);
    make(p, today_unix_s + BW_STARTS_DAY_S);
    if (!had) {
        keep_days(p);
    }
    keep_over(p);
}

struct bw_pledge *bw_pledge_new(struct bw_writer *writer, int64_t today_unix_s)
{
    struct bw_pledge *p = calloc(1, sizeof(*p));
    struct bw_buf b;
    if (!p) {
        return NULL;
    }
    p->writer = writer;
    p->today_s = today_unix_s;
    bw_buf_init(&b, TEXT_MAX);
    if (bw_writer_get(writer, days_name, &b) == 0 && b.data) {
        for (char *at = b.data; *at;) {
            char *end = at;
            int64_t day_s = strtoll(at, &end, 10);
            if (end == at) {
                break;
            }
            load(p, day_s);
            at = end;
        }
    }
    bw_buf_done(&b);
    for (int i = -1; i <= 1; i++) { /* also where the list is older than the secrets */
        load(p, today_unix_s + (int64_t)i * BW_STARTS_DAY_S);
    }
    bw_pledge_turn(p, today_unix_s);
    return p;
}

void bw_pledge_free(struct bw_pledge *p)
{
    free(p);
}

int64_t bw_pledge_today_unix_s(const struct bw_pledge *p)
{
    return p->today_s;
}

static const struct secret *find_const(const struct bw_pledge *p, int64_t day_s)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->list[i].day_s == day_s) {
            return &p->list[i];
        }
    }
    return NULL;
}

const uint8_t *bw_pledge_today(const struct bw_pledge *p)
{
    return find_const(p, p->today_s)->bytes;
}

const uint8_t *bw_pledge_secret(const struct bw_pledge *p, int64_t day_unix_s)
{
    const struct secret *s = find_const(p, day_unix_s);
    return s ? s->bytes : NULL;
}

bool bw_pledge_was_over(const struct bw_pledge *p, int64_t day_unix_s)
{
    const struct secret *s = find_const(p, day_unix_s);
    return s && s->over;
}

int bw_pledge_tell(const struct bw_pledge *p, struct bw_summary *s)
{
    struct bw_schedule_commit *commits = bw_summary_alloc(s, 2 * sizeof(*commits));
    struct bw_schedule_secret *secrets = bw_summary_alloc(s, TOLD_MAX * sizeof(*secrets));
    size_t first = 0;
    size_t over = 0;
    if (!commits || !secrets) {
        return -ENOMEM;
    }
    s->schedule.n_commits = 0;
    s->schedule.n_secrets = 0;
    while (over < p->n && p->list[over].day_s < p->today_s) {
        over++;
    }
    first = over > TOLD_MAX ? over - TOLD_MAX : 0;
    for (size_t i = first; i < over; i++) {
        struct bw_schedule_secret *t = &secrets[s->schedule.n_secrets++];
        t->day_unix_s = p->list[i].day_s;
        (void)bw_b64_encode(p->list[i].bytes, sizeof(p->list[i].bytes), t->secret);
    }
    for (size_t i = over; i < p->n && s->schedule.n_commits < 2; i++) {
        struct bw_schedule_commit *c = &commits[s->schedule.n_commits++];
        c->day_unix_s = p->list[i].day_s;
        bw_sha256_text(p->list[i].bytes, sizeof(p->list[i].bytes), c->sha256);
    }
    s->schedule.commits = commits;
    s->schedule.secrets = secrets;
    return 0;
}

void bw_pledge_view(const struct bw_pledge *p, struct bw_pledge_view *ret)
{
    const struct secret *tomorrow = find_const(p, p->today_s + BW_STARTS_DAY_S);
    memset(ret, 0, sizeof(*ret));
    ret->tomorrow_unix_s = BW_UNKNOWN;
    ret->past_unix_s = BW_UNKNOWN;
    if (tomorrow) {
        ret->tomorrow_unix_s = tomorrow->day_s;
        bw_sha256_text(tomorrow->bytes, sizeof(tomorrow->bytes), ret->tomorrow_commit);
    }
    for (size_t i = 0; i < p->n && p->list[i].day_s < p->today_s; i++) {
        ret->past_unix_s = p->list[i].day_s;
        (void)bw_b64_encode(p->list[i].bytes, sizeof(p->list[i].bytes), ret->past_secret);
    }
}
