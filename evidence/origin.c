/* SPDX-License-Identifier: GPL-3.0-or-later
 * origin.c - where a report's records come from.
 *
 * Invariant: nothing here changes a store; every handle is opened for reading. */
#include "origin.h"
#include "origin_private.h"

#include "buf.h"
#include "catalogue.h"
#include "check.h"
#include "clock.h"
#include "josefile.h"
#include "journal.h"
#include "jws.h"
#include "ledger.h"
#include "plural.h"
#include "words.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CIRCUITS_MAX = 256, /* of a journal: one box */
    DAY_S = 86400
};

static bool exists(const char *folder, const char *name, char out[PATH_MAX])
{
    int n = snprintf(out, PATH_MAX, "%s/%s", folder, name);

    return n > 0 && n < PATH_MAX && access(out, F_OK) == 0;
}

/* The data folder of a collector, or the ledger's own folder inside it. */
static int open_ledger(struct bw_origin *s, const char *path, struct bw_err *reterr)
{
    char folder[PATH_MAX];
    char file[PATH_MAX];
    char catalogue[PATH_MAX];
    bool has_catalogue;
    int r;

    if (exists(path, "ledger/ledger.db", file)) {
        (void)exists(path, "ledger", folder);
        (void)snprintf(s->data, sizeof(s->data), "%s", path);
        has_catalogue = exists(path, "catalogue.db", catalogue);
    } else if (exists(path, "ledger.db", file)) {
        (void)snprintf(folder, sizeof(folder), "%s", path);
        (void)exists(path, "..", s->data);
        has_catalogue = exists(path, "../catalogue.db", catalogue);
    } else {
        return bw_err_set(
            reterr, -ENOENT,
            "%s holds no ledger (neither ledger/ledger.db nor ledger.db is in it)", path);
    }
    r = bw_ledger_open(folder, BW_LEDGER_READ, &s->ledger, reterr);
    if (r == 0) {
        r = bw_ledger_records(folder, &s->records, reterr);
    }
    if (r == 0 && has_catalogue) {
        r = bw_catalogue_open_read(catalogue, &s->catalogue, reterr);
    }
    (void)snprintf(s->text, sizeof(s->text), "the collector's ledger");
    return r;
}

/* What people said at a box lies beside its journal. */
static int open_beside(struct bw_origin *s, const char *journal, struct bw_err *reterr)
{
    const char *slash = strrchr(journal, '/');
    char folder[PATH_MAX] = ".";
    char path[PATH_MAX];

    if (slash) {
        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - journal), journal);
    }
    return exists(folder, "catalogue.db", path)
               ? bw_catalogue_open_read(path, &s->catalogue, reterr)
               : 0;
}

int bw_origin_open(enum bw_origin_from from,
                   const char *path,
                   struct bw_origin **ret,
                   struct bw_err *reterr)
{
    struct bw_origin *s = calloc(1, sizeof(*s));
    const char *base = strrchr(path, '/');
    int r = 0;

    if (!s) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    s->from = from;
    (void)snprintf(s->path, sizeof(s->path), "%s", path);
    base = base ? base + 1 : path;
    switch (from) {
    case BW_FROM_JOURNAL:
        r = bw_journal_open(path, BW_JOURNAL_READ, &s->journal, reterr);
        r = r < 0 ? r : bw_journal_records(path, &s->records, reterr);
        r = r < 0 ? r : open_beside(s, path, reterr);
        (void)snprintf(s->text, sizeof(s->text), "the box's own journal");
        break;
    case BW_FROM_LEDGER:
        r = open_ledger(s, path, reterr);
        break;
    case BW_FROM_FILE:
        r = bw_josefile_open(path, &s->records, reterr);
        (void)snprintf(s->text, sizeof(s->text), "the exported file %.150s", base);
        break;
    default:
        r = -EINVAL;
    }
    if (r < 0) {
        goto out;
    }
    *ret = s;
    s = NULL;
out:
    bw_origin_close(s);
    return r;
}

void bw_origin_close(struct bw_origin *s)
{
    if (s) {
        bw_records_close(s->records);
        bw_journal_close(s->journal);
        bw_ledger_close(s->ledger);
        bw_catalogue_close(s->catalogue);
        free(s);
    }
}

struct bw_records *bw_origin_records(struct bw_origin *s)
{
    return s->records;
}

int bw_origin_beside(const struct bw_origin *s, char ret[PATH_MAX])
{
    const char *slash = strrchr(s->path, '/');

    if (s->from == BW_FROM_LEDGER && s->data[0]) {
        memcpy(ret, s->data, sizeof(s->data));
        return 0;
    }
    if (s->from != BW_FROM_JOURNAL) {
        return -ENOENT;
    }
    (void)snprintf(ret, PATH_MAX, "%.*s", slash ? (int)(slash - s->path) : 1,
                   slash ? s->path : ".");
    return 0;
}

struct bw_catalogue *bw_origin_catalogue(struct bw_origin *s)
{
    return s->catalogue;
}

struct bw_ledger *bw_origin_ledger(struct bw_origin *s, const char **ret_data)
{
    *ret_data = s->data;
    return s->ledger;
}

const char *bw_origin_word(const struct bw_origin *s)
{
    return s->from == BW_FROM_JOURNAL  ? "journal"
           : s->from == BW_FROM_LEDGER ? "ledger"
                                       : "file";
}

const char *bw_origin_text(const struct bw_origin *s)
{
    return s->text;
}

/* ---- signatures and chain ------------------------------------------------------- */

void bw_origin_check_words(const struct bw_check_result *res,
                           enum bw_report_check *ret_check,
                           char text[480])
{
    char counted[BW_WORDS_MAX];

    bw_words_counted(res->n_records, "record", "records", counted);
    if (res->first == BW_FAULT_NONE) {
        *ret_check = BW_CHECK_GOOD;
        (void)snprintf(
            text, 480,
            "%s carry a signature that fits the key given with it, and each names the hash "
            "of the one before.",
            counted);
    } else {
        *ret_check = BW_CHECK_BAD;
        (void)snprintf(
            text, 480, "%lld %s in %s; the first: line %lld, %s: %.300s",
            (long long)res->n_faults, bw_plural(res->n_faults, "fault", "faults"), counted,
            (long long)res->first_line, bw_fault_name(res->first), res->first_text);
    }
}

int bw_origin_check(struct bw_origin *s,
                    const char *key_path,
                    void (*progress)(void *owner, int per_mille),
                    void *owner,
                    enum bw_report_check *ret_check,
                    char text[480],
                    struct bw_err *reterr)
{
    struct bw_check_opts opts = {.partial = true};
    struct bw_check_result res;
    struct bw_pubkey *keys = NULL;
    struct bw_check *c = NULL;
    int r = 0;

    *ret_check = BW_CHECK_NOT_DONE;
    text[0] = '\0';
    if (s->from != BW_FROM_FILE || !key_path) {
        return 0;
    }
    r = bw_keys_load(key_path, &keys, &opts.n_keys, reterr);
    if (r < 0) {
        goto out;
    }
    opts.keys = keys;
    r = bw_check_new(&opts, &c);
    r = r < 0 ? r : bw_check_file(s->path, c, progress, owner, &res, reterr);
    if (r < 0) {
        goto out;
    }
    bw_origin_check_words(&res, ret_check, text);
out:
    bw_check_free(c);
    free(keys);
    return r;
}

/* ---- circuits ------------------------------------------------------------------- */

struct listing {
    bw_origin_circuit_cb cb;
    void *owner;
    const char *site;
    struct bw_origin_circuit *found; /* of a journal */
    size_t n;
    struct bw_buf scratch;
};

static int ledger_circuit(void *owner, const struct bw_ledger_circuit *c)
{
    struct listing *l = owner;
    struct bw_origin_circuit out = {.first_start_unix_s = c->first_start_unix_s,
                                    .last_end_unix_s = c->end_unix_s};

    memcpy(out.site, c->site, sizeof(out.site));
    memcpy(out.circuit, c->facts.id, sizeof(out.circuit));
    return l->cb(l->owner, &out);
}

static int file_circuits(struct bw_origin *s, struct listing *l)
{
    struct bw_origin_circuit out;
    const char *site;
    const char *circuit;
    int r = 0;

    bw_josefile_span(s->records, &out.first_start_unix_s, &out.last_end_unix_s);
    for (size_t i = 0; r == 0 && bw_josefile_circuit(s->records, i, &site, &circuit) == 0;
         i++) {
        if (l->site[0] && strcmp(l->site, site) != 0) {
            continue;
        }
        (void)snprintf(out.site, sizeof(out.site), "%s", site);
        (void)snprintf(out.circuit, sizeof(out.circuit), "%s", circuit);
        r = l->cb(l->owner, &out);
    }
    return r;
}

static int note_circuits(struct listing *l, const struct bw_summary *s)
{
    for (size_t i = 0; i < s->n_circuits; i++) {
        size_t k = 0;
        while (k < l->n && (strcmp(l->found[k].circuit, s->circuits[i].id) != 0 ||
                            strcmp(l->found[k].site, s->site) != 0)) {
            k++;
        }
        if (k < l->n || l->n == CIRCUITS_MAX) {
            continue;
        }
        memcpy(l->found[l->n].site, s->site, sizeof(s->site));
        memcpy(l->found[l->n].circuit, s->circuits[i].id, sizeof(s->circuits[i].id));
        l->n++;
    }
    return 0;
}

static int journal_record(void *owner, const struct bw_record *rec)
{
    struct listing *l = owner;
    struct bw_summary s;
    struct bw_jws j;
    int r;

    if ((l->site[0] && strcmp(l->site, rec->site) != 0) ||
        bw_jws_parse(rec->jws, rec->jws_len, &l->scratch, &j, NULL) < 0 ||
        bw_summary_decode(j.payload, j.payload_len, &s, NULL) < 0) {
        return 0;
    }
    r = note_circuits(l, &s);
    bw_summary_done(&s);
    return r;
}

/* A box's circuits are those of its last day of records: older ones are found by name. */
static int journal_circuits(struct bw_origin *s, struct listing *l, struct bw_err *reterr)
{
    struct bw_journal_stat st;
    int r = bw_journal_stat(s->journal, &st, reterr);

    if (r < 0 || st.last_end_unix_s == BW_UNKNOWN) {
        return r;
    }
    l->found = calloc(CIRCUITS_MAX, sizeof(*l->found));
    if (!l->found) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    bw_buf_init(&l->scratch, BW_JWS_MAX);
    r = bw_records_each(s->records, "", st.last_end_unix_s - DAY_S, st.last_end_unix_s,
                        journal_record, l, reterr);
    for (size_t i = 0; r == 0 && i < l->n; i++) {
        l->found[i].first_start_unix_s = st.first_start_unix_s;
        l->found[i].last_end_unix_s = st.last_end_unix_s;
        r = l->cb(l->owner, &l->found[i]);
    }
    bw_buf_done(&l->scratch);
    free(l->found);
    return r;
}

int bw_origin_circuits(struct bw_origin *s,
                       const char *site,
                       bw_origin_circuit_cb cb,
                       void *owner,
                       struct bw_err *reterr)
{
    struct listing l = {.cb = cb, .owner = owner, .site = site};

    switch (s->from) {
    case BW_FROM_LEDGER:
        return s->ledger->ops->circuits(s->ledger, site[0] ? site : NULL, ledger_circuit,
                                        &l, reterr);
    case BW_FROM_FILE:
        return file_circuits(s, &l);
    case BW_FROM_JOURNAL:
    default:
        return journal_circuits(s, &l, reterr);
    }
}

/* ---- claims --------------------------------------------------------------------- */

struct claims {
    struct bw_report_claim *list;
    size_t n;
    size_t cap;
};

static int take_claim(void *owner, const struct bw_claim *c)
{
    struct claims *out = owner;
    struct bw_report_claim *x;
    bool frn = c->frn_line[0] != '\0';
    bool provider = c->provider[0] != '\0';

    if (out->n == out->cap) {
        return -E2BIG;
    }
    x = &out->list[out->n++];
    *x = (struct bw_report_claim){.from_unix_s = c->from_unix_s,
                                  .to_unix_s = c->to_unix_s,
                                  .bps = {c->down_bps, c->up_bps},
                                  .layer = c->layer};
    (void)snprintf(x->origin, sizeof(x->origin), "the state's catalogue%s%s%s%.60s%s%.40s",
                   frn ? ", FRN line " : "", c->frn_line, provider ? ", " : "", c->provider,
                   c->origin[0] ? "; " : "", c->origin);
    return 0;
}

int bw_origin_claims_full(size_t cap, struct bw_err *reterr)
{
    return bw_err_set(
        reterr, -E2BIG,
        "what is claimed changes more than %zu times: ask for a shorter period", cap);
}

int bw_origin_claims(struct bw_origin *s,
                     const char *site,
                     const char *circuit,
                     int64_t from_unix_s,
                     int64_t to_unix_s,
                     struct bw_report_claim *ret,
                     size_t cap,
                     size_t *ret_n,
                     char place[128],
                     struct bw_err *reterr)
{
    struct claims out = {.list = ret, .cap = cap};
    struct bw_dated_name about;
    int r;

    *ret_n = 0;
    place[0] = '\0';
    if (!s->catalogue) {
        return 0;
    }
    r = s->catalogue->ops->claims(s->catalogue, site, circuit, from_unix_s, to_unix_s,
                                  take_claim, &out, reterr);
    if (r < 0) {
        return r == -E2BIG ? bw_origin_claims_full(cap, reterr) : r;
    }
    /* As it was called then, not as it is called now. */
    if (bw_catalogue_name_at(s->catalogue, BW_NAMED_SITE, site, to_unix_s - 1, &about,
                             NULL) == 0) {
        (void)snprintf(place, 128, "%s", about.name);
    }
    *ret_n = out.n;
    return 0;
}
