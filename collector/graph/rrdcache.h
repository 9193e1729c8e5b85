/* SPDX-License-Identifier: GPL-3.0-or-later
 * rrdcache.h - the RRD files of one circuit, brought up to date from records. A reader's
 * thread; never two calls for one circuit at a time.
 *
 * FOLDER/SITE.CIRCUIT/{link,throughput,latency-NAME,traffic,tcp}.rrd. Files may vanish at
 * any time; everything in them comes from the ledger again. */
#ifndef BW_RRDCACHE_H
#define BW_RRDCACHE_H

#include <bw/units.h>
#include <graph_worker.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;
struct bw_reader;

struct bw_rrd_state {
    int64_t step_s;             /* unknown: nothing made yet */
    int64_t last_unix_s;        /* end of the newest interval written; unknown: none */
    int64_t n_files;            /* series in the folder then */
    int64_t made_mono_ns;       /* when they were begun anew; 0: not by this process */
    int64_t mirror_from_unix_s; /* intervals that a mirror port counted: the first one's
                                   start … */
    int64_t mirror_to_unix_s;   /* … and the last one's end; 0: none */
};

/* What a picture's words need, of the newest interval. */
struct bw_rrd_facts {
    char layer[16];
    char seen[96];        /* vantage and source in words */
    int64_t n_said;       /* statements on file then, of whatever … */
    uint64_t claims_mark; /* … and what is written down as claimed for it */
    char site_name[128];
};

/* Write what the records have and the files lack; `rebuild` begins with removing them.
 * -ENOENT: the ledger knows no such circuit. *state is read and written. */
int bw_rrdcache_refresh(struct bw_reader *r,
                        const char *folder,
                        const char *site,
                        const char *circuit,
                        bool rebuild,
                        struct bw_rrd_state *state,
                        struct bw_rrd_facts *ret_facts,
                        struct bw_err *reterr);

/* The file of a series ("link", "throughput", "latency-NAME"). -ENOENT when there is none
 * (nothing of it was ever recorded). out[PATH_MAX]. */
int bw_rrdcache_path(const char *folder,
                     const char *site,
                     const char *circuit,
                     const char *series,
                     char *out);

/* Remove a circuit's files. */
void bw_rrdcache_remove(const char *folder, const char *id);

/* Note that somebody looked; when somebody last did, Unix seconds (0: never). */
void bw_rrdcache_touch(const char *folder, const char *id);
int64_t bw_rrdcache_seen(const char *folder, const char *id);

/* The state as of the last refresh, beside the files. -ENOENT, -EINVAL. */
int bw_rrdcache_state_read(const char *folder, const char *id, struct bw_rrd_state *ret);

#endif
