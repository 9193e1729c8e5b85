/* SPDX-License-Identifier: GPL-3.0-or-later
 * origin_keys.c - a site's public keys, wherever its records come from. */
#include "origin.h"
#include "origin_private.h"

#include "catalogue.h"
#include "check.h"
#include "enrolment.h"
#include "statement.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct found {
    struct bw_origin_key *list;
    size_t n;
};

/* The key's place in the list, a new one at its end; NULL: out of memory. */
static struct bw_origin_key *place_of(struct found *f, const struct bw_pubkey *key)
{
    struct bw_origin_key *grown;

    for (size_t i = 0; i < f->n; i++) {
        if (strcmp(f->list[i].key.kid, key->kid) == 0) {
            return &f->list[i];
        }
    }
    grown = reallocarray(f->list, f->n + 1, sizeof(*grown));
    if (!grown) {
        return NULL;
    }
    f->list = grown;
    grown[f->n] = (struct bw_origin_key){.key = *key,
                                         .from_unix_s = BW_UNKNOWN,
                                         .revoked_unix_s = BW_UNKNOWN,
                                         .replaced_unix_s = BW_UNKNOWN};
    return &grown[f->n++];
}

static int of_catalogue(void *owner, const struct bw_site_key *k)
{
    struct bw_pubkey key = {.alg = (enum bw_alg)k->alg};
    struct bw_origin_key *x;

    memcpy(key.raw, k->raw, sizeof(key.raw));
    memcpy(key.kid, k->kid, sizeof(key.kid));
    x = place_of(owner, &key);
    if (!x) {
        return -ENOMEM;
    }
    x->from_unix_s = k->from_unix_s;
    x->revoked_unix_s = k->revoked_unix_s;
    memcpy(x->replaced_by, k->replaced_by, sizeof(x->replaced_by));
    memcpy(x->prev_kid, k->prev_kid, sizeof(x->prev_kid));
    return 0;
}

static int find_reasons(struct bw_catalogue *c, struct found *f, struct bw_err *reterr)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < f->n; i++) {
        struct bw_origin_key *k = &f->list[i];
        struct bw_revocation why;
        int64_t said_unix_s;
        if (k->revoked_unix_s == BW_UNKNOWN) {
            continue;
        }
        r = bw_revocation_find(c, k->key.kid, &why, k->by, &said_unix_s, reterr);
        if (r == 0) {
            memcpy(k->why, why.reason, sizeof(k->why));
        }
        r = r == -ENOENT ? 0 : r;
    }
    return r;
}

struct told {
    int64_t at_unix_s;
    struct bw_origin_key *k;
};

/* The newest that was said before the other box came. */
static int take_act(void *owner, const struct bw_said *said)
{
    struct told *t = owner;
    struct bw_siteact a;

    if (said->statement->body && said->recorded_unix_ms / 1000 <= t->at_unix_s &&
        bw_siteact_decode(said->statement->body, said->statement->n_body, &a, NULL) == 0 &&
        a.act == BW_SITEACT_REPLACED) {
        memcpy(t->k->replaced_why, a.reason, sizeof(t->k->replaced_why));
        (void)snprintf(t->k->replaced_said_by, sizeof(t->k->replaced_said_by), "%s",
                       said->statement->by);
    }
    return 0;
}

/* Keys that gave way to one that came by a token: the box was replaced. */
static int find_replacements(struct bw_catalogue *c,
                             const char *site,
                             struct found *f,
                             struct bw_err *reterr)
{
    char about[BW_SITE_MAX + 16];
    int r = 0;

    (void)snprintf(about, sizeof(about), "site:%s", site);
    for (size_t i = 0; r == 0 && i < f->n; i++) {
        for (size_t j = 0; f->list[i].replaced_by[0] && j < f->n; j++) {
            if (strcmp(f->list[i].replaced_by, f->list[j].key.kid) == 0 &&
                !f->list[j].prev_kid[0]) {
                f->list[i].replaced_unix_s = f->list[j].from_unix_s;
            }
        }
        if (f->list[i].replaced_unix_s != BW_UNKNOWN) {
            struct told t = {f->list[i].replaced_unix_s, &f->list[i]};
            r = c->ops->statements(c,
                                   &(struct bw_said_query){.kind = "site", .about = about},
                                   take_act, &t, reterr);
        }
    }
    return r;
}

static int take_all(struct found *f, const struct bw_pubkey *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!place_of(f, &keys[i])) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* The folder that the journal lies in. */
static void folder_of(const struct bw_origin *s, char folder[PATH_MAX])
{
    char *slash;

    (void)snprintf(folder, PATH_MAX, "%s", s->path);
    slash = strrchr(folder, '/');
    if (slash) {
        slash[slash == folder] = '\0';
    } else {
        (void)snprintf(folder, PATH_MAX, ".");
    }
}

bool bw_origin_log_key(const struct bw_origin *s, struct bw_pubkey *ret)
{
    struct bw_enrolment *e = calloc(1, sizeof(*e));
    char folder[PATH_MAX];
    bool known = false;

    if (e && s->from == BW_FROM_JOURNAL) {
        folder_of(s, folder);
        known = bw_enrolment_load(folder, e, NULL) == 0 && e->has_log_key;
        *ret = known ? e->log_key : *ret;
    }
    free(e);
    return known;
}

/* The box keeps its public keys beside its journal; a copy of the journal has none. */
static int of_box(const struct bw_origin *s, struct found *f, struct bw_err *reterr)
{
    char folder[PATH_MAX];
    struct bw_pubkey *keys = NULL;
    size_t n = 0;
    int r;

    folder_of(s, folder);
    r = bw_enrolment_public_keys(folder, &keys, &n, reterr);
    r = r == -ENOENT ? 0 : r < 0 ? r : take_all(f, keys, n);
    free(keys);
    return r;
}

static int by_kid(const void *a, const void *b)
{
    const struct bw_origin_key *x = a;
    const struct bw_origin_key *y = b;

    return strcmp(x->key.kid, y->key.kid);
}

int bw_origin_keys(struct bw_origin *s,
                   const char *site,
                   const char *key_path,
                   struct bw_origin_key **ret,
                   size_t *ret_n,
                   struct bw_err *reterr)
{
    struct found f = {NULL, 0};
    struct bw_pubkey *given = NULL;
    size_t n_given = 0;
    int r = 0;

    if (s->from != BW_FROM_JOURNAL && s->catalogue) {
        r = s->catalogue->ops->keys(s->catalogue, site, of_catalogue, &f, reterr);
        r = r < 0 ? r : find_reasons(s->catalogue, &f, reterr);
        r = r < 0 ? r : find_replacements(s->catalogue, site, &f, reterr);
    } else if (s->from == BW_FROM_JOURNAL) {
        r = of_box(s, &f, reterr);
    }
    if (r == 0 && key_path) {
        r = bw_keys_load(key_path, &given, &n_given, reterr);
        r = r < 0 ? r : take_all(&f, given, n_given);
    }
    free(given);
    if (r < 0) {
        free(f.list);
        return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
    }
    if (f.n) {
        qsort(f.list, f.n, sizeof(*f.list), by_kid);
    }
    *ret = f.list;
    *ret_n = f.n;
    return 0;
}

int bw_origin_keyfacts(struct bw_origin *s,
                       const char *site,
                       struct bw_report_keyfact **ret,
                       size_t *ret_n,
                       struct bw_err *reterr)
{
    struct bw_report_keyfact *list = NULL;
    struct bw_origin_key *keys = NULL;
    size_t n = 0;
    int r = bw_origin_keys(s, site, NULL, &keys, &n, reterr);

    if (r == 0) {
        list = calloc(n + 1, sizeof(*list));
        r = list ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; list && i < n; i++) {
        list[i].from_unix_s = keys[i].from_unix_s;
        list[i].revoked_unix_s = keys[i].revoked_unix_s;
        memcpy(list[i].kid, keys[i].key.kid, sizeof(list[i].kid));
        memcpy(list[i].replaced_by, keys[i].replaced_by, sizeof(list[i].replaced_by));
        memcpy(list[i].prev_kid, keys[i].prev_kid, sizeof(list[i].prev_kid));
        memcpy(list[i].why, keys[i].why, sizeof(list[i].why));
        memcpy(list[i].by, keys[i].by, sizeof(list[i].by));
        list[i].replaced_unix_s = keys[i].replaced_unix_s;
        memcpy(list[i].replaced_why, keys[i].replaced_why, sizeof(list[i].replaced_why));
        memcpy(list[i].replaced_said_by, keys[i].replaced_said_by,
               sizeof(list[i].replaced_said_by));
    }
    free(keys);
    if (r == 0) {
        *ret = list;
        *ret_n = n;
    }
    return r;
}
