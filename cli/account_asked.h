/* SPDX-License-Identifier: GPL-3.0-or-later
 * account_asked.h - what the verbs about accounts share: their options, the collector's
 * store of people, the link that a person gets. */
#ifndef BW_CLI_ACCOUNT_ASKED_H
#define BW_CLI_ACCOUNT_ASKED_H

#include "admin.h"
#include "cli.h"

#include <people.h>

struct bw_act_said;

enum bw_account_opt {
    BW_ACCOUNT_OPT_DATA = 0x1000,
    BW_ACCOUNT_OPT_CONFIG,
    BW_ACCOUNT_OPT_BY,
    BW_ACCOUNT_OPT_ROLE,
    BW_ACCOUNT_OPT_ENTITY,
    BW_ACCOUNT_OPT_SHOWN,
    BW_ACCOUNT_OPT_JSON
};

struct bw_account_asked {
    const char *data;
    const char *config;
    const char *typed_by;
    const char *shown;
    bool json;
    bool has_role;
    enum bw_role role;
    const char *entities[BW_PERSON_SCOPES]; /* ids or names, as typed */
    size_t n_entities;
    /* opened: */
    struct bw_people *people;
    char by[BW_PERSON_MAX + 1];                                    /* in whose name */
    char url[512];                                                 /* where links lead */
    char scopes[BW_PERSON_SCOPES][BW_PERSON_ENTITY_MAX + 1];       /* of the entities */
    char told[BW_PERSON_SCOPES * (BW_PERSON_ENTITY_MAX + 2) + 32]; /* "district a b" */
    int64_t now_unix_s;
};

/* clang-format off */
#define BW_ACCOUNT_OPTIONS \
    {"data", required_argument, NULL, BW_ACCOUNT_OPT_DATA}, \
    {"config", required_argument, NULL, BW_ACCOUNT_OPT_CONFIG}
#define BW_ACCOUNT_BY {"by", required_argument, NULL, BW_ACCOUNT_OPT_BY}
#define BW_ACCOUNT_JSON {"json", no_argument, NULL, BW_ACCOUNT_OPT_JSON}
#define BW_ACCOUNT_WHO \
    {"role", required_argument, NULL, BW_ACCOUNT_OPT_ROLE}, \
    {"entity", required_argument, NULL, BW_ACCOUNT_OPT_ENTITY}, \
    {"shown", required_argument, NULL, BW_ACCOUNT_OPT_SHOWN}

#define BW_ACCOUNT_HELP \
    "  --data DIR     the collector's data folder\n" \
    "  --config FILE  its configuration (" BW_COLLECTOR_CONF ")\n"
#define BW_ACCOUNT_BY_HELP \
    "  --by NAME      in whose name (you, as you logged in)\n"
#define BW_ACCOUNT_WHO_HELP \
    "  --role ROLE    admin, viewer (the whole state), agency, district, coordinator\n" \
    "  --entity E     an entity of agency, district or coordinator, by id or name; they\n" \
    "                 see it and what is below it; may stand several times\n" \
    "  --shown NAME   the name that others read\n"
/* clang-format on */

/* Takes an option of these: 0, or BW_EXIT_USAGE after a sentence, also for any other. */
int bw_account_take(const struct bw_verb *v, int o, struct bw_account_asked *a);
/* The one word that is left: an account's name. As above. */
int bw_account_name(const struct bw_verb *v, int argc, char **argv, const char **ret);
/* Open the store, find the entities, who it is in the name of, and where links lead. Close
 * also after a failure. 0, or the exit status after a sentence. */
int bw_account_open(const struct bw_verb *v, struct bw_account_asked *a);
void bw_account_close(struct bw_account_asked *a);

/* Name, role, scopes and shown name of a person as asked for. */
void bw_account_person(const struct bw_account_asked *a,
                       const char *name,
                       struct bw_person *ret);
/* Make a link for 24 hours and print it, with --json as {"name","url","expires_s"}; `act`
 * is told with it. */
int bw_account_link(const struct bw_verb *v,
                    const struct bw_account_asked *a,
                    const char *name,
                    const struct bw_act_said *act);

#endif
