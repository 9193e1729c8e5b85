/* SPDX-License-Identifier: GPL-3.0-or-later
 * door_config.h - what of the collector's file is about who may look: access, accounts and
 * the audit trail. */
#ifndef BW_DOOR_CONFIG_H
#define BW_DOOR_CONFIG_H

#include <conf.h>
#include <limits.h>
#include <oidc_config.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_GROUPS_MAX = 64,
    BW_GROUP_ENTITIES = 16
};

/* What people of a group of another's directory may; a role is its place among the words
 * admin, viewer, agency, district, coordinator, from 1 on. */
struct bw_config_group {
    char name[128];
    int64_t role;
    char entities[BW_GROUP_ENTITIES][32];
    size_t n_entities;
};

struct bw_config_door {
    bool open;     /* whoever reaches the address reads everything */
    char url[512]; /* "": not told; without a slash at its end */
    int64_t idle_ms;
    int64_t longest_ms;
    char proxy_user[64];   /* the header in which a proxy says who asks; "": none */
    char proxy_groups[64]; /* and that person's groups */
    struct bw_config_group groups[BW_GROUPS_MAX];
    size_t n_groups;
    struct bw_config_oidc oidc;
    char audit_file[PATH_MAX]; /* "": none */
    bool audit_rfc5424;        /* the file's lines; else JSON */
    char audit_socket[108];    /* "": none */
};

/* `out` is zeroed. */
int bw_door_config_read(const struct bw_conf_node *top,
                        struct bw_config_door *out,
                        struct bw_err *reterr);
bool bw_door_config_same(const struct bw_config_door *a, const struct bw_config_door *b);

/* For the schema. */
extern const char *const bw_access_words[];
extern const struct bw_optspec bw_accounts_opts[];
extern const struct bw_optspec bw_group_opts[];
extern const struct bw_optspec bw_audit_opts[];

#define BW_DOOR_OPTION                                                                     \
    {                                                                                      \
        .name = "access", .type = BW_OPT_ENUM, .words = bw_access_words,                   \
        .def = "accounts",                                                                 \
        .doc = "accounts: people sign in and programs show a key (docs/access.md); open: " \
               "whoever reaches the address reads everything, and nobody can change "      \
               "anything."                                                                 \
    }

#define BW_DOOR_SECTIONS                                                                   \
    {.keyword = "accounts",                                                                \
     .flags = BW_CONF_ALWAYS,                                                              \
     .opts = bw_accounts_opts,                                                             \
     .doc = "How people sign in. Accounts are made with *bandwitness account*."},          \
        {.keyword = "group",                                                               \
         .flags = BW_CONF_TITLED,                                                          \
         .opts = bw_group_opts,                                                            \
         .doc = "What people of a group may who come by a proxy that knows them "          \
                "(proxy_user) or by section oidc; at most 64. Of several groups the "      \
                "strongest role counts, with the entities of all groups that have it."},   \
        BW_OIDC_SECTION,                                                                   \
    {                                                                                      \
        .keyword = "audit", .flags = BW_CONF_ALWAYS, .opts = bw_audit_opts,                \
        .doc = "Where acts of administrators and what happens at the door are told, "      \
               "beside the collector's own log. Acts are kept in people.db and are "       \
               "leaves of the log whatever stands here."                                   \
    }

#endif
