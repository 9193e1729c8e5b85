/* SPDX-License-Identifier: GPL-3.0-or-later
 * log_asked.h - what the verbs for a collector's log share. */
#ifndef BW_CLI_LOG_ASKED_H
#define BW_CLI_LOG_ASKED_H

#include "cli.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;
struct bw_jw;
struct bw_ledger;
struct bw_tlog;

struct bw_log_asked {
    const char *data;
    const char *config;
    bool json;
    bool all;
    int64_t size; /* unknown: the newest */
    char folder[PATH_MAX];
    struct bw_tlog *log;
    struct bw_ledger *ledger;
};

/* 0, or the status to end with. `with_size`: --size and --all are taken. */
int bw_log_options(const struct bw_verb *v,
                   int argc,
                   char **argv,
                   bool with_size,
                   struct bw_log_asked *ret);
/* Open log and ledger for reading, beside the running collector. */
int bw_log_open(struct bw_log_asked *a, struct bw_err *reterr);
void bw_log_close(struct bw_log_asked *a);

/* The members of one checkpoint into an open object; `whole`: its note too. */
int bw_log_members(struct bw_log_asked *a,
                   int64_t size,
                   int64_t unix_s,
                   const uint8_t root[32],
                   bool whole,
                   struct bw_jw *w,
                   struct bw_err *reterr);

#endif
