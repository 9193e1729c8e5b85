/* SPDX-License-Identifier: GPL-3.0-or-later
 * queueweights.h - what the state weighs need by: the body of a statement of kind "queue",
 * about "queue:weights" (docs/queue.md). The arithmetic itself is collector/queue. */
#ifndef BW_QUEUEWEIGHTS_H
#define BW_QUEUEWEIGHTS_H

#include <bw/units.h>
#include <fields.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_catalogue;
struct bw_err;

#define BW_QUEUE_METHOD "queue/1"
#define BW_QUEUE_WORD "queue"
#define BW_QUEUE_ABOUT "queue:weights"

enum bw_queue_part {
    BW_QUEUE_FULL,     /* class hours with the line at 90 % of its claim or more, ppm */
    BW_QUEUE_STUDENTS, /* claimed download for each student, bit/s */
    BW_QUEUE_OUTAGE,   /* outages in class hours, s */
    BW_QUEUE_LATENCY,  /* round trip while tests fill the line, us */
    BW_QUEUE_PARTS
};

enum bw_queue_weights_limits {
    BW_QUEUE_WEIGHT_SUM = 100, /* of all parts together */
    BW_QUEUE_TEXT_MAX = 300    /* bytes, without NUL */
};

/* A part gives no points at its target or better, 100 at its limit or worse. Where the
 * limit is under the target, less is worse. */
struct bw_queue_rule {
    int64_t weight;
    int64_t target; /* in the part's unit */
    int64_t limit;
};

struct bw_queue_weights {
    struct bw_queue_rule part[BW_QUEUE_PARTS];
    int64_t enough;         /* weight of known parts from which an entity is ranked */
    int64_t small_school;   /* fewer students than this: small; 0: none is */
    int64_t small_district; /* likewise */
    char text[BW_QUEUE_TEXT_MAX + 1]; /* why; "" not said */
};

extern const struct bw_field bw_queue_weights_fields[];
extern const size_t bw_queue_weights_n_fields;

/* What holds until somebody says otherwise. */
void bw_queue_weights_usual(struct bw_queue_weights *w);

/* -EINVAL with a sentence: weights that are not 100 together, a target that is its limit.
 */
int bw_queue_weights_check(const struct bw_queue_weights *w, struct bw_err *reterr);

/* Those in force, and who said them. */
struct bw_queue_said {
    struct bw_queue_weights weights;
    bool usual;               /* nobody said any */
    char id[BW_HASH_LEN + 1]; /* of the newest statement; "" none */
    char by[65];
    int64_t said_unix_s; /* unknown: nobody did */
};

/* -BW_ENEWER, -BW_EMALFORMED: what was said last cannot be read; nothing is guessed. c
 * NULL: nobody said any. */
int bw_queue_weights_read(struct bw_catalogue *c,
                          struct bw_queue_said *ret,
                          struct bw_err *reterr);

/* "full", "students", "outage", "latency"; and back (BW_QUEUE_PARTS: none). */
const char *bw_queue_part_name(enum bw_queue_part p);
enum bw_queue_part bw_queue_part_parse(const char *word, size_t n);
/* "ppm", "bps", "s", "us" */
const char *bw_queue_part_unit(enum bw_queue_part p);

#endif
