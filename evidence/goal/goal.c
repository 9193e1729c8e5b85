/* SPDX-License-Identifier: GPL-3.0-or-later
 * goal.c - the table of a goal's members, and the goals on file.
 *
 * Invariant: at most one statement of a name is in force: who says another one replaces
 * every one that is. */
#include "goal.h"

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <grow.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ofs[] = {"", "tested", "claimed", NULL};
static const char *const pers[] = {"", "student", "place", NULL};

#define AT(member)                                                                         \
    .at = offsetof(struct bw_goal, member), .size = sizeof(((struct bw_goal *)NULL)->member)

const struct bw_field bw_goal_fields[] = {
    {.name = "title", .kind = BW_FIELD_TEXT, .needed = true, AT(title)},
    {.name = "entity", .kind = BW_FIELD_TEXT, .needed = true, AT(entity)},
    {.name = "of", .kind = BW_FIELD_CHOICE, .needed = true, .words = ofs, AT(of)},
    {.name = "per", .kind = BW_FIELD_CHOICE, .needed = true, .words = pers, AT(per)},
    {.name = "target_bps",
     .kind = BW_FIELD_INT,
     .needed = true,
     .min = 1,
     .max = 1000000000000,
     AT(target_bps)},
    {.name = "share_ppm",
     .kind = BW_FIELD_INT,
     .needed = true,
     .min = 1,
     .max = 1000000,
     AT(share_ppm)},
    {.name = "by", .kind = BW_FIELD_DATE, .needed = true, AT(by)},
    {.name = "students_min",
     .kind = BW_FIELD_INT,
     .min = 1,
     .max = 10000000,
     AT(students_min)},
    {.name = "students_max",
     .kind = BW_FIELD_INT,
     .min = 1,
     .max = 10000000,
     AT(students_max)},
    {.name = "text", .kind = BW_FIELD_TEXT, AT(text)},
};
const size_t bw_goal_n_fields = sizeof(bw_goal_fields) / sizeof(bw_goal_fields[0]);

const char *bw_goal_of_name(int64_t of)
{
    return ofs[of == BW_GOAL_TESTED || of == BW_GOAL_CLAIMED ? of : 0];
}

const char *bw_goal_per_name(int64_t per)
{
    return pers[per == BW_GOAL_STUDENT || per == BW_GOAL_PLACE ? per : 0];
}

static int64_t parse(const char *const *words, const char *word)
{
    for (int64_t i = 1; words[i]; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    return 0;
}

int64_t bw_goal_of_parse(const char *word)
{
    return parse(ofs, word);
}

int64_t bw_goal_per_parse(const char *word)
{
    return parse(pers, word);
}

void bw_goal_init(struct bw_goal *g)
{
    memset(g, 0, sizeof(*g));
    bw_fields_init(bw_goal_fields, bw_goal_n_fields, g);
}

int bw_goal_check(const struct bw_goal *g, struct bw_err *reterr)
{
    if (g->students_min != BW_UNKNOWN && g->students_max != BW_UNKNOWN &&
        g->students_min > g->students_max) {
        return bw_err_set(reterr, -EINVAL, "from %lld to %lld students: nobody is in it",
                          (long long)g->students_min, (long long)g->students_max);
    }
    return 0;
}

bool bw_goal_name_valid(const char *name)
{
    size_t n = strlen(name);

    return n > 0 && n <= BW_GOAL_NAME_MAX && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

/* ---- those on file ----------------------------------------------------------------------
 */

struct reading {
    struct bw_goal_said *list;
    char (*ended_by)[BW_HASH_LEN + 1]; /* beside it: ids */
    size_t n, cap, cap_ended;
    int64_t unread;
};

/* By name, then as they came: the newest takes the place of those before it. */
static int take(void *owner, const struct bw_said *said)
{
    struct reading *r = owner;
    const struct bw_statement *s = said->statement;
    const char *name = s->about + sizeof(BW_GOAL_ABOUT) - 1;
    struct bw_goal_said *to = r->n > 0 ? &r->list[r->n - 1] : NULL;
    struct bw_goal g;

    bw_goal_init(&g);
    if (strncmp(s->about, BW_GOAL_ABOUT, sizeof(BW_GOAL_ABOUT) - 1) != 0 ||
        !bw_goal_name_valid(name) || !s->body ||
        bw_fields_decode(bw_goal_fields, bw_goal_n_fields, s->body, s->n_body, &g, NULL) <
            0 ||
        bw_goal_check(&g, NULL) < 0) {
        r->unread++;
        return 0;
    }
    if (!to || strcmp(to->name, name) != 0) {
        if (r->n == BW_GOALS_MAX) {
            return -E2BIG;
        }
        void *room = bw_grow(r->list, r->n, &r->cap, sizeof(*r->list));
        if (!room) {
            return -ENOMEM;
        }
        r->list = room;
        room = bw_grow(r->ended_by, r->n, &r->cap_ended, sizeof(*r->ended_by));
        if (!room) {
            return -ENOMEM;
        }
        r->ended_by = room;
        to = &r->list[r->n++];
        *to = (struct bw_goal_said){.first_said_unix_s = s->said_unix_s};
        (void)snprintf(to->name, sizeof(to->name), "%s", name);
    }
    to->goal = g;
    to->n_versions++;
    memcpy(to->id, said->id, sizeof(to->id));
    memcpy(to->by, s->by, sizeof(to->by));
    to->said_unix_s = s->said_unix_s;
    to->ended = said->ended_position != BW_UNKNOWN;
    to->ended_unix_s = BW_UNKNOWN;
    memcpy(r->ended_by[r->n - 1], said->ended_by, sizeof(*r->ended_by));
    return 0;
}

static int take_end(void *owner, const struct bw_said *said)
{
    struct bw_goal_said *to = owner;

    memcpy(to->ended_by, said->statement->by, sizeof(to->ended_by));
    to->ended_unix_s = said->statement->said_unix_s;
    return 0;
}

int bw_goals_read(struct bw_catalogue *c,
                  bool ended,
                  struct bw_goal_said **ret,
                  size_t *ret_n,
                  int64_t *ret_unread,
                  struct bw_err *reterr)
{
    const struct bw_said_query q = {.kind = BW_GOAL_WORD, .ended = true};
    struct reading x = {.n = 0};
    size_t n = 0;
    int r = c ? c->ops->statements(c, &q, take, &x, reterr) : 0;

    if (r == -E2BIG) {
        (void)bw_err_set(reterr, r, "more than %d goals", BW_GOALS_MAX);
    }
    for (size_t i = 0; r == 0 && i < x.n; i++) {
        struct bw_goal_said *g = &x.list[i];
        if (g->ended && !ended) {
            continue;
        }
        if (g->ended) {
            r = c->ops->statement_find(c, x.ended_by[i], take_end, g, reterr);
        }
        x.list[n++] = *g;
    }
    free(x.ended_by);
    if (r < 0) {
        free(x.list);
        return r;
    }
    *ret = x.list;
    *ret_n = n;
    if (ret_unread) {
        *ret_unread = x.unread;
    }
    return 0;
}

/* ---- to say one -------------------------------------------------------------------------
 */

/* Into what it replaces. */
static int take_current(void *owner, const struct bw_said *said)
{
    struct bw_statement *to = owner;

    if (to->n_replaces < BW_STATEMENT_REPLACES_MAX) {
        memcpy(to->replaces[to->n_replaces++], said->id, sizeof(to->replaces[0]));
    }
    return 0;
}

static int begin(struct bw_catalogue *c,
                 const char *name,
                 const char *by,
                 const char *via,
                 int64_t now_unix_ms,
                 struct bw_statement *s,
                 struct bw_err *reterr)
{
    struct bw_said_query q = {.kind = BW_GOAL_WORD};

    if (!bw_goal_name_valid(name)) {
        return bw_err_set(reterr, -EINVAL,
                          "a goal's name is 1 to %d of a-z, 0-9 and '-', and begins with "
                          "no '-'",
                          BW_GOAL_NAME_MAX);
    }
    bw_statement_init(s, BW_STATEMENT_OTHER);
    (void)snprintf(s->word, sizeof(s->word), "%s", BW_GOAL_WORD);
    (void)snprintf(s->about, sizeof(s->about), "%s%s", BW_GOAL_ABOUT, name);
    (void)snprintf(s->by, sizeof(s->by), "%s", by);
    (void)snprintf(s->via, sizeof(s->via), "%s", via);
    s->said_unix_s = now_unix_ms / 1000;
    q.about = s->about;
    return c->ops->statements(c, &q, take_current, s, reterr);
}

int bw_goal_say(struct bw_catalogue *c,
                const char *name,
                const struct bw_goal *g,
                const char *by,
                const char *via,
                int64_t now_unix_ms,
                char ret_id[BW_HASH_LEN + 1],
                struct bw_err *reterr)
{
    struct bw_statement s;
    struct bw_buf body;
    int r = bw_goal_check(g, reterr);

    bw_buf_init(&body, BW_STATEMENT_MAX);
    r = r < 0 ? r : begin(c, name, by, via, now_unix_ms, &s, reterr);
    r = r < 0 ? r : bw_fields_encode(bw_goal_fields, bw_goal_n_fields, g, &body, reterr);
    if (r == 0) {
        s.body = body.data;
        s.n_body = body.len;
        r = bw_catalogue_say(c, &s, now_unix_ms, ret_id, reterr);
    }
    bw_buf_done(&body);
    return r;
}

int bw_goal_withdraw(struct bw_catalogue *c,
                     const char *name,
                     const char *text,
                     const char *by,
                     const char *via,
                     int64_t now_unix_ms,
                     char ret_id[BW_HASH_LEN + 1],
                     struct bw_err *reterr)
{
    struct bw_statement s = {.n_replaces = 0};
    struct bw_statement w;
    struct bw_buf body;
    struct bw_jw jw;
    int r = begin(c, name, by, via, now_unix_ms, &s, reterr);

    if (r == 0 && s.n_replaces == 0) {
        r = bw_err_set(reterr, -ENOENT, "no goal named %s holds", name);
    }
    if (r < 0) {
        return r;
    }
    bw_buf_init(&body, BW_STATEMENT_MAX);
    bw_jw_init(&jw, &body);
    bw_jw_obj(&jw);
    bw_jw_ki64(&jw, "v", 1);
    bw_jw_kstr(&jw, "text", text[0] ? text : NULL);
    bw_jw_obj_end(&jw);
    bw_statement_init(&w, BW_STATEMENT_WITHDRAWAL);
    (void)snprintf(w.about, sizeof(w.about), "%s", s.replaces[0]);
    (void)snprintf(w.by, sizeof(w.by), "%s", by);
    (void)snprintf(w.via, sizeof(w.via), "%s", via);
    w.said_unix_s = s.said_unix_s;
    r = bw_buf_error(&body);
    if (r == 0) {
        w.body = body.data;
        w.n_body = body.len;
        r = bw_catalogue_say(c, &w, now_unix_ms, ret_id, reterr);
    }
    bw_buf_done(&body);
    return r;
}
