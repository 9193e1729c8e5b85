/* SPDX-License-Identifier: GPL-3.0-or-later
 * opendata_say.c - words about publication, read and weighed. */
#include "opendata_say.h"

#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <errno.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const acts[] = {"", "approve", "hold", "standing", NULL};

#define AT(member)                                                                         \
    .at = offsetof(struct bw_opendata_say, member),                                        \
    .size = sizeof(((struct bw_opendata_say *)NULL)->member)

const struct bw_field bw_opendata_fields[] = {
    {.name = "act", .kind = BW_FIELD_CHOICE, .needed = true, .words = acts, AT(act)},
    {.name = "from", .kind = BW_FIELD_DATE, .needed = true, AT(from)},
    {.name = "to", .kind = BW_FIELD_DATE, AT(to)},
    {.name = "reason", .kind = BW_FIELD_TEXT, AT(reason)},
    {.name = "seen", .kind = BW_FIELD_TEXT, .max = 1, AT(seen)},
};
const size_t bw_opendata_n_fields =
    sizeof(bw_opendata_fields) / sizeof(bw_opendata_fields[0]);

const char *bw_opendata_act_name(int64_t act)
{
    return act > BW_OPENDATA_ACT_NONE && act <= BW_OPENDATA_STANDING ? acts[act] : "";
}

int64_t bw_opendata_act_parse(const char *word)
{
    for (int64_t a = BW_OPENDATA_APPROVE; a <= BW_OPENDATA_STANDING; a++) {
        if (strcmp(acts[a], word) == 0) {
            return a;
        }
    }
    return BW_OPENDATA_ACT_NONE;
}

/* ---- lines of what was seen -------------------------------------------------------------
 */

void bw_opendata_seen_add(struct bw_buf *b, int64_t day, size_t n_rows, const char *hash)
{
    char date[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(day, date);
    bw_buf_printf(b, "%s%s %zu %s", b->len > 0 ? "\n" : "", date, n_rows, hash);
}

/* The line that begins here; the next one's begin, NULL: it is no such line. */
static const char *
seen_line(const char *at, int64_t *ret_day, size_t *ret_rows, const char **ret_hash)
{
    char *end = NULL;

    if (bw_civil_date_parse(at, ret_day) < 0 || at[BW_CIVIL_DATE_LEN] != ' ') {
        return NULL;
    }
    at += BW_CIVIL_DATE_LEN + 1;
    if (*at < '1' || *at > '9') {
        return NULL;
    }
    unsigned long n = strtoul(at, &end, 10);
    if (end - at > 5 || *end != ' ') {
        return NULL;
    }
    *ret_rows = n;
    *ret_hash = end + 1;
    at = end + 1;
    for (size_t i = 0; i < BW_HASH_LEN; i++) {
        if (at[i] == '\0' || at[i] == '\n') {
            return NULL;
        }
    }
    at += BW_HASH_LEN;
    return *at == '\0' ? at : *at == '\n' && at[1] ? at + 1 : NULL;
}

static bool seen(const char *text, int64_t day, size_t n_rows, const char *hash)
{
    while (text && *text) {
        int64_t d = 0;
        size_t n = 0;
        const char *h = NULL;
        text = seen_line(text, &d, &n, &h);
        if (text && d == day) {
            return n == n_rows && strncmp(h, hash, BW_HASH_LEN) == 0;
        }
    }
    return false;
}

/* ---- a body -----------------------------------------------------------------------------
 */

static int
check_seen(const struct bw_opendata_say *s, int64_t from, int64_t to, struct bw_err *reterr)
{
    const char *at = s->seen;
    int64_t last = from - 1;

    while (*at) {
        int64_t day = 0;
        size_t n = 0;
        const char *hash = NULL;
        char id[BW_HASH_LEN + 1];
        at = seen_line(at, &day, &n, &hash);
        if (at) {
            (void)snprintf(id, sizeof(id), "%.*s", BW_HASH_LEN, hash);
        }
        if (!at || day <= last || day > to || !bw_statement_id_valid(id)) {
            return bw_err_set(reterr, -EINVAL, "what was seen is no list of days");
        }
        last = day;
    }
    return 0;
}

int bw_opendata_say_check(const struct bw_opendata_say *s, struct bw_err *reterr)
{
    int64_t from = 0;
    int64_t to = INT64_MAX;

    if (s->act <= BW_OPENDATA_ACT_NONE || s->act > BW_OPENDATA_STANDING) {
        return bw_err_set(reterr, -EINVAL, "approve, hold or standing?");
    }
    if (!bw_date_valid(s->from) || bw_civil_date_parse(s->from, &from) < 0) {
        return bw_err_set(reterr, -EINVAL, "the first day is no day, as 2026-11-02");
    }
    if (s->to[0] && (!bw_date_valid(s->to) || bw_civil_date_parse(s->to, &to) < 0)) {
        return bw_err_set(reterr, -EINVAL, "the last day is no day, as 2026-11-30");
    }
    if (to < from) {
        return bw_err_set(reterr, -EINVAL, "the last day is before the first one");
    }
    if (s->act != BW_OPENDATA_APPROVE) {
        if (s->seen[0]) {
            return bw_err_set(reterr, -EINVAL, "only an approval says what was seen");
        }
        return s->act == BW_OPENDATA_HOLD && !s->reason[0]
                   ? bw_err_set(reterr, -EINVAL, "a hold needs a reason")
                   : 0;
    }
    if (to == INT64_MAX) {
        return bw_err_set(reterr, -EINVAL,
                          "an approval has a last day; one for days to come is standing");
    }
    if (to - from >= BW_OPENDATA_SPAN_DAYS) {
        return bw_err_set(reterr, -EINVAL, "at most %d days at once",
                          (int)BW_OPENDATA_SPAN_DAYS);
    }
    return s->seen[0] ? check_seen(s, from, to, reterr)
                      : bw_err_set(reterr, -EINVAL, "there is nothing to approve");
}

/* ---- all of them ------------------------------------------------------------------------
 */

struct reading {
    struct bw_opendata_words *w;
    size_t cap;
    char (*ends)[BW_HASH_LEN + 1]; /* id of what ended said[i]; "" */
    struct bw_opendata_say say;    /* not on the stack: it is long */
};

static int grow(struct reading *x)
{
    size_t cap = x->cap ? x->cap * 2 : 64;
    struct bw_opendata_said *said = reallocarray(x->w->said, cap, sizeof(*said));
    char(*ends)[BW_HASH_LEN + 1] = NULL;

    if (!said) {
        return -ENOMEM;
    }
    x->w->said = said;
    ends = reallocarray(x->ends, cap, sizeof(*ends));
    if (!ends) {
        return -ENOMEM;
    }
    x->ends = ends;
    x->cap = cap;
    return 0;
}

static int on_said(void *owner, const struct bw_said *said)
{
    struct reading *x = owner;
    const struct bw_statement *s = said->statement;
    struct bw_opendata_words *w = x->w;
    struct bw_opendata_say *say = &x->say;

    if (strlen(s->about) <= strlen(BW_OPENDATA_ABOUT) ||
        strlen(s->about) > strlen(BW_OPENDATA_ABOUT) + BW_ENTITY_MAX) {
        return 0;
    }
    if (w->n >= BW_OPENDATA_SAID_MAX) {
        return -E2BIG;
    }
    if (w->n == x->cap && grow(x) < 0) {
        return -ENOMEM;
    }
    struct bw_opendata_said *to = &w->said[w->n];
    *to = (struct bw_opendata_said){.position = said->position,
                                    .said_unix_s = s->said_unix_s,
                                    .ended_unix_s = BW_UNKNOWN};
    (void)snprintf(to->entity, sizeof(to->entity), "%.*s", BW_ENTITY_MAX,
                   s->about + strlen(BW_OPENDATA_ABOUT));
    memcpy(to->id, said->id, sizeof(to->id));
    (void)snprintf(to->by, sizeof(to->by), "%s", s->by);
    memset(say, 0, sizeof(*say));
    to->unread = !s->body ||
                 bw_fields_decode(bw_opendata_fields, bw_opendata_n_fields, s->body,
                                  s->n_body, say, NULL) < 0 ||
                 bw_opendata_say_check(say, NULL) < 0;
    to->act = to->unread ? BW_OPENDATA_HOLD : say->act;
    to->from_day = INT64_MIN;
    to->to_day = INT64_MAX;
    if (!to->unread) {
        (void)bw_civil_date_parse(say->from, &to->from_day);
        if (say->to[0]) {
            (void)bw_civil_date_parse(say->to, &to->to_day);
        }
    }
    memcpy(x->ends[w->n], said->ended_by, sizeof(x->ends[0]));
    w->n++;
    to->reason = strdup(to->unread ? "it needs a newer program" : say->reason);
    to->seen = strdup(to->unread ? "" : say->seen);
    return to->reason && to->seen ? 0 : -ENOMEM;
}

static int on_end(void *owner, const struct bw_said *said)
{
    struct bw_opendata_said *to = owner;

    to->ended_unix_s = said->statement->said_unix_s;
    (void)snprintf(to->ended_by, sizeof(to->ended_by), "%s", said->statement->by);
    return 0;
}

static int by_entity(const void *a, const void *b)
{
    const struct bw_opendata_said *x = a;
    const struct bw_opendata_said *y = b;
    int c = strcmp(x->entity, y->entity);

    return c != 0 ? c : (x->position > y->position) - (x->position < y->position);
}

int bw_opendata_words_read(struct bw_catalogue *c,
                           struct bw_opendata_words *ret,
                           struct bw_err *reterr)
{
    const struct bw_said_query q = {.kind = BW_OPENDATA_WORD, .ended = true};
    struct bw_opendata_words w = {.n = 0};
    struct reading *x = calloc(1, sizeof(*x));
    int r = x ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");

    if (r == 0) {
        x->w = &w;
        r = c ? c->ops->statements(c, &q, on_said, x, reterr) : 0;
    }
    for (size_t i = 0; r == 0 && i < w.n; i++) {
        r = x->ends[i][0]
                ? c->ops->statement_find(c, x->ends[i], on_end, &w.said[i], reterr)
                : 0;
    }
    if (r == 0 && w.n > 0) {
        qsort(w.said, w.n, sizeof(*w.said), by_entity);
    }
    if (r < 0) {
        bw_opendata_words_done(&w);
        r = r == -E2BIG ? bw_err_set(reterr, r, "more than %d words about open data",
                                     (int)BW_OPENDATA_SAID_MAX)
                        : r;
    } else {
        *ret = w;
    }
    if (x) {
        free(x->ends);
    }
    free(x);
    return r;
}

void bw_opendata_words_done(struct bw_opendata_words *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free(w->said[i].reason);
        free(w->said[i].seen);
    }
    free(w->said);
    *w = (struct bw_opendata_words){.n = 0};
}

void bw_opendata_words_of(const struct bw_opendata_words *w,
                          const char *entity,
                          size_t *ret_first,
                          size_t *ret_end)
{
    size_t low = 0;
    size_t high = w->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(w->said[mid].entity, entity) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *ret_first = low;
    while (low < w->n && strcmp(w->said[low].entity, entity) == 0) {
        low++;
    }
    *ret_end = low;
}

/* ---- what they come to ------------------------------------------------------------------
 */

bool bw_opendata_is_published(enum bw_opendata_state s)
{
    return s == BW_OPENDATA_APPROVED || s == BW_OPENDATA_STANDS;
}

const char *bw_opendata_state_name(enum bw_opendata_state s)
{
    static const char *const names[] = {
        [BW_OPENDATA_UNSAID] = "not approved",      [BW_OPENDATA_HELD] = "held",
        [BW_OPENDATA_CHANGED] = "changed since",    [BW_OPENDATA_APPROVED] = "approved",
        [BW_OPENDATA_STANDS] = "approved for good",
    };
    return names[s];
}

static bool covers(const struct bw_opendata_said *s, int64_t day)
{
    return day >= s->from_day && day <= s->to_day;
}

/* Was the day old enough to be published before this approval ended? */
static bool
was_out(const struct bw_opendata_said *s, const struct bw_opendata_said *hold, int64_t day)
{
    int64_t until = s->ended_unix_s != BW_UNKNOWN ? s->ended_unix_s : hold->said_unix_s;

    return day <= bw_opendata_last_day(until);
}

/* Why a day that is not published once was. */
static void find_taken(const struct bw_opendata_said *said,
                       size_t n,
                       int64_t day,
                       struct bw_opendata_verdict *v)
{
    for (size_t i = 0; i < n; i++) {
        const struct bw_opendata_said *s = &said[i];
        const struct bw_opendata_said *hold =
            v->state == BW_OPENDATA_HELD && v->by->position > s->position ? v->by : NULL;
        if (s->act != BW_OPENDATA_HOLD && covers(s, day) &&
            (s->ended_unix_s != BW_UNKNOWN || hold) && was_out(s, hold, day)) {
            v->taken = s;
            v->taken_unix_s =
                s->ended_unix_s != BW_UNKNOWN ? s->ended_unix_s : hold->said_unix_s;
        }
    }
}

void bw_opendata_judge(const struct bw_opendata_said *said,
                       size_t n,
                       int64_t day,
                       size_t n_rows,
                       const char *hash,
                       struct bw_opendata_verdict *ret)
{
    const struct bw_opendata_said *last = NULL; /* of approvals and holds */
    const struct bw_opendata_said *standing = NULL;
    struct bw_opendata_verdict v = {.state = BW_OPENDATA_UNSAID,
                                    .taken_unix_s = BW_UNKNOWN};

    for (size_t i = 0; i < n; i++) {
        if (said[i].ended_unix_s != BW_UNKNOWN || !covers(&said[i], day)) {
            continue;
        }
        if (said[i].act == BW_OPENDATA_STANDING) {
            standing = &said[i];
        } else {
            last = &said[i];
        }
    }
    if (last && last->act == BW_OPENDATA_HOLD) {
        v.state = BW_OPENDATA_HELD;
        v.by = last;
    } else if (last && seen(last->seen, day, n_rows, hash)) {
        v.state = BW_OPENDATA_APPROVED;
        v.by = last;
    } else if (standing) {
        v.state = BW_OPENDATA_STANDS;
        v.by = standing;
    } else if (last) {
        v.state = BW_OPENDATA_CHANGED;
        v.by = last;
    }
    if (!bw_opendata_is_published(v.state)) {
        find_taken(said, n, day, &v);
    }
    *ret = v;
}

int64_t bw_opendata_last_day(int64_t now_unix_s)
{
    /* A day ends last at UTC-12, twelve hours after it ended at UTC. */
    int64_t s = now_unix_s - 43200;
    int64_t today = s >= 0 ? s / 86400 : (s - 86399) / 86400;

    return today - BW_OPENDATA_AGE_DAYS - 1;
}
