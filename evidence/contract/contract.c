/* SPDX-License-Identifier: GPL-3.0-or-later
 * contract.c - the terms that hold for a circuit all of a period, and its people.
 *
 * Invariant: nothing is chosen between two sets of terms, and none is stretched over days
 * of which it does not speak. A contract's part of the speed is held against the claim of
 * the same contract, or it is not judged. */
#include "contract.h"

#include "filed.h"
#include "promise.h"

#include <bound.h>
#include <bw/err.h>
#include <catalogue.h>
#include <civil.h>
#include <decimal.h>
#include <errno.h>
#include <grow.h>
#include <sharing.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <terms.h>
#include <tz.h>

enum {
    COST_WORDS_MAX = BW_SHARING_WORDS_MAX + 64
};

struct stretch {
    int64_t from_unix_s;
    int64_t to_unix_s;
    const struct bw_bound *bound; /* the claim whose terms they are */
    size_t promise;
};

struct kept {
    struct bw_promise promise;
    char id[BW_HASH_LEN + 1];
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    char by[65];
    char file[BW_STATEMENT_FILE_MAX + 1];
    int64_t said_unix_s;
};

struct finding_out {
    const struct bw_tz *tz;
    int64_t from_unix_s;
    int64_t until_unix_s;
    struct bw_bound *bound; /* in force, each version of a claim by itself */
    size_t n_bound;
    struct kept *kept;
    size_t n_kept;
    size_t cap_kept;
    int64_t unread;
    struct stretch *list;
    size_t n;
    size_t cap;
};

static int take_promise(void *owner, const struct bw_said *said)
{
    struct finding_out *f = owner;
    const struct bw_statement *s = said->statement;
    void *grown = bw_grow(f->kept, f->n_kept, &f->cap_kept, sizeof(*f->kept));
    struct kept *k;

    if (!grown) {
        return -ENOMEM;
    }
    f->kept = grown;
    k = &f->kept[f->n_kept];
    if (!s->body || bw_promise_decode(s->body, s->n_body, &k->promise, NULL) < 0) {
        f->unread++;
        return 0;
    }
    memcpy(k->id, said->id, sizeof(k->id));
    memcpy(k->about, s->about, sizeof(k->about));
    (void)snprintf(k->by, sizeof(k->by), "%s", s->by);
    memcpy(k->file, s->file, sizeof(k->file));
    k->said_unix_s = s->said_unix_s;
    f->n_kept++;
    return 0;
}

static int64_t day_start(const struct bw_tz *tz, const char *day, int later)
{
    int y = (int)strtol(day, NULL, 10);
    int m = (int)strtol(day + 5, NULL, 10);
    int d = (int)strtol(day + 8, NULL, 10);

    return bw_tz_day_start(tz, y, m, d + later);
}

static int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The part of [from, to) in which a claim's version holds. */
static struct stretch
held(const struct finding_out *f, const struct bw_bound *b, int64_t from, int64_t to)
{
    return (struct stretch){
        .from_unix_s =
            b->first_day[0] ? max64(from, day_start(f->tz, b->first_day, 0)) : from,
        .to_unix_s = b->last_day[0] ? min64(to, day_start(f->tz, b->last_day, 1)) : to,
        .bound = b};
}

/* All that was promised, each where its claim holds. */
static int lay_out(struct finding_out *f)
{
    for (size_t k = 0; k < f->n_kept; k++) {
        const struct bw_promise *p = &f->kept[k].promise;
        int64_t from = p->from[0] ? max64(f->from_unix_s, day_start(f->tz, p->from, 0))
                                  : f->from_unix_s;
        int64_t to =
            p->to[0] ? min64(f->until_unix_s, day_start(f->tz, p->to, 1)) : f->until_unix_s;
        for (size_t i = 0; i < f->n_bound; i++) {
            struct stretch s = held(f, &f->bound[i], from, to);
            void *grown;
            s.promise = k;
            if (strcmp(f->bound[i].binding.claim, f->kept[k].about) != 0 ||
                s.from_unix_s >= s.to_unix_s) {
                continue;
            }
            grown = bw_grow(f->list, f->n, &f->cap, sizeof(*f->list));
            if (!grown) {
                return -ENOMEM;
            }
            f->list = grown;
            f->list[f->n++] = s;
        }
    }
    return 0;
}

static int by_from(const void *a, const void *b)
{
    const struct stretch *x = a;
    const struct stretch *y = b;

    return (x->from_unix_s > y->from_unix_s) - (x->from_unix_s < y->from_unix_s);
}

static void day_of(const struct finding_out *f, int64_t unix_s, char out[16])
{
    struct bw_civil c;
    char day[BW_CIVIL_DATE_LEN + 1];

    bw_tz_local(f->tz, unix_s, &c);
    bw_civil_date(bw_civil_days(c.year, c.month, c.day), day);
    (void)snprintf(out, 16, "%s", day);
}

/* Why the stretches are not one set of terms for all of the time; "" they are. */
static void look(const struct finding_out *f, char out[240])
{
    int64_t at = f->from_unix_s;
    char from[16];
    char to[16];

    out[0] = '\0';
    for (size_t i = 0; i < f->n; i++) {
        const struct stretch *s = &f->list[i];
        if (s->promise != f->list[0].promise) {
            day_of(f, s->from_unix_s, from);
            (void)snprintf(out, 240,
                           "two sets of terms hold within the period, those of %.60s from "
                           "%s on: ask for the parts by themselves, or name one with "
                           "--terms",
                           f->kept[s->promise].about, from);
            return;
        }
    }
    for (size_t i = 0; i < f->n && f->list[i].from_unix_s <= at; i++) {
        at = max64(at, f->list[i].to_unix_s);
    }
    if (at < f->until_unix_s) {
        day_of(f, f->list[0].from_unix_s, from);
        day_of(f, f->list[f->n - 1].to_unix_s - 1, to);
        (void)snprintf(out, 240,
                       "the contract's terms hold for a part of the period alone, on days "
                       "from %s to %s: ask for that part by itself",
                       from, to);
    }
}

static int64_t layer_of(const struct bw_bound *b)
{
    return b->layer == BW_LAYER_UNKNOWN ? BW_LAYER_IP : b->layer;
}

/* A part of the speed is promised, and at some time another bound claim is slower, or said
 * at another layer: what is claimed then is not what that contract says. */
static bool is_slower(const struct finding_out *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct stretch *s = &f->list[i];
        for (size_t k = 0; k < f->n_bound; k++) {
            const struct bw_bound *b = &f->bound[k];
            struct stretch other = held(f, b, s->from_unix_s, s->to_unix_s);
            if (strcmp(b->binding.claim, s->bound->binding.claim) == 0 || b->typed_wrong ||
                other.from_unix_s >= other.to_unix_s) {
                continue;
            }
            for (int d = 0; d < BW_DIRECTIONS; d++) {
                if (b->bps[d] != BW_UNKNOWN &&
                    (s->bound->bps[d] == BW_UNKNOWN || b->bps[d] < s->bound->bps[d] ||
                     layer_of(b) != layer_of(s->bound))) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* What a month of one line costs, where all versions of the claim say the same. */
static int64_t monthly_cents(const struct finding_out *f)
{
    int64_t cents = BW_UNKNOWN;

    for (size_t i = 0; i < f->n; i++) {
        int64_t now;
        if (bw_decimal_whole(&f->list[i].bound->unit_monthly, 100, &now) < 0 ||
            (i > 0 && now != cents)) {
            return BW_UNKNOWN;
        }
        cents = now;
    }
    return cents;
}

/* What a month costs by the contract, else by its claim; and in words where that is from,
 * or why it is not known. Of a claim of fewer lines than circuits are bound to it at any
 * time of the period no cent is this circuit's alone. */
static int find_cost(struct bw_catalogue *c,
                     const struct finding_out *f,
                     struct bw_finding_terms *terms,
                     char words[COST_WORDS_MAX],
                     struct bw_err *reterr)
{
    const char *claim = f->kept[f->list[0].promise].about;
    int64_t cents =
        terms->monthly_cents == BW_UNKNOWN ? monthly_cents(f) : terms->monthly_cents;
    int64_t n = 0;
    char why[BW_SHARING_WORDS_MAX];
    char from[16];
    char to[16];
    int r;

    words[0] = '\0';
    if (terms->n_credits == 0 || cents == BW_UNKNOWN || cents <= 0) {
        return 0;
    }
    day_of(f, f->from_unix_s, from);
    day_of(f, f->until_unix_s - 1, to);
    r = bw_sharing_count(c, claim, from, to, &n, reterr);
    for (size_t i = 0; r == 0 && i < f->n; i++) {
        const struct bw_decimal *quantity = &f->list[i].bound->quantity;
        if (bw_sharing_is(quantity, n)) {
            bw_sharing_words(quantity, n, why);
            (void)snprintf(words, COST_WORDS_MAX,
                           "; what a month of this circuit costs is not known: %s", why);
            terms->monthly_cents = BW_UNKNOWN;
            return 0;
        }
    }
    if (terms->monthly_cents == BW_UNKNOWN) {
        (void)snprintf(words, COST_WORDS_MAX, "; a month costs what that claim says");
    }
    terms->monthly_cents = cents;
    return r;
}

static int read_terms(struct bw_catalogue *c,
                      const struct finding_out *f,
                      struct bw_contract *ret,
                      struct bw_err *reterr)
{
    const struct kept *k = &f->kept[f->list[0].promise];
    struct bw_finding_terms terms;
    struct bw_err err = {""};
    char cost[COST_WORDS_MAX];
    char day[16];
    int r;

    if (bw_terms_parse(k->promise.clauses, strlen(k->promise.clauses), "terms", &terms,
                       &err) < 0) {
        (void)snprintf(ret->terms_open, sizeof(ret->terms_open),
                       "the contract's terms on file cannot be read: %.150s", err.text);
        return 0;
    }
    if (terms.part_ppm != BW_UNKNOWN && is_slower(f)) {
        (void)snprintf(ret->terms_open, sizeof(ret->terms_open),
                       "%.60s promises a part of its speed, and another claim of this "
                       "circuit, billed apart, is for less, or at another layer",
                       k->about);
        return 0;
    }
    r = find_cost(c, f, &terms, cost, reterr);
    if (r < 0) {
        return r;
    }
    ret->terms = terms;
    day_of(f, k->said_unix_s, day);
    (void)snprintf(ret->terms_origin, sizeof(ret->terms_origin),
                   "its terms for %.60s were said by %.40s on %s%s%s%.60s%s", k->about,
                   k->by, day,
                   k->said_unix_s > f->from_unix_s ? ", after the period began" : "",
                   k->file[0] ? ", from " : "", k->file, cost);
    return 0;
}

static int find_terms(struct bw_catalogue *c, struct finding_out *f, struct bw_err *reterr)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < f->n_bound; i++) {
        const char *about = f->bound[i].binding.claim;
        bool again = false;
        for (size_t k = 0; k < i && !again; k++) {
            again = strcmp(f->bound[k].binding.claim, about) == 0;
        }
        r = again ? 0
                  : c->ops->statements(
                        c, &(struct bw_said_query){.kind = "terms", .about = about},
                        take_promise, f, reterr);
    }
    r = r < 0 ? r : lay_out(f);
    return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
}

static int find_people(struct bw_catalogue *c,
                       const char *site,
                       const char *circuit,
                       const struct finding_out *f,
                       struct bw_contract *ret,
                       struct bw_err *reterr)
{
    struct bw_filed filed;
    int r = bw_filed_find(c, site, circuit, f->tz, f->until_unix_s - 1, f->until_unix_s,
                          &filed, reterr);

    if (r == 0 && filed.has) {
        ret->students = filed.students;
        (void)snprintf(ret->students_are, sizeof(ret->students_are), "%s",
                       filed.people_origin);
        (void)snprintf(ret->people_open, sizeof(ret->people_open), "%s", filed.people_open);
        ret->users = filed.users;
        (void)snprintf(ret->users_are, sizeof(ret->users_are), "%s", filed.line.users_are);
    }
    bw_filed_done(&filed);
    return r;
}

int bw_contract_find(struct bw_catalogue *c,
                     const char *site,
                     const char *circuit,
                     const struct bw_tz *tz,
                     int64_t from_unix_s,
                     int64_t until_unix_s,
                     struct bw_contract *ret,
                     struct bw_err *reterr)
{
    struct finding_out f = {
        .tz = tz, .from_unix_s = from_unix_s, .until_unix_s = until_unix_s};
    struct bw_bound *listed = NULL;
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    size_t n_listed = 0;
    int64_t unread = 0;
    int r;

    *ret = (struct bw_contract){
        .terms = bw_finding_terms_none, .students = BW_UNKNOWN, .users = BW_UNKNOWN};
    if (!c || until_unix_s <= from_unix_s) {
        return 0;
    }
    (void)snprintf(name, sizeof(name), "%s.%s", site, circuit);
    r = bw_bound_list(c, name, tz, from_unix_s, until_unix_s, &listed, &n_listed, &unread,
                      reterr);
    if (r < 0) {
        goto out;
    }
    f.bound = listed;
    for (size_t i = 0; i < n_listed; i++) { /* in force, of claims on file */
        if (!listed[i].ended_by[0] && listed[i].claim_id[0] && !listed[i].idle) {
            listed[f.n_bound++] = listed[i];
        }
    }
    r = find_terms(c, &f, reterr);
    if (r == 0 && f.n > 0) {
        qsort(f.list, f.n, sizeof(*f.list), by_from);
        look(&f, ret->terms_open);
        if (!ret->terms_open[0]) {
            r = read_terms(c, &f, ret, reterr);
        }
    } else if (r == 0 && f.unread > 0) {
        (void)snprintf(ret->terms_open, sizeof(ret->terms_open),
                       "the contract's terms on file need a newer program");
    }
    r = r < 0 ? r : find_people(c, site, circuit, &f, ret, reterr);
out:
    free(listed);
    free(f.kept);
    free(f.list);
    return r;
}
