/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_traces.c - the traces of the way in a day's records: the newest to each target,
 * and the least that each of its hops took before. */
#include "circuit_parts.h"

#include <bw/records.h>
#include <bw/summary.h>
#include <errno.h>
#include <payload.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400,
    TRACES_MAX = 4,
    KEPT_MAX = 512 /* traces with hops */
};

struct kept {
    char probe[BW_NAME_MAX + 1];
    char hash[BW_HASH_LEN + 1];
    int64_t at_unix_ms;
    int64_t reached;
    size_t n;
    struct bw_hop *hops;
};

struct walk {
    const char *circuit;
    struct bw_payload payload;
    struct kept kept[KEPT_MAX];
    size_t n;
    struct bw_err *reterr;
};

static int keep(struct walk *w, const struct bw_path *p)
{
    if (w->n == KEPT_MAX) {
        return 0;
    }
    size_t n = p->n_hops < BW_CIRCUIT_HOPS ? p->n_hops : BW_CIRCUIT_HOPS;
    struct bw_hop *hops = n ? malloc(n * sizeof(*hops)) : NULL;
    if (n && !hops) {
        return -ENOMEM;
    }
    if (n) {
        memcpy(hops, p->hops, n * sizeof(*hops));
    }
    struct kept *k = &w->kept[w->n++];
    *k = (struct kept){
        .at_unix_ms = p->at_unix_ms, .reached = p->reached, .n = n, .hops = hops};
    (void)snprintf(k->probe, sizeof(k->probe), "%s", p->probe);
    (void)snprintf(k->hash, sizeof(k->hash), "%s", p->hash);
    return 0;
}

static int on_record(void *owner, const struct bw_record *rec)
{
    struct walk *w = owner;
    struct bw_summary s;
    int r = bw_payload_take(&w->payload, rec, w->reterr);
    if (r < 0 || !strstr(w->payload.json, "\"paths\":[{")) {
        return r < 0 && r != -BW_EMALFORMED ? r : 0;
    }
    r = bw_summary_decode(w->payload.json, w->payload.len, &s, w->reterr);
    if (r < 0) {
        return r == -BW_ENEWER ? 0 : r;
    }
    for (size_t i = 0; r == 0 && i < s.n_paths; i++) {
        if (strcmp(s.paths[i].circuit, w->circuit) == 0) {
            r = keep(w, &s.paths[i]);
        }
    }
    bw_summary_done(&s);
    return r;
}

/* Hops are told once for each way: those of the newest trace may stand in an older one. */
static const struct kept *told(const struct walk *w, const struct kept *newest)
{
    const struct kept *best = newest->n > 0 ? newest : NULL;
    for (size_t i = 0; !best && newest->hash[0] && i < w->n; i++) {
        const struct kept *k = &w->kept[w->n - 1 - i];
        if (k->n > 0 && strcmp(k->probe, newest->probe) == 0 &&
            strcmp(k->hash, newest->hash) == 0) {
            best = k;
        }
    }
    return best;
}

static void before(const struct walk *w, const struct kept *now, struct bw_circuit_trace *t)
{
    for (size_t h = 0; h < t->n; h++) {
        t->before_us[h] = BW_UNKNOWN;
        for (size_t i = 0; i < w->n; i++) {
            const struct kept *k = &w->kept[i];
            if (k->at_unix_ms >= now->at_unix_ms || strcmp(k->probe, now->probe) != 0) {
                continue;
            }
            for (size_t j = 0; j < k->n; j++) {
                const struct bw_hop *x = &k->hops[j];
                bool same = x->ttl == t->hops[h].ttl && x->hash[0] &&
                            strcmp(x->hash, t->hops[h].hash) == 0;
                if (same && x->rtt_us != BW_UNKNOWN &&
                    (t->before_us[h] == BW_UNKNOWN || x->rtt_us < t->before_us[h])) {
                    t->before_us[h] = x->rtt_us;
                }
            }
        }
    }
}

static size_t finish(const struct walk *w, struct bw_circuit_trace *list)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n && n < TRACES_MAX; i++) {
        const struct kept *newest = &w->kept[i];
        bool first = true;
        for (size_t k = 0; k < w->n; k++) {
            bool same = strcmp(w->kept[k].probe, newest->probe) == 0;
            first = first && !(same && k < i);
            if (same && w->kept[k].at_unix_ms > newest->at_unix_ms) {
                newest = &w->kept[k];
            }
        }
        const struct kept *hops = first ? told(w, newest) : NULL;
        if (!hops) {
            continue;
        }
        struct bw_circuit_trace *t = &list[n++];
        memset(t, 0, sizeof(*t));
        memcpy(t->probe, newest->probe, sizeof(t->probe));
        t->at_unix_ms = hops->at_unix_ms; /* when these round trips were taken */
        t->reached = hops->reached;
        t->n = hops->n;
        memcpy(t->hops, hops->hops, hops->n * sizeof(t->hops[0]));
        before(w, hops, t);
    }
    return n;
}

int bw_circuit_traces(struct bw_reader *r,
                      const char *site,
                      const char *circuit,
                      int64_t newest_unix_s,
                      struct bw_circuit_trace **ret,
                      size_t *ret_n,
                      struct bw_err *reterr)
{
    struct walk *w = calloc(1, sizeof(*w));
    struct bw_circuit_trace *list = calloc(TRACES_MAX, sizeof(*list));
    int n = w && list ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
    if (n == 0) {
        w->circuit = circuit;
        w->reterr = reterr;
        n = bw_records_each(r->records, site, newest_unix_s - DAY_S, newest_unix_s,
                            on_record, w, reterr);
    }
    if (n == 0) {
        *ret_n = finish(w, list);
        *ret = list;
        list = NULL;
    }
    for (size_t i = 0; w && i < w->n; i++) {
        free(w->kept[i].hops);
    }
    free(w);
    free(list);
    return n;
}
