/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare.h - districts or schools beside others like them: eight measures of the last 28
 * local days, cohorts, medians and spread (method compare/1, docs/compare.md).
 *
 * A value is num / den in whole units, of figures that the room has; what nobody knows is
 * counted apart and is never taken for zero. What somebody may see of others is decided in
 * compare_show.c alone. Pure, integers only; any thread. */
#ifndef BW_COMPARE_H
#define BW_COMPARE_H

#include <bw/units.h>
#include <queueweights.h>
#include <room.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_COMPARE_METHOD "compare/1"

enum bw_compare_limits {
    BW_COMPARE_CLASS_S_MIN = 36000, /* class hours that tell of use: ten, as in the queue */
    BW_COMPARE_RUNS_MIN = 3,        /* good runs that tell of a line */
    BW_COMPARE_QUARTILES_MIN = 4,   /* figures from which quartiles are told */
    BW_COMPARE_ENDS_MIN = 6,        /* … and the lowest and the highest */
    /* Of others' figures, to who does not see them all (docs/room.md): */
    BW_COMPARE_DISTRICTS_MIN = 6, /* districts in whatever shown cohorts could part */
    BW_COMPARE_UNSEEN_MIN = 5,    /* of them, that whoever looks does not see */
    BW_COMPARE_PROVIDERS_MAX = 64 /* cohorts of one attribute that may be shown */
};

enum bw_compare_measure {
    BW_COMPARE_STUDENTS,     /* claimed download for each student, bit/s */
    BW_COMPARE_TESTED,       /* median good run, of the claim, ppm */
    BW_COMPARE_USED,         /* P95 of class hours, of the claim, ppm */
    BW_COMPARE_FULL,         /* class hours at 90 % of the claim or more, ppm */
    BW_COMPARE_LATENCY,      /* round trip while tests fill the line, us */
    BW_COMPARE_OUTAGE,       /* outages in class hours, s */
    BW_COMPARE_PRICE,        /* a month for each Mbit/s claimed, cents */
    BW_COMPARE_PRICE_TESTED, /* … and each Mbit/s that tests reach */
    BW_COMPARE_MEASURES
};

enum bw_compare_by {
    BW_COMPARE_SIZE,
    BW_COMPARE_LOCALE,
    BW_COMPARE_TECHNOLOGY,
    BW_COMPARE_PROVIDER,
    BW_COMPARE_REGION,
    BW_COMPARE_BYS,
    BW_COMPARE_ALL = BW_COMPARE_BYS /* everybody */
};

/* Why a value is not known: the queue's reasons (queue.h), and behind them these. */
enum bw_compare_why {
    BW_COMPARE_KNOWN = 0,
    BW_COMPARE_NO_TEST = 32, /* under three good runs to hold against the claim */
    BW_COMPARE_NO_PRICE,     /* none on file that is one line's */
    BW_COMPARE_NO_INTERNET   /* the line is no Internet access by its claim */
};

struct bw_compare_value {
    int why;
    int64_t num; /* summed over the places that know it */
    int64_t den;
    int64_t value; /* unknown */
    int32_t n_known;
    int32_t n_places;
    uint32_t circuit; /* of one place: whose figure it is; BW_ROOM_NONE */
};

/* A class of an attribute: "2,500 to 9,999 students", "Heron Fiber". */
struct bw_compare_class {
    const char *key;   /* as in an address; "-": not on file */
    const char *label; /* for people, foreign; "" for "-" */
    size_t n;          /* members */
};

struct bw_compare_row {
    uint32_t entity; /* BW_ROOM_NONE: a box that stands at no school's entity */
    uint32_t site;   /* of one place: its first box; BW_ROOM_NONE */
    uint32_t at;     /* where it stands; BW_ROOM_NONE nowhere */
    uint32_t group;  /* its district, or a number of its own where it has none */
    uint32_t line;   /* its largest claimed line; BW_ROOM_NONE: none */
    bool district;
    bool seen; /* by who asks */
    int64_t students;
    uint32_t class[BW_COMPARE_BYS]; /* in bw_compare.classes */
    struct bw_compare_value m[BW_COMPARE_MEASURES];
    const char *id; /* of its entity, else its box; lent by the room, as the name */
    const char *name;
};

/* A cohort: everybody of a class (or of all), perhaps those of them that meet the target,
 * perhaps those of these that are of a second class. */
struct bw_compare_set {
    enum bw_compare_by by;
    uint32_t class;
    bool meeting;
    enum bw_compare_by with; /* BW_COMPARE_ALL: no second one */
    uint32_t with_class;
};

struct bw_compare_ask {
    bool districts;
    int64_t target_bps; /* a student: the queue's */
    const struct bw_queue_weights *weights;
    /* May it be seen? One of entity and site is BW_ROOM_NONE. NULL: all. */
    bool (*sees)(const void *owner, uint32_t entity, uint32_t site);
    const void *owner;
};

struct bw_compare_shown; /* which cohorts may be shown */

struct bw_compare {
    const struct bw_room *r;
    bool districts;
    int64_t target_bps;
    struct bw_compare_row *rows; /* by name */
    size_t n;
    size_t n_seen;
    struct bw_compare_class *classes[BW_COMPARE_BYS]; /* sizes and locales in their order,
                                                         the others by members */
    size_t n_classes[BW_COMPARE_BYS];
    struct bw_compare_shown *shown;
};

/* -ENOMEM. */
int bw_compare_make(const struct bw_room *r,
                    const struct bw_compare_ask *ask,
                    struct bw_compare *ret);
void bw_compare_done(struct bw_compare *c);

bool bw_compare_in(const struct bw_compare *c,
                   const struct bw_compare_set *s,
                   const struct bw_compare_row *x);
/* Does it meet the target: 1, 0, -1 not known. */
int bw_compare_meets(const struct bw_compare *c, const struct bw_compare_row *x);
/* A class by its key; false: there is none. */
bool bw_compare_class_find(const struct bw_compare *c,
                           enum bw_compare_by by,
                           const char *key,
                           uint32_t *ret);
/* By id; NULL: none. */
const struct bw_compare_row *bw_compare_find(const struct bw_compare *c, const char *id);

/* ---- what a cohort tells ---- */

struct bw_compare_spread {
    bool hidden;     /* too few to be shown: everything else is unknown then */
    bool rounded;    /* to two digits, for it tells of others */
    int64_t members; /* unknown where the cohort itself is hidden */
    int64_t known;   /* of them, so many tell */
    int64_t low;     /* unknown where they are too few, or are others' */
    int64_t q1;
    int64_t median;
    int64_t q3;
    int64_t high;
};

/* May it be told at all that there is such a cohort, and of how many? */
bool bw_compare_shows(const struct bw_compare *c, const struct bw_compare_set *s);
/* Quartiles by rank, as percentiles everywhere: ascending, the ceil(n/4)th, ceil(n/2)th,
 * ceil(3n/4)th of those that tell. -ENOMEM. */
int bw_compare_spread(const struct bw_compare *c,
                      const struct bw_compare_set *s,
                      enum bw_compare_measure m,
                      struct bw_compare_spread *ret);
/* Of rows list[n] by hand, all of which must be seen. */
int bw_compare_spread_of(const struct bw_compare *c,
                         const struct bw_compare_row *const *list,
                         size_t n,
                         enum bw_compare_measure m,
                         struct bw_compare_spread *ret);
/* Half up, two digits: 1249 is 1200, 1250 is 1300. Unknown stays. */
int64_t bw_compare_round(int64_t v);

/* ---- who is alike ---- */

struct bw_compare_alike {
    const struct bw_compare_row *row;
    int64_t times_milli; /* the larger of both numbers of students over the smaller */
    bool locale_same;    /* both are on file and are one */
};

/* Of those that are seen: half to twice the students of x, not of another locale, meeting
 * the target; the nearest first, at most n. *ret_alike: how many are alike, meeting it or
 * not. Nobody where the students of x are not on file. */
size_t bw_compare_like(const struct bw_compare *c,
                       const struct bw_compare_row *x,
                       struct bw_compare_alike *list,
                       size_t n,
                       size_t *ret_alike);

/* ---- words ---- */

/* "students", "price"; "Claimed for each student"; "bps"; "bound claims / students …" */
const char *bw_compare_measure_name(enum bw_compare_measure m);
const char *bw_compare_measure_title(enum bw_compare_measure m);
const char *bw_compare_measure_unit(enum bw_compare_measure m);
const char *bw_compare_measure_says(enum bw_compare_measure m);
const char *bw_compare_measure_methods(enum bw_compare_measure m);
/* Is less better? */
bool bw_compare_less_is_better(enum bw_compare_measure m);
/* BW_COMPARE_MEASURES, BW_COMPARE_BYS: none. */
enum bw_compare_measure bw_compare_measure_parse(const char *word);
enum bw_compare_by bw_compare_by_parse(const char *word);
const char *bw_compare_by_name(enum bw_compare_by by);
const char *bw_compare_by_title(enum bw_compare_by by);
const char *bw_compare_why_name(int why);
const char *bw_compare_why_words(int why);

#endif
