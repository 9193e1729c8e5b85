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

_Static_assert(BW_ROLE_ADMIN == 1 && BW_ROLE_VIEWER == 2 && BW_ROLE_AGENCY == 3 &&
                   BW_ROLE_DISTRICT == 4 && BW_ROLE_COORDINATOR == 5,
               "roles are the configuration's words, from 1 on");
_Static_assert((int)BW_GROUP_ENTITIES == (int)BW_PERSON_SCOPES, "a group's entities fit");

/* Is this one of the groups, which are parted by commas? */
static bool among(const char *groups, const char *name)
{
    size_t n_name = strlen(name);
    while (*groups) {
        groups += strspn(groups, ", ");
        size_t n = strcspn(groups, ",");
        size_t end = n;
        while (end > 0 && groups[end - 1] == ' ') {
            end--;
        }
        if (end == n_name && strncmp(groups, name, n_name) == 0) {
            return true;
        }
        groups += n;
    }
    return false;
}

static void add_scopes(struct bw_viewer *v, const struct bw_config_group *g)
{
    for (size_t i = 0; i < g->n_entities && v->n_scopes < BW_PERSON_SCOPES; i++) {
        memcpy(v->scopes[v->n_scopes++], g->entities[i], sizeof(g->entities[i]));
    }
}

struct bw_viewer *bw_door_outside(const struct bw_door *d,
                                  const struct bw_door_identity *who)
{
    struct bw_viewer *v = calloc(1, sizeof(*v));
    char by[BW_STATEMENT_BY_MAX + 1];
    uint8_t mac[32];
    char text[128];
    for (size_t i = 0; v && i < d->conf.n_groups; i++) {
        const struct bw_config_group *g = &d->conf.groups[i];
        enum bw_role role = (enum bw_role)g->role;
        if (!among(who->groups, g->name)) {
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
    bw_statement_by_of(who->name, by);
    (void)snprintf(v->name, sizeof(v->name), "sso.%.60s", by);
    (void)snprintf(v->shown, sizeof(v->shown), "%.120s", who->name);
    char whole[BW_HASH_LEN +
               1]; /* names that are alike once they are made fit have others */
    bw_sha256_text(who->name, strlen(who->name), whole);
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
    const struct bw_door_identity who = {.name = name, .groups = groups};
    return bw_door_outside(d, &who);
}
