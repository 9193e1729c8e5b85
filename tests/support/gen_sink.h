/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_sink.h - generated records on their way into a ledger, in groups as a collector
 * commits them. */
#ifndef BW_GEN_SINK_H
#define BW_GEN_SINK_H

#include <bw/summary.h>
#include <ledger.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_gen;

enum {
    BW_GEN_GROUP = 500 /* records a transaction */
};

/* One record on its way; owns everything. */
struct bw_gen_item {
    char *jws;
    struct bw_summary summary;
};

/* All zero, and the ledger. */
struct bw_gen_sink {
    struct bw_ledger *ledger;
    struct bw_gen_item items[BW_GEN_GROUP];
    struct bw_ledger_entry entries[BW_GEN_GROUP];
    size_t n;
    int64_t received_unix_ms; /* of the newest: a collector's clock does not go back */
};

/* Take the record that g made last. */
int bw_gen_sink_put(struct bw_gen_sink *out,
                    const struct bw_gen *g,
                    const char *jws,
                    size_t n,
                    struct bw_err *reterr);
/* Write what is left; also after a failure. A record that the ledger does not accept is
 * one. */
int bw_gen_sink_flush(struct bw_gen_sink *out, struct bw_err *reterr);

#endif
