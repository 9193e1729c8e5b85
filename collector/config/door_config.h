/* SPDX-License-Identifier: GPL-3.0-or-later
 * door_config.h - what of the collector's file is about who may look: access, accounts and
 * the audit trail. */
#ifndef BW_DOOR_CONFIG_H
#define BW_DOOR_CONFIG_H

#include <conf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;

struct bw_config_door {
    bool open;     /* whoever reaches the address reads everything */
    char url[512]; /* "": not told; without a slash at its end */
    int64_t idle_ms;
    int64_t longest_ms;
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
    {                                                                                      \
        .keyword = "audit", .flags = BW_CONF_ALWAYS, .opts = bw_audit_opts,                \
        .doc = "Where acts of administrators and what happens at the door are told, "      \
               "beside the collector's own log. Acts are kept in people.db and are "       \
               "leaves of the log whatever stands here."                                   \
    }

#endif
