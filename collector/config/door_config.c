/* SPDX-License-Identifier: GPL-3.0-or-later
 * door_config.c - who may look, as the file says it. */
#include "door_config.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

const char *const bw_access_words[] = {"accounts", "open", NULL};
static const char *const forms[] = {"json", "rfc5424", NULL};

const struct bw_optspec bw_accounts_opts[] = {
    {.name = "url",
     .type = BW_OPT_STRING,
     .max = 500,
     .def = "",
     .doc = "The address under which people reach the collector, for instance "
            "https://collector.alder.example: what a browser says that it comes from must "
            "be this, and links that are printed begin with it."},
    {.name = "idle",
     .type = BW_OPT_DURATION,
     .min = 60000,
     .max = 7 * DAY_MS,
     .def = "1h",
     .doc = "A session that asked for nothing for so long is over."},
    {.name = "longest",
     .type = BW_OPT_DURATION,
     .min = 60000,
     .max = 30 * DAY_MS,
     .def = "12h",
     .doc = "So long after signing in a session is over, whatever was done with it."},
    {.name = "proxy_user",
     .type = BW_OPT_STRING,
     .max = 60,
     .def = "",
     .doc = "A header in which a proxy that signs people in by itself says who asks, for "
            "instance X-Remote-User. Believed only on listeners at a Unix socket with "
            "proxied = yes; the proxy must take away what a client brings along."},
    {.name = "proxy_groups",
     .type = BW_OPT_STRING,
     .max = 60,
     .def = "",
     .doc = "And the header with that person's groups, parted by commas: sections group "
            "say what each may. Who is in none of them sees nothing."},
    {.type = BW_OPT_END},
};

static const char *const roles[] = {"admin",    "viewer",      "agency",
                                    "district", "coordinator", NULL};

const struct bw_optspec bw_group_opts[] = {
    {.name = "name",
     .type = BW_OPT_STRING,
     .max = 127,
     .def = "",
     .doc = "What the directory calls it; not set: the section's title."},
    {.name = "role",
     .type = BW_OPT_ENUM,
     .words = roles,
     .def = NULL,
     .doc = "As of an account (docs/access.md)."},
    {.name = "entities",
     .type = BW_OPT_STRING,
     .max = 600,
     .def = "",
     .doc = "Ids of entities, parted by commas; of agency, district and coordinator."},
    {.type = BW_OPT_END},
};

const struct bw_optspec bw_audit_opts[] = {
    {.name = "file",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "A file that a line is added to for each event; it may be moved away at any "
            "time."},
    {.name = "form",
     .type = BW_OPT_ENUM,
     .words = forms,
     .def = "json",
     .doc = "The file's lines: a JSON object each, or as RFC 5424 has them."},
    {.name = "socket",
     .type = BW_OPT_STRING,
     .max = 107,
     .def = "",
     .doc = "A Unix datagram socket that takes RFC 5424, for instance /dev/log."},
    {.type = BW_OPT_END},
};

/* `header`: groups come in a header, parted by commas. */
static int read_group(const struct bw_conf_node *at,
                      bool header,
                      struct bw_config_group *g,
                      struct bw_err *reterr)
{
    const char *e = bw_conf_str(at, "entities");
    const char *name = bw_conf_str(at, "name");
    (void)snprintf(g->name, sizeof(g->name), "%s", name[0] ? name : bw_conf_title(at));
    g->role = bw_conf_int(at, "role") + 1;
    if (!g->name[0] || (header && strchr(g->name, ','))) {
        return bw_conf_fault(at, "name", reterr,
                             g->name[0] ? "where a proxy tells groups (proxy_groups) their "
                                          "names have no comma"
                                        : "a group has a name");
    }
    while (*(e += strspn(e, ", "))) {
        size_t n = strcspn(e, ", ");
        if (g->n_entities == BW_GROUP_ENTITIES || n >= sizeof(g->entities[0]) ||
            strspn(e, "abcdefghijklmnopqrstuvwxyz0123456789-") < n) {
            return bw_conf_fault(at, "entities", reterr,
                                 "at most %d ids of a-z, 0-9 and '-'", BW_GROUP_ENTITIES);
        }
        memcpy(g->entities[g->n_entities++], e, n);
        e += n;
    }
    if ((g->role > 2) != (g->n_entities > 0)) {
        return bw_conf_fault(at, "entities", reterr,
                             g->role > 2 ? "this role needs entities"
                                         : "this role is for the whole state");
    }
    return 0;
}

static int read_groups(const struct bw_conf_node *top,
                       struct bw_config_door *out,
                       struct bw_err *reterr)
{
    int r = 0;
    out->n_groups = bw_conf_count(top, "group");
    if (out->n_groups > BW_GROUPS_MAX) {
        return bw_conf_fault(bw_conf_child(top, "group", BW_GROUPS_MAX), NULL, reterr,
                             "at most %d sections group", BW_GROUPS_MAX);
    }
    for (size_t i = 0; r == 0 && i < out->n_groups; i++) {
        r = read_group(bw_conf_child(top, "group", i), out->proxy_groups[0] != '\0',
                       &out->groups[i], reterr);
    }
    return r;
}

static bool is_header(const char *name)
{
    return strspn(name,
                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
           strlen(name);
}

int bw_door_config_read(const struct bw_conf_node *top,
                        struct bw_config_door *out,
                        struct bw_err *reterr)
{
    const struct bw_conf_node *accounts = bw_conf_child(top, "accounts", 0);
    const struct bw_conf_node *audit = bw_conf_child(top, "audit", 0);
    out->open = bw_conf_int(top, "access") == 1;
    (void)snprintf(out->url, sizeof(out->url), "%s", bw_conf_str(accounts, "url"));
    out->idle_ms = bw_conf_int(accounts, "idle");
    out->longest_ms = bw_conf_int(accounts, "longest");
    (void)snprintf(out->proxy_user, sizeof(out->proxy_user), "%s",
                   bw_conf_str(accounts, "proxy_user"));
    (void)snprintf(out->proxy_groups, sizeof(out->proxy_groups), "%s",
                   bw_conf_str(accounts, "proxy_groups"));
    (void)snprintf(out->audit_file, sizeof(out->audit_file), "%s",
                   bw_conf_str(audit, "file"));
    out->audit_rfc5424 = bw_conf_int(audit, "form") == 1;
    (void)snprintf(out->audit_socket, sizeof(out->audit_socket), "%s",
                   bw_conf_str(audit, "socket"));
    size_t n = strlen(out->url);
    const char *host = strstr(out->url, "://");
    if (n > 0 &&
        ((strncmp(out->url, "https://", 8) != 0 && strncmp(out->url, "http://", 7) != 0) ||
         !host[3] || strpbrk(host + 3, "/?#@ \"<>"))) {
        return bw_conf_fault(accounts, "url", reterr,
                             "\"%s\" is no address as https://HOST or https://HOST:PORT, "
                             "without a path",
                             out->url);
    }
    if (!is_header(out->proxy_user) || !is_header(out->proxy_groups) ||
        (out->proxy_user[0] == '\0') != (out->proxy_groups[0] == '\0')) {
        return bw_conf_fault(accounts, "proxy_user", reterr,
                             "proxy_user and proxy_groups are two names of headers");
    }
    if (out->audit_file[0] && out->audit_file[0] != '/') {
        return bw_conf_fault(audit, "file", reterr, "\"%s\" must begin with /",
                             out->audit_file);
    }
    if (out->audit_socket[0] && out->audit_socket[0] != '/') {
        return bw_conf_fault(audit, "socket", reterr, "\"%s\" must begin with /",
                             out->audit_socket);
    }
    int r = bw_oidc_config_read(top, out->url, &out->oidc, reterr);
    return r < 0 ? r : read_groups(top, out, reterr);
}

bool bw_door_config_same(const struct bw_config_door *a, const struct bw_config_door *b)
{
    return a->open == b->open && strcmp(a->url, b->url) == 0 && a->idle_ms == b->idle_ms &&
           a->longest_ms == b->longest_ms && strcmp(a->audit_file, b->audit_file) == 0 &&
           a->audit_rfc5424 == b->audit_rfc5424 &&
           strcmp(a->proxy_user, b->proxy_user) == 0 &&
           strcmp(a->proxy_groups, b->proxy_groups) == 0 && a->n_groups == b->n_groups &&
           memcmp(a->groups, b->groups, sizeof(a->groups)) == 0 &&
           bw_oidc_config_same(&a->oidc, &b->oidc) &&
           strcmp(a->audit_socket, b->audit_socket) == 0;
}
