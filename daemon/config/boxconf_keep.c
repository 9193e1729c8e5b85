/* SPDX-License-Identifier: GPL-3.0-or-later
 * boxconf_keep.c - what of a new configuration can take effect without a restart, and the
 * tree that results.
 *
 * A tree that goes on with parts of another prints and hashes as what is in force. */
#include "boxconf.h"

#include <buf.h>
#include <conf.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>

enum {
    TEXT_MAX = 4 * 1024 * 1024
};

static const char *const fixed_names[] = {"interval", "state_dir", "control",
                                          "control_group", "timezone"};

/* Who an option or section of the top level is from. */
static const struct bw_conf *pick(void *owner, const char *name)
{
    const struct bw_boxconf *c = owner;
    for (size_t i = 0; c->fixed && i < sizeof(fixed_names) / sizeof(fixed_names[0]); i++) {
        if (strcmp(fixed_names[i], name) == 0) {
            return c->fixed->conf;
        }
    }
    if (c->reflecting && strcmp(name, "reflector") == 0) {
        return c->reflecting->conf;
    }
    if (!c->lender) {
        return c->conf;
    }
    for (size_t k = 0; bw_probe_table[k]; k++) {
        if (strcmp(bw_probe_table[k]->name, name) == 0) {
            return c->lender->conf;
        }
    }
    return strcmp(name, "circuit") == 0 ? c->lender->conf : c->conf;
}

int bw_boxconf_print(const struct bw_boxconf *c, struct bw_buf *out)
{
    return bw_conf_print_mixed(c->conf, pick, (void *)(uintptr_t)c, out);
}

void bw_boxconf_restart_needed(const struct bw_boxconf *now,
                               const struct bw_boxconf *next,
                               char *out,
                               size_t cap)
{
    const struct {
        bool differs;
        const char *name;
    } parts[] = {
        {now->interval_s != next->interval_s, fixed_names[0]},
        {strcmp(now->state_dir, next->state_dir) != 0, fixed_names[1]},
        {strcmp(now->control_path, next->control_path) != 0, fixed_names[2]},
        {strcmp(now->control_group, next->control_group) != 0, fixed_names[3]},
        {strcmp(now->timezone, next->timezone) != 0, fixed_names[4]},
        {!bw_reflector_conf_same_place(&now->reflector, &next->reflector), "reflector"},
    };
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].differs && n < cap) {
            int w = snprintf(out + n, cap - n, "%s%s", n ? ", " : "", parts[i].name);
            n += (size_t)w;
        }
    }
}

static int hash_effective(struct bw_boxconf *c)
{
    struct bw_buf text;
    bw_buf_init(&text, TEXT_MAX);
    int r = bw_boxconf_print(c, &text);
    if (r == 0) {
        bw_sha256_text(text.data ? text.data : "", text.len, c->sha256);
    }
    bw_buf_done(&text);
    return r;
}

int bw_boxconf_keep_fixed(struct bw_boxconf *next, struct bw_boxconf *now)
{
    next->interval_s = now->interval_s;
    memcpy(next->state_dir, now->state_dir, sizeof(next->state_dir));
    memcpy(next->control_path, now->control_path, sizeof(next->control_path));
    memcpy(next->control_group, now->control_group, sizeof(next->control_group));
    memcpy(next->timezone, now->timezone, sizeof(next->timezone));
    if (!bw_reflector_conf_same_place(&now->reflector, &next->reflector)) {
        next->reflector = now->reflector;
        next->reflecting = bw_boxconf_ref(now->reflecting ? now->reflecting : now);
    }
    next->fixed = bw_boxconf_ref(now->fixed ? now->fixed : now);
    return hash_effective(next);
}

int bw_boxconf_keep_measuring(struct bw_boxconf *next, struct bw_boxconf *now)
{
    for (size_t i = 0; i < next->n_probes; i++) {
        bw_opts_free(next->probes[i].opts);
    }
    memcpy(next->circuits, now->circuits, sizeof(next->circuits));
    memcpy(next->probes, now->probes, sizeof(next->probes));
    next->n_circuits = now->n_circuits;
    next->n_probes = now->n_probes;
    next->lender = bw_boxconf_ref(now->lender ? now->lender : now);
    return hash_effective(next);
}

bool bw_boxconf_same_measuring(const struct bw_boxconf *a, const struct bw_boxconf *b)
{
    if (a->n_circuits != b->n_circuits || a->n_probes != b->n_probes) {
        return false;
    }
    for (size_t i = 0; i < a->n_circuits; i++) {
        const struct bw_boxconf_circuit *p = &a->circuits[i];
        const struct bw_boxconf_circuit *q = &b->circuits[i];
        if (strcmp(p->id, q->id) != 0 || p->vantage != q->vantage ||
            p->behind != q->behind || !bw_boxconf_same_counters(p, q) ||
            p->whole_seconds != q->whole_seconds ||
            !bw_boxconf_same_capture(&p->capture, &q->capture) ||
            strcmp(p->device, q->device) != 0 || strcmp(p->source4, q->source4) != 0 ||
            strcmp(p->source6, q->source6) != 0 ||
            p->claim_bps[BW_DOWN] != q->claim_bps[BW_DOWN] ||
            p->claim_bps[BW_UP] != q->claim_bps[BW_UP]) {
            return false;
        }
    }
    for (size_t i = 0; i < a->n_probes; i++) {
        if (a->probes[i].hash != b->probes[i].hash) {
            return false;
        }
    }
    return true;
}
