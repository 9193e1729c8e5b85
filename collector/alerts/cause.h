/* SPDX-License-Identifier: GPL-3.0-or-later
 * cause.h - why a box was silent, once its journal has arrived: what its own records tell
 * of the time in which nobody heard it. What they do not tell stays unknown. */
#ifndef BW_CAUSE_H
#define BW_CAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_records;

/* What records tell of [from, to). */
struct bw_cause_facts {
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t covered_s; /* by records */
    int64_t outage_s;  /* of the worst circuit: targets silent, or the carrier down */
    int64_t carrier_s; /* of it, the carrier of the box's own port down */
    bool rebooted;     /* the machine began anew after it fell silent */
    bool stopped;      /* the program says that it did not run */
};

enum bw_cause_kind {
    BW_SILENCE_UNKNOWN,
    BW_SILENCE_LINE,  /* out, by records */
    BW_SILENCE_LAN,   /* the box's own port had no carrier */
    BW_SILENCE_POWER, /* the machine was off: power, or somebody */
    BW_SILENCE_BOX,   /* it ran, and the program did not */
    BW_SILENCE_WAY    /* it measured and its line answered: the way to the collector */
};

/* The records of a site that tell of [from, to). */
int bw_cause_gather(struct bw_records *r,
                    const char *site,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    struct bw_cause_facts *ret,
                    struct bw_err *reterr);

/* Pure. words[n]: a sentence with its figures. */
enum bw_cause_kind bw_cause_tell(const struct bw_cause_facts *f, char *words, size_t n);
/* "line" …; "unknown". Static. */
const char *bw_cause_word(enum bw_cause_kind k);

#endif
