/* SPDX-License-Identifier: GPL-3.0-or-later
 * details.c - what probes tell beside the round trip, added up over records.
 *
 * Invariant: within its limits nothing here depends on the order in which records come, for
 * a ledger gives them as they arrived. */
#include "details.h"

#include "details_private.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const phase_order[] = {"dns", "connect", "tls", "first-byte",
                                          "transfer"};

int bw_details_begin(const char *circuit, struct bw_details_maker **ret)
{
    struct bw_details_maker *m = calloc(1, sizeof(*m));

    if (!m) {
        return -ENOMEM;
    }
    (void)snprintf(m->circuit, sizeof(m->circuit), "%s", circuit);
    *ret = m;
    return 0;
}

void bw_details_free(struct bw_details_maker *m)
{
    if (!m) {
        return;
    }
    for (size_t i = 0; i < m->n_targets; i++) {
        for (size_t k = 0; k < BW_DETAIL_PHASES_MAX; k++) {
            free(m->targets[i].phase[k]);
        }
        free(m->targets[i].out);
        free(m->targets[i].back);
    }
    for (size_t i = 0; i < m->n_tracks; i++) {
        details_track_done(&m->tracks[i]);
    }
    free(m->targets);
    free(m->tracks);
    free(m);
}

/* ---- one target ------------------------------------------------------------------ */

static struct details_target *add_target(struct bw_details_maker *m)
{
    struct details_target *t;

    if (!m->targets) {
        m->targets = calloc(BW_DETAIL_TARGETS_MAX, sizeof(*m->targets));
    }
    if (!m->targets) {
        return NULL;
    }
    t = &m->targets[m->n_targets++];
    t->t.cert_days = t->t.cert_unix_s = BW_UNKNOWN;
    t->t.cert_newest_days = t->t.cert_newest_unix_s = BW_UNKNOWN;
    t->t.lost_out = t->t.lost_back = BW_UNKNOWN;
    t->t.one_way_error_us = BW_UNKNOWN;
    return t;
}

/* -ENOMEM, or -E2BIG: no room for another one. */
static int find_target(struct bw_details_maker *m,
                       const struct bw_latency *l,
                       struct details_target **ret)
{
    int family = l->family == BW_UNKNOWN ? 0 : (int)l->family;

    for (size_t i = 0; i < m->n_targets; i++) {
        struct bw_detail_target *t = &m->targets[i].t;
        if (t->family == family && strcmp(t->probe, l->probe) == 0 &&
            strcmp(t->kind, l->kind) == 0) {
            *ret = &m->targets[i];
            return 0;
        }
    }
    if (m->n_targets == BW_DETAIL_TARGETS_MAX) {
        return -E2BIG;
    }
    *ret = add_target(m);
    if (!*ret) {
        return -ENOMEM;
    }
    memcpy((*ret)->t.probe, l->probe, sizeof((*ret)->t.probe));
    memcpy((*ret)->t.kind, l->kind, sizeof((*ret)->t.kind));
    (*ret)->t.family = family;
    return 0;
}

static void add_known(int64_t *sum, int64_t v)
{
    if (v != BW_UNKNOWN) {
        *sum = (*sum == BW_UNKNOWN ? 0 : *sum) + v;
    }
}

static void add_code(struct bw_detail_target *t, const char *code, int64_t n)
{
    t->n_coded += n;
    for (size_t i = 0; i < t->n_codes; i++) {
        if (strcmp(t->codes[i].code, code) == 0) {
            t->codes[i].n += n;
            return;
        }
    }
    if (t->n_codes == BW_DETAIL_CODES_MAX) { /* the last place is kept for "other" */
        t->codes[t->n_codes - 1].n += n;
        return;
    }
    if (t->n_codes == BW_DETAIL_CODES_MAX - 1) {
        code = "other";
        for (size_t i = 0; i < t->n_codes; i++) {
            if (strcmp(t->codes[i].code, code) == 0) {
                t->codes[i].n += n;
                return;
            }
        }
    }
    (void)snprintf(t->codes[t->n_codes].code, sizeof(t->codes[0].code), "%s", code);
    t->codes[t->n_codes++].n = n;
}

static int add_hist(struct bw_hist **h, const char *text)
{
    struct bw_hist *to = *h;

    if (!to) {
        to = malloc(sizeof(*to));
        if (!to) {
            return -ENOMEM;
        }
        bw_hist_init(to);
        *h = to;
    }
    return bw_hist_decode(text, strlen(text), to);
}

static int add_phase(struct details_target *x, const struct bw_phase_times *p)
{
    struct bw_detail_target *t = &x->t;
    size_t i = 0;

    while (i < t->n_phases && strcmp(t->phases[i].phase, p->phase) != 0) {
        i++;
    }
    if (i == BW_DETAIL_PHASES_MAX) {
        return 0; /* the contract has no more */
    }
    if (i == t->n_phases) {
        (void)snprintf(t->phases[i].phase, sizeof(t->phases[i].phase), "%s", p->phase);
        t->n_phases++;
    }
    t->phases[i].n_intervals++;
    if (!p->time_hist) {
        t->phases[i].n_without++;
        return 0;
    }
    return add_hist(&x->phase[i], p->time_hist);
}

static void add_cert(struct bw_detail_target *t, int64_t days, int64_t start_unix_s)
{
    if (days == BW_UNKNOWN) {
        return;
    }
    t->n_cert++;
    if (t->cert_days == BW_UNKNOWN || days < t->cert_days ||
        (days == t->cert_days && start_unix_s < t->cert_unix_s)) {
        t->cert_days = days;
        t->cert_unix_s = start_unix_s;
    }
    if (t->cert_newest_unix_s == BW_UNKNOWN || start_unix_s > t->cert_newest_unix_s) {
        t->cert_newest_days = days;
        t->cert_newest_unix_s = start_unix_s;
    }
}

static int add_latency(struct bw_details_maker *m,
                       const struct bw_summary *s,
                       const struct bw_latency *l)
{
    struct details_target *x = NULL;
    struct bw_detail_target *t;
    int r = find_target(m, l, &x);

    if (r < 0) {
        m->more = m->more || r == -E2BIG;
        return r == -E2BIG ? 0 : r;
    }
    t = &x->t;
    t->n_intervals++;
    t->sent += l->sent;
    t->lost += l->lost;
    for (size_t i = 0; i < l->n_codes; i++) {
        add_code(t, l->codes[i].code, l->codes[i].n);
    }
    for (size_t i = 0; i < l->n_phases && r == 0; i++) {
        r = add_phase(x, &l->phases[i]);
    }
    add_cert(t, l->cert_days, s->start_unix_s);
    add_known(&t->lost_out, l->lost_out);
    add_known(&t->lost_back, l->lost_back);
    if (r == 0 && l->out_hist && l->back_hist) {
        r = add_hist(&x->out, l->out_hist);
        r = r < 0 ? r : add_hist(&x->back, l->back_hist);
        if (l->one_way_error_us > t->one_way_error_us) { /* unknown is below everything */
            t->one_way_error_us = l->one_way_error_us;
        }
    }
    return r;
}

/* ---- records --------------------------------------------------------------------- */

int bw_details_add(struct bw_details_maker *m,
                   const struct bw_summary *s,
                   struct bw_err *reterr)
{
    int r = 0;

    for (size_t i = 0; i < s->n_latency && r == 0; i++) {
        const struct bw_latency *l = &s->latency[i];
        if (strcmp(l->circuit, m->circuit) != 0 || strcmp(l->kind, "icmp") == 0) {
            continue;
        }
        r = add_latency(m, s, l);
        if (r < 0) {
            return bw_err_set(reterr, r,
                              r == -ENOMEM ? "out of memory for the details of target %s"
                                           : "a histogram of target %s is damaged",
                              l->probe);
        }
    }
    for (size_t i = 0; i < s->n_paths && r == 0; i++) {
        if (strcmp(s->paths[i].circuit, m->circuit) == 0) {
            r = details_add_path(m, &s->paths[i]);
        }
    }
    return r < 0 ? bw_err_set(reterr, r, "out of memory for the paths of %s", m->circuit)
                 : 0;
}

/* Could there be anything in it? In canonical bytes neither mark can stand within a text:
 * a quote would have its backslash. */
static bool wanted(const char *json, size_t n)
{
    static const char paths[] = "\"paths\":[";
    static const char kind[] = "\"kind\":\"";
    static const char icmp[] = "icmp\"";
    const char *end = json + n;
    const char *at = json;
    const char *found;

    while ((found = memmem(at, (size_t)(end - at), kind, sizeof(kind) - 1)) != NULL) {
        at = found + sizeof(kind) - 1;
        if ((size_t)(end - at) < sizeof(icmp) - 1 ||
            memcmp(at, icmp, sizeof(icmp) - 1) != 0) {
            return true;
        }
    }
    /* Paths stand behind the targets. */
    return memmem(at, (size_t)(end - at), paths, sizeof(paths) - 1) != NULL;
}

int bw_details_add_record(struct bw_details_maker *m,
                          const struct bw_record *rec,
                          struct bw_err *reterr)
{
    struct bw_summary s;
    int r = bw_payload_take(&m->payload, rec, reterr);

    if (r <= 0) { /* damaged, or the same as before */
        return r;
    }
    if (!wanted(m->payload.json, m->payload.len)) {
        return 0;
    }
    r = bw_summary_decode(m->payload.json, m->payload.len, &s, reterr);
    if (r < 0) {
        return r == -BW_ENEWER ? 0 : r; /* takes no part in days either */
    }
    r = bw_details_add(m, &s, reterr);
    bw_summary_done(&s);
    return r;
}

/* ---- the end --------------------------------------------------------------------- */

static void take_times(const struct bw_hist *h, struct bw_detail_times *t)
{
    *t = (struct bw_detail_times){0, BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN};
    if (!h || h->total == 0) {
        return;
    }
    t->n = h->total;
    t->p50_us = bw_hist_percentile_us(h, 500000);
    t->p95_us = bw_hist_percentile_us(h, 950000);
    for (size_t i = 0; i < BW_HIST_BUCKETS; i++) {
        if (h->count[i]) {
            t->min_us = bw_hist_lower_us(i);
            break;
        }
    }
}

static int compare_codes(const void *a, const void *b)
{
    const struct bw_code *x = a;
    const struct bw_code *y = b;

    if (x->n != y->n) {
        return x->n > y->n ? -1 : 1;
    }
    return strcmp(x->code, y->code);
}

static size_t place_of(const char *phase)
{
    size_t i = 0;

    while (i < sizeof(phase_order) / sizeof(phase_order[0]) &&
           strcmp(phase_order[i], phase) != 0) {
        i++;
    }
    return i;
}

static int compare_phases(const void *a, const void *b)
{
    const struct bw_detail_phase *x = a;
    const struct bw_detail_phase *y = b;
    size_t i = place_of(x->phase);
    size_t k = place_of(y->phase);

    return i != k ? (i < k ? -1 : 1) : strcmp(x->phase, y->phase);
}

static int compare_targets(const void *a, const void *b)
{
    const struct bw_detail_target *x = a;
    const struct bw_detail_target *y = b;
    int by_name = strcmp(x->probe, y->probe);
    int by_kind = strcmp(x->kind, y->kind);

    return by_name ? by_name : by_kind ? by_kind : x->family - y->family;
}

static int compare_paths(const void *a, const void *b)
{
    const struct bw_detail_path *x = a;
    const struct bw_detail_path *y = b;
    int by_name = strcmp(x->probe, y->probe);
    int by_method = strcmp(x->method, y->method);

    return by_name ? by_name : by_method ? by_method : x->family - y->family;
}

static void take_target(const struct details_target *x, struct bw_detail_target *ret)
{
    struct bw_detail_target *t = ret;

    *t = x->t;
    for (size_t i = 0; i < t->n_phases; i++) {
        take_times(x->phase[i], &t->phases[i].times);
    }
    take_times(x->out, &t->out);
    take_times(x->back, &t->back);
    if (t->n_codes > 0) {
        qsort(t->codes, t->n_codes, sizeof(t->codes[0]), compare_codes);
    }
    if (t->n_phases > 0) {
        qsort(t->phases, t->n_phases, sizeof(t->phases[0]), compare_phases);
    }
}

int bw_details_finish(struct bw_details_maker *m, struct bw_details *ret)
{
    struct bw_details d = {.more = m->more};
    int r = 0;

    d.targets = calloc(m->n_targets + 1, sizeof(*d.targets));
    d.paths = calloc(m->n_tracks + 1, sizeof(*d.paths));
    if (!d.targets || !d.paths) {
        r = -ENOMEM;
        goto out;
    }
    for (size_t i = 0; i < m->n_targets; i++) {
        take_target(&m->targets[i], &d.targets[d.n_targets++]);
    }
    for (size_t i = 0; i < m->n_tracks && r == 0; i++) {
        r = details_take_path(&m->tracks[i], &d.paths[d.n_paths++]);
    }
    if (r < 0) {
        goto out;
    }
    qsort(d.targets, d.n_targets, sizeof(*d.targets), compare_targets);
    qsort(d.paths, d.n_paths, sizeof(*d.paths), compare_paths);
    *ret = d;
    d = (struct bw_details){.more = false};
out:
    bw_details_done(&d);
    return r;
}

void bw_details_done(struct bw_details *d)
{
    for (size_t i = 0; i < d->n_paths; i++) {
        free(d->paths[i].hops);
    }
    free(d->targets);
    free(d->paths);
    *d = (struct bw_details){.more = false};
}

bool bw_detail_is_exchange(const struct bw_detail_target *t)
{
    return t->n_coded > 0 || strcmp(t->kind, "tcp") == 0 || strcmp(t->kind, "dns") == 0 ||
           strcmp(t->kind, "http_get") == 0;
}
