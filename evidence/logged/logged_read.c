/* SPDX-License-Identifier: GPL-3.0-or-later
 * logged_read.c - do the files below data/log/ show that records, statements and keys stand
 * in a log, and who signed it?
 *
 * Invariant: every leaf is computed from what is in the bag; a leaf that does not fit makes
 * another head than the checkpoint's, and nothing of it is believed then. */
#include "logged_reading.h"

#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <inttypes.h>
#include <json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LATE_S = 2 * 86400 /* far more than between two checkpoints */
};

void bw_logged_fault(struct bw_logged_reading *k, const char *member, const char *fmt, ...)
{
    char text[640];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    k->v->fault(k->v->owner, member, text);
}

bool bw_logged_find(struct bw_logged_reading *k,
                    const char *member,
                    const char **ret,
                    size_t *ret_n)
{
    return k->v->find(k->v->owner, member, ret, ret_n);
}

bool bw_logged_need(struct bw_logged_reading *k,
                    const char *member,
                    const char **ret,
                    size_t *ret_n)
{
    if (bw_logged_find(k, member, ret, ret_n)) {
        return true;
    }
    bw_logged_fault(k, member, "is missing");
    return false;
}

/* ---- log.json and the keys ------------------------------------------------------- */

static int read_point(struct bw_logged_reading *k, const json_t *o, struct bw_err *e)
{
    static const char *const known[] = {"size", "signed_unix_s", "witnessed", "stamps",
                                        NULL};
    struct bw_logged_checkpoint *p = &k->points[k->n_points];
    const json_t *stamps = NULL;
    int r = bw_json_only(o, known, e);

    r = r < 0 ? r : bw_json_get_i64(o, "size", 1, BW_TREE_MAX, &p->size, e);
    r = r < 0 ? r
              : bw_json_get_i64(o, "signed_unix_s", 0, INT64_MAX / 1000, &p->signed_unix_s,
                                e);
    r = r < 0 ? r : bw_json_get_bool(o, "witnessed", &p->witnessed, e);
    r = r < 0 ? r : bw_json_get_arr(o, "stamps", BW_LOGGED_STAMPS_MAX, &stamps, e);
    for (size_t i = 0; r == 0 && i < json_array_size(stamps); i++) {
        const char *url = json_string_value(json_array_get(stamps, i));
        if (!url || strlen(url) > BW_LOGGED_URL_MAX) {
            return bw_err_set(e, -BW_EMALFORMED, "stamps: no address");
        }
        (void)snprintf(p->stamp[p->n_stamps++], sizeof(p->stamp[0]), "%s", url);
    }
    if (r == 0 && k->n_points > 0 && p->size <= k->points[k->n_points - 1].size) {
        r = bw_err_set(e, -BW_EMALFORMED, "checkpoints: not by size");
    }
    k->n_points += r == 0 ? 1 : 0;
    return r;
}

static int read_json(struct bw_logged_reading *k, const json_t *o, struct bw_err *e)
{
    static const char *const known[] = {"v",         "name",   "checkpoints",
                                        "witnesses", "before", NULL};
    const json_t *list = NULL;
    const char *name = NULL;
    int64_t v = 0;
    int r = bw_json_get_i64(o, "v", 1, INT64_MAX, &v, e);

    if (r == 0 && v != 1) {
        return bw_err_set(e, -BW_ENEWER, "needs a newer reader");
    }
    r = r < 0 ? r : bw_json_only(o, known, e);
    r = r < 0 ? r : bw_json_get_str(o, "name", BW_LOG_NAME_MAX, &name, e);
    if (r == 0 && !bw_note_name_ok(name)) {
        r = bw_err_set(e, -BW_EMALFORMED, "name: is none");
    }
    r = r < 0 ? r : bw_json_get_arr(o, "checkpoints", BW_LOGGED_CHECKPOINTS_MAX, &list, e);
    for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
        r = read_point(k, json_array_get(list, i), e);
    }
    r = r < 0 ? r : bw_json_get_arr(o, "witnesses", BW_LOG_OTHERS_MAX, &list, e);
    for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        r = bw_note_key_parse(text ? text : "", &k->witness[k->n_witnesses], e);
        k->n_witnesses += r == 0 ? 1 : 0;
    }
    r = r < 0 ? r : bw_json_get_i64(o, "before", 0, BW_LOG_BEFORE_MAX, &k->n_before, e);
    if (r == 0 && k->n_points == 0) {
        r = bw_err_set(e, -BW_EMALFORMED, "no checkpoint");
    }
    if (r == 0) {
        (void)snprintf(k->f->name, sizeof(k->f->name), "%s", name);
    }
    return r;
}

/* False: there is nothing to go on with. */
static bool read_head(struct bw_logged_reading *k, const char *data, size_t n)
{
    struct bw_err e = {""};
    json_t *o = NULL;
    int r = bw_json_parse(data, n, BW_LOGGED_JSON_MAX, &o, &e);

    r = r < 0 ? r : read_json(k, o, &e);
    json_decref(o);
    if (r < 0) {
        bw_logged_fault(k, BW_IN_LOG_JSON, "%s", e.text);
        return false;
    }
    if (k->n_keys == 0) {
        bw_logged_fault(k, BW_IN_LOG_KEYS, "is missing, or holds no key");
    }
    return k->n_keys > 0;
}

/* ---- leaves ---------------------------------------------------------------------- */

static void take(struct bw_logged_reading *k, int64_t index, const uint8_t hash[32])
{
    k->parts[k->n_parts].index = index;
    memcpy(k->parts[k->n_parts].hash, hash, 32);
    k->n_parts++;
}

static int take_records(struct bw_logged_reading *k)
{
    struct bw_logged_run *runs = NULL;
    struct bw_err e = {""};
    const char *data = NULL;
    size_t n_data = 0;
    size_t n = 0;
    int r;

    if (!bw_logged_need(k, BW_IN_LOG_ORDER, &data, &n_data)) {
        k->bad = true;
        return 0;
    }
    r = bw_logged_runs_read(data, n_data, &runs, &n, &e);
    if (r < 0) {
        bw_logged_fault(k, BW_IN_LOG_ORDER, "%s", e.text);
        k->bad = true;
        return r == -ENOMEM ? r : 0;
    }
    for (size_t i = 0; i < k->t->n_records; i++) {
        const struct bw_logged_record *rec = &k->t->records[i];
        size_t lo = 0;
        size_t hi = n;
        uint8_t hash[32];
        k->leaf[i] = BW_UNKNOWN;
        if (rec->position == BW_UNKNOWN || rec->received_unix_ms == BW_UNKNOWN) {
            continue;
        }
        while (lo < hi) { /* the first run that does not end before it */
            size_t mid = lo + (hi - lo) / 2;
            lo = runs[mid].last < rec->position ? mid + 1 : lo;
            hi = runs[mid].last < rec->position ? hi : mid;
        }
        if (lo == n || runs[lo].first > rec->position) {
            continue;
        }
        k->leaf[i] = runs[lo].leaf + (rec->position - runs[lo].first);
        bw_logged_leaf(BW_LEAF_SUMMARY, rec->received_unix_ms, rec->sha256, hash);
        take(k, k->leaf[i], hash);
    }
    free(runs);
    return 0;
}

/* By whose leaf it is, and of what type; those alike as the file has them. */
static int by_whose(const void *a, const void *b)
{
    const struct bw_logged_other *x = a;
    const struct bw_logged_other *y = b;
    int order = strcmp(x->of, y->of);

    order = order ? order : (x->type > y->type) - (x->type < y->type);
    return order ? order : (x->leaf > y->leaf) - (x->leaf < y->leaf);
}

/* The first row of this type; NULL: there is none. */
static const struct bw_logged_other *
first_of(const struct bw_logged_reading *k, int type, const char *of)
{
    size_t lo = 0;
    size_t hi = k->n_others;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct bw_logged_other *o = &k->others[mid];
        int order = strcmp(o->of, of);
        bool before = order < 0 || (order == 0 && o->type < type);
        lo = before ? mid + 1 : lo;
        hi = before ? hi : mid;
    }
    return lo < k->n_others && k->others[lo].type == type &&
                   strcmp(k->others[lo].of, of) == 0
               ? &k->others[lo]
               : NULL;
}

/* The row that tells of this; NULL: none does. */
static const struct bw_logged_other *
row_of(const struct bw_logged_reading *k, int type, int or_type, const char *of)
{
    const struct bw_logged_other *a = first_of(k, type, of);
    const struct bw_logged_other *b = or_type == type ? NULL : first_of(k, or_type, of);

    return !a || (b && b->leaf < a->leaf) ? b : a;
}

static bool take_other(struct bw_logged_reading *k,
                       int type,
                       int or_type,
                       const uint8_t sha256[32],
                       const char *of)
{
    const struct bw_logged_other *o = row_of(k, type, or_type, of);
    uint8_t hash[32];

    if (o) {
        bw_logged_leaf(o->type, o->unix_ms, sha256, hash);
        take(k, o->leaf, hash);
    }
    return o != NULL;
}

static int take_keys(struct bw_logged_reading *k)
{
    uint8_t sha256[32];
    int r = 0;

    for (size_t i = 0; r == 0 && i < k->t->n_keys; i++) {
        const struct bw_logged_key *x = &k->t->keys[i];
        for (const int *type = bw_logged_key_types; r == 0 && *type >= 0; type++) {
            if (bw_logged_key_has(x, *type)) {
                k->f->n_keys++;
                r = bw_logged_key_hash(x, k->t->site, *type, sha256);
                k->f->n_keys_in += r == 0 && take_other(k, *type, *type, sha256, x->kid);
            }
        }
    }
    return r;
}

/* A log that was given up; the one that goes on names its last checkpoint. */
static void take_before(struct bw_logged_reading *k)
{
    for (int64_t i = 1; i <= k->n_before; i++) {
        char member[BW_LOGGED_MEMBER_MAX];
        const struct bw_logged_other *o;
        struct bw_log_before *b = &k->f->before[k->f->n_before];
        struct bw_checkpoint c;
        const char *data = NULL;
        size_t n = 0;
        uint8_t sha256[32];
        bw_logged_member("before", i, member);
        if (!bw_logged_need(k, member, &data, &n) ||
            !bw_logged_open_note(k, member, data, n, false, &c)) {
            continue;
        }
        o = row_of(k, BW_LEAF_EPOCH, BW_LEAF_EPOCH, member + strlen(BW_IN_LOG));
        bw_sha256(data, n, sha256);
        if (!o || !take_other(k, BW_LEAF_EPOCH, BW_LEAF_EPOCH, sha256, o->of)) {
            bw_logged_fault(k, member, "no leaf names it");
            continue;
        }
        (void)snprintf(b->name, sizeof(b->name), "%s", c.origin);
        b->size = c.size;
        b->unix_ms = o->unix_ms;
        k->f->n_before++;
    }
}

static int take_others(struct bw_logged_reading *k)
{
    struct bw_logged_line line;
    struct bw_err e = {""};
    const char *data = NULL;
    size_t n = 0;
    size_t at = 0;

    if (bw_logged_find(k, BW_IN_LOG_OTHERS, &data, &n)) {
        int r = bw_logged_others_read(data, n, &k->others, &k->n_others, &e);
        if (r < 0) {
            bw_logged_fault(k, BW_IN_LOG_OTHERS, "%s", e.text);
            k->bad = true;
            return r == -ENOMEM ? r : 0;
        }
        if (k->n_others > 0) {
            qsort(k->others, k->n_others, sizeof(*k->others), by_whose);
        }
    }
    while (bw_logged_line_next(k->t, &at, &line)) {
        k->f->n_statements++;
        k->f->n_statements_in +=
            take_other(k, line.type, BW_LEAF_STATEMENT, line.sha256, line.id) ? 1 : 0;
    }
    take_before(k);
    return take_keys(k);
}

/* Leaves and hashes must lead to the newest checkpoint. */
static void check_tree(struct bw_logged_reading *k)
{
    const struct bw_logged_checkpoint *last = &k->points[k->n_points - 1];
    const char *hashes = NULL;
    size_t n = 0;
    uint8_t head[32] = {0};
    bool apart;
    int r = -EINVAL;

    if (!last->good || k->bad || !bw_logged_need(k, BW_IN_LOG_HASHES, &hashes, &n)) {
        k->bad = true;
        return;
    }
    k->n_parts = bw_logged_sort(k->parts, k->n_parts, &apart);
    if (n % 32 == 0 && !apart) { /* no two things are one leaf */
        r = bw_tree_head_many(k->parts, k->n_parts, last->size, (const uint8_t *)hashes,
                              n / 32, head);
    }
    if (r < 0 || memcmp(head, last->root, sizeof(head)) != 0) {
        bw_logged_fault(
            k, BW_IN_LOG_HASHES,
            "records, when they were taken in, statements and keys do not lead to the "
            "head of the log's checkpoint of %" PRId64 " leaves: one of them, or %s, "
            "%s or %s, is not what the log has",
            last->size, BW_IN_LOG_ORDER, BW_IN_LOG_OTHERS, BW_IN_LOG_HASHES);
        k->bad = true;
    }
}

/* The highest number of one key's records that are in the log. */
struct reached {
    uint64_t key;
    int64_t seq;
};

static int by_key(const void *a, const void *b)
{
    const struct reached *x = a;
    const struct reached *y = b;

    return x->key != y->key ? (x->key > y->key) - (x->key < y->key)
                            : (x->seq > y->seq) - (x->seq < y->seq);
}

/* One of each key, rising; the number. */
static size_t reached_by(const struct bw_logged_reading *k, struct reached *list)
{
    size_t n = 0;
    size_t kept = 0;

    for (size_t i = 0; i < k->t->n_records; i++) {
        if (k->leaf[i] != BW_UNKNOWN) {
            list[n++] = (struct reached){k->t->records[i].key, k->t->records[i].seq};
        }
    }
    qsort(list, n, sizeof(*list), by_key);
    for (size_t i = 0; i < n; i++) {
        kept -= kept > 0 && list[kept - 1].key == list[i].key ? 1 : 0;
        list[kept++] = list[i];
    }
    return kept;
}

/* A later one of its key is in the log. */
static bool
was_passed(const struct reached *list, size_t n, const struct bw_logged_record *r)
{
    size_t lo = 0;
    size_t hi = n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        lo = list[mid].key < r->key ? mid + 1 : lo;
        hi = list[mid].key < r->key ? hi : mid;
    }
    return lo < n && list[lo].key == r->key && list[lo].seq > r->seq;
}

static int64_t others_signed_unix_s(const struct bw_log_facts *f)
{
    int64_t newest = INT64_MIN + LATE_S;

    for (size_t i = 0; i < f->n_witnesses; i++) {
        newest = f->witness[i].unix_s > newest ? f->witness[i].unix_s : newest;
    }
    for (size_t i = 0; i < f->n_stamps; i++) {
        newest = f->stamp[i].unix_s > newest ? f->stamp[i].unix_s : newest;
    }
    return newest;
}

static void tell_absent(struct bw_logged_reading *k, int64_t n, const char *why)
{
    char text[320];

    if (n > 0) {
        (void)snprintf(text, sizeof(text),
                       "%" PRId64 " records are not in the checkpoint, %s", n, why);
        k->v->unchecked(k->v->owner, BW_IN_LOG_ORDER, text);
    }
}

/* A log takes a ledger in its order: what lies before a record that is in it is in it too.
 * When a record came is the collector's word; what it is behind, and when it was made, are
 * the box's. */
int bw_logged_absent(struct bw_logged_reading *k)
{
    struct reached *reached = calloc(k->t->n_records + 1, sizeof(*reached));
    size_t n_reached = 0;
    int64_t top = INT64_MIN;
    int64_t late_unix_s = others_signed_unix_s(k->f) - LATE_S;
    int64_t n_late = 0;
    int64_t n_passed = 0;

    if (!reached) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < k->t->n_records; i++) {
        int64_t position = k->t->records[i].position;
        top = k->leaf[i] != BW_UNKNOWN && position > top ? position : top;
    }
    n_reached = reached_by(k, reached);
    for (size_t i = 0; i < k->t->n_records; i++) {
        const struct bw_logged_record *rec = &k->t->records[i];
        if (k->leaf[i] != BW_UNKNOWN) {
            continue;
        }
        if (rec->position < top) {
            bw_logged_fault(k, BW_IN_LOG_ORDER,
                            "the record at position %" PRId64
                            " is not what the log has: one after it is in the log",
                            rec->position);
            goto out; /* one says it of all */
        }
        n_late += (rec->received_unix_ms != BW_UNKNOWN &&
                   rec->received_unix_ms / 1000 < late_unix_s) ||
                          (rec->end_unix_s != BW_UNKNOWN && rec->end_unix_s < late_unix_s)
                      ? 1
                      : 0;
        n_passed += was_passed(reached, n_reached, rec) ? 1 : 0;
    }
    tell_absent(k, n_late,
                "which others signed more than two days after they were made, or came");
    tell_absent(k, n_passed,
                "but later ones of the same box are: they came out of their order, or "
                "somebody changed when they came");
out:
    free(reached);
    return 0;
}

static void count_records(struct bw_logged_reading *k)
{
    int64_t witnessed = 0;
    int64_t stamped = 0;

    for (size_t i = 0; i < k->n_points; i++) {
        witnessed = k->points[i].has_witness ? k->points[i].size : witnessed;
        stamped = k->points[i].has_stamp ? k->points[i].size : stamped;
    }
    for (size_t i = 0; i < k->t->n_records; i++) {
        int64_t leaf = k->leaf[i];
        if (leaf != BW_UNKNOWN) {
            k->f->n_records_in++;
            k->f->n_records_witnessed += leaf < witnessed ? 1 : 0;
            k->f->n_records_stamped += leaf < stamped ? 1 : 0;
        }
    }
}

static int read_all(struct bw_logged_reading *k)
{
    const struct bw_logged_checkpoint *last = &k->points[k->n_points - 1];
    int r;

    k->parts = calloc(bw_logged_parts_most(k->t), sizeof(*k->parts));
    k->leaf = calloc(k->t->n_records + 1, sizeof(*k->leaf));
    if (!k->parts || !k->leaf) {
        return -ENOMEM;
    }
    bw_logged_read_points(k);
    r = take_records(k);
    r = r < 0 ? r : take_others(k);
    if (r < 0) {
        return r;
    }
    check_tree(k);
    if (k->bad) { /* nothing is shown to be in it */
        k->f->n_statements_in = 0;
        k->f->n_keys_in = 0;
        k->f->n_before = 0;
        return 0;
    }
    k->f->there = true;
    k->f->size = last->size;
    k->f->signed_unix_s = last->signed_unix_s;
    count_records(k);
    return bw_logged_absent(k);
}

int bw_logged_read(const struct bw_logged_view *v,
                   const struct bw_logged_things *things,
                   const struct bw_pubkey *keys,
                   size_t n_keys,
                   struct bw_log_facts *ret,
                   struct bw_err *reterr)
{
    struct bw_logged_reading *k = calloc(1, sizeof(*k));
    const char *data = NULL;
    size_t n = 0;
    int r = 0;

    *ret = (struct bw_log_facts){.n_records = (int64_t)things->n_records};
    if (!k) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    *k = (struct bw_logged_reading){
        .v = v, .t = things, .f = ret, .keys = keys, .n_keys = n_keys};
    if (v->find(v->owner, BW_IN_LOG_JSON, &data, &n)) {
        r = read_head(k, data, n) ? read_all(k) : 0;
    }
    free(k->parts);
    free(k->others);
    free(k->leaf);
    free(k);
    return r < 0 ? bw_err_set(reterr, r, "out of memory") : 0;
}
