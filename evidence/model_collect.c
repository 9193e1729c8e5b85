/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_collect.c - the only place of the report that reads records.
 *
 * Invariant: what lies outside the period by its start is left out here, once, so that
 * no later step needs to ask again; but a test just outside may have moved bytes inside. */
#include "model_private.h"

#include "hash.h"
#include <bw/err.h>
#include <errno.h>
#include <grow.h>
#include <payload.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PREFIX_BYTES = 900, /* of a payload: everything before the circuits fits in */
    PREFIX_CHARS = PREFIX_BYTES / 3 * 4,
    PROGRESS_RECORDS = 4096
};

static bool inside(const struct bw_report *r, int64_t unix_s)
{
    return unix_s >= r->from_unix_s && unix_s < r->to_unix_s;
}

/* How far a step of the counts may reach over an interval's border. */
static int64_t step_of(const struct bw_circuit_summary *facts)
{
    int64_t ms = facts->resolution_ms;
    if (ms == BW_UNKNOWN) {
        return facts->source == BW_SOURCE_SNMP ? BW_MODEL_STEP_UNKNOWN_MS : 0;
    }
    return ms > BW_MODEL_STEP_FINE_MS ? ms : 0;
}

static int add_slot(struct bw_model *m,
                    const struct bw_slot *s,
                    const struct bw_circuit_summary *facts)
{
    struct bw_report *r = m->report;
    struct bw_report_interval *i;
    void *room;

    room = bw_grow(r->intervals, r->n_intervals, &m->cap_intervals, sizeof(*r->intervals));
    if (!room) {
        return -ENOMEM;
    }
    r->intervals = room;
    i = &r->intervals[r->n_intervals++];
    *i = (struct bw_report_interval){.start_unix_s = s->start_unix_s,
                                     .end_unix_s = s->end_unix_s,
                                     .seq = s->seq,
                                     .covered_s = s->covered_s,
                                     .saturated_s = s->saturated_s,
                                     .flags = s->flags,
                                     .layer = s->layer,
                                     .at_least = facts->source == BW_SOURCE_MIRROR,
                                     .step_ms = step_of(facts)};
    for (int dir = 0; dir < BW_DIRECTIONS; dir++) {
        i->bytes[dir] = s->flow[dir].bytes;
        i->packets[dir] = s->flow[dir].packets;
        i->peak_1s_bps[dir] = s->flow[dir].peak_1s_bps;
        i->rate_bps[dir] = BW_UNKNOWN;
    }
    return 0;
}

static int add_facts(struct bw_model *m, const struct bw_circuit_day *d)
{
    struct bw_report *r = m->report;
    const struct bw_circuit_summary *c = &d->facts;
    struct bw_report_facts f = {.from_unix_s = d->day_unix_s,
                                .to_unix_s = d->day_unix_s + 86400,
                                .vantage = c->vantage,
                                .behind = c->behind,
                                .source = c->source,
                                .layer = c->layer,
                                .resolution_ms = c->resolution_ms,
                                .link_bps = c->link_bps,
                                .mtu = c->mtu};
    struct bw_report_facts *last = r->n_facts ? &r->facts[r->n_facts - 1] : NULL;
    void *room;

    if (last && last->vantage == f.vantage && last->behind == f.behind &&
        last->source == f.source && last->layer == f.layer &&
        last->resolution_ms == f.resolution_ms && last->link_bps == f.link_bps &&
        last->mtu == f.mtu) {
        last->to_unix_s = f.to_unix_s;
        return 0;
    }
    room = bw_grow(r->facts, r->n_facts, &m->cap_facts, sizeof(*r->facts));
    if (!room) {
        return -ENOMEM;
    }
    r->facts = room;
    r->facts[r->n_facts++] = f;
    return 0;
}

static int add_run(struct bw_model *m, const struct bw_circuit_day *d, size_t n)
{
    const struct bw_throughput *t = &d->tests[n];
    int64_t mtu = d->told ? d->told[n].mtu : d->facts.mtu;
    struct bw_report *r = m->report;
    struct bw_report_run *run;
    void *room;

    room = bw_grow(r->runs, r->n_runs, &m->cap_runs, sizeof(*r->runs));
    if (!room) {
        return -ENOMEM;
    }
    r->runs = room;
    run = &r->runs[r->n_runs++];
    *run = (struct bw_report_run){.at_unix_ms = t->at_unix_ms,
                                  .duration_ms = t->duration_ms,
                                  .direction = t->direction,
                                  .state = t->state,
                                  .grade = bw_throughput_grade(t),
                                  .egress = t->egress,
                                  .apart = bw_throughput_apart(t),
                                  .retest = t->retest_of && t->retest_of[0],
                                  .line_layer = d->told ? d->told[n].layer : d->facts.layer,
                                  .mtu = t->mtu != BW_UNKNOWN ? t->mtu : mtu,
                                  .goodput_bps = t->goodput_bps,
                                  .line_bps = t->line_bps,
                                  .rtt_idle_us = t->rtt_idle_us,
                                  .rtt_loaded_p95_us = t->rtt_loaded_p95_us,
                                  .claim_bps = BW_UNKNOWN,
                                  .compared_bps = BW_UNKNOWN};
    (void)snprintf(run->kind, sizeof(run->kind), "%s", t->kind);
    (void)snprintf(run->probe, sizeof(run->probe), "%s", t->probe);
    (void)snprintf(run->server, sizeof(run->server), "%s", t->server);
    (void)snprintf(run->reason, sizeof(run->reason), "%.63s", t->reason ? t->reason : "");
    return 0;
}

static int add_outage(struct bw_model *m, const struct bw_outage *o)
{
    struct bw_model_outage *x;
    void *room;

    room = bw_grow(m->outages, m->n_outages, &m->cap_outages, sizeof(*m->outages));
    if (!room) {
        return -ENOMEM;
    }
    m->outages = room;
    x = &m->outages[m->n_outages++];
    *x = (struct bw_model_outage){.from_unix_ms = o->from_unix_ms,
                                  .to_unix_ms = o->to_unix_ms,
                                  .known_to_unix_ms = o->known_to_unix_ms};
    (void)snprintf(x->why, sizeof(x->why), "%.63s", o->why ? o->why : "");
    return 0;
}

static int add_gap(struct bw_model *m, const struct bw_gap *g)
{
    void *room;

    room = bw_grow(m->stated, m->n_stated, &m->cap_stated, sizeof(*m->stated));
    if (!room) {
        return -ENOMEM;
    }
    m->stated = room;
    m->stated[m->n_stated++] = *g;
    return 0;
}

static int take_day(void *owner, const struct bw_circuit_day *d)
{
    struct bw_model *m = owner;
    struct bw_report *r = m->report;
    int rc = 0;

    if (d->n_slots > 0) {
        rc = add_facts(m, d);
    }
    for (size_t i = 0; i < d->n_slots && rc == 0; i++) {
        if (inside(r, d->slots[i].start_unix_s)) {
            rc = add_slot(m, &d->slots[i], &d->facts);
        }
    }
    for (size_t i = 0; i < d->n_latency && rc == 0; i++) {
        rc = bw_model_cell_add(m, &d->latency[i], m->reterr);
    }
    for (size_t i = 0; i < d->n_tests && rc == 0; i++) {
        if (d->tests[i].at_unix_ms >= r->from_unix_s * 1000 &&
            d->tests[i].at_unix_ms < r->to_unix_s * 1000) {
            rc = add_run(m, d, i);
        }
    }
    for (size_t i = 0; i < d->n_outages && rc == 0; i++) {
        rc = add_outage(m, &d->outages[i]);
    }
    for (size_t i = 0; i < d->n_gaps && rc == 0; i++) {
        rc = add_gap(m, &d->gaps[i]);
    }
    rc = rc < 0 ? rc : bw_model_day_facts(m, d);
    if (m->query->progress) {
        m->query->progress(m->query->owner, "days",
                           (d->day_unix_s - r->from_unix_s) / 86400,
                           (r->to_unix_s - r->from_unix_s) / 86400);
    }
    return rc;
}

static int compare_intervals(const void *a, const void *b)
{
    const struct bw_report_interval *x = a;
    const struct bw_report_interval *y = b;

    if (x->start_unix_s != y->start_unix_s) {
        return x->start_unix_s < y->start_unix_s ? -1 : 1;
    }
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static int compare_runs(const void *a, const void *b)
{
    const struct bw_report_run *x = a;
    const struct bw_report_run *y = b;

    if (x->at_unix_ms != y->at_unix_ms) {
        return x->at_unix_ms < y->at_unix_ms ? -1 : 1;
    }
    if (x->direction != y->direction) {
        return x->direction < y->direction ? -1 : 1;
    }
    return strcmp(x->probe, y->probe);
}

static int take_beside(void *owner, const struct bw_circuit_day *d)
{
    struct bw_model *m = owner;

    for (size_t i = 0; i < d->n_tests; i++) {
        const struct bw_throughput *t = &d->tests[i];
        void *room;
        if (t->at_unix_ms >= m->report->from_unix_s * 1000 &&
            t->at_unix_ms < m->report->to_unix_s * 1000) {
            continue;
        }
        room = bw_grow(m->beside, m->n_beside, &m->cap_beside, sizeof(*m->beside));
        if (!room) {
            return -ENOMEM;
        }
        m->beside = room;
        m->beside[m->n_beside++] = (struct bw_report_run){
            .at_unix_ms = t->at_unix_ms, .duration_ms = t->duration_ms, .state = t->state};
    }
    return 0;
}

/* Runs that began before the period, or begin behind it while its last interval lasts:
 * that one may tell of them itself. */
static int collect_beside(struct bw_model *m, struct bw_err *reterr)
{
    const struct bw_report *r = m->report;
    const struct bw_report_interval *last = &r->intervals[r->n_intervals - 1];
    int64_t before_s = (BW_MODEL_RUN_BEFORE_MS + last->step_ms + 999) / 1000;
    int rc = bw_records_days(m->records, r->site, r->circuit,
                             r->from_unix_s - BW_MODEL_RUN_REACH_S, r->from_unix_s,
                             take_beside, m, reterr);

    return rc < 0 ? rc
                  : bw_records_days(m->records, r->site, r->circuit, last->start_unix_s,
                                    last->end_unix_s + before_s, take_beside, m, reterr);
}

int bw_model_collect_days(struct bw_model *m, struct bw_err *reterr)
{
    struct bw_report *r = m->report;
    int rc;

    r->clock.max_error_us = BW_UNKNOWN;
    rc = bw_model_watch_begin(m);
    if (rc < 0) {
        return rc;
    }
    m->reterr = reterr;
    rc = bw_records_days(m->records, r->site, r->circuit, r->from_unix_s, r->to_unix_s,
                         take_day, m, reterr);
    m->reterr = NULL;
    if (rc < 0) {
        return rc;
    }
    if (r->n_intervals > 0) {
        qsort(r->intervals, r->n_intervals, sizeof(*r->intervals), compare_intervals);
    }
    if (r->n_runs > 0) {
        qsort(r->runs, r->n_runs, sizeof(*r->runs), compare_runs);
    }
    return r->n_intervals > 0 ? collect_beside(m, reterr) : 0;
}

/* ---- the signed bytes: who signed, with what software and configuration ---------- */

/* The string member's value as it stands in canonical JSON; "" when absent. */
static void take_member(const char *json, const char *mark, char *out, size_t cap)
{
    const char *at = strstr(json, mark);
    size_t n;

    out[0] = '\0';
    if (!at) {
        return;
    }
    at += strlen(mark);
    n = strcspn(at, "\"");
    if (n < cap) {
        memcpy(out, at, n);
        out[n] = '\0';
    }
}

static int
count_word(struct bw_report_word **words, size_t *n, const char *text, int64_t start_unix_s)
{
    struct bw_report_word *w = *words;

    if (!text[0]) {
        return 0;
    }
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(w[i].text, text) == 0) {
            w[i].n++;
            w[i].first_unix_s =
                w[i].first_unix_s < start_unix_s ? w[i].first_unix_s : start_unix_s;
            return 0;
        }
    }
    if (*n == BW_REPORT_KEYS_MAX) {
        return 0;
    }
    if (!w) {
        *words = w = bw_model_array(BW_REPORT_KEYS_MAX, sizeof(*w));
        if (!w) {
            return -ENOMEM;
        }
    }
    (void)snprintf(w[*n].text, sizeof(w[*n].text), "%s", text);
    w[*n].n = 1;
    w[*n].first_unix_s = start_unix_s;
    (*n)++;
    return 0;
}

static int note_change(struct bw_model *m, const char *config, int64_t start_unix_s)
{
    struct bw_model_change *c;
    void *room;

    if (m->n_changes > 0 && strcmp(m->changes[m->n_changes - 1].config, config) == 0) {
        return 0;
    }
    room = bw_grow(m->changes, m->n_changes, &m->cap_changes, sizeof(*m->changes));
    if (!room) {
        return -ENOMEM;
    }
    m->changes = room;
    c = &m->changes[m->n_changes++];
    c->from_unix_s = start_unix_s;
    (void)snprintf(c->config, sizeof(c->config), "%.*s", BW_HASH_LEN, config);
    return 0;
}

/* The first record of a chain says why there is one, and where the one before was left. */
static void
take_chain(const char *json, const struct bw_record *rec, struct bw_report_key *k)
{
    static const char mark[] = ",\"prev_seq\":";
    const char *chain = strstr(json, ",\"chain\":{");
    const char *end = chain ? strchr(chain, '}') : NULL;
    char why[16];
    char one[200];

    if (!end || (size_t)(end - chain) >= sizeof(one)) {
        return;
    }
    memcpy(one, chain, (size_t)(end - chain));
    one[end - chain] = '\0';
    take_member(one, "{\"why\":\"", why, sizeof(why));
    take_member(one, ",\"prev_kid\":\"", k->prev_kid, sizeof(k->prev_kid));
    for (int w = BW_CHAIN_NEW; w <= BW_CHAIN_RESTORED; w++) {
        if (strcmp(bw_chain_why_name((enum bw_chain_why)w), why) == 0) {
            k->why = (enum bw_chain_why)w;
            k->begins_unix_s = rec->start_unix_s;
        }
    }
    const char *seq = strstr(one, mark);
    if (seq) {
        k->prev_seq = strtoll(seq + sizeof(mark) - 1, NULL, 10);
    }
}

static int
take_words(struct bw_model *m, const struct bw_record *rec, struct bw_report_key *k)
{
    struct bw_report *r = m->report;
    char json[PREFIX_BYTES + 4];
    char word[64];
    size_t n = 0;
    const char *text = bw_payload_text(rec, &n);
    long bytes;
    int rc;

    if (!text) {
        return 0;
    }
    if (n > PREFIX_CHARS) {
        n = PREFIX_CHARS;
    }
    bytes = bw_b64_decode(text, n, json, sizeof(json) - 1);
    if (bytes < 0) {
        return 0;
    }
    json[bytes] = '\0';
    if (rec->seq == 1) {
        take_chain(json, rec, k);
    }
    take_member(json, ",\"agent\":\"", word, sizeof(word));
    rc = count_word(&r->counts.agents, &r->counts.n_agents, word, rec->start_unix_s);
    if (rc == 0) {
        take_member(json, ",\"config\":\"", word, sizeof(word));
        rc = count_word(&r->counts.configs, &r->counts.n_configs, word, rec->start_unix_s);
    }
    if (rc == 0 && word[0] && m->query->config_claim) {
        rc = note_change(m, word, rec->start_unix_s);
    }
    return rc;
}

void bw_model_key_init(struct bw_report_key *k, const char *kid)
{
    *k = (struct bw_report_key){.first_seq = BW_UNKNOWN,
                                .last_seq = BW_UNKNOWN,
                                .first_position = BW_UNKNOWN,
                                .last_position = BW_UNKNOWN,
                                .from_unix_s = BW_UNKNOWN,
                                .revoked_unix_s = BW_UNKNOWN,
                                .replaced_unix_s = BW_UNKNOWN,
                                .begins_unix_s = BW_UNKNOWN,
                                .prev_seq = BW_UNKNOWN};
    (void)snprintf(k->kid, sizeof(k->kid), "%s", kid);
}

struct bw_report_key *bw_model_key_add(struct bw_model *m, const char *kid)
{
    struct bw_report_counts *c = &m->report->counts;
    struct bw_report_key *keys = bw_grow(c->keys, c->n_keys, &m->cap_keys, sizeof(*keys));

    if (!keys) {
        return NULL;
    }
    c->keys = keys;
    bw_model_key_init(&keys[c->n_keys], kid);
    return &keys[c->n_keys++];
}

static struct bw_report_key *find_key(struct bw_model *m, const char *kid)
{
    const struct bw_report *r = m->report;
    struct bw_report_key *keys = r->counts.keys;

    for (size_t i = r->counts.n_keys; i-- > 0;) {
        if (strcmp(keys[i].kid, kid) == 0) {
            return &keys[i];
        }
    }
    return bw_model_key_add(m, kid);
}

static void widen(int64_t v, int64_t *low, int64_t *high)
{
    if (v == BW_UNKNOWN) {
        return;
    }
    *low = *low == BW_UNKNOWN || v < *low ? v : *low;
    *high = *high == BW_UNKNOWN || v > *high ? v : *high;
}

static int take_record(void *owner, const struct bw_record *rec)
{
    struct bw_model *m = owner;
    struct bw_report *r = m->report;
    struct bw_report_key *k;

    if (!inside(r, rec->start_unix_s) ||
        (rec->sha256[0] && strcmp(r->counts.last_sha256, rec->sha256) == 0)) {
        return 0; /* the same record twice is one */
    }
    k = find_key(m, rec->kid);
    if (!k) {
        return -ENOMEM;
    }
    k->n++;
    widen(rec->seq, &k->first_seq, &k->last_seq);
    widen(rec->position, &k->first_position, &k->last_position);
    widen(rec->position, &r->counts.first_position, &r->counts.last_position);
    if (r->counts.n_records++ == 0) {
        (void)snprintf(r->counts.first_sha256, sizeof(r->counts.first_sha256), "%s",
                       rec->sha256);
    }
    (void)snprintf(r->counts.last_sha256, sizeof(r->counts.last_sha256), "%s", rec->sha256);
    if (rec->received_unix_ms != BW_UNKNOWN) {
        int64_t late_ms = rec->received_unix_ms - rec->end_unix_s * 1000;
        r->coverage.n_received++;
        if (late_ms <= INT64_C(3600) * 1000) {
            r->coverage.n_within_1h++;
        } else if (late_ms <= INT64_C(86400) * 1000) {
            r->coverage.n_within_24h++;
        } else {
            r->coverage.n_later++;
        }
    }
    if (m->query->progress && r->counts.n_records % PROGRESS_RECORDS == 0) {
        m->query->progress(m->query->owner, "records", r->counts.n_records,
                           (int64_t)r->n_intervals);
    }
    int rc = take_words(m, rec, k);
    rc = rc < 0 ? rc : bw_details_add_record(m->details, rec, m->reterr);
    rc = rc < 0 ? rc : bw_traffic_sum_add_record(m->traffic, rec, m->reterr);
    return rc < 0 ? rc : bw_model_record_add(m, rec, m->reterr);
}

int bw_model_collect_records(struct bw_model *m, struct bw_err *reterr)
{
    struct bw_report *r = m->report;

    r->counts.first_position = BW_UNKNOWN;
    r->counts.last_position = BW_UNKNOWN;
    m->reterr = reterr;
    bw_model_records_begin(m);
    int rc = bw_records_each(m->records, r->site, r->from_unix_s, r->to_unix_s, take_record,
                             m, reterr);
    bw_model_records_end(m);
    m->reterr = NULL;
    return rc;
}
