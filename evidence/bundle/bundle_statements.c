/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_statements.c - what people and imports said of a circuit, in a bag: one statement
 * a line, in the order in which they were said, and those that ended them.
 *
 * Invariant: a bag's statements are read by the very code that reads a catalogue's: they
 * go into one that lives as long as the reading, in a folder of its own. */
#include "bundle_private.h"

#include "adoption.h"
#include "binding.h"
#include "bound.h"
#include "buf.h"
#include "catalogue.h"
#include "civil.h"
#include "claimline.h"
#include "origin.h"
#include "schoolcal.h"
#include "statement.h"
#include "tz.h"

#include <bw/err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STATEMENTS_MAX = 100000,
    TEXT_MAX = 256 * 1024 * 1024
};

/* ---- packing --------------------------------------------------------------------- */

struct one {
    int64_t position;
    char *text;
    size_t n;
    char ended_by[BW_HASH_LEN + 1];
};

struct gathering {
    struct one *list;
    size_t n;
    size_t cap;
    const char *circuit; /* "circuit:SITE.CIRCUIT", whose bag it is */
};

static int gather(void *owner, const struct bw_said *s)
{
    struct gathering *g = owner;

    for (size_t i = 0; i < g->n; i++) {
        if (g->list[i].position == s->position) {
            return 0;
        }
    }
    if (g->n == STATEMENTS_MAX) {
        return -E2BIG;
    }
    if (g->n == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : 64;
        struct one *grown = reallocarray(g->list, cap, sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        g->list = grown;
        g->cap = cap;
    }
    g->list[g->n] =
        (struct one){.position = s->position, .n = s->n, .text = malloc(s->n + 1)};
    if (!g->list[g->n].text) {
        return -ENOMEM;
    }
    memcpy(g->list[g->n].text, s->text, s->n);
    memcpy(g->list[g->n].ended_by, s->ended_by, sizeof(s->ended_by));
    g->n++;
    return 0;
}

static int by_position(const void *a, const void *b)
{
    const struct one *x = a;
    const struct one *y = b;

    return (x->position > y->position) - (x->position < y->position);
}

/* Everything that was ever said of one kind about a key. */
static int said_about(struct bw_catalogue *c,
                      struct gathering *g,
                      const char *kind,
                      const char *about,
                      struct bw_err *reterr)
{
    return c->ops->statements(
        c, &(struct bw_said_query){.kind = kind, .about = about, .ended = true}, gather, g,
        reterr);
}

/* The entries of those who use the line: how many students there are. */
static int follow_claim(struct bw_catalogue *c,
                        struct gathering *g,
                        const struct bw_statement *s,
                        struct bw_err *reterr)
{
    char about[BW_NUMBER_MAX + 8];
    struct bw_claimline line;
    int r = 0;

    if (bw_claimline_decode(s->body, s->n_body, &line, NULL) < 0) {
        return 0;
    }
    for (size_t i = 0; r == 0 && i < line.recipients.n; i++) {
        (void)snprintf(about, sizeof(about), "ben:%s", line.recipients.text[i]);
        r = said_about(c, g, "entity", about, reterr);
    }
    bw_claimline_done(&line);
    return r;
}

struct sharing {
    struct gathering *g;
    const char *claim;
};

static int gather_sharing(void *owner, const struct bw_said *said)
{
    struct sharing *x = owner;
    const struct bw_statement *s = said->statement;
    struct bw_binding b;

    return s->body && bw_binding_decode(s->body, s->n_body, &b, NULL) == 0 &&
                   strcmp(b.claim, x->claim) == 0
               ? gather(x->g, said)
               : 0;
}

/* Bindings of other circuits in force that bind the same claim, for a price is no one's
 * where there are too many. What else is said of those circuits is none of this bag's. */
static int follow_sharing(struct bw_catalogue *c,
                          struct gathering *g,
                          const char *claim,
                          struct bw_err *reterr)
{
    struct sharing x = {.g = g, .claim = claim};

    return c->ops->statements(c, &(struct bw_said_query){.kind = "binding"}, gather_sharing,
                              &x, reterr);
}

/* What one of them leads to: what ended it, what it replaced, of a binding of the circuit
 * the claim and its contract's terms, with all that was ever said under its key, and who
 * else is bound to it, and of a claim those who use it. */
static int
follow(struct bw_catalogue *c, struct gathering *g, size_t i, struct bw_err *reterr)
{
    struct bw_statement s;
    struct bw_binding b;
    char id[BW_HASH_LEN + 1];
    int r = 0;

    memcpy(id, g->list[i].ended_by, sizeof(id));
    if (id[0]) {
        r = c->ops->statement_find(c, id, gather, g, reterr);
    }
    /* The list may move; the text does not. */
    if (r == 0 && bw_statement_decode(g->list[i].text, g->list[i].n, &s, NULL) < 0) {
        return 0;
    }
    for (size_t k = 0; r == 0 && k < s.n_replaces; k++) {
        r = c->ops->statement_find(c, s.replaces[k], gather, g, reterr);
    }
    if (r == 0 && s.kind == BW_STATEMENT_BINDING && strcmp(s.about, g->circuit) == 0 &&
        s.body && bw_binding_decode(s.body, s.n_body, &b, NULL) == 0) {
        r = said_about(c, g, "claim", b.claim, reterr);
        r = r < 0 ? r : said_about(c, g, "terms", b.claim, reterr);
        r = r < 0 ? r : follow_sharing(c, g, b.claim, reterr);
    }
    if (r == 0 && s.kind == BW_STATEMENT_CLAIM && s.body) {
        r = follow_claim(c, g, &s, reterr);
    }
    return r;
}

/* Errata that may concern its records: of software and of servers all, for only records
 * tell; and those of the site. */
static int gather_errata(struct bw_catalogue *c,
                         const char *site,
                         struct gathering *g,
                         struct bw_err *reterr)
{
    char about[BW_ERRATUM_ABOUT_MAX + 1];
    const struct {
        const char *about;
        bool prefix;
    } keys[] = {{"software:", true}, {"server:", true}, {about, false}};
    int r = 0;

    (void)snprintf(about, sizeof(about), "site:%s", site);
    for (size_t i = 0; r == 0 && i < sizeof(keys) / sizeof(keys[0]); i++) {
        r = c->ops->statements(c,
                               &(struct bw_said_query){.kind = "erratum",
                                                       .about = keys[i].about,
                                                       .prefix = keys[i].prefix,
                                                       .ended = true},
                               gather, g, reterr);
    }
    return r;
}

/* What the report takes from elsewhere than the circuit: calendars by what they were said
 * as, adoptions of the rules that judge; and what became of the site. */
static int gather_asked(struct bw_catalogue *c,
                        const struct bw_report_query *q,
                        struct gathering *g,
                        struct bw_err *reterr)
{
    const struct bw_report_judging *j = q->judging;
    char about[BW_NAME_MAX + 16];
    int r;

    (void)snprintf(about, sizeof(about), "site:%s", q->site);
    r = said_about(c, g, "site", about, reterr);
    for (size_t i = 0; r == 0 && i < q->n_calendars; i++) {
        if (q->calendars[i].id[0]) {
            r = c->ops->statement_find(c, q->calendars[i].id, gather, g, reterr);
            r = r == -ENOENT ? 0 : r;
        }
    }
    for (size_t i = 0; j && r == 0 && i < j->n_adoptions; i++) {
        (void)snprintf(about, sizeof(about), "rule:%s", j->adoptions[i].rule);
        r = said_about(c, g, "adoption", about, reterr);
    }
    return r;
}

int bw_bundle_statements_write(struct bw_origin *origin,
                               const struct bw_report_query *q,
                               struct bw_buf *out,
                               struct bw_err *reterr)
{
    struct bw_catalogue *c = bw_origin_catalogue(origin);
    char about[BW_ANNOTATION_ABOUT_MAX + 1];
    struct gathering g = {.circuit = about};
    int r;

    if (!c) {
        return 0;
    }
    bw_annotation_about(q->site, q->circuit, about);
    r = c->ops->statements(c, &(struct bw_said_query){.about = about, .ended = true},
                           gather, &g, reterr);
    r = r < 0 ? r : gather_errata(c, q->site, &g, reterr);
    r = r < 0 ? r : gather_asked(c, q, &g, reterr);
    for (size_t i = 0; r == 0 && i < g.n; i++) { /* the list grows by what each leads to */
        r = follow(c, &g, i, reterr);
    }
    if (r == -E2BIG || r == -ENOMEM) {
        (void)bw_err_set(reterr, r, "statements: %s", bw_strerror(r));
    }
    if (g.n) {
        qsort(g.list, g.n, sizeof(*g.list), by_position);
    }
    for (size_t i = 0; i < g.n; i++) {
        bw_buf_add(out, g.list[i].text, g.list[i].n);
        bw_buf_putc(out, '\n');
        free(g.list[i].text);
    }
    free(g.list);
    return r < 0 ? r : bw_buf_error(out) ? bw_err_set(reterr, -ENOMEM, "out of memory") : 0;
}

/* ---- reading --------------------------------------------------------------------- */

struct reading {
    const char *at;
    const char *end;
    int64_t line;
};

static int next(void *owner, const char **ret_text, size_t *ret_n, struct bw_err *reterr)
{
    struct reading *r = owner;
    const char *newline;

    if (r->at == r->end) {
        return 0;
    }
    r->line++;
    newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
    if (!newline) {
        return bw_err_set(reterr, -BW_EMALFORMED, "does not end in a newline");
    }
    *ret_text = r->at;
    *ret_n = (size_t)(newline - r->at);
    r->at = newline + 1;
    return 1;
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"catalogue.db", "catalogue.db-wal",
                                        "catalogue.db-shm", "catalogue.db-journal"};
    char path[PATH_MAX];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%.4000s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

/* of_words: as this program puts it, too. */
static bool
is_bound(const struct bw_report_claim *x, const struct bw_bound_claim *b, bool of_words)
{
    char words[sizeof(x->origin)];

    bw_bound_claim_words(b, words, sizeof(words));
    return (!of_words || strcmp(x->origin, words) == 0) &&
           x->from_unix_s == b->from_unix_s && x->to_unix_s == b->to_unix_s &&
           x->bps[BW_DOWN] == b->bps[BW_DOWN] && x->bps[BW_UP] == b->bps[BW_UP] &&
           (int64_t)x->layer == b->layer;
}

static bool touches(const struct bw_report_claim *x, const struct bw_bound_claim *b)
{
    return (x->from_unix_s == BW_UNKNOWN || x->from_unix_s < b->to_unix_s) &&
           (x->to_unix_s == BW_UNKNOWN || x->to_unix_s > b->from_unix_s);
}

/* What bound claims come to must be among the claims that were asked with, and nothing else
 * at the same time. */
static int check_claims(struct bw_catalogue *c,
                        const char *circuit,
                        const struct bw_tz *tz,
                        const struct bw_bundle_query *q,
                        struct bw_err *reterr)
{
    struct bw_bound_claim *list = NULL;
    bool of_words = strcmp(q->software, BW_BUNDLE_AGENT) == 0;
    size_t n = 0;
    int r =
        bw_bound_claims(c, circuit, tz, q->from_unix_s, q->to_unix_s, &list, &n, reterr);

    for (size_t i = 0; r == 0 && i < n; i++) {
        bool found = false;
        for (size_t k = 0; k < q->n_claims && r == 0; k++) {
            const struct bw_report_claim *x = &q->claims[k];
            bool same = is_bound(x, &list[i], of_words);
            if ((same && found) || (!same && touches(x, &list[i]))) {
                r = bw_err_set(reterr, -BW_EMALFORMED,
                               "it binds %s to the circuit, and %s claims something else "
                               "at that time",
                               list[i].claims, BW_IN_QUERY);
            }
            found = found || same;
        }
        if (r == 0 && !found) {
            r = bw_err_set(reterr, -BW_EMALFORMED,
                           "it binds %s to the circuit, and %s claims something else",
                           list[i].claims, BW_IN_QUERY);
        }
    }
    for (size_t k = 0; r == 0 && k < q->n_claims; k++) {
        bool bound = !strstr(q->claims[k].origin, BW_BOUND_MARK);
        for (size_t i = 0; i < n; i++) {
            bound = bound || is_bound(&q->claims[k], &list[i], of_words);
        }
        if (!bound) {
            r = bw_err_set(reterr, -BW_EMALFORMED,
                           "it does not bind what %s says was bound: %s", BW_IN_QUERY,
                           q->claims[k].origin);
        }
    }
    free(list);
    return r;
}

struct calendar {
    const struct bw_report_calendar *c;
    struct bw_buf body;
    bool found;
    bool fits;
};

static int on_calendar(void *owner, const struct bw_said *s)
{
    struct calendar *k = owner;

    k->found = true;
    k->fits = s->statement->kind == BW_STATEMENT_CALENDAR &&
              strcmp(s->statement->about, k->c->about) == 0 &&
              s->statement->n_body == k->body.len &&
              memcmp(s->statement->body, k->body.data, k->body.len) == 0;
    return 0;
}

/* A calendar whose statement is here is what was said. */
static int check_calendars(struct bw_catalogue *c,
                           const struct bw_bundle_query *q,
                           struct bw_err *reterr)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < q->n_calendars; i++) {
        struct calendar k = {.c = &q->calendars[i]};
        if (!k.c->id[0] || !k.c->cal) {
            continue;
        }
        bw_buf_init(&k.body, BW_STATEMENT_MAX);
        bw_schoolcal_encode(k.c->cal, &k.body);
        r = bw_buf_error(&k.body)
                ? bw_err_set(reterr, -ENOMEM, "out of memory")
                : c->ops->statement_find(c, k.c->id, on_calendar, &k, reterr);
        r = r == -ENOENT ? 0 : r;
        if (r == 0 && k.found && !k.fits) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "the calendar of %s was not said so",
                           k.c->about);
        }
        bw_buf_done(&k.body);
    }
    return r;
}

static bool same_adoption(const struct bw_adoption *a, const struct bw_adoption *b)
{
    return strcmp(a->rule, b->rule) == 0 && strcmp(a->words, b->words) == 0 &&
           a->from_unix_s == b->from_unix_s && a->to_unix_s == b->to_unix_s &&
           a->version == b->version;
}

/* What was said of adoptions is what was asked with; typed ones may stand beside them. */
static int check_adoptions(struct bw_catalogue *c,
                           const struct bw_bundle_query *q,
                           struct bw_err *reterr)
{
    struct bw_adoption *list = NULL;
    size_t n = 0;
    size_t k = 0;
    int r = bw_adoptions_read(c, &list, &n, reterr);

    for (size_t i = 0; r == 0 && i < n; i++) {
        const struct bw_adoption *a = &list[i];
        while (k < q->n_adoptions && !same_adoption(a, &q->adoptions[k])) {
            k++;
        }
        if (k++ >= q->n_adoptions) {
            r = bw_err_set(reterr, -BW_EMALFORMED,
                           "it adopts the rule %s, and %s does not say so", a->rule,
                           BW_IN_QUERY);
        }
    }
    free(list);
    return r;
}

/* What is asked of the statements of a bag. */
struct asking {
    const struct bw_bundle_query *query;
    const struct bw_tz *tz;
    int64_t until_unix_s; /* of what was filed: the end of what the report tells of */
    struct bw_bundle_said *ret;
};

static int read_filed(struct bw_catalogue *c, const struct asking *a, struct bw_err *reterr)
{
    const struct bw_bundle_query *q = a->query;

    return bw_filed_find(c, q->site, q->circuit, a->tz, q->from_unix_s, a->until_unix_s,
                         &a->ret->filed, reterr);
}

static int read_said(struct bw_catalogue *c, const struct asking *a, struct bw_err *reterr)
{
    const struct bw_bundle_query *q = a->query;
    const struct bw_tz *tz = a->tz;
    struct bw_bundle_said *ret = a->ret;
    char circuit[BW_SITE_MAX + BW_NAME_MAX + 2];
    int64_t unread = 0;
    int r =
        bw_annotations_read(c, q->site, q->circuit, q->from_unix_s, q->to_unix_s,
                            &ret->annotations, &ret->n_annotations, &ret->n_unread, reterr);

    (void)snprintf(circuit, sizeof(circuit), "%s.%s", q->site, q->circuit);
    r = r < 0 ? r
              : bw_replies_read(c, q->site, q->circuit, q->from_unix_s, q->to_unix_s,
                                &ret->replies, &ret->n_replies, &ret->n_unread_replies,
                                reterr);
    r = r < 0 ? r
              : bw_bound_list(c, circuit, tz, q->from_unix_s, q->to_unix_s, &ret->bindings,
                              &ret->n_bindings, &unread, reterr);
    r = r < 0 ? r
              : bw_errata_read(c, q->site, q->circuit, q->from_unix_s, q->to_unix_s,
                               BW_UNKNOWN, &ret->errata, &ret->n_errata,
                               &ret->n_unread_errata, reterr);
    r = r < 0 ? r
              : bw_contract_find(c, q->site, q->circuit, tz, q->from_unix_s,
                                 a->until_unix_s, &ret->contract, reterr);
    r = r < 0 ? r : check_claims(c, circuit, tz, q, reterr);
    if (r == -BW_EMALFORMED && strcmp(q->software, BW_BUNDLE_AGENT) != 0 && reterr) {
        /* other forms may put it in other words, and come to other claims */
        (void)snprintf(
            ret->unlike, sizeof(ret->unlike),
            "%.250s. That program may say it otherwise: that these claims follow "
            "from the statements is NOT checked",
            reterr->text);
        *reterr = (struct bw_err){""};
        r = 0;
    }
    r = r < 0 ? r : check_calendars(c, q, reterr);
    r = r < 0 ? r : check_adoptions(c, q, reterr);
    return r < 0 ? r : read_filed(c, a, reterr);
}

/* Put the statements into a catalogue of their own and read from that. */
static int with_catalogue(const struct bw_bag_member *m,
                          int (*ask)(struct bw_catalogue *c,
                                     const struct asking *a,
                                     struct bw_err *reterr),
                          const struct asking *a,
                          struct bw_err *reterr)
{
    const char *tmp = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): never set */
    struct reading lines = {.at = m->data, .end = m->data + m->n};
    struct bw_catalogue *c = NULL;
    char folder[PATH_MAX];
    char path[PATH_MAX];
    int r;

    if (m->n > TEXT_MAX) {
        return bw_err_set(reterr, -E2BIG, "more than %d bytes", TEXT_MAX);
    }
    (void)snprintf(folder, sizeof(folder), "%.3900s/bandwitness-XXXXXX",
                   tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) {
        return bw_err_set(reterr, -errno, "%s: %s; set TMPDIR to a folder with room",
                          folder, bw_strerror(-errno));
    }
    (void)snprintf(path, sizeof(path), "%.4000s/catalogue.db", folder);
    r = bw_catalogue_open(path, &c, reterr);
    if (r == 0) {
        r = c->ops->statements_add(c, next, &lines, 0, NULL, reterr);
        r = r < 0 ? bw_err_prefix(reterr, r, "line %lld", (long long)lines.line)
                  : ask(c, a, reterr);
        c->ops->close(c);
    }
    remove_folder(folder);
    return r;
}

int bw_bundle_said_read(const struct bw_bag_member *m,
                        const struct bw_bundle_query *q,
                        const struct bw_tz *tz,
                        int64_t until_unix_s,
                        struct bw_bundle_said *ret,
                        struct bw_err *reterr)
{
    struct asking a = {.query = q, .tz = tz, .until_unix_s = until_unix_s, .ret = ret};

    return with_catalogue(m, read_said, &a, reterr);
}

int bw_bundle_filed_read(const struct bw_bag_member *m,
                         const struct bw_bundle_query *q,
                         const struct bw_tz *tz,
                         int64_t until_unix_s,
                         struct bw_bundle_said *ret,
                         struct bw_err *reterr)
{
    struct asking a = {.query = q, .tz = tz, .until_unix_s = until_unix_s, .ret = ret};

    bw_filed_done(&ret->filed);
    ret->filed = (struct bw_filed){.has = false};
    return with_catalogue(m, read_filed, &a, reterr);
}
