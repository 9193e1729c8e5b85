/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_asked.h - what the command line of `bandwitness report` says. */
#ifndef BW_CLI_REPORT_ASKED_H
#define BW_CLI_REPORT_ASKED_H

#include "cli.h"
#include "judging_asked.h"

#include <bw/units.h>
#include <packs.h>
#include <selection.h>
#include <stdbool.h>

enum bw_report_format {
    BW_REPORT_HTML = 1,
    BW_REPORT_CSV = 2,
    BW_REPORT_JSON = 4,
    BW_REPORT_PDF = 8
};

/* Words as they were typed, NULL: not given. */
struct bw_report_asked {
    const char *circuit;
    const char *site;
    const char *from;
    const char *to;
    const char *year;
    const char *month;
    const char *campaign;
    const char *journal; /* at most one of journal, ledger and file */
    const char *ledger;
    const char *file;
    const char *key;
    const char *tz;
    const char *hours;
    const char *calendar;
    const char *claim[BW_DIRECTIONS];
    const char *claim_layer;
    const char *place;
    const char *purpose;   /* a pack's name; NULL: the whole report */
    const char *with;      /* another circuit at the same place */
    const char *people[2]; /* students, users: as typed */
    const char *users_are;
    const char *cost;
    const char *epc; /* a file of questions */
    struct bw_judging_asked judging;
    const char *paper; /* "letter" or "a4" */
    const char *output;
    const char *number; /* of whose circuits, by `by`; NULL: one circuit, or all */
    enum bw_select_by by;
    int64_t jobs; /* worker processes; unknown: as many as processors */
    bool quiet;
    bool draft;          /* not given out: not in the register */
    bool *placed;        /* set when a file is in its place; NULL: nobody asks */
    int64_t made_unix_s; /* of all of many alike; 0: when each is made */
    unsigned formats;    /* of enum bw_report_format */
    bool intervals;
    bool letter;
    bool certificate;
    bool all;          /* every circuit of the source */
    enum bw_pack pack; /* of purpose */
    int64_t students;  /* unknown: not given */
    int64_t users;
    struct bw_decimal monthly; /* US dollars; not stated: not given */
    bool no_pdf;               /* of `bundle` alone */
    bool json;                 /* likewise */
};

/* 0, or the exit status after a sentence about what does not fit. */
int bw_report_asked_read(const struct bw_verb *v,
                         int argc,
                         char **argv,
                         struct bw_report_asked *ret);
/* The same for `bandwitness bundle`: one archive comes out. */
int bw_report_asked_bundle(const struct bw_verb *v,
                           int argc,
                           char **argv,
                           struct bw_report_asked *ret);
/* The same for `bandwitness explain`: one finding is named before or after the options. */
int bw_report_asked_explain(const struct bw_verb *v,
                            int argc,
                            char **argv,
                            struct bw_report_asked *ret,
                            const char **ret_name);
/* Of circuits that are chosen, each its own: --all, --frn and the like. */
bool bw_report_asked_many(const struct bw_report_asked *a);
/* More than one file comes out. */
bool bw_report_asked_several(const struct bw_report_asked *a);

#endif
