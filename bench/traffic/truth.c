/* SPDX-License-Identifier: GPL-3.0-or-later
 * truth.c - see truth.h; every event counts once in its window and once in the total. */
#include "truth.h"

#include "frame.h"
#include "truth_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tg_truth_new(const struct tg_truth_options *o, struct tg_truth **ret)
{
    struct tg_truth *t = calloc(1, sizeof(*t));

    if (!t) {
        return -ENOMEM;
    }
    t->o = *o;
    t->windows = calloc(o->n_windows, sizeof(*t->windows));
    t->presence = calloc(o->n_devices, sizeof(*t->presence));
    t->frame_sizes = calloc(TG_WAYS, sizeof(*t->frame_sizes));
    t->ip_sizes = calloc(TG_WAYS, sizeof(*t->ip_sizes));
    if (!t->windows || !t->presence || !t->frame_sizes || !t->ip_sizes) {
        tg_truth_free(t);
        return -ENOMEM;
    }
    *ret = t;
    return 0;
}

void tg_truth_free(struct tg_truth *t)
{
    if (!t) {
        return;
    }
    for (int h = 0; h < TG_HALVES; h++) {
        for (int b = 0; b < TG_RTT_BYS; b++) {
            free(t->rtt[h][b].us);
        }
    }
    free(t->windows);
    free(t->presence);
    free(t->frame_sizes);
    free(t->ip_sizes);
    free(t->flows);
    free(t);
}

int tg_truth_error(const struct tg_truth *t)
{
    return t->error;
}

/* Times beyond the last window belong to it: the clock is the simulation's. */
static uint64_t window_of(const struct tg_truth *t, uint64_t at_ns)
{
    uint64_t i = at_ns / t->o.window_ns;

    return i < t->o.n_windows ? i : t->o.n_windows - 1;
}

static void add(struct tg_count *c, const struct tg_frame *f)
{
    c->packets++;
    c->bytes += f->wire_bytes;
    c->ip_bytes += f->ip_bytes;
}

static void mark(uint64_t *last, uint64_t window, uint64_t *ret_total, uint64_t *ret_window)
{
    if (*last == 0) {
        ++*ret_total;
    }
    if (*last != window + 1) {
        ++*ret_window;
        *last = window + 1;
    }
}

static void present(
    struct tg_truth *t, uint64_t window, const struct tg_host *h, uint8_t family, bool sent)
{
    struct tg_devices *total = &t->total.devices;
    struct tg_devices *here = &t->windows[window].devices;
    struct tg_presence *p;
    int f = family == 6;

    if (h->index >= t->o.n_devices) {
        return;
    }
    p = &t->presence[h->index];
    if (sent) {
        mark(&p->mac, window, &total->macs, &here->macs);
    }
    if (family == 0) {
        return; /* ARP shows a MAC, no IP packet */
    }
    if (sent) {
        mark(&p->sent[f], window, &total->sent[f], &here->sent[f]);
    }
    mark(&p->seen[f], window, &total->seen[f], &here->seen[f]);
}

void tg_truth_packet(struct tg_truth *t,
                     uint64_t at_ns,
                     const struct tg_packet *p,
                     const struct tg_frame *f)
{
    const struct tg_host *lan = p->way == TG_DOWN ? p->to : p->from;
    uint64_t window = window_of(t, at_ns);
    bool later = p->fragment.is && p->fragment.at_bytes > 0;
    enum tg_class class = later ? TG_OTHER : p->class;
    int family = p->family == 0 ? 0 : p->family == 4 ? 1 : 2;

    if (!t->any) {
        t->any = true;
        t->first_ns = at_ns;
    }
    t->last_ns = at_ns;
    add(&t->total.mix[class][p->way][family], f);
    add(&t->windows[window].mix[class][p->way][family], f);
    t->frame_sizes[p->way][f->wire_bytes % TG_SIZES]++;
    if (f->ip_bytes > 0) {
        t->ip_sizes[p->way][f->ip_bytes % TG_SIZES]++;
    }
    if (p->fragment.is) {
        add(later ? &t->fragments_later[p->class] : &t->fragments_first, f);
    }
    add(&t->tagged[(lan->vlan[0] != 0) + (lan->vlan[1] != 0)], f);
    if (p->n_wire > 1) {
        add(&t->merged, f);
        t->merged_wire += p->n_wire;
    }
    if (p->way != TG_DOWN) {
        present(t, window, p->from, p->family, true);
    } else {
        present(t, window, p->to, p->family, false);
    }
}

void tg_truth_segment(struct tg_truth *t,
                      uint64_t at_ns,
                      enum tg_way way,
                      bool again,
                      enum tg_seen seen,
                      uint32_t payload_bytes,
                      uint32_t n_wire)
{
    struct tg_segments *both[2] = {&t->total.tcp[way],
                                   &t->windows[window_of(t, at_ns)].tcp[way]};

    for (int i = 0; i < 2; i++) {
        both[i]->packets[again][seen]++;
        both[i]->bytes[again][seen] += payload_bytes;
        both[i]->wire += n_wire ? n_wire : 1;
    }
}

void tg_truth_syn_again(struct tg_truth *t, uint64_t at_ns)
{
    t->total.syns_again++;
    t->windows[window_of(t, at_ns)].syns_again++;
}

void tg_truth_rtt(struct tg_truth *t, enum tg_half half, enum tg_rtt_by by, uint64_t ns)
{
    struct tg_samples *s = &t->rtt[half][by];

    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 1024;
        uint32_t *us = realloc(s->us, cap * sizeof(*us));
        if (!us) {
            t->error = -ENOMEM;
            return;
        }
        s->us = us;
        s->cap = cap;
    }
    s->us[s->n++] = ns / 1000 < UINT32_MAX ? (uint32_t)(ns / 1000) : UINT32_MAX;
}

void tg_truth_flow(struct tg_truth *t, const struct tg_flow_truth *f)
{
    if (t->n_flows == t->cap_flows) {
        size_t cap = t->cap_flows ? t->cap_flows * 2 : 256;
        struct tg_flow_truth *flows = realloc(t->flows, cap * sizeof(*flows));
        if (!flows) {
            t->error = -ENOMEM;
            return;
        }
        t->flows = flows;
        t->cap_flows = cap;
    }
    t->flows[t->n_flows++] = *f;
}

const char *tg_class_name(enum tg_class c)
{
    static const char *const names[TG_CLASSES] = {
        [TG_TLS] = "tls",   [TG_QUIC] = "quic",  [TG_HTTP] = "http", [TG_DNS] = "dns",
        [TG_MAIL] = "mail", [TG_VPN] = "vpn",    [TG_SSH] = "ssh",   [TG_NTP] = "ntp",
        [TG_ICMP] = "icmp", [TG_OTHER] = "other"};

    return names[c];
}

const char *tg_way_name(enum tg_way w)
{
    static const char *const names[TG_WAYS] = {
        [TG_DOWN] = "down", [TG_UP] = "up", [TG_LOCAL] = "local"};

    return names[w];
}
