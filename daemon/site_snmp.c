/* SPDX-License-Identifier: GPL-3.0-or-later
 * site_snmp.c - circuits that an edge device counts: its readings into the interval.
 *
 * A reading belongs to the second in the middle of the time it may have been counted in,
 * as far as a device's cache can hold: not to the middle of a silence.
 * While the reader does not count, nothing is known of bytes or port, and the record says
 * so; nothing is ever filled in. */
#include "site_private.h"

#include <bw/counter.h>
#include <bw/err.h>
#include <counter_snmp.h>
#include <errno.h>
#include <interval.h>
#include <rates.h>
#include <stdlib.h>

enum {
    LATE_MS =
        6000, /* beside a refresh: a question's distance, an answer's time, to spare */
    AFTER_TEST_MS = 5000
};

struct meter {
    struct bw_site *site;
    size_t circuit;
    struct bw_snmp_meter *m;
    struct bw_complaint complaint;
};

static void on_reading(void *owner, const struct bw_snmp_reading *r)
{
    struct meter *x = owner;
    struct bw_site *s = x->site;
    const struct bw_boxconf_circuit *c = &s->config->circuits[x->circuit];
    const struct bw_snmp_port *port = bw_snmp_meter_port(x->m);
    const struct bw_counter_dir in = {.bytes = r->in_bytes,
                                      .packets = BW_UNKNOWN,
                                      .drops = BW_UNKNOWN,
                                      .errors = BW_UNKNOWN};
    const struct bw_counter_dir out = {.bytes = r->out_bytes,
                                       .packets = BW_UNKNOWN,
                                       .drops = BW_UNKNOWN,
                                       .errors = BW_UNKNOWN};
    struct bw_reading reading = {
        .mono_ns = r->mono_ns,
        .slack_ns = r->slack_ns,
        .age_ns = bw_rates_age_ns(r->slack_ns, bw_snmp_meter_status(x->m)->refresh_ms,
                                  c->snmp.job.every_ms),
        .ifindex = r->epoch,
        .carrier = port && port->up,
        .link_bps = port ? port->link_bps : BW_UNKNOWN,
        .mtu = BW_UNKNOWN,
        .layer = port ? port->layer : BW_LAYER_UNKNOWN};
    int64_t unix_ns = r->mono_ns - reading.age_ns + s->offset_ns;
    if (!s->iv) {
        return;
    }
    reading.dir[BW_DOWN] = c->faces_school ? out : in;
    reading.dir[BW_UP] = c->faces_school ? in : out;
    bw_interval_reading(s->iv, (uint32_t)x->circuit,
                        (unix_ns + BW_SITE_SECOND_NS / 2) / BW_SITE_SECOND_NS, &reading);
}

static void on_status(void *owner, const struct bw_snmp_status *st)
{
    struct meter *x = owner;
    const char *id = x->site->config->circuits[x->circuit].id;
    if (st->state == BW_SNMP_COUNTING) {
        bw_complain_over(&x->complaint, BW_AREA_COUNTER, "circuit \"%s\": counted again",
                         id);
    } else if (st->state != BW_SNMP_STARTING) {
        bw_complain(&x->complaint, BW_AREA_COUNTER, BW_WARN,
                    "circuit \"%s\": %s; its bytes are unknown until that is mended", id,
                    st->text[0] ? st->text : bw_snmp_state_word(st->state));
    }
}

int bw_site_add_meter(struct bw_site *s, size_t i, struct bw_err *reterr)
{
    static const struct bw_snmp_meter_callbacks callbacks = {.reading = on_reading,
                                                             .status = on_status};
    const struct bw_boxconf_circuit *c = &s->config->circuits[i];
    struct meter *x = calloc(1, sizeof(*x));
    int r;
    if (!x) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    x->site = s;
    x->circuit = i;
    r = bw_snmp_meter_new(s->loop, c->snmp.program, &c->snmp.job, &callbacks, x, &x->m,
                          reterr);
    if (r < 0) {
        free(x);
        return r;
    }
    s->lines[i].meter = x;
    return 0;
}

void bw_site_move_meter(struct meter **from, struct bw_site *s, size_t i)
{
    struct meter *x = *from;
    *from = NULL;
    s->lines[i].meter = x;
    if (x) {
        x->site = s;
        x->circuit = i;
    }
}

void bw_site_meter_second(struct bw_site *s, size_t i, int64_t unix_s, int64_t mono_ns)
{
    const struct meter *x = s->lines[i].meter;
    const struct bw_snmp_status *st = bw_snmp_meter_status(x->m);
    const struct bw_snmp_port *port = bw_snmp_meter_port(x->m);
    int64_t late_ms = st->refresh_ms == BW_UNKNOWN ? 0 : st->refresh_ms + LATE_MS;
    if (late_ms > s->config->interval_s * 2000) {
        late_ms = s->config->interval_s * 2000;
    }
    bw_interval_refresh(s->iv, (uint32_t)i, st->refresh_ms, late_ms);
    if (st->state != BW_SNMP_COUNTING) {
        bw_interval_no_reading(s->iv, (uint32_t)i, unix_s, mono_ns, -ETIMEDOUT);
    } else if (port) {
        bw_interval_port(s->iv, (uint32_t)i, mono_ns, port->up, port->layer);
    }
}

void bw_site_test_begins(struct bw_site *s, size_t circuit, int64_t longest_ms)
{
    const struct meter *x = s->lines[circuit].meter;
    if (x) {
        int64_t refresh_ms = bw_snmp_meter_status(x->m)->refresh_ms;
        bw_snmp_meter_fast(x->m, longest_ms + AFTER_TEST_MS +
                                     (refresh_ms == BW_UNKNOWN ? 0 : refresh_ms));
    }
}

const struct bw_snmp_status *bw_site_snmp(const struct bw_site *s, size_t circuit)
{
    const struct meter *x = s->lines[circuit].meter;
    return x ? bw_snmp_meter_status(x->m) : NULL;
}

int64_t bw_site_refresh_ms(const struct bw_site *s, size_t circuit)
{
    const struct bw_snmp_status *st = bw_site_snmp(s, circuit);
    return s->config->circuits[circuit].source == BW_SOURCE_KERNEL
               ? bw_counter_kernel.resolution_ms
           : st ? st->refresh_ms
                : BW_UNKNOWN;
}

enum bw_layer bw_site_layer(const struct bw_site *s, size_t circuit)
{
    const struct meter *x = s->lines[circuit].meter;
    const struct bw_snmp_port *port = x ? bw_snmp_meter_port(x->m) : NULL;
    return port ? port->layer : BW_LAYER_UNKNOWN;
}

int64_t bw_site_carrier(const struct bw_site *s, size_t circuit, const struct bw_reading *r)
{
    const struct meter *x = s->lines[circuit].meter;
    const struct bw_snmp_port *port = x ? bw_snmp_meter_port(x->m) : NULL;
    return s->config->circuits[circuit].source == BW_SOURCE_KERNEL ? r->carrier
           : port                                                  ? port->up
                                                                   : BW_UNKNOWN;
}

void bw_site_renew_meters(struct bw_site *s)
{
    for (size_t i = 0; i < s->config->n_circuits; i++) {
        if (s->lines[i].meter) {
            bw_snmp_meter_renew(s->lines[i].meter->m);
        }
    }
}

static void on_meter_closed(void *owner)
{
    struct meter *x = owner;
    struct bw_site *s = x->site;
    free(x);
    s->open_handles--;
    bw_site_maybe_closed(s);
}

void bw_site_close_meter(struct bw_site *s, size_t i)
{
    struct meter *x = s->lines[i].meter;
    if (x) {
        s->lines[i].meter = NULL;
        s->open_handles++;
        bw_snmp_meter_close(x->m, on_meter_closed, x);
    }
}
