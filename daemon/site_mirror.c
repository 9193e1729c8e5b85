/* SPDX-License-Identifier: GPL-3.0-or-later
 * site_mirror.c - circuits that a mirror port shows: its counter and the packets drawn from
 * it into the interval, and held against the edge device's own counts where they are known.
 */
#include "site_private.h"

#include <bw/counter.h>
#include <bw/err.h>
#include <errno.h>
#include <frames.h>
#include <interval.h>
#include <mirror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tap.h>

enum {
    REFRESH_MS = 1000,
    SPARE_MS = 1000
};

struct mirror {
    struct bw_counter *port; /* NULL: it is not there */
    struct bw_frames *frames;
    struct bw_mirror *m;
    struct bw_site_mirror told;
    struct bw_complaint complaint;
};

bool bw_site_has_mirror(const struct bw_boxconf_circuit *c)
{
    return c->source == BW_SOURCE_MIRROR ||
           (c->source == BW_SOURCE_SNMP && c->vantage == BW_VANTAGE_MIRROR &&
            c->capture.what != BW_BOXCONF_CAPTURE_OFF);
}

int bw_site_add_mirror(struct bw_site *s, size_t i, struct bw_err *reterr)
{
    const struct bw_boxconf_circuit *c = &s->config->circuits[i];
    struct mirror *x = calloc(1, sizeof(*x));
    if (x) {
        x->m = bw_mirror_new(c->port_bps);
        x->frames = x->m ? bw_frames_new(s->loop) : NULL;
    }
    if (!x || !x->frames) {
        bw_mirror_free(x ? x->m : NULL);
        free(x);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    x->told = (struct bw_site_mirror){.port_bps = c->port_bps,
                                      .link = BW_UNKNOWN,
                                      .full_s = BW_UNKNOWN,
                                      .bytes = {BW_UNKNOWN, BW_UNKNOWN}};
    s->lines[i].mirror = x;
    return 0;
}

static void close_port(struct mirror *x)
{
    if (x->port) {
        bw_frames_forget(x->frames);
        bw_counter_kernel.close(x->port);
        x->port = NULL;
    }
}

static int read_port(struct mirror *x,
                     const struct bw_boxconf_circuit *c,
                     struct bw_reading *ret,
                     struct bw_err *reterr)
{
    int r = x->port ? bw_counter_kernel.read(x->port, ret) : -ENODEV;
    if (r == -ENODEV) { /* gone, made anew, or not opened yet */
        char name[64];
        close_port(x);
        r = bw_counter_kernel.open(c->capture.interface, false, &x->port, reterr);
        if (r == 0) {
            (void)snprintf(name, sizeof(name), "circuit \"%.24s\": %.15s", c->id,
                           c->capture.interface);
            bw_frames_begin(x->frames, &bw_counter_kernel, x->port, name);
            r = bw_counter_kernel.read(x->port, ret);
        }
    }
    x->told.link = r == 0 ? ret->carrier : BW_UNKNOWN;
    if (r == 0 && !ret->carrier) { /* nothing can arrive: that is unknown, and no zero */
        r = bw_err_set(reterr, -ENETDOWN, "the port has no link");
    }
    return r;
}

void bw_site_mirror_second(struct bw_site *s, size_t i, int64_t unix_s, int64_t mono_ns)
{
    const struct bw_boxconf_circuit *c = &s->config->circuits[i];
    struct mirror *x = s->lines[i].mirror;
    struct bw_mirror_seen seen = {0};
    struct bw_tap_status st = {.state = BW_TAP_STARTING};
    struct bw_reading port = {0};
    struct bw_reading line;
    struct bw_err err = {0};
    int64_t line_unix_s;
    int64_t late_ms = BW_MIRROR_LATE_S * INT64_C(1000) + SPARE_MS;
    int r = read_port(x, c, &port, &err);
    bool runs;
    if (r < 0) {
        bw_complain(&x->complaint, BW_AREA_COUNTER, BW_WARN,
                    "circuit \"%s\": %s: %s; the mirror shows nothing until it is back",
                    c->id, c->capture.interface, err.text[0] ? err.text : bw_strerror(r));
    } else {
        bw_complain_over(&x->complaint, BW_AREA_COUNTER,
                         "circuit \"%s\": the mirror's port is read again", c->id);
        x->told.port_bps = c->port_bps != BW_UNKNOWN ? c->port_bps : port.link_bps;
    }
    if (s->taps[i]) {
        struct bw_tap_seen sums;
        bw_tap_status(s->taps[i], &st);
        bw_tap_seen(s->taps[i], &sums);
        seen = (struct bw_mirror_seen){.down = sums.bytes[BW_WAY_DOWN],
                                       .up = sums.bytes[BW_WAY_UP],
                                       .neither = sums.bytes[BW_WAY_NEITHER]};
    }
    runs = st.state == BW_TAP_RUNS;
    if (c->source == BW_SOURCE_MIRROR) {
        if (late_ms > s->config->interval_s * 2000) {
            late_ms = s->config->interval_s * 2000;
        }
        bw_interval_refresh(s->iv, (uint32_t)i, REFRESH_MS, late_ms);
        if (r < 0 || (!runs && st.state != BW_TAP_PAUSED && st.state != BW_TAP_STARTING)) {
            bw_interval_no_reading(s->iv, (uint32_t)i, unix_s, mono_ns, -EIO);
        }
    }
    bool told = bw_mirror_second(x->m, unix_s, r < 0 ? NULL : &port, runs ? &seen : NULL,
                                 &line, &line_unix_s);
    x->told.no_way = bw_mirror_has_no_way(x->m);
    if (told && c->source == BW_SOURCE_MIRROR) {
        bw_interval_reading(s->iv, (uint32_t)i, line_unix_s, &line);
    } else if (x->told.no_way && c->source == BW_SOURCE_MIRROR) {
        bw_interval_no_reading(s->iv, (uint32_t)i, unix_s, mono_ns, -EIO);
    }
}

static void
take(struct mirror *x, const struct bw_summary *sum, struct bw_circuit_summary *c)
{
    int64_t shown[BW_DIRECTIONS];
    x->told.full_s = bw_mirror_full_s(x->m, sum->start_unix_s, sum->end_unix_s);
    if (c->source == BW_SOURCE_MIRROR) {
        c->port_full_s = x->told.full_s;
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            x->told.bytes[d] = c->flow[d].bytes;
        }
        return;
    }
    x->told.compared = BW_MIRROR_UNKNOWN;
    x->told.bytes[BW_DOWN] = BW_UNKNOWN;
    x->told.bytes[BW_UP] = BW_UNKNOWN;
    if (bw_mirror_bytes(x->m, sum->start_unix_s, sum->end_unix_s, shown)) {
        int64_t counted[BW_DIRECTIONS] = {c->flow[BW_DOWN].bytes, c->flow[BW_UP].bytes};
        memcpy(x->told.bytes, shown, sizeof(shown));
        if (c->covered_s == sum->end_unix_s - sum->start_unix_s) {
            x->told.compared = bw_mirror_compare(shown, counted);
        }
    }
}

void bw_site_take_mirrors(struct bw_site *s, struct bw_summary *sum)
{
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        for (size_t k = 0; s->lines[i].mirror && k < sum->n_circuits; k++) {
            if (strcmp(sum->circuits[k].id, s->config->circuits[i].id) == 0) {
                take(s->lines[i].mirror, sum, &sum->circuits[k]);
            }
        }
    }
}

const struct bw_site_mirror *bw_site_mirror(const struct bw_site *s, size_t circuit)
{
    return s->lines[circuit].mirror ? &s->lines[circuit].mirror->told : NULL;
}

static void on_frames_closed(void *owner)
{
    struct bw_site *s = owner;
    s->open_handles--;
    bw_site_maybe_closed(s);
}

void bw_site_close_mirror(struct bw_site *s, size_t i)
{
    struct mirror *x = s->lines[i].mirror;
    if (x) {
        close_port(x);
        s->lines[i].mirror = NULL;
        s->open_handles++;
        bw_frames_close(x->frames, on_frames_closed, s);
        bw_mirror_free(x->m);
        free(x);
    }
}
