/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier_world.h - a courier between a journal of a few rows and a collector that behaves
 * as told (courier_server.py). */
#ifndef COURIER_WORLD_H
#define COURIER_WORLD_H

#include "bw_test.h"

#include <bw/units.h>
#include <courier.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <uv.h>

#define KID_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KID_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define KID_C "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"

enum {
    ROWS = 12
};

enum fate {
    WAITS,
    NOT_YET, /* signed */
    ACKED,
    REFUSED
};

struct world {
    uv_loop_t loop;
    uv_timer_t watchdog;
    uv_timer_t later;
    struct bw_courier *courier;
    const char *behaviour; /* the server's first */
    pid_t server;
    int to_server;
    FILE *from_server;
    char ca_file[256];
    int port;

    enum fate fate[ROWS + 1]; /* by seq */
    const char *kid;
    char made[BW_KID_LEN + 1]; /* the key since the last fork */
    int n_made;
    int forked_from; /* rows before this one stay of KID_A; 0: no fork */
    int old;         /* rows up to this one are of KID_B, a key from before */
    int older;       /* and of them up to this one of KID_C */
    char without_kids[BW_COURIER_WITHOUT_MAX];
    size_t most; /* rows of a batch; 0: any */
    bool with_key;
    int keys_known;
    int forks;
    int rewinds;
    int fetches;
    size_t asked_lines;
    size_t least_lines; /* fewest that were ever asked for */
    size_t carried;     /* lines that the line carries; 0: any */
    int too_large;      /* batches of more */
    bool asked_zstd;
    bool plain_asked;
    bool bad_receipt;
    bool stuck;          /* what is said cannot be written down */
    bool others;         /* all receipts are about another box's records, until a new key */
    size_t acked_at_key; /* rows that were, when the last key became known */
    bool ahead;
    bool closed;
};

/* "http" or "https" (then the first word is "--tls"); the words are what the server does,
 * one a request and the last for good. world_end() closes, frees and ends all. */
void world_begin(struct world *w, const char *scheme, const char *const *words);
void world_end(struct world *w);
/* The same world with a courier of other times. */
void world_renew_courier(struct world *w,
                         const char *scheme,
                         int64_t backoff_max_ms,
                         int64_t post_ms);
void world_start_server(struct world *w, const char *const *words);

/* Rows that were neither acknowledged nor refused; rows of one fate. */
size_t world_waiting(const struct world *w);
size_t world_count(const struct world *w, enum fate f);

/* Until none waits and the courier is content; until n wait; likewise while new intervals
 * end all the time; until n failures in a row. */
void world_run_until_settled(struct world *w);
void world_run_until_waiting(struct world *w, size_t n);
void world_ask_until_waiting(struct world *w, size_t n);
void world_run_until_failures(struct world *w, int64_t n);

#endif
