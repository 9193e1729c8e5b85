/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_draft.h - what the readers of calendar files gather, before it is a calendar.
 * Nothing is a calendar until the whole file was read and fits together. */
#ifndef BW_SCHOOLCAL_DRAFT_H
#define BW_SCHOOLCAL_DRAFT_H

#include "schoolcal.h"

#include <bw/units.h>

/* Zeroed by bw_schoolcal_draft_init(); its members are the readers' to fill. */
struct bw_schoolcal_draft {
    char name[BW_SCHOOLCAL_NAME_MAX + 1]; /* "": not said yet */
    char zone[BW_SCHOOLCAL_ZONE_MAX + 1];
    int64_t from_day; /* unknown: not said yet */
    int64_t to_day;
    struct bw_schoolcal_hours week[7];
    bool week_given; /* else it is the default one */
    struct bw_schoolcal_span *terms;
    size_t n_terms;
    size_t cap_terms;
    struct bw_schoolcal_span *spans;
    size_t n_spans;
    size_t cap_spans;
};

void bw_schoolcal_draft_init(struct bw_schoolcal_draft *d);
void bw_schoolcal_draft_done(struct bw_schoolcal_draft *d);
/* -EINVAL with a sentence (without file and line) for a name or zone that is too long, or
 * a zone that this machine does not know. */
int bw_schoolcal_draft_name(struct bw_schoolcal_draft *d,
                            const char *name,
                            struct bw_err *reterr);
int bw_schoolcal_draft_zone(struct bw_schoolcal_draft *d,
                            const char *zone,
                            struct bw_err *reterr);
/* Copies, the name too. -E2BIG beyond what a calendar takes. */
int bw_schoolcal_draft_term(struct bw_schoolcal_draft *d,
                            const struct bw_schoolcal_span *s,
                            struct bw_err *reterr);
int bw_schoolcal_draft_span(struct bw_schoolcal_draft *d,
                            const struct bw_schoolcal_span *s,
                            struct bw_err *reterr);
/* Make it; also checked: that it fits into a statement. Faults name `file` and the line. */
int bw_schoolcal_draft_finish(const struct bw_schoolcal_draft *d,
                              const char *file,
                              struct bw_schoolcal **ret,
                              struct bw_err *reterr);

#endif
