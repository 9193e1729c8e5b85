/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_keys.c - the history of a site's keys, as a bag has it: written and read. */
#include "bundle_private.h"

#include "json.h"
#include "origin.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIX_MAX INT64_C(253402300799)

void bw_bundle_key_put(struct bw_jw *w, const struct bw_origin_key *k)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "kid", k->key.kid);
    bw_jw_kstr(w, "alg", bw_alg_name(k->key.alg));
    bw_jw_ki64(w, "from_unix_s", k->from_unix_s);
    bw_jw_ki64(w, "revoked_unix_s", k->revoked_unix_s);
    bw_jw_kstr(w, "replaced_by", k->replaced_by[0] ? k->replaced_by : NULL);
    bw_jw_kstr(w, "prev_kid", k->prev_kid[0] ? k->prev_kid : NULL);
    bw_jw_kstr(w, "revoked_why", k->why[0] ? k->why : NULL);
    bw_jw_kstr(w, "revoked_by", k->by[0] ? k->by : NULL);
    bw_jw_ki64(w, "box_replaced_unix_s", k->replaced_unix_s);
    bw_jw_kstr(w, "box_replaced_why", k->replaced_why[0] ? k->replaced_why : NULL);
    bw_jw_kstr(w, "box_replaced_said_by",
               k->replaced_said_by[0] ? k->replaced_said_by : NULL);
    bw_jw_obj_end(w);
}

static int word(const json_t *o, const char *name, char *out, size_t cap, struct bw_err *e)
{
    const char *text = NULL;
    int r = bw_json_opt_str(o, name, cap - 1, &text, e);

    if (r == 0) {
        (void)snprintf(out, cap, "%s", text ? text : "");
    }
    return r;
}

static int take(const json_t *o, struct bw_report_keyfact *k, struct bw_err *reterr)
{
    int r = json_is_object(o) ? word(o, "kid", k->kid, sizeof(k->kid), reterr)
                              : bw_err_set(reterr, -BW_EMALFORMED, "a key is no object");

    r = r < 0 ? r : bw_json_opt_i64(o, "from_unix_s", 0, UNIX_MAX, &k->from_unix_s, reterr);
    r = r < 0
            ? r
            : bw_json_opt_i64(o, "revoked_unix_s", 0, UNIX_MAX, &k->revoked_unix_s, reterr);
    r = r < 0 ? r : word(o, "replaced_by", k->replaced_by, sizeof(k->replaced_by), reterr);
    r = r < 0 ? r : word(o, "prev_kid", k->prev_kid, sizeof(k->prev_kid), reterr);
    r = r < 0 ? r : word(o, "revoked_why", k->why, sizeof(k->why), reterr);
    r = r < 0 ? r : word(o, "revoked_by", k->by, sizeof(k->by), reterr);
    r = r < 0 ? r
              : bw_json_opt_i64(o, "box_replaced_unix_s", 0, UNIX_MAX, &k->replaced_unix_s,
                                reterr);
    r = r < 0
            ? r
            : word(o, "box_replaced_why", k->replaced_why, sizeof(k->replaced_why), reterr);
    return r < 0 ? r
                 : word(o, "box_replaced_said_by", k->replaced_said_by,
                        sizeof(k->replaced_said_by), reterr);
}

int bw_bundle_keys_read(const struct bw_bag_member *m,
                        struct bw_report_keyfact **ret,
                        size_t *ret_n,
                        struct bw_err *reterr)
{
    struct bw_report_keyfact *list = NULL;
    const json_t *keys = NULL;
    json_t *o = NULL;
    size_t n = 0;
    int r = bw_json_parse(m->data, m->n, BW_BUNDLE_KEYS_MAX, &o, reterr);

    r = r < 0 ? r : bw_json_get_arr(o, "keys", BW_BUNDLE_CHAINS_MAX, &keys, reterr);
    if (r == 0) {
        n = json_array_size(keys);
        list = calloc(n + 1, sizeof(*list));
        r = list ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = take(json_array_get(keys, i), &list[i], reterr);
    }
    json_decref(o);
    if (r < 0) {
        free(list);
        return r;
    }
    *ret = list;
    *ret_n = n;
    return 0;
}
