/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_log.c - the log's files of a bag against the bag's own records, statements and
 * keys.
 *
 * Invariant: a log that does not hold is no failure: whoever packs and whoever checks come
 * to the same facts, and only who checks tells of faults. */
#include "bundle_private.h"

#include "grow.h"
#include "json.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_key(const json_t *o, struct bw_logged_key *ret, struct bw_err *e)
{
    static const char *const known[] = {"kid",
                                        "alg",
                                        "from_unix_s",
                                        "revoked_unix_s",
                                        "replaced_by",
                                        "prev_kid",
                                        "revoked_why",
                                        "revoked_by",
                                        "box_replaced_unix_s",
                                        "box_replaced_why",
                                        "box_replaced_said_by",
                                        NULL};
    const char *kid = NULL;
    const char *prev = NULL;
    int r = bw_json_only(o, known, e);

    r = r < 0 ? r : bw_json_get_str(o, "kid", BW_KID_LEN, &kid, e);
    r = r < 0 ? r : bw_json_opt_str(o, "prev_kid", BW_KID_LEN, &prev, e);
    r = r < 0
            ? r
            : bw_json_opt_i64(o, "from_unix_s", 0, INT64_MAX / 1000, &ret->from_unix_s, e);
    r = r < 0 ? r
              : bw_json_opt_i64(o, "revoked_unix_s", 0, INT64_MAX / 1000,
                                &ret->revoked_unix_s, e);
    r = r < 0 ? r
              : bw_json_opt_i64(o, "box_replaced_unix_s", 0, INT64_MAX / 1000,
                                &ret->replaced_unix_s, e);
    if (r == 0) {
        (void)snprintf(ret->kid, sizeof(ret->kid), "%s", kid);
        (void)snprintf(ret->prev_kid, sizeof(ret->prev_kid), "%s", prev ? prev : "");
    }
    return r;
}

int bw_bundle_log_keys(const struct bw_bag_member *m,
                       struct bw_logged_key **ret,
                       size_t *ret_n,
                       struct bw_err *reterr)
{
    static const char *const known[] = {"v", "site", "keys", NULL};
    struct bw_logged_key *list = NULL;
    const json_t *keys = NULL;
    json_t *o = NULL;
    int r;

    *ret = NULL;
    *ret_n = 0;
    if (!m) {
        return bw_err_set(reterr, -ENOENT, "%s: is missing", BW_IN_KEY_HISTORY);
    }
    r = bw_json_parse(m->data, m->n, BW_BUNDLE_KEYS_MAX, &o, reterr);
    r = r < 0 ? r : bw_json_only(o, known, reterr);
    r = r < 0 ? r : bw_json_get_arr(o, "keys", BW_BUNDLE_CHAINS_MAX, &keys, reterr);
    if (r == 0) {
        list = calloc(json_array_size(keys) + 1, sizeof(*list));
        r = list ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; r == 0 && i < json_array_size(keys); i++) {
        r = read_key(json_array_get(keys, i), &list[i], reterr);
        *ret_n = i + 1;
    }
    json_decref(o);
    if (r < 0) {
        free(list);
        *ret_n = 0;
        return bw_err_prefix(reterr, r, "%s", BW_IN_KEY_HISTORY);
    }
    *ret = list;
    return 0;
}

/* ---- checking -------------------------------------------------------------------- */

struct looking {
    const struct bw_bundle_view *view;
    struct bw_bundle_made *made;
    struct bw_logged_list records;
    bool no_memory;
};

static bool find(void *owner, const char *member, const char **ret, size_t *ret_n)
{
    struct looking *k = owner;
    const struct bw_bag_member *m = k->view->find(k->view->owner, member);

    if (m) {
        struct bw_bundle_made *made = k->made;
        char(*grown)[BW_BAG_NAME_MAX + 1] =
            bw_grow(made->looked, made->n_looked, &made->cap_looked, sizeof(*grown));
        if (!grown) {
            k->no_memory = true;
            return false;
        }
        made->looked = grown;
        (void)snprintf(grown[made->n_looked++], sizeof(*grown), "%s", member);
        *ret = m->data;
        *ret_n = m->n;
    }
    return m != NULL;
}

static void keep(struct looking *k, const char *member, const char *text, bool is_fault)
{
    struct bw_bundle_made *m = k->made;
    struct bw_bundle_told_of *grown =
        bw_grow(m->told, m->n_told, &m->cap_told, sizeof(*grown));

    if (!grown) {
        k->no_memory = true;
        return;
    }
    m->told = grown;
    (void)snprintf(grown[m->n_told].member, sizeof(grown->member), "%s", member);
    (void)snprintf(grown[m->n_told].text, sizeof(grown->text), "%s", text);
    grown[m->n_told++].fault = is_fault;
}

static void fault(void *owner, const char *member, const char *text)
{
    keep(owner, member, text, true);
}

static void unchecked(void *owner, const char *member, const char *text)
{
    keep(owner, member, text, false);
}

static int on_record(void *owner, const struct bw_record *rec)
{
    struct looking *k = owner;

    return bw_logged_add(&k->records, rec);
}

int bw_bundle_log_read(const struct bw_bundle_view *v,
                       struct bw_bundle_made *made,
                       struct bw_err *reterr)
{
    struct looking k = {.view = v, .made = made};
    struct bw_logged_view view = {
        .find = find, .fault = fault, .unchecked = unchecked, .owner = &k};
    const struct bw_bag_member *said = v->find(v->owner, BW_IN_STATEMENTS);
    struct bw_logged_things things = {.site = made->query.site,
                                      .statements = said ? said->data : NULL,
                                      .n_statements = said ? said->n : 0};
    struct bw_logged_key *keys = NULL;
    int r = bw_bundle_log_keys(v->find(v->owner, BW_IN_KEY_HISTORY), &keys, &things.n_keys,
                               reterr);

    r = r < 0 ? r
              : bw_records_each(made->records, "", INT64_MIN, INT64_MAX, on_record, &k,
                                reterr);
    things.keys = keys;
    things.records = k.records.list;
    things.n_records = k.records.n;
    r = r < 0 ? r
              : bw_logged_read(&view, &things, made->log_keys, made->n_log_keys, &made->log,
                               reterr);
    if (r == 0 && k.no_memory) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    free(keys);
    free(k.records.list);
    return r;
}
