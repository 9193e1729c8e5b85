/* SPDX-License-Identifier: GPL-3.0-or-later
 * docket_asked.h - where the statements of people and imports are kept (a box's state
 * folder, or a collector's data folder), and in whose name one is said; for every verb that
 * reads or makes them. */
#ifndef BW_CLI_DOCKET_ASKED_H
#define BW_CLI_DOCKET_ASKED_H

#include "cli.h"

#include <catalogue.h>
#include <limits.h>
#include <statement.h>
#include <sys/types.h>

struct bw_buf;

#define BW_DOCKET_STATE "/var/lib/bandwitness"

enum bw_docket_option {
    BW_DOCKET_OPT_STATE = 0xd00,
    BW_DOCKET_OPT_CONFIG,
    BW_DOCKET_OPT_LEDGER,
    BW_DOCKET_OPT_COLLECTOR,
    BW_DOCKET_OPT_BY
};

/* Their rows in a verb's list of options: of one that reads, of one that writes too. */
/* clang-format off */
#define BW_DOCKET_ASKED_OPTIONS \
    {"state", required_argument, NULL, BW_DOCKET_OPT_STATE}, \
    {"config", required_argument, NULL, BW_DOCKET_OPT_CONFIG}, \
    {"ledger", required_argument, NULL, BW_DOCKET_OPT_LEDGER}, \
    {"collector", required_argument, NULL, BW_DOCKET_OPT_COLLECTOR}
#define BW_DOCKET_ASKED_BY {"by", required_argument, NULL, BW_DOCKET_OPT_BY}
/* Their lines of --help. */
#define BW_DOCKET_ASKED_HELP \
    "  --state DIR        a box's state folder (" BW_DOCKET_STATE ")\n" \
    "  --config FILE      the box's configuration, which names that folder\n" \
    "  --ledger DIR       a collector's data folder\n" \
    "  --collector FILE   the collector's configuration, which names that folder\n"
#define BW_DOCKET_ASKED_BY_HELP \
    "  --by NAME          in whose name: a-z, 0-9, '.', '_', '-' (you, as you logged in)\n"
/* clang-format on */

/* Words as they were typed, NULL: not given. */
struct bw_docket_asked {
    const char *state;
    const char *config;
    const char *ledger;
    const char *collector;
    const char *by;
};

/* Take the option `o`: 0, or BW_EXIT_USAGE, also for one that is none of the above. */
int bw_docket_asked_take(const struct bw_verb *v, int o, struct bw_docket_asked *a);

struct bw_docket {
    struct bw_catalogue *catalogue; /* NULL: nothing was ever said here (reading only) */
    bool of_collector;              /* else a box's */
    char folder[PATH_MAX];
    char by[BW_STATEMENT_BY_MAX + 1]; /* opened for writing: in whose name */
    int64_t now_unix_ms;
};

/* Open it: for writing the catalogue is made where there is none, owned as its folder is.
 * Without an option: this machine's box where it has a journal or statements, else its
 * collector where that has a data folder.
 * 0, or the exit status after a sentence. Close also after a failure. */
int bw_docket_open(const struct bw_verb *v,
                   const struct bw_docket_asked *a,
                   bool write,
                   struct bw_docket *ret);
void bw_docket_close(struct bw_docket *d);

/* Opened for writing by root, this process acts as the folder's owner, who need not be able
 * to read the caller's files. Between these two it acts as the caller again: read files
 * there, and leave the catalogue alone. */
uid_t bw_docket_as_caller(void);
int bw_docket_as_owner(uid_t owner, struct bw_err *reterr);

/* A statement of this kind said now, by this verb, in that name. */
void bw_docket_begin(const struct bw_verb *v,
                     const struct bw_docket *d,
                     enum bw_statement_kind kind,
                     struct bw_statement *ret);

/* It is said, with this body; its id where `ret_id` is not NULL. */
int bw_docket_say(const struct bw_docket *d,
                  struct bw_statement *s,
                  const struct bw_buf *body,
                  char *ret_id,
                  struct bw_err *reterr);

/* statements() of its catalogue; nothing where there is none. */
int bw_docket_each(const struct bw_docket *d,
                   const struct bw_said_query *q,
                   bw_said_cb cb,
                   void *owner,
                   struct bw_err *reterr);

/* One id in 64 begins with '-': a whole one is taken for what it is, wherever it stands,
 * and out of the words; NULL: none does. */
const char *bw_docket_dashed_id(int *argc, char **argv);

/* The statement of this id, or whose id begins so. 0, or the exit status after a sentence.
 */
int bw_docket_one(const struct bw_verb *v,
                  const struct bw_docket *d,
                  const char *id,
                  bw_said_cb cb,
                  void *owner);

enum {
    BW_DOCKET_CIRCUIT_MAX = BW_SITE_MAX + BW_NAME_MAX + 1 /* "SITE.CIRCUIT" */
};

/* The one word that is left after the options names a circuit: 0, or BW_EXIT_USAGE after a
 * sentence. */
int bw_docket_circuit_word(const struct bw_verb *v,
                           int argc,
                           char **argv,
                           const char **ret);

/* "SITE.CIRCUIT", or at a box "CIRCUIT" of its own site, as "SITE.CIRCUIT". With `known`
 * there must be records of it. 0, or the exit status after a sentence. */
int bw_docket_circuit(const struct bw_verb *v,
                      const struct bw_docket *d,
                      const char *text,
                      bool known,
                      char ret[BW_DOCKET_CIRCUIT_MAX + 1]);

#endif
