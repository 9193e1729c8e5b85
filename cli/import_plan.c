/* SPDX-License-Identifier: GPL-3.0-or-later
 * import_plan.c - one step per item: what is in force, what was read, what follows.
 *
 * Invariant: looking and writing take the same step; a body that is in force already is
 * never said again. */
#include "import_plan.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    SHOWN_MAX = 200,         /* changes that are listed for people */
    FLUSH_BYTES = 256 * 1024 /* of JSON before it is written out */
};

void bw_import_plan_init(struct bw_import_plan *p,
                         const struct bw_verb *verb,
                         const struct bw_import_source *source,
                         const struct bw_docket *docket)
{
    memset(p, 0, sizeof(*p));
    p->verb = verb;
    p->source = source;
    p->docket = docket;
    bw_buf_init(&p->body, BW_STATEMENT_MAX);
    bw_buf_init(&p->current, BW_STATEMENT_MAX);
    bw_buf_init(&p->text, BW_STATEMENT_MAX);
}

void bw_import_plan_done(struct bw_import_plan *p)
{
    bw_buf_done(&p->body);
    bw_buf_done(&p->current);
    bw_buf_done(&p->text);
}

static const struct bw_field *fields_of(enum bw_statement_kind kind, size_t *ret_n)
{
    *ret_n = kind == BW_STATEMENT_CLAIM ? bw_claimline_n_fields : bw_entityline_n_fields;
    return kind == BW_STATEMENT_CLAIM ? bw_claimline_fields : bw_entityline_fields;
}

/* Of several statements in force about one key all are replaced, the last is compared. */
static int on_current(void *owner, const struct bw_said *s)
{
    struct bw_import_plan *p = owner;
    const struct bw_statement *said = s->statement;
    if (p->statement.n_replaces == BW_STATEMENT_REPLACES_MAX) {
        return -E2BIG;
    }
    memcpy(p->statement.replaces[p->statement.n_replaces++], s->id, sizeof(s->id));
    bw_buf_clear(&p->current);
    bw_buf_add(&p->current, said->body, said->n_body);
    memcpy(p->current_via, said->via, sizeof(p->current_via));
    return 0;
}

static int find_current(struct bw_import_plan *p, struct bw_err *reterr)
{
    struct bw_said_query q = {.kind = p->statement.word, .about = p->about};
    bw_buf_clear(&p->current);
    p->current_via[0] = '\0';
    int r = bw_docket_each(p->docket, &q, on_current, p, reterr);
    if (r == -E2BIG) {
        return bw_err_set(reterr, r, "%s: too many statements are in force", p->about);
    }
    return r < 0 ? r : bw_buf_error(&p->current);
}

/* What the files say nothing of stays as it was said. */
static int carry(struct bw_import_plan *p, struct bw_import_item *item)
{
    struct bw_claimline before;
    struct bw_err err;
    bool spin = item->claim.spin[0];
    int r = 0;
    if (item->kind != BW_STATEMENT_CLAIM || !item->silent || p->current.len == 0 ||
        bw_claimline_decode(p->current.data, p->current.len, &before, &err) < 0) {
        return 0;
    }
    for (size_t i = 0; r == 0 && i < bw_claimline_n_fields; i++) {
        const struct bw_field *f = &bw_claimline_fields[i];
        if (item->silent(item, f->name) && !bw_field_stated(f, &item->claim)) {
            r = bw_field_copy(f, &item->claim, &before);
        }
    }
    if (!spin && before.provider[0] &&
        strcasecmp(before.provider, item->claim.provider) != 0) {
        item->claim.spin[0] = '\0'; /* the number was another provider's */
    }
    if (r == 0 && !item->has_recipients) {
        item->claim.flags |= before.flags & BW_CLAIM_MANY_RECIPIENTS;
    }
    bw_claimline_done(&before);
    return r;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int
key_of(struct bw_import_plan *p, const struct bw_import_item *item, struct bw_err *reterr)
{
    if (item->kind == BW_STATEMENT_CLAIM) {
        return bw_claimline_about(&item->claim, p->about, reterr);
    }
    (void)snprintf(p->about, sizeof(p->about), "ben:%s", item->entity.number);
    return 0;
}

/* A correction of later days leaves the earlier ones to what was said before; one of
 * earlier days alone would take the later ones away. */
static int days_apart(struct bw_import_plan *p,
                      const struct bw_import_item *item,
                      struct bw_err *reterr)
{
    const struct bw_claimline *now = &item->claim;
    struct bw_claimline before;
    struct bw_err err;
    if (item->kind != BW_STATEMENT_CLAIM || p->current.len == 0 ||
        bw_claimline_decode(p->current.data, p->current.len, &before, &err) < 0) {
        return 0;
    }
    bool apart = now->to[0] && before.from[0] && strcmp(now->to, before.from) < 0;
    bw_claimline_done(&before);
    return apart ? bw_err_set(reterr, -EINVAL,
                              "%s is on record for other days and would be replaced, not "
                              "joined: give this one a name of its own, or withdraw that",
                              p->about)
                 : 0;
}

/* Item i and what follows from it: 1, 0 (there is none), or a failure. */
static int
step(struct bw_import_plan *p, size_t i, struct bw_import_item *item, struct bw_err *reterr)
{
    struct bw_statement *s = &p->statement;
    int r = p->source->item(p->source->owner, i, item, reterr);
    if (r <= 0) {
        return r;
    }
    bw_docket_begin(p->verb, p->docket, item->kind, s);
    r = key_of(p, item, reterr);
    r = r < 0 ? r : find_current(p, reterr);
    if (r == 0 && (r = carry(p, item)) < 0) {
        r = bw_err_set(reterr, r, "no memory");
    }
    bw_buf_clear(&p->body);
    if (r == 0) {
        r = item->kind == BW_STATEMENT_CLAIM
                ? bw_claimline_encode(&item->claim, &p->body, reterr)
                : bw_entityline_encode(&item->entity, &p->body, reterr);
    }
    if (r < 0) {
        return bw_err_prefix(reterr, r, "%s:%" PRId64, item->path, item->line);
    }
    memcpy(s->about, p->about, sizeof(s->about));
    (void)snprintf(s->file, sizeof(s->file), "%.*s", BW_STATEMENT_FILE_MAX,
                   base_name(item->path));
    (void)snprintf(s->sha256, sizeof(s->sha256), "%s", item->sha256);
    s->body = p->body.data;
    s->n_body = p->body.len;
    if (s->n_replaces == 0) {
        p->verdict = BW_IMPORT_NEW;
    } else if (p->current.len == p->body.len &&
               memcmp(p->current.data, p->body.data, p->body.len) == 0) {
        p->verdict = BW_IMPORT_SAME;
    } else {
        bool other = strcmp(p->current_via, p->verb->name) != 0;
        p->verdict = p->source->hold && other ? BW_IMPORT_HELD : BW_IMPORT_CHANGED;
    }
    if (p->verdict == BW_IMPORT_CHANGED && days_apart(p, item, reterr) < 0) {
        return bw_err_prefix(reterr, -EINVAL, "%s:%" PRId64, item->path, item->line);
    }
    return 1;
}

/* ---- looking --------------------------------------------------------------------- */

union line {
    struct bw_claimline claim;
    struct bw_entityline entity;
};

/* The body in force as a struct; all "not stated" where it is not of this version. */
static void
read_current(const struct bw_import_plan *p, enum bw_statement_kind kind, union line *to)
{
    struct bw_err err;
    if (kind == BW_STATEMENT_CLAIM) {
        (void)bw_claimline_decode(p->current.data, p->current.len, &to->claim, &err);
    } else {
        (void)bw_entityline_decode(p->current.data, p->current.len, &to->entity, &err);
    }
}

static const char *const verdict_words[BW_IMPORT_VERDICTS] = {
    [BW_IMPORT_NEW] = "new",
    [BW_IMPORT_CHANGED] = "changed",
    [BW_IMPORT_SAME] = "unchanged",
    [BW_IMPORT_HELD] = "held",
};

/* Of a speed without a unit: that somebody said it, which may be all that changed. */
static const char *unit_by(const struct bw_field *f, const void *object, const char *text)
{
    const void *at = (const char *)object + f->at;
    const struct bw_speed *speed = f->kind == BW_FIELD_SPEED ? at : NULL;
    return speed && text && speed->unit_asked ? " (unit by --unit)" : "";
}

static void say_members(const struct bw_field *f,
                        const void *before,
                        const void *now,
                        struct bw_import_view *view)
{
    struct bw_buf old_text;
    struct bw_buf new_text;
    bw_buf_init(&old_text, BW_STATEMENT_MAX);
    bw_buf_init(&new_text, BW_STATEMENT_MAX);
    bw_field_text(f, before, &old_text);
    bw_field_text(f, now, &new_text);
    if (view->json) {
        bw_jw_obj(view->w);
        bw_jw_kstr(view->w, "member", f->name);
        bw_jw_kstr(view->w, "old", old_text.len ? old_text.data : NULL);
        bw_jw_kstr(view->w, "new", new_text.len ? new_text.data : NULL);
        bw_jw_obj_end(view->w);
    } else {
        const char *old = old_text.len ? old_text.data : NULL;
        const char *new = new_text.len ? new_text.data : NULL;
        (void)printf("    %s: %s%s -> %s%s\n", f->name, old ? old : "not stated",
                     unit_by(f, before, old), new ? new : "not stated",
                     unit_by(f, now, new));
    }
    bw_buf_done(&old_text);
    bw_buf_done(&new_text);
}

static void say_change(const struct bw_import_plan *p,
                       const struct bw_import_item *item,
                       struct bw_import_view *view)
{
    size_t n;
    const struct bw_field *f = fields_of(item->kind, &n);
    const void *now = item->kind == BW_STATEMENT_CLAIM ? (const void *)&item->claim
                                                       : (const void *)&item->entity;
    union line before;
    read_current(p, item->kind, &before);
    for (size_t i = 0; i < n; i++) {
        if (!bw_field_same(&f[i], &before, now)) {
            say_members(&f[i], &before, now, view);
        }
    }
    bw_fields_done(f, n, &before);
}

static void flush(struct bw_import_view *view)
{
    (void)fwrite(view->out->data, 1, view->out->len, stdout);
    bw_buf_clear(view->out);
}

static void say_json(const struct bw_import_plan *p,
                     const struct bw_import_item *item,
                     struct bw_import_view *view)
{
    struct bw_jw *w = view->w;
    bw_jw_obj(w);
    bw_jw_kstr(w, "kind", p->statement.word);
    bw_jw_kstr(w, "about", p->about);
    bw_jw_kstr(w, "what", verdict_words[p->verdict]);
    bw_jw_kstr(w, "file", item->path);
    bw_jw_ki64(w, "line", item->line);
    bw_jw_key(w, "body");
    bw_jw_raw(w, p->body.data, p->body.len);
    if (p->verdict != BW_IMPORT_NEW) {
        bw_jw_karr(w, "members");
        say_change(p, item, view);
        bw_jw_arr_end(w);
    }
    bw_jw_obj_end(w);
    if (view->out->len > FLUSH_BYTES) {
        flush(view);
    }
}

static void say_text(const struct bw_import_plan *p,
                     const struct bw_import_item *item,
                     struct bw_import_view *view)
{
    if (p->verdict == BW_IMPORT_NEW || view->shown++ >= SHOWN_MAX) {
        return;
    }
    (void)printf("  %s (%s:%" PRId64 ")%s\n", p->about, item->path, item->line,
                 p->verdict == BW_IMPORT_HELD ? " stays as it was said in another way"
                                              : "");
    say_change(p, item, view);
}

int bw_import_plan_look(struct bw_import_plan *p,
                        struct bw_import_view *view,
                        struct bw_err *reterr)
{
    struct bw_import_item item;
    int r = 0;
    memset(p->n, 0, sizeof(p->n));
    for (size_t i = 0; r == 0 && i < p->source->n; i++) {
        memset(&item, 0, sizeof(item));
        r = step(p, i, &item, reterr);
        if (r > 0) {
            p->n[item.kind][p->verdict]++;
            r = 0;
            if (p->verdict != BW_IMPORT_SAME) {
                if (view->json) {
                    say_json(p, &item, view);
                } else {
                    say_text(p, &item, view);
                }
            }
        }
        bw_claimline_done(&item.claim);
    }
    if (r == 0 && !view->json && view->shown > SHOWN_MAX) {
        (void)printf("  and %" PRId64 " more changes (--json lists all)\n",
                     view->shown - SHOWN_MAX);
    }
    return r;
}

/* ---- writing --------------------------------------------------------------------- */

static int
next_statement(void *owner, const char **ret_text, size_t *ret_n, struct bw_err *reterr)
{
    struct bw_import_plan *p = owner;
    struct bw_import_item item;
    while (p->next < p->source->n) {
        memset(&item, 0, sizeof(item));
        int r = step(p, p->next++, &item, reterr);
        bw_claimline_done(&item.claim);
        if (r < 0) {
            return r;
        }
        if (r == 0 || p->verdict == BW_IMPORT_SAME || p->verdict == BW_IMPORT_HELD) {
            continue;
        }
        bw_buf_clear(&p->text);
        r = bw_statement_encode(&p->statement, &p->text, reterr);
        if (r < 0) {
            return bw_err_prefix(reterr, r, "%s", p->about);
        }
        *ret_text = p->text.data;
        *ret_n = p->text.len;
        return 1;
    }
    return 0;
}

int bw_import_plan_write(struct bw_import_plan *p,
                         struct bw_said_sum *ret_sum,
                         struct bw_err *reterr)
{
    struct bw_catalogue *c = p->docket->catalogue;
    p->next = 0;
    return c->ops->statements_add(c, next_statement, p, p->docket->now_unix_ms, ret_sum,
                                  reterr);
}

/* ---- counts ---------------------------------------------------------------------- */

void bw_import_plan_say(const struct bw_import_plan *p, enum bw_statement_kind kind)
{
    const int64_t *n = p->n[kind];
    (void)printf("%s: %" PRId64 " new, %" PRId64 " changed, %" PRId64 " unchanged",
                 kind == BW_STATEMENT_CLAIM ? "Claims" : "Entities", n[BW_IMPORT_NEW],
                 n[BW_IMPORT_CHANGED], n[BW_IMPORT_SAME]);
    if (n[BW_IMPORT_HELD] > 0) {
        (void)printf(", %" PRId64 " held as they were said in another way",
                     n[BW_IMPORT_HELD]);
    }
    (void)printf("\n");
}

void bw_import_plan_json(const struct bw_import_plan *p,
                         struct bw_jw *w,
                         enum bw_statement_kind kind)
{
    bw_jw_kobj(w, kind == BW_STATEMENT_CLAIM ? "claims" : "entities");
    for (int v = 0; v < BW_IMPORT_VERDICTS; v++) {
        bw_jw_ki64(w, verdict_words[v], p->n[kind][v]);
    }
    bw_jw_obj_end(w);
}
