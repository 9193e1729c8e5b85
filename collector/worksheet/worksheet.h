/* SPDX-License-Identifier: GPL-3.0-or-later
 * worksheet.h - what chosen circuits of a collector carry together, from its ledger and
 * what is on file: for the page and for the command. Blocking; handles of its own. */
#ifndef BW_WORKSHEET_H
#define BW_WORKSHEET_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_coincident;
struct bw_err;
struct bw_origin;
struct bw_tz;

struct bw_worksheet_name {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
};

struct bw_worksheet_ask {
    const char *data_dir;
    const struct bw_worksheet_name *names; /* each once */
    size_t n;
    const char *zone;  /* in which days are; NULL: that of most of them */
    int64_t first_day; /* since 1970-01-01; unknown: n_days before today */
    int64_t end_day;   /* the day after the last */
    int64_t n_days;
    enum bw_layer layer;
    int64_t need_ppm;
    int64_t now_unix_s;
    /* Before each circuit; non-zero ends it with that. NULL: nobody asks. */
    int (*progress)(void *owner, size_t done, size_t n);
    void *owner;
};

struct bw_worksheet {
    struct bw_coincident *sum;
    struct bw_tz *tz;
    size_t n_zones; /* in which the circuits' own days are */
};

/* -E2BIG: too much at once; -EINVAL with a sentence. Done with bw_worksheet_done(), also
 * after a failure. */
int bw_worksheet_make(const struct bw_worksheet_ask *ask,
                      struct bw_worksheet *ret,
                      struct bw_err *reterr);
void bw_worksheet_done(struct bw_worksheet *w);

/* A list of names without doubles. */
struct bw_worksheet_list {
    struct bw_worksheet_name *names;
    size_t n, cap;
};
/* "SITE.CIRCUIT". 1: it was there already; -EINVAL, -ENOMEM. */
int bw_worksheet_add(struct bw_worksheet_list *l, const char *id);
/* Every circuit with records whose box stands at or below an entity of the collector's
 * list. -ENOENT: there is none of this id. */
int bw_worksheet_below(struct bw_origin *s,
                       const char *entity,
                       struct bw_worksheet_list *l,
                       struct bw_err *reterr);

#endif
