/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_hours.c - round trips by target and local hour, for rules that ask for hours.
 *
 * Invariant: a cell is in one hour, that of its start; a cell that reaches over an edge of
 * the period is in none. Exchanges (names looked up, pages fetched) are no round trips. */
#include "model_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>
#include <words.h>

enum {
    NAME_CAP = 96,
    HOUR_S = 3600
};

/* The hour that a target's cells are being added to. */
struct open_hour {
    char name[NAME_CAP];
    bool is_open;
    struct bw_finding_hour hour;
    struct bw_hist hist;
};

struct bw_model_hours {
    struct open_hour targets[BW_REPORT_TARGETS_MAX];
    const char *names[BW_REPORT_TARGETS_MAX];
    size_t n_targets;
    struct bw_finding_hour *list;
    size_t n;
    size_t cap;
};

struct bw_model_hours *bw_model_hours_new(void)
{
    return calloc(1, sizeof(struct bw_model_hours));
}

void bw_model_hours_free(struct bw_model_hours *h)
{
    for (size_t i = 0; h && i < h->n; i++) {
        free(h->list[i].text);
    }
    free(h ? h->list : NULL);
    free(h);
}

static bool is_round_trip(const char *kind)
{
    static const char *const kinds[] = {"icmp", "stamp", "tcp"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int close_hour(struct bw_model_hours *h, struct open_hour *o)
{
    struct bw_finding_hour *last;
    struct bw_buf text;
    void *room;
    int rc;

    if (!o->is_open) {
        return 0;
    }
    o->is_open = false;
    room = bw_grow(h->list, h->n, &h->cap, sizeof(*h->list));
    if (!room) {
        return -ENOMEM;
    }
    h->list = room;
    last = &h->list[h->n];
    *last = o->hour;
    bw_buf_init(&text, BW_JWS_MAX);
    rc = bw_hist_encode(&o->hist, &text);
    last->text = rc == 0 ? bw_copy_text(text.data) : NULL;
    if (rc == 0 && !last->text) {
        rc = -ENOMEM;
    }
    if (rc == 0) {
        last->hist = last->text;
        h->n++;
    }
    bw_buf_done(&text);
    return rc;
}

/* A whole hour is in class or out of it; one that is cut is not known. */
static enum bw_finding_class lessons_of(const struct bw_report *r, int64_t unix_s)
{
    enum bw_class first = bw_report_class_at(r, unix_s);

    for (int64_t s = 60; s < HOUR_S; s += 60) {
        if (bw_report_class_at(r, unix_s + s) != first) {
            return BW_FINDING_UNKNOWN;
        }
    }
    return first == BW_CLASS_YES  ? BW_FINDING_IN
           : first == BW_CLASS_NO ? BW_FINDING_OUT
                                  : BW_FINDING_UNKNOWN;
}

static struct open_hour *target_of(struct bw_model_hours *h,
                                   const struct bw_latency_cell *c)
{
    char name[NAME_CAP];

    bw_words_target(c->probe, c->kind, c->family, name, sizeof(name));
    for (size_t i = 0; i < h->n_targets; i++) {
        if (strcmp(h->targets[i].name, name) == 0) {
            return &h->targets[i];
        }
    }
    if (h->n_targets == BW_REPORT_TARGETS_MAX) {
        return NULL; /* the model refuses so many */
    }
    memcpy(h->targets[h->n_targets].name, name, sizeof(name));
    h->names[h->n_targets] = h->targets[h->n_targets].name;
    return &h->targets[h->n_targets++];
}

int bw_model_hours_add(struct bw_model *m, const struct bw_latency_cell *c)
{
    struct bw_model_hours *h = m->hours;
    const struct bw_report *r = m->report;
    struct bw_civil local;
    struct open_hour *o;
    int64_t day;

    if (!is_round_trip(c->kind) || c->sent == BW_UNKNOWN || c->lost == BW_UNKNOWN ||
        c->start_unix_s < r->from_unix_s || c->last_start_unix_s >= r->to_unix_s) {
        return 0;
    }
    o = target_of(h, c);
    if (!o) {
        return 0;
    }
    bw_tz_local(r->tz, c->start_unix_s, &local);
    day = bw_civil_days(local.year, local.month, local.day);
    if (!o->is_open || o->hour.when.day != day || o->hour.when.minute != local.hour * 60) {
        int rc = close_hour(h, o);
        if (rc < 0) {
            return rc;
        }
        o->is_open = true;
        o->hour = (struct bw_finding_hour){
            .target = (size_t)(o - h->targets),
            .when = {day, local.hour * 60,
                     lessons_of(r, c->start_unix_s - local.minute * INT64_C(60) -
                                       local.second)}};
        bw_hist_init(&o->hist);
    }
    o->hour.sent += c->sent;
    o->hour.lost += c->lost;
    return c->rtt_hist ? bw_hist_decode(c->rtt_hist, strlen(c->rtt_hist), &o->hist) : 0;
}

int bw_model_hours_end(struct bw_model_hours *h, struct bw_finding_inputs *in)
{
    int rc = 0;

    for (size_t i = 0; i < h->n_targets && rc == 0; i++) {
        rc = close_hour(h, &h->targets[i]);
    }
    in->targets = h->names;
    in->n_targets = h->n_targets;
    in->hours = h->list;
    in->n_hours = h->n;
    return rc;
}
