/* SPDX-License-Identifier: GPL-3.0-or-later
 * bag_place.h - where a circuit's bag of a funding year lies: FOLDER/SITE/FY2026/
 * SITE.CIRCUIT-FY2026.tar.zst, with its SHA-256 beside it as sha256sum(1) writes it; and
 * when one is due. Names and times are pure; sweep, put and sha256 touch files. */
#ifndef BW_BAG_PLACE_H
#define BW_BAG_PLACE_H

#include <bw/summary.h>
#include <hasher.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_BAG_FILE_MAX = BW_SITE_MAX + BW_NAME_MAX + 24
};

/* A bag's file by its name alone, which may come from a stranger. */
struct bw_bag_place {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    int year; /* the funding year: from 1 July of it */
};

void bw_bag_place_name(const struct bw_bag_place *p, char ret[BW_BAG_FILE_MAX + 1]);
/* -EINVAL: it is no such name. What is taken is written back to the same name. */
int bw_bag_place_parse(const char *name, struct bw_bag_place *ret);
void bw_bag_place_path(const char *folder,
                       const struct bw_bag_place *p,
                       const char *ending, /* "", ".sha256", … */
                       char ret[PATH_MAX]);
/* A file that is being made: nobody takes it for one that is whole. */
void bw_bag_place_making(const char *folder,
                         const struct bw_bag_place *p,
                         char ret[PATH_MAX]);
/* Remove what runs that were killed left of files that were being made, this year's of this
 * site; only while none is being made. */
void bw_bag_place_sweep(const char *folder, const struct bw_bag_place *p);

/* The newest funding year that is over for more than after_s, everywhere on earth. */
int bw_bag_year_due(int64_t now_unix_s, int64_t after_s);
/* Its first instant, by UTC. */
int64_t bw_bag_year_begin(int year);
/* Is a minute of the day in [from, to), which may go over midnight? Equal: always. */
bool bw_bag_quiet(int minute, int from_min, int to_min);

/* What was made takes its place, never over another, and its SHA-256 is written beside it.
 * -EEXIST: there is one already; what was made is gone then. */
int bw_bag_place_put(const char *folder,
                     const struct bw_bag_place *p,
                     struct bw_err *reterr);

/* SHA-256 of a file as hex. */
int bw_bag_place_sha256(const char *path,
                        char ret[BW_SHA256_HEX + 1],
                        struct bw_err *reterr);

#endif
