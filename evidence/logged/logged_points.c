/* SPDX-License-Identifier: GPL-3.0-or-later
 * logged_points.c - which checkpoints of a log go into a bag, with what witnesses and time
 * stampers said of them. */
#include "logged_writing.h"

#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlog_store.h>

enum {
    WEEK_S = 7 * 86400
};

struct seeing {
    struct bw_logged_writing *w;
    char (*names)[BW_NOTE_NAME_MAX + 1];
    size_t n;
};

static int
on_seen(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    struct seeing *k = owner;

    (void)unix_s;
    (void)bytes;
    (void)n;
    for (size_t i = 0; i < k->n; i++) {
        if (strcmp(k->names[i], who) == 0) {
            return 0;
        }
    }
    if (k->n < BW_LOG_OTHERS_MAX && strlen(who) <= BW_NOTE_NAME_MAX) {
        (void)snprintf(k->names[k->n++], sizeof(k->names[0]), "%s", who);
    }
    return 0;
}

/* The newest; the newest that each witness and that any stamper signed; and of each week in
 * which a record came the first that somebody did, so that each record is held from above.
 */
static int choose(struct bw_logged_writing *w)
{
    char names[BW_LOG_OTHERS_MAX][BW_NOTE_NAME_MAX + 1];
    struct seeing seen = {.w = w, .names = names};
    int64_t first_leaf = w->n_parts > 0 ? w->parts[0].index : 0;
    bool of_record = false;
    int64_t last_ms = 0;
    int64_t week = -1;
    bool stamped = false;
    size_t n = 0;

    for (size_t i = 0; i < w->n_places; i++) { /* keys may have come years before */
        int64_t leaf = w->places[i].leaf;
        first_leaf = !of_record || leaf < first_leaf ? leaf : first_leaf;
        of_record = true;
    }
    for (size_t i = 0; i < w->t->n_records; i++) {
        int64_t ms = w->t->records[i].received_unix_ms;
        last_ms = ms != BW_UNKNOWN && ms > last_ms ? ms : last_ms;
    }
    w->points[w->n_points - 1].wanted = true;
    for (size_t i = w->n_points; i-- > 0;) {
        struct bw_logged_point *p = &w->points[i];
        size_t before = seen.n;
        int r = p->n_cosigned > 0
                    ? bw_tlog_cosigned(w->log, p->size, on_seen, &seen, w->err)
                    : 0;
        if (r < 0) {
            return r;
        }
        p->wanted = p->wanted || seen.n > before || (p->n_stamps > 0 && !stamped);
        stamped = stamped || p->n_stamps > 0;
        n += p->wanted ? 1 : 0;
    }
    for (size_t i = 0; i < w->n_points; i++) {
        struct bw_logged_point *p = &w->points[i];
        if (p->size <= first_leaf || p->unix_s / WEEK_S == week ||
            (p->n_stamps == 0 && (stamped || p->n_cosigned == 0)) ||
            p->unix_s > last_ms / 1000 + WEEK_S ||
            (!p->wanted && n >= BW_LOGGED_CHECKPOINTS_MAX)) {
            continue;
        }
        week = p->unix_s / WEEK_S;
        n += p->wanted ? 0 : 1;
        p->wanted = true;
    }
    return 0;
}

static int on_note(void *owner, const struct bw_tlog_checkpoint *c)
{
    struct bw_buf *out = owner;

    bw_buf_add(out, c->note, c->note_len);
    return 0;
}

static int
on_line(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    struct bw_buf *out = owner;

    (void)who;
    (void)unix_s;
    bw_buf_add(out, bytes, n);
    return 0;
}

struct stamping {
    struct bw_logged_writing *w;
    int64_t size;
    size_t n;
};

static int
on_stamp(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    struct stamping *s = owner;
    char member[BW_LOGGED_MEMBER_MAX];

    (void)unix_s;
    if (s->n == BW_LOGGED_STAMPS_MAX || strlen(who) > BW_LOGGED_URL_MAX) {
        return 0;
    }
    bw_logged_stamp_member(s->size, ++s->n, member);
    bw_jw_str(&s->w->json, who);
    return s->w->file(s->w->owner, member, bytes, n, s->w->err);
}

static int put_growth(struct bw_logged_writing *w, int64_t from)
{
    char member[BW_LOGGED_MEMBER_MAX];
    struct bw_proof p = {.n = 0};
    int r = bw_tlog_prove_growth(w->log, from, w->size, &p, w->err);

    if (r < 0) {
        return r;
    }
    bw_buf_clear(&w->text);
    for (size_t i = 0; i < p.n; i++) {
        bw_base64_append(&w->text, p.hash[i], 32);
        bw_buf_putc(&w->text, '\n');
    }
    bw_logged_member("growth", from, member);
    return bw_logged_put(w, member);
}

static int put_point(struct bw_logged_writing *w, const struct bw_logged_point *p)
{
    char member[BW_LOGGED_MEMBER_MAX];
    struct stamping stamping = {.w = w, .size = p->size};
    int r;

    bw_buf_clear(&w->text);
    r = bw_tlog_checkpoint_at(w->log, p->size, on_note, &w->text, w->err);
    bw_logged_member("checkpoint", p->size, member);
    r = r < 0 ? r : bw_logged_put(w, member);
    if (r == 0 && p->n_cosigned > 0) {
        bw_buf_clear(&w->text);
        r = bw_tlog_cosigned(w->log, p->size, on_line, &w->text, w->err);
        bw_logged_member("witnesses", p->size, member);
        r = r < 0 ? r : bw_logged_put(w, member);
    }
    if (r == 0 && p->size < w->size) {
        r = put_growth(w, p->size);
    }
    bw_jw_obj(&w->json);
    bw_jw_ki64(&w->json, "size", p->size);
    bw_jw_ki64(&w->json, "signed_unix_s", p->unix_s);
    bw_jw_kbool(&w->json, "witnessed", p->n_cosigned > 0);
    bw_jw_karr(&w->json, "stamps");
    r = r < 0 ? r : bw_tlog_stamps(w->log, p->size, on_stamp, &stamping, w->err);
    bw_jw_arr_end(&w->json);
    bw_jw_obj_end(&w->json);
    return r;
}

/* Keys, as "name+1234abcd": a witness may have got a new one under its old name. */
struct naming {
    struct bw_logged_writing *w;
    char (*names)[BW_NOTE_NAME_MAX + 10];
    size_t n;
};

static int
on_witness(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    struct naming *k = owner;
    const char *line = bytes;
    const char *space = n > 0 ? memrchr(line, ' ', n) : NULL;
    size_t rest = space ? n - (size_t)(space + 1 - line) : 0;
    char name[sizeof(k->names[0])];
    uint8_t id[6]; /* of 8 letters: 4 of the key, 2 of the time */

    (void)unix_s;
    if (rest < 8 || strlen(who) > BW_NOTE_NAME_MAX ||
        bw_base64_decode(space + 1, 8, id, sizeof(id)) != (long)sizeof(id)) {
        return 0;
    }
    (void)snprintf(name, sizeof(name), "%.*s+%02x%02x%02x%02x", BW_NOTE_NAME_MAX, who,
                   id[0], id[1], id[2], id[3]);
    for (size_t i = 0; i < k->n; i++) {
        if (strcmp(k->names[i], name) == 0) {
            return 0;
        }
    }
    if (k->n < BW_LOG_OTHERS_MAX) {
        memcpy(k->names[k->n++], name, sizeof(name));
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The keys of those who signed, as the collector has them. */
static int put_witnesses(struct bw_logged_writing *w)
{
    char names[BW_LOG_OTHERS_MAX][BW_NOTE_NAME_MAX + 10];
    struct naming k = {.w = w, .names = names};
    int r = 0;

    for (size_t i = 0; r == 0 && i < w->n_points; i++) {
        if (w->points[i].wanted && w->points[i].n_cosigned > 0) {
            r = bw_tlog_cosigned(w->log, w->points[i].size, on_witness, &k, w->err);
        }
    }
    qsort(names, k.n, sizeof(names[0]), by_name); /* as the log's store has them */
    bw_jw_karr(&w->json, "witnesses");
    for (size_t i = 0; r == 0 && i < k.n; i++) {
        char meta[BW_NOTE_NAME_MAX + 32];
        (void)snprintf(meta, sizeof(meta), "witness-key.%.*s", (int)sizeof(names[i]) - 1,
                       names[i]);
        bw_buf_clear(&w->tile);
        if (bw_tlog_meta_get(w->log, meta, &w->tile, w->err) == 0 && w->tile.data) {
            bw_jw_str(&w->json, w->tile.data);
        }
    }
    bw_jw_arr_end(&w->json);
    return r;
}

int bw_logged_put_points(struct bw_logged_writing *w)
{
    struct bw_buf json;
    int r = choose(w);

    if (r < 0) {
        return r;
    }
    bw_buf_init(&json, BW_LOGGED_JSON_MAX);
    bw_jw_init(&w->json, &json);
    bw_jw_obj(&w->json);
    bw_jw_ki64(&w->json, "v", 1);
    bw_jw_kstr(&w->json, "name", w->name);
    bw_jw_karr(&w->json, "checkpoints");
    for (size_t i = 0; r == 0 && i < w->n_points; i++) {
        r = w->points[i].wanted ? put_point(w, &w->points[i]) : 0;
    }
    bw_jw_arr_end(&w->json);
    r = r < 0 ? r : put_witnesses(w);
    bw_jw_ki64(&w->json, "before", (int64_t)w->n_before);
    bw_jw_obj_end(&w->json);
    bw_buf_putc(&json, '\n');
    if (r == 0) {
        r = bw_buf_error(&json)
                ? bw_logged_no_memory(w)
                : w->file(w->owner, BW_IN_LOG_JSON, json.data, json.len, w->err);
    }
    bw_buf_done(&json);
    return r;
}
