/* SPDX-License-Identifier: GPL-3.0-or-later
 * filed.c - the claim bound to a circuit, and its payer.
 *
 * Invariant: only what a person bound is taken; nothing is matched by likeness here. */
#include "filed.h"

#include <bound.h>
#include <bw/err.h>
#include <catalogue.h>
#include <civil.h>
#include <entityline.h>
#include <errno.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct choice {
    const char *day;
    struct bw_bound *list; /* by what is taken first, each claim once */
    size_t n;
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

    if (!b->claim_id[0] || (b->first_day[0] && strcmp(c->day, b->first_day) < 0) ||
        (b->last_day[0] && strcmp(c->day, b->last_day) > 0) || c->n == BW_BOUND_MAX) {
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

/* All students of those who use the line, by their entries; unknown where one of them has
 * none, or is of another one of them and would be counted twice. Its payer's are not asked:
 * they may sit at other lines. */
static int count_students(struct bw_catalogue *c, struct bw_filed *f, struct bw_err *reterr)
{
    const struct bw_numbers *list = &f->line.recipients;
    int64_t first = INT64_MAX;
    int64_t last = INT64_MIN;
    int64_t sum = 0;
    char when[80];

    if (list->n == 0 || (f->line.flags & BW_CLAIM_MANY_RECIPIENTS) ||
        f->line.n_recipients != (int64_t)list->n) {
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
        f->students = sum;
        since(first, last, when);
        (void)snprintf(f->people_origin, sizeof(f->people_origin),
                       "full-time students of the %zu %s of the line, as the entries on "
                       "file have them (%s)",
                       list->n, list->n == 1 ? "recipient" : "recipients", when);
    }
    return 0;
}

int bw_filed_find(struct bw_catalogue *c,
                  const char *site,
                  const char *circuit,
                  const struct bw_tz *tz,
                  const char *day,
                  struct bw_filed *ret,
                  struct bw_err *reterr)
{
    char when[80];
    struct choice chosen = {.day = day};
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    int r;

    *ret = (struct bw_filed){.students = BW_UNKNOWN};
    bw_claimline_init(&ret->line);
    if (!c) {
        return 0;
    }
    chosen.list = calloc(BW_BOUND_MAX, sizeof(*chosen.list));
    ret->others = calloc(BW_BOUND_MAX, sizeof(*ret->others));
    if (!chosen.list || !ret->others) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    (void)snprintf(name, sizeof(name), "%s.%s", site, circuit);
    r = bw_bound_each(c, name, tz, choose, &chosen, NULL, reterr);
    if (r < 0 || chosen.n == 0) {
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
    if (r < 0) {
        goto out;
    }
    if (ret->line.students != BW_UNKNOWN && ret->line.students > 0) {
        ret->students = ret->line.students;
        since(chosen.list[0].claim_said_unix_s, chosen.list[0].claim_said_unix_s, when);
        (void)snprintf(ret->people_origin, sizeof(ret->people_origin),
                       "full-time students as the claim itself says (%s)", when);
    } else {
        r = count_students(c, ret, reterr);
    }
out:
    free(chosen.list);
    return r;
}

void bw_filed_done(struct bw_filed *f)
{
    bw_claimline_done(&f->line);
    for (size_t i = 0; i < f->n_others; i++) {
        bw_claimline_done(&f->others[i]);
    }
    free(f->others);
}
