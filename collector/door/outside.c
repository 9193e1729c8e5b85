/* SPDX-License-Identifier: GPL-3.0-or-later
 * outside.c - people of another's directory: a name and groups, of which the configuration
 * says what they may. Nothing of them is kept; whoever leaves a group is out with the next
 * request.
 *
 * Invariant: a name from outside is never the name of an account: it begins with "sso.". */
#include "door_private.h"

#include <http.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUPS_MAX = 512,
    MARK_RAW = 5,
    OWN_MAX = 60 /* what of a name has room behind "sso." */
};

_Static_assert(BW_ROLE_ADMIN == 1 && BW_ROLE_VIEWER == 2 && BW_ROLE_AGENCY == 3 &&
                   BW_ROLE_DISTRICT == 4 && BW_ROLE_COORDINATOR == 5,
               "roles are the configuration's words, from 1 on");
_Static_assert((int)BW_GROUP_ENTITIES == (int)BW_PERSON_SCOPES, "a group's entities fit");

/* Is this one of the groups? */
static bool among(const struct bw_door_identity *who, const char *name)
{
    for (size_t i = 0; i < who->n_groups; i++) {
        if (strcmp(who->groups[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_scopes(struct bw_viewer *v, const struct bw_config_group *g)
{
    for (size_t i = 0; i < g->n_entities && v->n_scopes < BW_PERSON_SCOPES; i++) {
        memcpy(v->scopes[v->n_scopes++], g->entities[i], sizeof(g->entities[i]));
    }
}

/* "sso.wren". Where the name alone would not tell two people apart, it ends in 40 bits of
 * who somebody is. */
static void name_it(struct bw_viewer *v, const struct bw_door_identity *who)
{
    char by[BW_STATEMENT_BY_MAX + 1];
    uint8_t sha256[32];
    char mark[12];
    bw_statement_by_of(who->name, by);
    if (strcmp(by, who->name) == 0 && strcmp(who->name, who->id) == 0 &&
        strlen(by) <= OWN_MAX) {
        (void)snprintf(v->name, sizeof(v->name), "sso.%.60s", by);
        return;
    }
    bw_sha256(who->id, strlen(who->id), sha256);
    bw_base32_encode(sha256, MARK_RAW, mark);
    for (char *c = mark; *c; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    }
    (void)snprintf(v->name, sizeof(v->name), "sso.%.48s-%s", by, mark);
}

struct bw_viewer *bw_door_outside(const struct bw_door *d,
                                  const struct bw_door_identity *who)
{
    struct bw_viewer *v = calloc(1, sizeof(*v));
    uint8_t mac[32];
    char text[128];
    for (size_t i = 0; v && i < d->conf.n_groups; i++) {
        const struct bw_config_group *g = &d->conf.groups[i];
        enum bw_role role = (enum bw_role)g->role;
        if (!among(who, g->name)) {
            continue;
        }
        if (v->role == 0 || role < v->role) { /* the strongest comes first */
            v->role = role;
            v->n_scopes = 0;
        }
        if (role == v->role) {
            add_scopes(v, g);
        }
    }
    if (!v || v->role == 0 || !who->name[0]) {
        free(v);
        return NULL;
    }
    v->outside = true;
    name_it(v, who);
    (void)snprintf(v->shown, sizeof(v->shown), "%.120s", who->name);
    char whole[BW_HASH_LEN + 1]; /* whoever is another has another token */
    bw_sha256_text(who->id, strlen(who->id), whole);
    (void)snprintf(text, sizeof(text), "form %s", whole);
    bw_hmac_sha256(d->secret, sizeof(d->secret), text, strlen(text), mac);
    (void)bw_b64_encode(mac, BW_SESSION_CSRF, v->csrf);
    return v;
}

struct bw_viewer *bw_door_by_proxy(struct bw_door *d, const struct bw_http_req *req)
{
    const char *name;
    const char *groups;
    if (!d->conf.proxy_user[0] || bw_http_way(req) != BW_HTTP_PROXIED ||
        !bw_http_by_socket(req)) {
        return NULL;
    }
    name = bw_http_header_once(req, d->conf.proxy_user);
    groups = bw_http_header_once(req, d->conf.proxy_groups);
    if (!name || !groups) {
        return NULL;
    }
    /* A header has one list: a group whose name has a comma in it is none of it. */
    char *copy = strdup(groups);
    const char *list[GROUPS_MAX];
    struct bw_door_identity who = {.name = name, .id = name, .groups = list};
    for (char *at = copy; at && *at && who.n_groups < GROUPS_MAX;) {
        at += strspn(at, ", ");
        size_t n = strcspn(at, ",");
        bool last = !at[n];
        size_t end = n;
        while (end > 0 && at[end - 1] == ' ') {
            end--;
        }
        at[end] = '\0';
        list[who.n_groups] = at;
        who.n_groups += end > 0;
        at += last ? end : n + 1;
    }
    struct bw_viewer *v = copy ? bw_door_outside(d, &who) : NULL;
    free(copy);
    return v;
}
