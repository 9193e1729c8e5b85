/* SPDX-License-Identifier: GPL-3.0-or-later
 * queue.h - whom to help first: schools or districts by need, each score with its parts
 * (method queue/1, docs/queue.md).
 *
 * A part's value is num / den in whole units, of figures that the room has of the last 28
 * local days; its points are 0 at the target, 100 at the limit, whole and rounded down; the
 * score is the sum of points times weight, out of 10,000. What is not known gives no points
 * and says why; it is never taken for zero. Pure, integers only; any thread. */
#ifndef BW_QUEUE_H
#define BW_QUEUE_H

#include <bw/units.h>
#include <queueweights.h>
#include <room.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_queue_limits {
    BW_QUEUE_CLASS_S_MIN = 36000 /* class hours that tell of a share, or of outages */
};

/* Why a value is not known. */
enum bw_queue_why {
    BW_QUEUE_KNOWN,
    BW_QUEUE_NO_BOX,
    BW_QUEUE_NO_RECORD, /* none of the 28 days */
    BW_QUEUE_NO_CLAIM,
    BW_QUEUE_NOT_COUNTED, /* no counter that tells rates */
    BW_QUEUE_TOO_SHORT,   /* less than ten class hours */
    BW_QUEUE_NO_STUDENTS,
    BW_QUEUE_MANY_LINES,  /* nothing says which of them are used together */
    BW_QUEUE_NOT_WATCHED, /* for half of the 28 days */
    BW_QUEUE_NO_LOAD,     /* no test that filled the line beside a round trip */
    BW_QUEUE_FEW_PLACES,  /* of a district: known at less than half of its places */
    BW_QUEUE_WHYS
};

struct bw_queue_value {
    enum bw_queue_why why;
    int64_t num; /* summed over the places that know it */
    int64_t den;
    int64_t value;    /* num / den, in ppm for the share; rounded down; unknown */
    int64_t points;   /* 0 to 100; 0 where it is not known */
    int64_t weighted; /* points times weight */
    int32_t n_known;  /* places */
    int32_t n_places;
    uint32_t circuit; /* of one place: whose figure it is; BW_ROOM_NONE */
};

struct bw_queue_row {
    uint32_t entity; /* BW_ROOM_NONE: a box that stands at no school's entity */
    uint32_t site;   /* of one place: its first box; BW_ROOM_NONE */
    bool district;
    struct bw_queue_value part[BW_QUEUE_PARTS];
    int64_t score;        /* of 10,000 */
    int64_t known_weight; /* of 100 */
    int64_t students;     /* unknown */
    bool small;
    int locale; /* NCES code; 0: nobody says */
};

enum bw_queue_sort {
    BW_QUEUE_BY_SCORE = BW_QUEUE_PARTS, /* below: by a part's points, then by score */
    BW_QUEUE_BY_NAME,
    BW_QUEUE_SORTS
};

struct bw_queue_ask {
    bool districts;
    uint32_t below; /* only at or below this entity; BW_ROOM_NONE: everywhere */
    int sort;       /* enum bw_queue_part or bw_queue_sort */
    /* May it be seen? One of entity and site is BW_ROOM_NONE. NULL: all. */
    bool (*sees)(const void *owner, uint32_t entity, uint32_t site);
    const void *owner;
};

struct bw_queue {
    struct bw_queue_row *rows;
    size_t n;        /* … in all */
    size_t n_ranked; /* the others stand behind them, by name: too little is known */
};

/* 0 … 100; a better value than the target gives none, a worse than the limit no more. */
int64_t bw_queue_points(const struct bw_queue_rule *rule, int64_t value);

/* What one place's lines tell: circuits c[n] of sites that are in service. */
void bw_queue_place(const struct bw_room *r,
                    const uint32_t *circuits,
                    size_t n,
                    const struct bw_queue_weights *w,
                    struct bw_queue_row *ret);

/* -ENOMEM. */
int bw_queue_make(const struct bw_room *r,
                  const struct bw_queue_weights *w,
                  const struct bw_queue_ask *ask,
                  struct bw_queue *ret);
void bw_queue_done(struct bw_queue *q);

/* Is it rural: 1, 0, -1 not known. */
int bw_queue_row_rural(const struct bw_queue_row *x);

/* Its name for people: its entity's or its box's. Lent by the room. */
const char *bw_queue_row_name(const struct bw_room *r, const struct bw_queue_row *x);

/* The most it could come to, were all that is not known at its worst. */
int64_t bw_queue_score_most(const struct bw_queue_row *x);

/* "no-claim"; "no speed is claimed" */
const char *bw_queue_why_name(enum bw_queue_why w);
const char *bw_queue_why_words(enum bw_queue_why w);

#endif
