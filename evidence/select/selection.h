/* SPDX-License-Identifier: GPL-3.0-or-later
 * selection.h - which measured circuits belong to an FRN, a school, a district or a
 * consortium in a period, by what is on file: claims, the bindings that people confirmed,
 * entities and their parents, and where boxes stand. Nothing is matched by likeness.
 *
 * Lines that were claimed and that nobody measures are part of the answer. Blocking; the
 * catalogue's thread. docs/packs.md says how a circuit comes to be chosen. */
#ifndef BW_SELECTION_H
#define BW_SELECTION_H

#include <bw/summary.h>
#include <bw/units.h>
#include <claimline.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_catalogue;
struct bw_err;
struct bw_tz;

enum bw_select_by {
    BW_SELECT_ALL, /* everything: all circuits with records, all claims */
    BW_SELECT_FRN, /* an FRN, or one line item of it: "2699000001.003" */
    BW_SELECT_SCHOOL,
    BW_SELECT_DISTRICT, /* with the schools whose parent it is */
    BW_SELECT_CONSORTIUM,
    BW_SELECT_WAYS
};

struct bw_select_name {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
};

struct bw_select_asked {
    enum bw_select_by by;
    const char *number;          /* digits, or an entity's id of the catalogue; "" of all */
    char first[BW_DATE_LEN + 1]; /* first and last local day of the period */
    char last[BW_DATE_LEN + 1];
    const struct bw_tz *tz; /* of these days, and of those on which claims were corrected */
    const struct bw_select_name *recorded; /* circuits of which there are records */
    size_t n_recorded;
};

struct bw_selected {
    struct bw_select_name name;
    bool recorded;    /* there are records of it, of some period */
    char claims[160]; /* by which it was chosen, "frn:…, frn:…", cut with "…"; "" none */
    char district[BW_NUMBER_MAX + 1]; /* to which it belongs; "" cannot be told */
    char why[200];                    /* why it is in, in words */
};

/* A claim that serves what was asked for, as it was good in the period; of several versions
 * the newest. */
struct bw_selected_line {
    char about[BW_CLAIM_ABOUT_MAX + 1];
    char payer[BW_NUMBER_MAX + 1];
    char payer_name[BW_CLAIM_NAME_MAX + 1];
    char provider[BW_CLAIM_NAME_MAX + 1];
    enum bw_claim_role role;
    int64_t year;
    int64_t bps[BW_DIRECTIONS]; /* of one line */
    int64_t lines;              /* how many it is; unknown: not stated as a whole number */
    int64_t n_bound;            /* circuits bound to it in the period, the most at a time */
    int64_t n_untold; /* of them, not chosen because nobody knows where the box stands */
    bool shared;      /* somebody else uses it as well, and another pays */
    char void_as[64]; /* "Denied"; "" it stands */
};

struct bw_selection {
    char name[BW_CLAIM_NAME_MAX + 1]; /* of the entity; "" not on file */
    struct bw_selected *circuits;     /* by site and name */
    size_t n;
    struct bw_selected_line *lines; /* by key */
    size_t n_lines;
    int64_t
        n_maybe; /* claims of so many users that their list is not kept: perhaps of here */
    int64_t n_unread; /* statements that only a newer program reads */
};

/* Free with bw_selection_done(), also after a failure. -ENOENT: nothing on file names it;
 * -ENODATA: it is on file, and no measured circuit is known to belong to it. The sentence
 * says what to do. c NULL (nothing was ever said here) is -ENOENT but for BW_SELECT_ALL. */
int bw_select(struct bw_catalogue *c,
              const struct bw_select_asked *asked,
              struct bw_selection *ret,
              struct bw_err *reterr);
void bw_selection_done(struct bw_selection *s);

/* How many of a line's circuits nobody measures: 0 none, unknown: at least one, the claim
 * does not say of how many. Void ones are none. */
int64_t bw_selected_unmeasured(const struct bw_selected_line *l);

/* "--district" and "district 123456"; in words. */
const char *bw_select_word(enum bw_select_by by);

#endif
