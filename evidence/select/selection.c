/* SPDX-License-Identifier: GPL-3.0-or-later
 * selection.c - from a number on file to measured circuits.
 *
 * Invariant: a circuit is chosen by a binding that a person confirmed, or by where its box
 * stands, and says by which; a claim that serves what was asked for is in the answer
 * whether or not anybody measures its line. */
#include "selection_private.h"

#include <bound.h>
#include <bw/err.h>
#include <decimal.h>
#include <errno.h>
#include <grow.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct choosing {
    const struct bw_select_asked *asked;
    struct bw_select_graph graph;
    struct bw_selection *to;
    size_t cap_lines;
    size_t cap_circuits;
    struct bw_select_tie *ties;
    size_t n_ties;
    size_t cap_ties;
    char (*corrected)[BW_STATEMENT_ABOUT_MAX + 1]; /* claims with older versions */
    size_t n_corrected;
    size_t cap_corrected;
    const struct bw_bound *version; /* of one of them, being looked at */
    bool taken;                     /* … and it serves in the period */
    bool named;   /* some claim or entity names what was asked for, of any time */
    int64_t year; /* of such a claim of another period; unknown: none */
};

const char *bw_select_word(enum bw_select_by by)
{
    static const char *const words[BW_SELECT_WAYS] = {[BW_SELECT_ALL] = "everything",
                                                      [BW_SELECT_FRN] = "FRN",
                                                      [BW_SELECT_SCHOOL] = "school",
                                                      [BW_SELECT_DISTRICT] = "district",
                                                      [BW_SELECT_CONSORTIUM] =
                                                          "consortium"};

    return words[by];
}

/* Do [first, last] and the period share a day? "" is no edge. */
static bool touches(const struct bw_select_asked *a, const char *first, const char *last)
{
    return (!first[0] || strcmp(first, a->last) <= 0) &&
           (!last[0] || strcmp(last, a->first) >= 0);
}

/* ---- claims --------------------------------------------------------------------- */

enum serves {
    SERVES_NOT,
    SERVES_ALONE,
    SERVES_TOO, /* among others, and somebody else pays */
    SERVES_MAYBE
};

static bool is_of_frn(const char *asked, const struct bw_claimline *c)
{
    size_t n = strlen(c->frn);

    return n > 0 && strncmp(asked, c->frn, n) == 0 &&
           (asked[n] == '\0' || (asked[n] == '.' && strcmp(asked + n + 1, c->line) == 0));
}

static enum serves serves(const struct choosing *x, const struct bw_claimline *c)
{
    size_t n_here = 0;

    if (x->asked->by == BW_SELECT_ALL) {
        return SERVES_ALONE;
    }
    if (x->asked->by == BW_SELECT_FRN) {
        return is_of_frn(x->asked->number, c) ? SERVES_ALONE : SERVES_NOT;
    }
    if (strcmp(c->payer, x->asked->number) == 0 || bw_select_marked(&x->graph, c->payer)) {
        return SERVES_ALONE;
    }
    for (size_t i = 0; i < c->recipients.n; i++) {
        n_here += strcmp(c->recipients.text[i], x->asked->number) == 0 ||
                  bw_select_marked(&x->graph, c->recipients.text[i]);
    }
    if (n_here > 0) {
        return n_here == c->recipients.n && c->n_recipients == (int64_t)n_here
                   ? SERVES_ALONE
                   : SERVES_TOO;
    }
    return c->flags & BW_CLAIM_MANY_RECIPIENTS ? SERVES_MAYBE : SERVES_NOT;
}

static void claim_days(const struct bw_claimline *c,
                       char first[BW_DATE_LEN + 1],
                       char last[BW_DATE_LEN + 1])
{
    first[0] = '\0';
    last[0] = '\0';
    if (c->year != BW_UNKNOWN) {
        (void)snprintf(first, BW_DATE_LEN + 1, "%04u-07-01", (unsigned)(c->year % 10000));
        (void)snprintf(last, BW_DATE_LEN + 1, "%04u-06-30",
                       (unsigned)((c->year + 1) % 10000));
    }
    if (c->from[0]) {
        memcpy(first, c->from, BW_DATE_LEN + 1);
    }
    if (c->to[0]) {
        memcpy(last, c->to, BW_DATE_LEN + 1);
    }
}

static int add_line(struct choosing *x,
                    const char *about,
                    const struct bw_claimline *c,
                    enum serves how)
{
    struct bw_selected_line *grown =
        bw_grow(x->to->lines, x->to->n_lines, &x->cap_lines, sizeof(*grown));

    if (!grown) {
        return -ENOMEM;
    }
    x->to->lines = grown;
    grown += x->to->n_lines++;
    *grown =
        (struct bw_selected_line){.role = (enum bw_claim_role)c->role,
                                  .year = c->year,
                                  .bps = {[BW_DOWN] = c->down.bps, [BW_UP] = c->up.bps},
                                  .lines = BW_UNKNOWN,
                                  .shared = how == SERVES_TOO};
    (void)snprintf(grown->about, sizeof(grown->about), "%s", about);
    memcpy(grown->payer, c->payer, sizeof(grown->payer));
    memcpy(grown->payer_name, c->payer_name, sizeof(grown->payer_name));
    memcpy(grown->provider, c->provider, sizeof(grown->provider));
    if (bw_decimal_whole(&c->quantity, 1, &grown->lines) < 0 || grown->lines <= 0) {
        grown->lines = BW_UNKNOWN;
    }
    (void)snprintf(grown->void_as, sizeof(grown->void_as), "%.60s",
                   bw_claimline_void(c) ? c->status : "");
    return 0;
}

/* One version of a claim with its days. */
static int look_at(struct choosing *x,
                   const char *about,
                   const struct bw_claimline *c,
                   const char *first,
                   const char *last)
{
    enum serves how = serves(x, c);

    if (how == SERVES_ALONE || how == SERVES_TOO) {
        x->named = true;
    }
    if (how == SERVES_NOT) {
        return 0;
    }
    if (!touches(x->asked, first, last)) {
        x->year = how == SERVES_MAYBE ? x->year : c->year;
        return 0;
    }
    x->taken = true;
    if (how == SERVES_MAYBE) {
        x->to->n_maybe += !bw_claimline_void(c);
        return 0;
    }
    if (!x->to->name[0] && strcmp(c->payer, x->asked->number) == 0) {
        memcpy(x->to->name, c->payer_name, sizeof(x->to->name));
    }
    return add_line(x, about, c, how);
}

static int keep_corrected(struct choosing *x, const char *about)
{
    void *grown =
        bw_grow(x->corrected, x->n_corrected, &x->cap_corrected, sizeof(*x->corrected));

    if (!grown) {
        return -ENOMEM;
    }
    x->corrected = grown;
    (void)snprintf(x->corrected[x->n_corrected++], sizeof(*x->corrected), "%s", about);
    return 0;
}

static int on_claim(void *owner, const struct bw_said *s)
{
    struct choosing *x = owner;
    struct bw_claimline c;
    char first[BW_DATE_LEN + 1];
    char last[BW_DATE_LEN + 1];
    int r;

    if (!s->statement->body ||
        bw_claimline_decode(s->statement->body, s->statement->n_body, &c, NULL) < 0) {
        x->to->n_unread++;
        return 0;
    }
    claim_days(&c, first, last);
    r = s->statement->n_replaces > 0 ? keep_corrected(x, s->statement->about)
                                     : look_at(x, s->statement->about, &c, first, last);
    bw_claimline_done(&c);
    return r;
}

static int on_version(void *owner, const struct bw_said *s)
{
    struct choosing *x = owner;
    struct bw_claimline c;
    int r = 0;

    if (s->statement->body &&
        bw_claimline_decode(s->statement->body, s->statement->n_body, &c, NULL) == 0) {
        r = look_at(x, s->statement->about, &c, x->version->first_day,
                    x->version->last_day);
        bw_claimline_done(&c);
    }
    return r;
}

/* Of a claim that was corrected the newest version that serves in the period. */
static int
one_corrected(struct choosing *x, struct bw_catalogue *c, size_t at, struct bw_err *reterr)
{
    struct bw_bound *list = NULL;
    size_t n = 0;
    int r = bw_bound_versions(c, x->corrected[at], x->asked->tz, &list, &n, reterr);

    x->taken = false;
    for (size_t i = n; r == 0 && i-- > 0 && !x->taken;) {
        x->version = &list[i];
        r = c->ops->statement_find(c, list[i].claim_id, on_version, x, reterr);
    }
    free(list);
    return r;
}

static int read_claims(struct choosing *x, struct bw_catalogue *c, struct bw_err *reterr)
{
    int r = c->ops->statements(c, &(struct bw_said_query){.kind = "claim"}, on_claim, x,
                               reterr);

    for (size_t i = 0; r == 0 && i < x->n_corrected; i++) {
        r = one_corrected(x, c, i, reterr);
    }
    return r;
}

static int by_about(const void *a, const void *b)
{
    return strcmp(((const struct bw_selected_line *)a)->about,
                  ((const struct bw_selected_line *)b)->about);
}

/* ---- circuits ------------------------------------------------------------------- */

static int compare_names(const struct bw_select_name *a, const struct bw_select_name *b)
{
    int r = strcmp(a->site, b->site);

    return r ? r : strcmp(a->circuit, b->circuit);
}

static struct bw_selected *
choose(struct choosing *x, const struct bw_select_name *name, const char *why)
{
    struct bw_selected *s = NULL;

    for (size_t i = x->to->n; i > 0 && !s; i--) {
        s = compare_names(&x->to->circuits[i - 1].name, name) == 0 ? &x->to->circuits[i - 1]
                                                                   : NULL;
    }
    if (s) {
        return s;
    }
    s = bw_grow(x->to->circuits, x->to->n, &x->cap_circuits, sizeof(*s));
    if (!s) {
        return NULL;
    }
    x->to->circuits = s;
    s += x->to->n++;
    *s = (struct bw_selected){.name = *name};
    (void)snprintf(s->why, sizeof(s->why), "%s", why);
    return s;
}

/* Is a circuit that is bound to a line also one of what was asked for? */
static bool is_chosen(struct choosing *x,
                      const struct bw_selected_line *l,
                      const char *site,
                      char why[200],
                      bool *ret_untold)
{
    char words[200];
    const struct bw_select_place *p = bw_select_here(&x->graph, site, 40, words);

    (void)snprintf(why, 200, "bound to %.120s by a person", l->about);
    if (!l->shared) {
        return true;
    }
    if (p) {
        (void)snprintf(why, 200, "bound to %.70s by a person; %.100s", l->about, words);
        return true;
    }
    if (l->lines == 1) {
        (void)snprintf(why, 200,
                       "bound to %.100s by a person: one line that serves others too",
                       l->about);
        return true;
    }
    p = bw_select_where(&x->graph, site);
    *ret_untold = !p || (!p->number[0] && !p->parent[0]);
    return false;
}

static void note_claim(struct bw_selected *s, const char *about)
{
    size_t n = strlen(s->claims);

    if (n + strlen(about) + 3 < sizeof(s->claims) - 4) {
        (void)snprintf(s->claims + n, sizeof(s->claims) - n, "%s%s", n ? ", " : "", about);
    } else if (n < sizeof(s->claims) - 4 && !strstr(s->claims, "…")) {
        (void)snprintf(s->claims + n, sizeof(s->claims) - n, "…");
    }
}

static struct bw_select_tie *
add_tie(struct choosing *x, const struct bw_selected_line *l, const struct bw_bound *b)
{
    struct bw_select_tie *t = bw_grow(x->ties, x->n_ties, &x->cap_ties, sizeof(*t));

    if (!t) {
        return NULL;
    }
    x->ties = t;
    t += x->n_ties++;
    *t = (struct bw_select_tie){.line = (size_t)(l - x->to->lines)};
    memcpy(t->first, b->first_day, sizeof(t->first));
    memcpy(t->last, b->last_day, sizeof(t->last));
    return t;
}

/* Is the newest tie's circuit tied to the same line already? Ties come circuit by circuit.
 */
static bool tied_before(const struct choosing *x)
{
    const struct bw_select_tie *t = &x->ties[x->n_ties - 1];

    for (size_t i = x->n_ties - 1; i-- > 0;) {
        if (compare_names(&x->ties[i].name, &t->name) != 0) {
            return false;
        }
        if (x->ties[i].line == t->line) {
            return true;
        }
    }
    return false;
}

static int on_bound(void *owner, const char *about, const struct bw_bound *b)
{
    struct choosing *x = owner;
    struct bw_selected_line key = {.about = ""};
    struct bw_selected_line *l;
    struct bw_select_tie *tie;
    const char *full = strchr(about, ':');
    const char *dot = full ? strchr(full, '.') : NULL;
    struct bw_selected *s;
    char why[200];

    (void)snprintf(key.about, sizeof(key.about), "%s", b->binding.claim);
    l = x->to->n_lines ? bsearch(&key, x->to->lines, x->to->n_lines, sizeof(key), by_about)
                       : NULL;
    if (!l || !dot || !b->claim_id[0] || !touches(x->asked, b->first_day, b->last_day) ||
        (b->last_day[0] && strcmp(b->first_day, b->last_day) > 0)) {
        return 0;
    }
    tie = add_tie(x, l, b);
    if (!tie) {
        return -ENOMEM;
    }
    (void)snprintf(tie->name.site, sizeof(tie->name.site), "%.*s", (int)(dot - full - 1),
                   full + 1);
    (void)snprintf(tie->name.circuit, sizeof(tie->name.circuit), "%s", dot + 1);
    if (!is_chosen(x, l, tie->name.site, why, &tie->untold)) {
        return 0;
    }
    s = choose(x, &tie->name, why);
    if (!s) {
        return -ENOMEM;
    }
    if (!tied_before(x)) {
        note_claim(s, l->about);
    }
    if (!s->district[0]) {
        (void)snprintf(s->district, sizeof(s->district), "%s", l->payer);
    } else if (strcmp(s->district, l->payer) != 0) {
        (void)snprintf(s->district, sizeof(s->district), "?"); /* two pay: not told */
    }
    return 0;
}

/* Of circuits with records: those of boxes that stand here, and in all of them which. */
static int by_place(struct choosing *x)
{
    const struct bw_select_asked *a = x->asked;
    char why[200];

    for (size_t i = 0; i < a->n_recorded; i++) {
        const struct bw_select_name *name = &a->recorded[i];
        const struct bw_select_place *p = bw_select_here(&x->graph, name->site, 120, why);
        if (a->by == BW_SELECT_ALL) {
            (void)snprintf(why, sizeof(why), "it has records");
        }
        if ((a->by == BW_SELECT_ALL || p) && !choose(x, name, why)) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return compare_names(&((const struct bw_selected *)a)->name,
                         &((const struct bw_selected *)b)->name);
}

static int compare_recorded(const void *a, const void *b)
{
    return compare_names(a, b);
}

/* Where its box stands says whose a circuit is; else who pays for it. */
static void settle(struct choosing *x)
{
    const struct bw_select_asked *a = x->asked;

    if (x->to->n > 1) {
        qsort(x->to->circuits, x->to->n, sizeof(*x->to->circuits), by_name);
    }
    for (size_t i = 0; i < x->to->n; i++) {
        struct bw_selected *s = &x->to->circuits[i];
        const struct bw_select_place *p = bw_select_where(&x->graph, s->name.site);
        const char *district = bw_select_district(&x->graph, p);
        if (district[0] || s->district[0] == '?') {
            (void)snprintf(s->district, sizeof(s->district), "%s", district);
        }
        s->recorded =
            a->n_recorded > 0 && bsearch(&s->name, a->recorded, a->n_recorded,
                                         sizeof(*a->recorded), compare_recorded) != NULL;
    }
}

/* ---- what is wrong -------------------------------------------------------------- */

/* A kind of entity that another option is for. */
static int check_kind(const struct choosing *x, struct bw_err *reterr)
{
    const struct bw_select_entity *e = bw_select_entity(&x->graph, x->asked->number);
    const char *type = e ? e->type : "";
    bool consortium = strstr(type, "Consortium") != NULL;
    bool district = strstr(type, "District") || strstr(type, "System");
    const char *other = NULL;

    if (x->asked->by == BW_SELECT_SCHOOL && (district || consortium)) {
        other = consortium ? "consortium" : "district";
    } else if (x->asked->by == BW_SELECT_DISTRICT && consortium) {
        other = "consortium";
    } else if (x->asked->by == BW_SELECT_CONSORTIUM && type[0] && !consortium) {
        other = district ? "district" : "school";
    }
    return other ? bw_err_set(reterr, -EINVAL,
                              "%s, %s, is a %s by its entry on file: --%s %s",
                              x->asked->number, e->name, e->type, other, x->asked->number)
                 : 0;
}

static int nothing_names_it(const struct choosing *x, struct bw_err *reterr)
{
    bool frn = x->asked->by == BW_SELECT_FRN;

    return bw_err_set(reterr, -ENOENT,
                      "%s %s is not on file here: no %s it. Import it first, `bandwitness "
                      "import usac FILE...` or `bandwitness import claims FILE`",
                      bw_select_word(x->asked->by), x->asked->number,
                      frn ? "claim is of" : "claim and no entity names");
}

static int nothing_measured(const struct choosing *x, struct bw_err *reterr)
{
    const struct bw_selection *s = x->to;
    const char *number = x->asked->number;

    if (s->n_lines == 0 && x->year != BW_UNKNOWN) {
        return bw_err_set(reterr, -ENODATA,
                          "%s %s has claims on file, of funding year %lld and none that "
                          "touches this period: ask for another, or import this one's",
                          bw_select_word(x->asked->by), number, (long long)x->year);
    }
    if (s->n_lines == 0) {
        return bw_err_set(reterr, -ENODATA,
                          "%s %s%s%s is on file, but no claim of it is, and no box stands "
                          "there: import its claims, or say where its boxes stand "
                          "(`bandwitness site list`)",
                          bw_select_word(x->asked->by), number, s->name[0] ? ", " : "",
                          s->name);
    }
    return bw_err_set(
        reterr, -ENODATA,
        "of %s %s%s%s %zu claim%s on file (%s%s), and nobody measures %s: no circuit is "
        "bound to %s. `bandwitness claim match` proposes, `bandwitness claim confirm` "
        "binds",
        bw_select_word(x->asked->by), number, s->name[0] ? ", " : "", s->name, s->n_lines,
        s->n_lines == 1 ? " is" : "s are", s->lines[0].about, s->n_lines > 1 ? ", …" : "",
        s->n_lines == 1 ? "it" : "them", s->n_lines == 1 ? "it" : "any of them");
}

/* ---- all of it ------------------------------------------------------------------ */

static int gather(struct choosing *x, struct bw_catalogue *c, struct bw_err *reterr)
{
    const struct bw_select_asked *a = x->asked;
    const struct bw_select_entity *e;
    int64_t unread = 0;
    int r = bw_select_graph_read(c, a, &x->graph, reterr);

    if (r == 0 && a->by > BW_SELECT_FRN) {
        r = check_kind(x, reterr);
        x->named = bw_select_mark(&x->graph, a->number, a->by != BW_SELECT_SCHOOL);
        e = bw_select_entity(&x->graph, a->number);
        (void)snprintf(x->to->name, sizeof(x->to->name), "%s", e ? e->name : "");
    }
    r = r < 0 ? r : read_claims(x, c, reterr);
    if (r == 0 && x->to->n_lines > 1) {
        qsort(x->to->lines, x->to->n_lines, sizeof(*x->to->lines), by_about);
    }
    r = r < 0 ? r : bw_bound_each(c, NULL, a->tz, on_bound, x, &unread, reterr);
    bw_select_count(x->to, x->ties, x->n_ties, a->first);
    x->to->n_unread += unread + x->graph.n_unread;
    return r;
}

int bw_select(struct bw_catalogue *c,
              const struct bw_select_asked *asked,
              struct bw_selection *ret,
              struct bw_err *reterr)
{
    struct choosing x = {.asked = asked, .to = ret, .year = BW_UNKNOWN};
    int r = 0;

    *ret = (struct bw_selection){.n = 0};
    if (c) {
        r = gather(&x, c, reterr);
    }
    if (r == 0 && asked->by != BW_SELECT_FRN) {
        r = by_place(&x);
    }
    if (r == -ENOMEM) {
        r = bw_err_set(reterr, r, "out of memory");
    } else if (r == 0) {
        settle(&x);
    }
    if (r == 0 && ret->n == 0 && asked->by != BW_SELECT_ALL) {
        r = x.named ? nothing_measured(&x, reterr) : nothing_names_it(&x, reterr);
    }
    free(x.ties);
    free(x.corrected);
    bw_select_graph_done(&x.graph);
    return r;
}

void bw_selection_done(struct bw_selection *s)
{
    free(s->circuits);
    free(s->lines);
    *s = (struct bw_selection){.n = 0};
}

int64_t bw_selected_unmeasured(const struct bw_selected_line *l)
{
    if (l->void_as[0]) {
        return 0;
    }
    if (l->lines == BW_UNKNOWN) {
        return l->n_bound > 0 ? 0 : BW_UNKNOWN;
    }
    return l->lines > l->n_bound ? l->lines - l->n_bound : 0;
}
