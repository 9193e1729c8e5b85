/* SPDX-License-Identifier: GPL-3.0-or-later
 * site_tap.c - the taps of circuits whose packets are looked at: made with the site, beaten
 * with its seconds, cut with its intervals. */
#include "site_private.h"

#include <bw/err.h>
#include <errno.h>
#include <interval.h>
#include <stdio.h>
#include <string.h>
#include <tap.h>

enum {
    LATE_S = 8 /* a second may turn out saturated this much later */
};

static void tap_opts(const struct bw_boxconf_circuit *c, struct bw_tap_opts *o)
{
    static const enum bw_tap_what what[] = {[BW_BOXCONF_CAPTURE_OFF] = BW_TAP_OFF,
                                            [BW_BOXCONF_CAPTURE_MIX] = BW_TAP_MIX,
                                            [BW_BOXCONF_CAPTURE_FLOWS] = BW_TAP_FLOWS};
    const struct bw_boxconf_capture *k = &c->capture;
    *o = (struct bw_tap_opts){
        .what = what[k->what],
        .promiscuous = c->vantage == BW_VANTAGE_MIRROR,
        .devices = k->devices,
        .least = k->smallest_group,
        .flows_one_in = k->flows_one_in,
        .own = !k->by_mac || k->inside.by_outer ? BW_TAP_OWN_NOTHING : BW_TAP_OWN_INNER,
        .inside = k->inside,
    };
    (void)snprintf(o->circuit, sizeof(o->circuit), "%s", c->id);
    (void)snprintf(o->interface, sizeof(o->interface), "%s", k->interface);
}

static bool wants_tap(const struct bw_site *s, size_t i)
{
    return s->config->circuits[i].capture.what != BW_BOXCONF_CAPTURE_OFF;
}

/* Whose tap circuit i goes on with; -1: nobody's. */
static int old_tap(const struct bw_site *s, size_t i, const struct bw_site *old)
{
    for (size_t k = 0; old && k < old->config->n_circuits; k++) {
        if (old->taps[k] &&
            strcmp(old->config->circuits[k].id, s->config->circuits[i].id) == 0) {
            return (int)k;
        }
    }
    return -1;
}

int bw_site_make_taps(struct bw_site *s, const struct bw_site *old, struct bw_err *reterr)
{
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        struct bw_tap_opts o;
        struct bw_tap_status st;
        int k = wants_tap(s, i) ? old_tap(s, i, old) : -1;
        if (!wants_tap(s, i)) {
            continue;
        }
        tap_opts(&s->config->circuits[i], &o);
        if (old && k >= 0 && bw_tap_can(old->taps[k], &o)) {
            continue; /* moved later */
        }
        if (k < 0) {
            int r = bw_tap_new(s->loop, &o, &s->taps[i], reterr);
            if (r < 0) {
                return r;
            }
            s->open_handles++;
            bw_tap_status(s->taps[i], &st);
        }
        if (k >= 0 || (old && st.state == BW_TAP_NO_RIGHTS)) {
            return bw_err_set(reterr, -EPERM,
                              "circuit \"%s\": to begin a capture needs CAP_NET_RAW, which "
                              "was given up",
                              o.circuit);
        }
        if (!old && st.detail[0]) {
            bw_log(BW_AREA_COUNTER, BW_WARN,
                   "circuit \"%s\": %s; nothing is told of its packets", o.circuit,
                   st.detail);
        }
    }
    return 0;
}

void bw_site_move_taps(struct bw_site *s, struct bw_site *old)
{
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        const struct bw_boxconf_circuit *c = &s->config->circuits[i];
        int k = wants_tap(s, i) && !s->taps[i] ? old_tap(s, i, old) : -1;
        if (k >= 0) {
            s->taps[i] = old->taps[k];
            s->tap_told[i] = old->tap_told[k];
            old->taps[k] = NULL;
            old->open_handles--;
            s->open_handles++;
            if (!bw_boxconf_same_capture(&old->config->circuits[k].capture, &c->capture) ||
                old->config->circuits[k].vantage != c->vantage) {
                struct bw_tap_opts o;
                tap_opts(c, &o);
                bw_tap_set(s->taps[i], &o);
            }
        }
    }
}

static void on_tap_closed(void *owner)
{
    struct bw_site *s = owner;
    s->open_handles--;
    bw_site_maybe_closed(s);
}

void bw_site_close_taps(struct bw_site *s)
{
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        if (s->taps[i]) {
            bw_tap_close(s->taps[i], on_tap_closed, s);
            s->taps[i] = NULL;
        }
    }
}

/* ---- time */

void bw_site_begin_taps(struct bw_site *s, int64_t unix_s)
{
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        if (s->taps[i]) {
            bw_tap_begin(s->taps[i], unix_s);
        }
    }
}

static void tell(struct bw_site *s, size_t i)
{
    struct bw_tap_status st;
    bool well = !bw_tap_state_word(bw_tap_state(s->taps[i]))[0];
    if (well != s->tap_told[i]) {
        return;
    }
    bw_tap_status(s->taps[i], &st);
    if (well) {
        bw_log(BW_AREA_COUNTER, BW_NOTICE, "circuit \"%s\": packets are captured again",
               s->config->circuits[i].id);
    } else if (st.state != BW_TAP_NO_RIGHTS) {
        bw_log(BW_AREA_COUNTER, BW_WARN,
               "circuit \"%s\": %s; nothing is told of its packets until it is back",
               s->config->circuits[i].id, st.detail);
    }
    s->tap_told[i] = !well;
}

void bw_site_second_taps(struct bw_site *s, int64_t unix_s, bool stepped)
{
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        if (!s->taps[i]) {
            continue;
        }
        bw_tap_second(s->taps[i], unix_s, stepped);
        tell(s, i);
        for (int64_t at = unix_s - LATE_S; at < unix_s && !stepped; at++) {
            if (bw_interval_saturated(s->iv, (uint32_t)i, at) == 1) {
                bw_tap_saturated(s->taps[i], at);
            }
        }
    }
}

void bw_site_cut_taps(struct bw_site *s, int64_t end_s, int64_t next_s)
{
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        if (s->taps[i]) {
            bw_tap_cut(s->taps[i], end_s, next_s);
        }
    }
}

void bw_site_take_taps(struct bw_site *s, struct bw_summary *sum)
{
    struct bw_traffic rows[BW_CIRCUITS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        int r = s->taps[i] ? bw_tap_take(s->taps[i], sum->start_unix_s, sum, &rows[n])
                           : -ENOENT;
        n += r == 0;
        if (r < 0 && r != -ENOENT) {
            bw_log(BW_AREA_INTERVAL, BW_ERROR,
                   "circuit \"%s\": what its packets told is "
                   "lost: %s",
                   s->config->circuits[i].id, bw_strerror(r));
        }
    }
    if (n > 0) {
        sum->traffic = bw_summary_alloc(sum, n * sizeof(rows[0]));
        if (sum->traffic) {
            memcpy(sum->traffic, rows, n * sizeof(rows[0]));
            sum->n_traffic = n;
        }
    }
}

/* ---- from outside */

void bw_site_own_test(struct bw_site *s, const char *circuit, bool runs)
{
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        const struct bw_boxconf_circuit *c = &s->config->circuits[i];
        /* A router's own tests do not pass on the school's side. */
        bool passes = !(c->vantage == BW_VANTAGE_ROUTER && c->capture.faces_school);
        if (s->taps[i] && strcmp(c->id, circuit) == 0) {
            bw_tap_pause(s->taps[i], runs && passes);
        }
    }
}

const struct bw_tap *bw_site_tap(const struct bw_site *s, size_t circuit)
{
    return s->taps[circuit];
}

bool bw_site_tap_status(struct bw_site *s, size_t circuit, struct bw_tap_status *ret)
{
    if (!s->taps[circuit]) {
        return false;
    }
    bw_tap_status(s->taps[circuit], ret);
    return true;
}
