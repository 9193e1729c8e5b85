/* SPDX-License-Identifier: GPL-3.0-or-later
 * filed.c - the claims bound to a circuit, and who uses it.
 *
 * Invariant: only what a person bound is taken; nothing is matched by likeness here. */
#include "filed.h"

#include <bound.h>
#include <bw/err.h>
#include <catalogue.h>
#include <civil.h>
#include <entityline.h>
#include <errno.h>
#include <grow.h>
#include <sharing.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

struct choice {
    const char *first_day;
    const char *day;       /* the last one */
    struct bw_bound *list; /* by what is taken first, each claim once */
    size_t n;
    struct bw_bound *all; /* that hold on some day, by first day */
    size_t n_all;
};

static int compare(const void *a, const void *b)
{
    const struct bw_bound *x = a;
    const struct bw_bound *y = b;
    int r = (y->role == BW_ROLE_INTERNET) - (x->role == BW_ROLE_INTERNET);
    r = r ? r : strcmp(x->binding.claim, y->binding.claim);
    return r ? r : strcmp(x->binding_id, y->binding_id);
}

static int choose(void *owner, const char *about, const struct bw_bound *b)
{
    struct choice *c = owner;
    (void)about;

    if (!b->claim_id[0] || b->idle ||
        (b->first_day[0] && strcmp(c->day, b->first_day) < 0) ||
        (b->last_day[0] && (strcmp(c->first_day, b->last_day) > 0 ||
                            strcmp(b->first_day, b->last_day) > 0))) { /* on no day */
        return 0;
    }
    if (c->n_all == BW_BOUND_MAX) {
        return -E2BIG;
    }
    c->all[c->n_all++] = *b;
    if (b->last_day[0] && strcmp(c->day, b->last_day) > 0) {
        return 0;
    }
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->list[i].binding.claim, b->binding.claim) == 0) {
            return 0;
        }
    }
    c->list[c->n++] = *b;
    return 0;
}

static int take_claim(void *owner, const struct bw_said *said)
{
    struct bw_claimline *ret = owner;
    const struct bw_statement *s = said->statement;
    struct bw_claimline line;

    if (!s->body || bw_claimline_decode(s->body, s->n_body, &line, NULL) < 0) {
        return 0;
    }
    bw_claimline_done(ret);
    *ret = line;
    return 0;
}

static int read_claim(struct bw_catalogue *c,
                      const struct bw_bound *b,
                      struct bw_claimline *ret,
                      struct bw_err *reterr)
{
    bw_claimline_init(ret);
    return c->ops->statement_find(c, b->claim_id, take_claim, ret, reterr);
}

/* ---- all that hold within the period ---------------------------------------------- */

bool bw_filed_same_provider(const struct bw_claimline *a, const struct bw_claimline *b)
{
    return a->spin[0] || b->spin[0] ? strcmp(a->spin, b->spin) == 0
                                    : strcmp(a->provider, b->provider) == 0;
}

static bool same_request(const struct bw_claimline *a, const struct bw_claimline *b)
{
    return a->year == b->year && bw_filed_same_provider(a, b) &&
           strcmp(a->application, b->application) == 0 && strcmp(a->payer, b->payer) == 0 &&
           strcmp(a->contract, b->contract) == 0 &&
           strcmp(a->delivery_deadline, b->delivery_deadline) == 0;
}

/* Is `day` the day after `last`, or before that? */
static bool goes_on(const char *last, const char *day)
{
    int64_t a = 0;
    int64_t b = 0;

    return bw_civil_date_parse(last, &a) == 0 && bw_civil_date_parse(day, &b) == 0 &&
           b <= a + 1;
}

static int hold(struct bw_filed *f, struct bw_filed_held *h, size_t *cap)
{
    void *grown;

    for (size_t i = f->n_held; i-- > 0;) { /* those that came before began before */
        struct bw_filed_held *o = &f->held[i];
        if (strcmp(o->key, h->key) == 0 && same_request(&o->line, &h->line) &&
            goes_on(o->last_day, h->first_day)) {
            if (strcmp(h->last_day, o->last_day) > 0) {
                memcpy(o->last_day, h->last_day, sizeof(o->last_day));
                bw_claimline_done(&o->line);
                o->line = h->line;
            } else {
                bw_claimline_done(&h->line);
            }
            return 0;
        }
    }
    grown = bw_grow(f->held, f->n_held, cap, sizeof(*f->held));
    if (!grown) {
        bw_claimline_done(&h->line);
        return -ENOMEM;
    }
    f->held = grown;
    f->held[f->n_held++] = *h;
    return 0;
}

static int by_day_and_key(const void *a, const void *b)
{
    const struct bw_filed_held *x = a;
    const struct bw_filed_held *y = b;
    int r = strcmp(x->first_day, y->first_day);

    r = r ? r : strcmp(x->key, y->key);
    return r ? r : strcmp(x->last_day, y->last_day);
}

static int find_held(struct bw_catalogue *c,
                     const struct choice *chosen,
                     struct bw_filed *f,
                     struct bw_err *reterr)
{
    size_t cap = 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < chosen->n_all; i++) {
        const struct bw_bound *b = &chosen->all[i];
        struct bw_filed_held h;
        bool late = strcmp(b->first_day, chosen->first_day) > 0;
        bool early = b->last_day[0] && strcmp(b->last_day, chosen->day) < 0;
        (void)snprintf(h.key, sizeof(h.key), "%s", b->binding.claim);
        (void)snprintf(h.first_day, sizeof(h.first_day), "%s",
                       late ? b->first_day : chosen->first_day);
        (void)snprintf(h.last_day, sizeof(h.last_day), "%s",
                       early ? b->last_day : chosen->day);
        r = read_claim(c, b, &h.line, reterr);
        r = r < 0 ? r : hold(f, &h, &cap);
    }
    if (r == 0 && f->n_held > 1) {
        qsort(f->held, f->n_held, sizeof(*f->held), by_day_and_key);
    }
    return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
}

/* ---- who uses it ------------------------------------------------------------------ */

struct entry {
    struct bw_entityline line;
    int64_t said_unix_s;
};

static int take_entity(void *owner, const struct bw_said *said)
{
    struct entry *ret = owner;
    const struct bw_statement *s = said->statement;
    struct bw_entityline e;

    if (s->body && bw_entityline_decode(s->body, s->n_body, &e, NULL) == 0) {
        ret->line = e;
        ret->said_unix_s = s->said_unix_s;
    }
    return 0;
}

/* "on file since 2026-08-01", or of several "… between 2026-08-01 and 2026-09-01". */
static void since(int64_t first_unix_s, int64_t last_unix_s, char out[80])
{
    char a[BW_CIVIL_DATE_LEN + 1];
    char b[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(first_unix_s / 86400, a);
    bw_civil_date(last_unix_s / 86400, b);
    if (strcmp(a, b) == 0) {
        (void)snprintf(out, 80, "said on %s UTC", a);
    } else {
        (void)snprintf(out, 80, "said between %s and %s UTC", a, b);
    }
}

static bool is_of(const struct bw_numbers *list, const char *number)
{
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->text[i], number) == 0) {
            return true;
        }
    }
    return false;
}

/* How many students a claim is for, and whose word that is. */
struct people {
    int64_t n;
    char origin[200];
};

/* All students of those who use the line, by their entries; unknown where one of them has
 * none, or is of another one of them and would be counted twice. Its payer's are not asked:
 * they may sit at other lines. */
static int count_students(struct bw_catalogue *c,
                          const struct bw_claimline *line,
                          struct people *ret,
                          struct bw_err *reterr)
{
    const struct bw_numbers *list = &line->recipients;
    int64_t first = INT64_MAX;
    int64_t last = INT64_MIN;
    int64_t sum = 0;
    char when[80];

    if (list->n == 0 || (line->flags & BW_CLAIM_MANY_RECIPIENTS) ||
        line->n_recipients != (int64_t)list->n) {
        return 0;
    }
    for (size_t i = 0; i < list->n; i++) {
        struct entry e;
        char about[BW_NUMBER_MAX + 8];
        int r;
        bw_entityline_init(&e.line);
        (void)snprintf(about, sizeof(about), "ben:%s", list->text[i]);
        r = c->ops->statements(c, &(struct bw_said_query){.kind = "entity", .about = about},
                               take_entity, &e, reterr);
        if (r < 0) {
            return r;
        }
        if (e.line.students == BW_UNKNOWN || e.line.students < 0 ||
            (strcmp(e.line.parent, list->text[i]) != 0 && is_of(list, e.line.parent)) ||
            __builtin_add_overflow(sum, e.line.students, &sum)) {
            return 0;
        }
        first = e.said_unix_s < first ? e.said_unix_s : first;
        last = e.said_unix_s > last ? e.said_unix_s : last;
    }
    if (sum > 0) {
        ret->n = sum;
        since(first, last, when);
        (void)snprintf(ret->origin, sizeof(ret->origin),
                       "full-time students of the %zu %s of the line, as the entries on "
                       "file have them (%s)",
                       list->n, list->n == 1 ? "recipient" : "recipients", when);
    }
    return 0;
}

static int people_of(struct bw_catalogue *c,
                     const struct bw_claimline *line,
                     int64_t said_unix_s,
                     struct people *ret,
                     struct bw_err *reterr)
{
    char when[80];

    *ret = (struct people){.n = BW_UNKNOWN};
    if (line->students == BW_UNKNOWN || line->students <= 0) {
        return count_students(c, line, ret, reterr);
    }
    ret->n = line->students;
    since(said_unix_s, said_unix_s, when);
    (void)snprintf(ret->origin, sizeof(ret->origin),
                   "full-time students as the claim itself says (%s)", when);
    return 0;
}

static bool is_of_several(const struct bw_claimline *l)
{
    int64_t n;

    return l->quantity.n != BW_UNKNOWN &&
           (bw_decimal_whole(&l->quantity, 1, &n) < 0 || n > 1);
}

static bool same_recipients(const struct bw_claimline *a, const struct bw_claimline *b)
{
    bool same = a->recipients.n > 0 && a->recipients.n == b->recipients.n &&
                !(a->flags & BW_CLAIM_MANY_RECIPIENTS) &&
                !(b->flags & BW_CLAIM_MANY_RECIPIENTS);

    for (size_t i = 0; same && i < a->recipients.n; i++) {
        same = is_of(&b->recipients, a->recipients.text[i]) &&
               is_of(&a->recipients, b->recipients.text[i]);
    }
    return same;
}

/* Who uses the line. People of several lines are nobody's denominator of one, and bills for
 * unlike people (one of a school, one of its whole district) do not say whose the circuit
 * is: no order of their numbers decides it. */
static int find_people(struct bw_catalogue *c,
                       const struct choice *chosen,
                       struct bw_filed *f,
                       struct bw_err *reterr)
{
    struct people first;
    bool several = is_of_several(&f->line);
    bool students = true;
    bool users = true;
    int r = people_of(c, &f->line, chosen->list[0].claim_said_unix_s, &first, reterr);
    bool any = first.n != BW_UNKNOWN || f->line.users != BW_UNKNOWN;

    for (size_t i = 0; r == 0 && i < f->n_others; i++) {
        const struct bw_claimline *o = &f->others[i];
        bool same = same_recipients(&f->line, o);
        struct people other;
        r = people_of(c, o, chosen->list[i + 1].claim_said_unix_s, &other, reterr);
        any = any || other.n != BW_UNKNOWN || o->users != BW_UNKNOWN;
        several = several || is_of_several(o);
        students = students && (other.n == first.n || (same && o->students == BW_UNKNOWN));
        users =
            users &&
            ((o->users == f->line.users && strcmp(o->users_are, f->line.users_are) == 0) ||
             (same && o->users == BW_UNKNOWN));
    }
    if (r < 0 || !any) {
        return r;
    }
    if (several) {
        (void)snprintf(f->people_open, sizeof(f->people_open),
                       "the claim is of more than one line, and its people are those of "
                       "all of them");
        return 0;
    }
    if (!students || !users) {
        (void)snprintf(f->people_open, sizeof(f->people_open),
                       "the claims bound to this circuit, billed apart, are not for the "
                       "same people");
    }
    if (students) {
        f->students = first.n;
        memcpy(f->people_origin, first.origin, sizeof(f->people_origin));
    }
    f->users = users ? f->line.users : BW_UNKNOWN;
    return 0;
}

static void local_day(const struct bw_tz *tz, int64_t unix_s, char day[BW_DATE_LEN + 1])
{
    struct bw_civil c;

    bw_tz_local(tz, unix_s, &c);
    bw_civil_date(bw_civil_days(c.year, c.month, c.day), day);
}

static int count_circuits(struct bw_catalogue *c,
                          const struct bw_sharings *all,
                          const char *claim,
                          const char *day,
                          int64_t *ret,
                          struct bw_err *reterr)
{
    int r = all ? bw_sharings_count(all, claim, day, day, ret)
                : bw_sharing_count(c, claim, day, day, ret, reterr);

    return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
}

int bw_filed_find_among(struct bw_catalogue *c,
                        const struct bw_sharings *all,
                        const char *site,
                        const char *circuit,
                        const struct bw_tz *tz,
                        int64_t from_unix_s,
                        int64_t until_unix_s,
                        struct bw_filed *ret,
                        struct bw_err *reterr)
{
    struct choice chosen = {.n = 0};
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    int r;

    *ret = (struct bw_filed){.students = BW_UNKNOWN, .users = BW_UNKNOWN};
    bw_claimline_init(&ret->line);
    local_day(tz, until_unix_s - 1, ret->last_day);
    local_day(tz, from_unix_s < until_unix_s ? from_unix_s : until_unix_s - 1,
              ret->first_day);
    chosen.first_day = ret->first_day;
    chosen.day = ret->last_day;
    if (!c) {
        return 0;
    }
    chosen.list = calloc(BW_BOUND_MAX, sizeof(*chosen.list));
    chosen.all = calloc(BW_BOUND_MAX, sizeof(*chosen.all));
    if (!chosen.list || !chosen.all) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    (void)snprintf(name, sizeof(name), "%s.%s", site, circuit);
    r = bw_bound_each(c, name, tz, choose, &chosen, NULL, reterr);
    if (r == -E2BIG) {
        (void)bw_err_set(reterr, r, "more than %d bindings and versions of claims of %s",
                         BW_BOUND_MAX, name);
    }
    r = r < 0 ? r : find_held(c, &chosen, ret, reterr);
    if (r < 0 || chosen.n == 0) {
        goto out;
    }
    ret->others = calloc(chosen.n, sizeof(*ret->others));
    ret->circuits = calloc(chosen.n, sizeof(*ret->circuits));
    if (!ret->others || !ret->circuits) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    qsort(chosen.list, chosen.n, sizeof(*chosen.list), compare);
    r = read_claim(c, &chosen.list[0], &ret->line, reterr);
    ret->has = r == 0;
    (void)snprintf(ret->origin, sizeof(ret->origin), "%.100s, bound to this circuit by %s",
                   chosen.list[0].binding.claim, chosen.list[0].by);
    for (size_t i = 1; r == 0 && i < chosen.n; i++) {
        r = read_claim(c, &chosen.list[i], &ret->others[ret->n_others++], reterr);
    }
    for (size_t i = 0; r == 0 && i < chosen.n; i++) {
        r = count_circuits(c, all, chosen.list[i].binding.claim, ret->last_day,
                           &ret->circuits[i], reterr);
    }
    r = r < 0 ? r : find_people(c, &chosen, ret, reterr);
out:
    free(chosen.list);
    free(chosen.all);
    return r;
}

int bw_filed_find(struct bw_catalogue *c,
                  const char *site,
                  const char *circuit,
                  const struct bw_tz *tz,
                  int64_t from_unix_s,
                  int64_t until_unix_s,
                  struct bw_filed *ret,
                  struct bw_err *reterr)
{
    return bw_filed_find_among(c, NULL, site, circuit, tz, from_unix_s, until_unix_s, ret,
                               reterr);
}

void bw_filed_done(struct bw_filed *f)
{
    bw_claimline_done(&f->line);
    for (size_t i = 0; i < f->n_others; i++) {
        bw_claimline_done(&f->others[i]);
    }
    free(f->others);
    free(f->circuits);
    for (size_t i = 0; i < f->n_held; i++) {
        bw_claimline_done(&f->held[i].line);
    }
    free(f->held);
}
