/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_write.c - gathers one circuit's evidence of one period and packs it. */
#include "bundle_gather.h"
#include "bundle_private.h"

#include "buf.h"
#include "clock.h"
#include "file.h"
#include "hash.h"
#include "json.h"
#include "jws.h"
#include "origin.h"
#include "tz.h"

#include <bw/err.h>
#include <errno.h>
#include <evrule.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOP_NAME_MAX = 55, /* bytes of SITE.CIRCUIT in the folder's name, which has 90 */
    REPORT_MAX = 256 * 1024 * 1024
};

struct packing {
    const struct bw_bundle_options *o;
    struct bw_bag_writer *bag;
    struct bw_bundle_gathered records;
    char pages[BW_HASH_LEN + 1]; /* "": without PDFs */
    char no_pdf[200];
    struct bw_bundle_room parts; /* the same as columns, one part after the other */
    struct bw_err *err;
    struct bw_bag_member found; /* of the last find */
    struct bw_buf scratch;
};

static void show(struct packing *p, const char *what, int per_mille)
{
    if (p->o->progress) {
        p->o->progress(p->o->owner, what, per_mille);
    }
}

static int out_of_memory(struct packing *p)
{
    return bw_err_set(p->err, -ENOMEM, "out of memory");
}

/* ---- records ---------------------------------------------------------------------- */

static int gather_records(struct packing *p)
{
    struct bw_bundle_gathered *g = &p->records;
    int r = bw_bundle_gather(p->o, g, p->err);

    if (r < 0) {
        return r;
    }
    show(p, "packing records", 0);
    r = bw_bundle_records_add(p->bag, g->lines ? g->lines : "", g->n, &p->parts, p->err);
    return r < 0 || !g->some_taken
               ? r
               : bw_bag_add(p->bag, BW_IN_TAKEN, g->taken.data, g->taken.len, p->err);
}

/* ---- keys ------------------------------------------------------------------------ */

static int add_json(struct packing *p, const char *name, struct bw_buf *text)
{
    bw_buf_putc(text, '\n');
    return bw_buf_error(text) ? out_of_memory(p)
                              : bw_bag_add(p->bag, name, text->data, text->len, p->err);
}

static int put_keys(struct packing *p, const struct bw_origin_key *keys, size_t n)
{
    struct bw_buf text;
    struct bw_jw w;
    int r;

    bw_buf_init(&text, BW_BUNDLE_KEYS_MAX);
    bw_jw_init(&w, &text);
    bw_jw_obj(&w);
    bw_jw_karr(&w, "keys");
    for (size_t i = 0; i < n; i++) {
        bw_jw_obj(&w);
        bw_pubkey_members(&keys[i].key, &w);
        bw_jw_obj_end(&w);
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    r = add_json(p, BW_IN_KEYS, &text);
    bw_buf_clear(&text);
    bw_jw_init(&w, &text);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "site", p->o->query->site);
    bw_jw_karr(&w, "keys");
    for (size_t i = 0; i < n; i++) {
        bw_bundle_key_put(&w, &keys[i]);
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    r = r < 0 ? r : add_json(p, BW_IN_KEY_HISTORY, &text);
    bw_buf_done(&text);
    return r;
}

static int gather_keys(struct packing *p)
{
    struct bw_origin_key *keys = NULL;
    size_t n = 0;
    int r =
        bw_origin_keys(p->o->origin, p->o->query->site, p->o->key_path, &keys, &n, p->err);

    for (size_t i = 0; r == 0 && i < p->records.n_chains; i++) {
        size_t k = 0;
        while (k < n && strcmp(keys[k].key.kid, p->records.chains[i].kid) != 0) {
            k++;
        }
        if (k == n) {
            r = bw_err_set(p->err, -BW_EUNKNOWNKEY,
                           "the public key %s, which signed %lld of these records, is not "
                           "known here; give the box's keys with --key (bandwitness key "
                           "--json)",
                           p->records.chains[i].kid, (long long)p->records.chains[i].n);
        }
    }
    r = r < 0 ? r : put_keys(p, keys, n);
    free(keys);
    return r;
}

/* ---- what was asked -------------------------------------------------------------- */

static int gather_query(struct packing *p)
{
    const struct bw_report_query *q = p->o->query;
    char member[BW_BAG_NAME_MAX + 1];
    struct bw_err err = {""};
    struct bw_buf text;
    size_t n;
    const void *zone = bw_tz_bytes(q->tz, &n);
    int r;

    bw_buf_init(&text, BW_BUNDLE_QUERY_MAX);
    if (p->o->pdf && bw_bundle_pages_mark(p->pages, &err) < 0) {
        p->pages[0] = '\0'; /* a machine without fonts packs all else */
        (void)snprintf(p->no_pdf, sizeof(p->no_pdf), "%.190s", err.text);
    }
    r = bw_bundle_query_write(q, bw_tz_name(q->tz), p->o->terms_path != NULL, p->pages,
                              &text);
    r = r < 0 ? out_of_memory(p)
              : bw_bag_add(p->bag, BW_IN_QUERY, text.data, text.len, p->err);
    bw_buf_done(&text);
    bw_bundle_tz_member(bw_tz_name(q->tz), member);
    return r < 0 ? r : bw_bag_add(p->bag, member, zone, n, p->err);
}

static int gather_calendars(struct packing *p)
{
    const struct bw_report_query *q = p->o->query;
    struct bw_buf text;
    int r =
        q->n_calendars <= BW_BUNDLE_CALENDARS_MAX
            ? 0
            : bw_err_set(p->err, -E2BIG,
                         "%zu calendars, and a bag holds %d at most: the site stood at too "
                         "many places in this period; ask for its parts",
                         q->n_calendars, BW_BUNDLE_CALENDARS_MAX);

    bw_buf_init(&text, REPORT_MAX);
    for (size_t i = 0; r == 0 && i < q->n_calendars; i++) {
        char name[BW_BAG_NAME_MAX + 1];
        bw_bundle_calendar_member(i, name);
        bw_buf_clear(&text);
        bw_schoolcal_encode(q->calendars[i].cal, &text);
        r = bw_buf_error(&text) ? out_of_memory(p)
                                : bw_bag_add(p->bag, name, text.data, text.len, p->err);
    }
    bw_buf_done(&text);
    return r;
}

/* A file under a member's name. */
static int
add_file(struct packing *p, const char *path, const char *member, const char *sha256)
{
    char got[BW_HASH_LEN + 1];
    int r;

    bw_buf_clear(&p->scratch);
    r = bw_file_read(path, BW_BUNDLE_QUERY_MAX, &p->scratch, p->err);
    if (r == 0 && sha256) {
        bw_sha256_text(p->scratch.data ? p->scratch.data : "", p->scratch.len, got);
        r = strcmp(got, sha256) == 0
                ? 0
                : bw_err_set(p->err, -EAGAIN, "%s was changed just now; try again", path);
    }
    return r < 0 ? r : bw_bag_add(p->bag, member, p->scratch.data, p->scratch.len, p->err);
}

static int gather_rules(struct packing *p)
{
    const struct bw_report_judging *j = p->o->query->judging;
    char path[PATH_MAX];
    char member[BW_BAG_NAME_MAX + 1];
    int r = 0;

    if (j &&
        (j->n_rules > BW_BUNDLE_RULES_MAX || j->n_adoptions > BW_BUNDLE_ADOPTIONS_MAX)) {
        return bw_err_set(p->err, -E2BIG, "more than %d rules", BW_BUNDLE_RULES_MAX);
    }
    for (size_t i = 0; j && r == 0 && i < j->n_rules; i++) {
        (void)snprintf(path, sizeof(path), "%.3900s/%s.conf", p->o->rules_folder,
                       j->rules[i].name);
        (void)snprintf(member, sizeof(member), "%s%s.conf", BW_IN_RULES, j->rules[i].name);
        r = add_file(p, path, member, j->rules[i].sha256);
    }
    return r < 0 || !p->o->terms_path ? r
                                      : add_file(p, p->o->terms_path, BW_IN_TERMS, NULL);
}

static int gather_statements(struct packing *p)
{
    const struct bw_report_query *q = p->o->query;
    struct bw_buf text;
    int r;

    bw_buf_init(&text, REPORT_MAX);
    r = bw_bundle_statements_write(p->o->origin, q, &text, p->err);
    if (r == 0 && text.len > 0) {
        r = bw_bag_add(p->bag, BW_IN_STATEMENTS, text.data, text.len, p->err);
    }
    bw_buf_done(&text);
    return r;
}

/* ---- the log --------------------------------------------------------------------- */

static int
add_logged(void *owner, const char *member, const void *data, size_t n, struct bw_err *e)
{
    struct packing *p = owner;

    return bw_bag_add(p->bag, member, data, n, e);
}

/* The log key, by which receipts of tests are signed: a box knows that of its collector,
 * and a collector without a log of its own has one all the same. */
static int gather_log_key(struct packing *p, const char *key_path)
{
    struct bw_key *own = NULL;
    struct bw_pubkey key;
    int r;

    if (key_path && bw_key_load(key_path, &own, NULL) == 0) {
        key = *bw_key_public(own);
        bw_key_free(own);
    } else if (key_path || !bw_origin_log_key(p->o->origin, &key)) {
        return 0;
    }
    bw_buf_clear(&p->scratch);
    r = bw_logged_key_set(&key, &p->scratch);
    return r < 0 ? out_of_memory(p)
                 : bw_bag_add(p->bag, BW_IN_LOG_KEYS, p->scratch.data, p->scratch.len,
                              p->err);
}

/* What the collector's log has of all that was gathered. */
static int gather_log(struct packing *p)
{
    const struct bw_bag_member *said = bw_bag_writer_find(p->bag, BW_IN_STATEMENTS);
    const struct bw_bag_member *history = bw_bag_writer_find(p->bag, BW_IN_KEY_HISTORY);
    struct bw_logged_things things = {.site = p->o->query->site,
                                      .records = p->records.logged.list,
                                      .n_records = p->records.logged.n,
                                      .statements = said ? said->data : NULL,
                                      .n_statements = said ? said->n : 0};
    struct bw_logged_key *keys = NULL;
    char folder[PATH_MAX];
    char key_path[PATH_MAX];
    struct bw_logged_source source = {.folder = folder, .key_path = key_path};
    const char *data = NULL;
    int r;

    source.ledger = bw_origin_ledger(p->o->origin, &data);
    if (!source.ledger) {
        return gather_log_key(p, NULL);
    }
    (void)snprintf(folder, sizeof(folder), "%.4000s/log", data);
    (void)snprintf(key_path, sizeof(key_path), "%.4000s/log-key.jwk", data);
    r = bw_bundle_log_keys(history, &keys, &things.n_keys, p->err);
    things.keys = keys;
    r = r < 0 ? r : bw_logged_write(&source, &things, add_logged, p, p->err);
    free(keys);
    if (r == 0 && !bw_bag_writer_find(p->bag, BW_IN_LOG_KEYS)) {
        r = gather_log_key(p, key_path);
    }
    return r < 0 ? bw_err_prefix(p->err, r, "the log") : 0;
}

/* The members gathered so far; a configuration that is asked for is gathered then. */
static const struct bw_bag_member *find(void *owner, const char *name)
{
    struct packing *p = owner;
    const struct bw_bag_member *m = bw_bag_writer_find(p->bag, name);
    char sha256[BW_HASH_LEN + 1];

    if (m || strncmp(name, BW_IN_CONFIGURATIONS, strlen(BW_IN_CONFIGURATIONS)) != 0) {
        return m;
    }
    (void)snprintf(sha256, sizeof(sha256), "%s", name + strlen(BW_IN_CONFIGURATIONS));
    bw_buf_clear(&p->scratch);
    if (bw_origin_config_text(p->o->origin, sha256, &p->scratch) < 0 ||
        bw_bag_add(p->bag, name, p->scratch.data, p->scratch.len, NULL) < 0) {
        return NULL;
    }
    return bw_bag_writer_find(p->bag, name);
}

/* ---- what follows ---------------------------------------------------------------- */

static int
add_form(void *owner, const char *member, const char *data, size_t n, bool figures)
{
    struct packing *p = owner;

    (void)figures;
    return bw_bag_add(p->bag, member, data, n, p->err);
}

static int add_info(struct packing *p, const struct bw_bundle_made *made)
{
    char text[BW_BUNDLE_INFO_MAX];
    char packer[80];
    const char *label;
    int r = bw_bag_info(p->bag, "Bag-Software-Agent", BW_BUNDLE_AGENT);

    bw_bag_packer(packer);
    r = r < 0 ? r : bw_bag_info(p->bag, "Bandwitness-Packed-With", packer);
    r = r < 0 ? r : bw_bag_info(p->bag, "Bandwitness-Bag-Version", "1");
    for (size_t i = 0; r == 0 && (label = bw_bundle_info(&made->query, i, text)); i++) {
        r = text[0] ? bw_bag_info(p->bag, label, text) : 0;
    }
    return r < 0 ? out_of_memory(p) : 0;
}

static void top_folder(const struct bw_report_query *q, char out[BW_BAG_NAME_MAX + 1])
{
    char name[BW_SITE_MAX + BW_NAME_MAX + 2];
    char from[32];
    char to[32];

    bw_time_format_s(q->from_unix_s, from);
    bw_time_format_s(q->to_unix_s, to);
    (void)snprintf(name, sizeof(name), "%s.%s", q->site, q->circuit);
    if (strlen(name) > TOP_NAME_MAX) { /* cut, and told apart by its hash */
        char hash[BW_HASH_LEN + 1];
        bw_sha256_text(name, strlen(name), hash);
        (void)snprintf(name + TOP_NAME_MAX - 9, 10, "-%.8s", hash);
    }
    (void)snprintf(out, BW_BAG_NAME_MAX + 1, "bandwitness-%s-%.10s-%.10s", name, from, to);
    for (char *c = out; *c; c++) {
        if (strchr("/ %", *c)) {
            *c = '_';
        }
    }
}

static void show_making(void *owner, const char *what, int per_mille)
{
    show(owner, what, per_mille);
}

static void show_packing(void *owner, int per_mille)
{
    show(owner, "packing", per_mille);
}

int bw_bundle_write(const struct bw_bundle_options *o,
                    struct bw_bundle_told *ret,
                    struct bw_err *reterr)
{
    struct bw_err err = {""};
    struct packing p = {.o = o, .err = reterr ? reterr : &err};
    struct bw_bundle_view view = {.find = find, .owner = &p};
    struct bw_bundle_made *made = NULL;
    char top[BW_BAG_NAME_MAX + 1];
    int64_t bytes = 0;
    int r;

    bw_bundle_gathered_init(&p.records);
    bw_buf_init(&p.scratch, BW_BUNDLE_QUERY_MAX);
    top_folder(o->query, top);
    r = bw_bag_writer_new(top, o->query->made_unix_s, &p.bag, p.err);
    r = r < 0 ? r : gather_query(&p);
    r = r < 0 ? r : gather_records(&p);
    r = r < 0 ? r : gather_keys(&p);
    r = r < 0 ? r : gather_statements(&p);
    r = r < 0 ? r : gather_calendars(&p);
    r = r < 0 ? r : gather_log(&p);
    r = r < 0 ? r : gather_rules(&p);
    r = r < 0 ? r : bw_bundle_make(&view, show_making, &p, &made, p.err);
    r = r < 0 ? r : bw_bundle_forms(made, add_form, &p, p.err);
    r = r < 0 ? r : add_info(&p, made);
    if (r == 0 && o->writing) {
        o->writing(o->owner, made->report);
    }
    r = r < 0 ? r : bw_bag_write(p.bag, o->path, show_packing, &p, &bytes, p.err);
    if (r == 0) {
        *ret = (struct bw_bundle_told){
            .n_records = p.records.n_records, .bytes = bytes, .check = made->report->check};
        memcpy(ret->check_text, made->report->check_text, sizeof(ret->check_text));
        memcpy(ret->no_pdf, p.no_pdf, sizeof(ret->no_pdf));
    }
    bw_bundle_made_free(made); /* before what it reads from */
    bw_bag_writer_free(p.bag);
    bw_bundle_room_done(&p.parts);
    bw_bundle_gathered_done(&p.records);
    bw_buf_done(&p.scratch);
    return r;
}
