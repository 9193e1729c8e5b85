/* SPDX-License-Identifier: GPL-3.0-or-later
 * ingest_commit.c - the writer's stage: one durable transaction for a group of posts, then
 * their answers. A receipt is signed only after append() said that it is on disk. */
#include "ingest_private.h"
#include "plural.h"

#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <json.h>
#include <jws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FACTS_SLOTS = 65536,
    FACTS_POST_MAX = 64, /* a post of a week tells of a few changes */
    BROKEN_AFTER = 5
};

/* --- after the commit: the circuits' facts into the catalogue --------------------------
 */

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ bytes[i]) * 1099511628211ULL;
    }
    return h;
}

static uint64_t mix_number(uint64_t h, int64_t number)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        h = (h ^ (((uint64_t)number >> shift) & 0xff)) * 1099511628211ULL;
    }
    return h;
}

static struct bw_circuit_facts facts_of(const struct bw_summary *s,
                                        const struct bw_circuit_summary *c)
{
    struct bw_circuit_facts f = {
        .from_unix_s = s->start_unix_s,
        .vantage = c->vantage,
        .behind = c->behind,
        .source = c->source,
        .layer = c->layer,
        .resolution_ms = c->resolution_ms,
        .link_bps = c->link_bps,
        .mtu = c->mtu,
    };
    memcpy(f.site, s->site, sizeof(f.site));
    memcpy(f.circuit, c->id, sizeof(f.circuit));
    return f;
}

static struct bw_facts_print print_of(const struct bw_circuit_facts *f)
{
    uint64_t h = mix(14695981039346656037ULL, f->site, strlen(f->site));
    h = mix(h, f->circuit, strlen(f->circuit) + 1);
    struct bw_facts_print p = {.slot = (size_t)(h % FACTS_SLOTS)};
    int64_t facts[] = {(int64_t)f->vantage,
                       (int64_t)f->behind,
                       (int64_t)f->source,
                       (int64_t)f->layer,
                       f->resolution_ms,
                       f->link_bps,
                       f->mtu};
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        h = mix_number(h, facts[i]);
    }
    p.hash = h;
    return p;
}

/* Where the newest of this circuit stands; notes->n: nowhere. */
static size_t newest_of(const struct bw_facts_notes *notes,
                        const struct bw_circuit_facts *f,
                        const struct bw_facts_print *p)
{
    for (size_t i = notes->n; i > 0; i--) {
        if (notes->prints[i - 1].slot == p->slot &&
            strcmp(notes->list[i - 1].circuit, f->circuit) == 0 &&
            strcmp(notes->list[i - 1].site, f->site) == 0) {
            return i - 1;
        }
    }
    return notes->n;
}

static bool make_room(struct bw_facts_notes *notes)
{
    if (notes->n < notes->cap) {
        return true;
    }
    size_t cap = notes->cap ? notes->cap * 2 : FACTS_POST_MAX;
    void *list = reallocarray(notes->list, cap, sizeof(notes->list[0]));
    if (!list) {
        return false;
    }
    notes->list = list;
    void *prints = reallocarray(notes->prints, cap, sizeof(notes->prints[0]));
    if (!prints) {
        return false;
    }
    notes->prints = prints;
    notes->cap = cap;
    return true;
}

/* What a record says of a circuit, where it is news. A post's own begin at `first`; once
 * it has told FACTS_POST_MAX changes, each further one takes the place of the newest of
 * its circuit, and a circuit without a place waits for a later post. */
static void collect_facts(struct bw_ingest *g,
                          size_t first,
                          const struct bw_summary *s,
                          const struct bw_circuit_summary *c)
{
    struct bw_facts_notes *notes = &g->notes;
    struct bw_circuit_facts f = facts_of(s, c);
    struct bw_facts_print p = print_of(&f);
    size_t at = newest_of(notes, &f, &p);
    if ((at < notes->n ? notes->prints[at].hash : g->facts[p.slot]) == p.hash) {
        return;
    }
    if (notes->n - first < FACTS_POST_MAX) {
        at = notes->n;
        if (!make_room(notes)) {
            return;
        }
        notes->n++;
    } else if (at == notes->n || at < first) {
        return;
    }
    notes->list[at] = f;
    notes->prints[at] = p;
}

/* One transaction for all of a commit. What could not be written is told again by the
 * next record of its circuit. */
static void note_facts(struct bw_ingest *g)
{
    struct bw_facts_notes *notes = &g->notes;
    if (notes->n > 0 && g->write_catalogue->ops->circuits_note(
                            g->write_catalogue, notes->list, notes->n, NULL) == 0) {
        for (size_t i = 0; i < notes->n; i++) {
            g->facts[notes->prints[i].slot] = notes->prints[i].hash;
        }
    }
    notes->n = 0;
}

static void note_news(struct bw_ingest *g, struct bw_post *p)
{
    size_t first = g->notes.n;
    p->news = calloc(p->n_lines, sizeof(p->news[0]));
    for (size_t i = 0; i < p->n_lines; i++) {
        const struct bw_line *l = &p->lines[i];
        if (!l->to_ledger || l->result.verdict != BW_LEDGER_ACCEPTED) {
            continue;
        }
        for (size_t c = 0; g->facts && c < l->summary.n_circuits; c++) {
            collect_facts(g, first, &l->summary, &l->summary.circuits[c]);
        }
        if (p->news) {
            struct bw_ingest_news *news = &p->news[p->n_news++];
            memcpy(news->site, l->summary.site, sizeof(news->site));
            news->start_unix_s = l->summary.start_unix_s;
            news->end_unix_s = l->summary.end_unix_s;
        }
    }
}

/* --- the answer -------------------------------------------------------------------------
 */

static void judge(struct bw_line *l)
{
    switch (l->result.verdict) {
    case BW_LEDGER_FORK:
        l->refused = "fork";
        (void)snprintf(
            l->detail, sizeof(l->detail),
            l->result.sha256[0]
                ? "another record stands at this place (%s); both are kept, go on "
                  "under a new key"
                : "this record does not follow the one before it%s; both are kept, "
                  "go on under a new key",
            l->result.sha256);
        break;
    case BW_LEDGER_CROWDED:
        l->refused = "too-far-ahead";
        (void)snprintf(l->detail, sizeof(l->detail),
                       "%d records of this chain wait for missing ones already",
                       BW_LEDGER_HELD_MAX);
        break;
    case BW_LEDGER_UNREADABLE:
        l->refused = "place-unreadable";
        (void)snprintf(l->detail, sizeof(l->detail),
                       "what stands at this place cannot be read until a damaged file of "
                       "the collector is restored; send it again later");
        break;
    case BW_LEDGER_ACCEPTED:
    case BW_LEDGER_DUPLICATE:
    case BW_LEDGER_HELD:
    case BW_LEDGER_REFUSED:
    default:
        break;
    }
}

static struct bw_chain *chain_of(struct bw_chain *chains, size_t *n, const char *kid)
{
    for (size_t i = *n; i > 0; i--) {
        if (strcmp(chains[i - 1].kid, kid) == 0) {
            return &chains[i - 1];
        }
    }
    struct bw_chain *c = &chains[(*n)++];
    memset(c, 0, sizeof(*c));
    memcpy(c->kid, kid, sizeof(c->kid));
    c->seq = BW_UNKNOWN;
    return c;
}

static int on_record(void *owner, const struct bw_record *r)
{
    struct bw_chain *c = owner;
    c->seq = r->seq;
    c->position = r->position;
    c->received_unix_ms = r->received_unix_ms;
    memcpy(c->sha256, r->sha256, sizeof(c->sha256));
    return 0;
}

static void
write_receipt(const struct bw_ingest *g, const struct bw_chain *c, struct bw_jw *w)
{
    struct bw_buf payload;
    struct bw_buf jws;
    int64_t leaf = BW_UNKNOWN;
    (void)g->ledger->ops->log_index(g->ledger, c->position, &leaf, NULL);
    bw_buf_init(&payload, 1024);
    bw_buf_init(&jws, 4096);
    struct bw_jw p;
    bw_jw_init(&p, &payload);
    bw_jw_obj(&p);
    bw_jw_ki64(&p, "v", 1);
    bw_jw_kstr(&p, "kid", c->kid);
    bw_jw_ki64(&p, "seq", c->seq);
    bw_jw_kstr(&p, "sha256", c->sha256);
    bw_jw_ki64(&p, "leaf", leaf);
    bw_jw_ki64(&p, "position", c->position);
    bw_jw_ki64(&p, "received_ms", c->received_unix_ms);
    bw_jw_obj_end(&p);
    if (leaf != BW_UNKNOWN && bw_buf_error(&payload) == 0 &&
        bw_jws_sign(g->opts.log_key, BW_TYP_RECEIPT, payload.data, payload.len, &jws,
                    NULL) == 0) {
        bw_jw_kstr(w, "receipt", jws.data);
    }
    bw_buf_done(&payload);
    bw_buf_done(&jws);
}

static int write_chain(struct bw_ingest *g, struct bw_chain *c, struct bw_jw *w)
{
    struct bw_ledger_head head;
    int r = bw_ledger_head(g->ledger, c->kid, &head, NULL);
    if (r == -ENOENT) {
        head.acked_through = 0;
    } else if (r < 0) {
        return r;
    }
    if (head.acked_through > 0 && c->seq != head.acked_through) {
        /* Where the newest was refused, the receipt is about the newest that was taken. */
        struct bw_chain newest = {.position = BW_UNKNOWN};
        r = g->ledger->ops->by_seq(g->ledger, c->kid, head.acked_through, on_record,
                                   &newest, NULL);
        if (r < 0 && r != -ENOENT) {
            return r;
        }
        if (r == 0) {
            memcpy(newest.kid, c->kid, sizeof(newest.kid));
            newest.forked = c->forked;
            *c = newest;
        }
    }
    bw_jw_obj(w);
    bw_jw_kstr(w, "kid", c->kid);
    bw_jw_ki64(w, "status", c->forked ? 409 : 200);
    bw_jw_ki64(w, "acked_through", head.acked_through);
    if (c->seq != BW_UNKNOWN && c->seq <= head.acked_through && c->position != BW_UNKNOWN) {
        write_receipt(g, c, w);
    }
    bw_jw_obj_end(w);
    return 0;
}

static int write_chains(struct bw_ingest *g, const struct bw_post *p, struct bw_jw *w)
{
    size_t n = 0;
    struct bw_chain *chains = calloc(p->n_lines, sizeof(chains[0]));
    if (!chains) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < p->n_lines; i++) {
        const struct bw_line *l = &p->lines[i];
        if (!l->to_ledger) {
            continue;
        }
        struct bw_chain *c = chain_of(chains, &n, l->kid);
        bool stands =
            l->result.verdict == BW_LEDGER_ACCEPTED ||
            (l->result.verdict == BW_LEDGER_DUPLICATE && l->result.position != BW_UNKNOWN);
        c->forked = c->forked || l->result.verdict == BW_LEDGER_FORK;
        if (stands && (c->seq == BW_UNKNOWN || l->seq > c->seq)) {
            c->seq = l->seq;
            c->position = l->result.position;
            c->received_unix_ms = l->result.received_unix_ms;
            memcpy(c->sha256, l->sha256, sizeof(c->sha256));
        }
    }
    int r = 0;
    bw_jw_karr(w, "chains");
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = write_chain(g, &chains[i], w);
    }
    bw_jw_arr_end(w);
    free(chains);
    return r;
}

static void write_refused(const struct bw_post *p, struct bw_jw *w)
{
    bw_jw_karr(w, "refused");
    for (size_t i = 0; i < p->n_lines; i++) {
        const struct bw_line *l = &p->lines[i];
        if (!l->refused) {
            continue;
        }
        bw_jw_obj(w);
        bw_jw_ki64(w, "line", (int64_t)i + 1);
        bw_jw_kstr(w, "kid", l->kid[0] ? l->kid : NULL);
        bw_jw_ki64(w, "seq", l->seq);
        bw_jw_kstr(w, "type", l->refused);
        bw_jw_kstr(w, "detail", l->detail);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void write_checkpoint(struct bw_ingest *g, struct bw_jw *w)
{
    char note[BW_INGEST_CHECKPOINT_MAX + 1];
    (void)pthread_mutex_lock(&g->lock);
    (void)snprintf(note, sizeof(note), "%s", g->checkpoint);
    (void)pthread_mutex_unlock(&g->lock);
    bw_jw_key(w, "checkpoint");
    bw_jw_str(w, note[0] ? note : NULL);
}

static int make_answer(struct bw_ingest *g, struct bw_post *p)
{
    size_t refused = 0;
    bool fork = false;
    for (size_t i = 0; i < p->n_lines; i++) {
        struct bw_line *l = &p->lines[i];
        if (l->to_ledger) {
            judge(l);
        }
        refused += l->refused ? 1 : 0;
        fork = fork || (l->refused && strcmp(l->refused, "fork") == 0);
    }
    unsigned status = refused < p->n_lines ? 200 : fork ? 409 : 422;
    struct bw_jw w;
    bw_jw_init(&w, &p->answer);
    bw_jw_obj(&w);
    if (status != 200) {
        bw_jw_kstr(&w, "type", fork ? "/problems/fork" : "/problems/all-refused");
        bw_jw_kstr(&w, "title", fork ? "A forked chain" : "Nothing could be taken");
        bw_jw_ki64(&w, "status", (int64_t)status);
        bw_jw_kstr(&w, "detail", "every line was refused; `refused` names the reasons");
    }
    int r = write_chains(g, p, &w);
    write_refused(p, &w);
    write_checkpoint(g, &w);
    bw_jw_key(&w, "policy");
    bw_jw_null(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(&p->answer, '\n');
    r = r < 0 ? r : bw_buf_error(&p->answer);
    if (r == 0) {
        p->status = status;
        p->type = status == 200 ? "application/json" : "application/problem+json";
    }
    return r;
}

/* --- the transaction --------------------------------------------------------------------
 */

static void fill_entries(struct bw_post **posts, size_t n, struct bw_ledger_entry *entries)
{
    for (size_t i = 0; i < n; i++) {
        const struct bw_post *p = posts[i];
        for (size_t j = 0; j < p->n_lines; j++) {
            const struct bw_line *l = &p->lines[j];
            if (!l->to_ledger) {
                continue;
            }
            entries->summary = &l->summary;
            entries->jws = p->texts[j].text;
            entries->jws_len = p->texts[j].len;
            memcpy(entries->kid, l->kid, sizeof(entries->kid));
            memcpy(entries->sha256, l->sha256, sizeof(entries->sha256));
            entries->received_unix_ms = p->received_unix_ms;
            entries->egress = l->egress;
            entries->refuse_type = l->refused;
            entries->refuse_detail = l->refused ? l->detail : NULL;
            entries++;
        }
    }
}

static void
take_results(struct bw_post **posts, size_t n, const struct bw_ledger_result *results)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < posts[i]->n_lines; j++) {
            struct bw_line *l = &posts[i]->lines[j];
            if (l->to_ledger) {
                l->result = *results++;
            }
        }
    }
}

static int
append(struct bw_ingest *g, struct bw_post **posts, size_t n, struct bw_err *reterr)
{
    size_t records = 0;
    for (size_t i = 0; i < n; i++) {
        records += posts[i]->n_to_ledger;
    }
    if (records == 0) {
        return 0;
    }
    struct bw_ledger_entry *entries = calloc(records, sizeof(entries[0]));
    struct bw_ledger_result *results = calloc(records, sizeof(results[0]));
    int r = -ENOMEM;
    if (entries && results) {
        fill_entries(posts, n, entries);
        r = bw_ledger_append(g->ledger, entries, records, results, reterr);
    } else {
        (void)bw_err_set(reterr, r, "out of memory");
    }
    if (r == 0) {
        take_results(posts, n, results);
    }
    free(entries);
    free(results);
    return r;
}

static void count(struct bw_ingest_stats *s, const struct bw_post *p)
{
    for (size_t i = 0; i < p->n_lines; i++) {
        const struct bw_line *l = &p->lines[i];
        s->refused += l->refused && strcmp(l->refused, "fork") != 0 ? 1 : 0;
        if (!l->to_ledger) {
            continue;
        }
        s->accepted += l->result.verdict == BW_LEDGER_ACCEPTED ? 1 : 0;
        s->duplicates += l->result.verdict == BW_LEDGER_DUPLICATE ? 1 : 0;
        s->held += l->result.verdict == BW_LEDGER_HELD ? 1 : 0;
        s->forks += l->result.verdict == BW_LEDGER_FORK ? 1 : 0;
    }
}

static void note_trouble(struct bw_ingest *g, int r, const char *why)
{
    (void)pthread_mutex_lock(&g->lock);
    if (r == 0) {
        g->trouble[0] = '\0';
    } else {
        g->stats.failed_commits++;
        (void)snprintf(g->trouble, sizeof(g->trouble), "%s", why);
        g->broken = g->broken || (bw_store_bin(r) == BW_STORE_BROKEN &&
                                  ++g->broken_in_a_row >= BROKEN_AFTER);
    }
    if (r == 0 || bw_store_bin(r) != BW_STORE_BROKEN) {
        g->broken_in_a_row = 0;
    }
    (void)pthread_mutex_unlock(&g->lock);
    if (r == 0) {
        bw_complain_over(&g->complaint, BW_AREA_LEDGER, "the ledger takes records again");
    } else {
        bw_complain(&g->complaint, BW_AREA_LEDGER, BW_ERROR,
                    "%s; posts are answered 503 and the boxes keep their records", why);
    }
}

static int commit(struct bw_ingest *g, struct bw_post **posts, size_t n)
{
    struct bw_err err = {.text = ""};
    int64_t before = bw_clock_mono_ns();
    int r = append(g, posts, n, &err);
    int64_t spent_us = (bw_clock_mono_ns() - before) / 1000;
    if (r < 0 && n > 1 && bw_store_bin(r) == BW_STORE_BROKEN) {
        return r; /* one post may be to blame: the caller tries them one by one */
    }
    note_trouble(g, r, err.text);
    for (size_t i = 0; i < n; i++) {
        struct bw_post *p = posts[i];
        int a = r < 0 ? r : make_answer(g, p);
        if (a < 0) {
            bw_post_problem(p, 503, "busy", "The ledger does not take records now",
                            "nothing of this post was acknowledged, send it again later");
        }
        if (r == 0) {
            note_news(g, p);
        }
    }
    (void)pthread_mutex_lock(&g->lock);
    if (r == 0) {
        for (size_t i = 0; i < n; i++) {
            count(&g->stats, posts[i]);
        }
        g->stats.commits++;
        g->stats.commit_us += spent_us;
        g->stats.last_commit_unix_ms = bw_clock_unix_ms();
    }
    (void)pthread_mutex_unlock(&g->lock);
    return 0;
}

void bw_ingest_commit(struct bw_ingest *g, struct bw_post **posts, size_t n)
{
    if (!g->facts) {
        g->facts = calloc(FACTS_SLOTS, sizeof(g->facts[0]));
    }
    if (n > 0 && commit(g, posts, n) < 0) {
        for (size_t i = 0; i < n; i++) {
            (void)commit(g, &posts[i], 1);
        }
    }
    note_facts(g);
}

void bw_ingest_expire(struct bw_ingest *g)
{
    struct bw_err err = {.text = ""};
    int64_t linked = 0;
    int r = g->ledger->ops->expire_held(g->ledger, bw_ingest_cautious_unix_ms(g),
                                        g->opts.hold_s, &linked, &err);
    if (r < 0) {
        bw_log(BW_AREA_LEDGER, BW_WARN, "looking for overdue records: %s", err.text);
    } else if (linked > 0) {
        bw_log(BW_AREA_LEDGER, BW_NOTICE,
               "%lld %s entered the ledger behind a hole: what comes before did not come "
               "within %lld s",
               (long long)linked, bw_plural(linked, "record", "records"),
               (long long)g->opts.hold_s);
    }
}
