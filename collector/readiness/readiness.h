/* SPDX-License-Identifier: GPL-3.0-or-later
 * readiness.h - how many students can take a test at once at a given rate each, place by
 * place (method readiness/1, docs/readiness.md).
 *
 * Free = delivered - carried in class hours, both downwards and at the layer that the claim
 * names; at once = free / rate; all of it whole and rounded down. What is not known, or
 * known of too little time, is not known. Pure, integers only; any thread. */
#ifndef BW_READINESS_H
#define BW_READINESS_H

#include <bw/units.h>
#include <place.h>
#include <room.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_READINESS_METHOD "readiness/1"

enum bw_ready_limits {
    BW_READY_CLASS_S_MIN = 36000, /* class hours that have to be counted: ten */
    BW_READY_RATE_MAX_KBPS = 1000000,
    BW_READY_WINDOW_DAYS = 60 /* of testing weeks, first to last */
};

/* Why a figure is not known. */
enum bw_ready_why {
    BW_READY_KNOWN,
    BW_READY_NO_BOX,
    BW_READY_NO_RECORD,
    BW_READY_NO_CLAIM,    /* no speed is claimed, so no layer is named and none to take */
    BW_READY_NOT_TESTED,  /* no good run whose line rate was counted */
    BW_READY_NOT_COUNTED, /* no counter that tells rates */
    BW_READY_LAYER,       /* counted at a layer that does not become the claim's */
    BW_READY_LITTLE,      /* under half of the class hours are counted, or under ten */
    BW_READY_WHYS
};

/* What is delivered; and which carried figure decides. */
enum bw_ready_of {
    BW_READY_TESTED, /* median good run (tested-dist/2) */
    BW_READY_CLAIMED,
    BW_READY_OFS
};
enum bw_ready_at {
    BW_READY_AT_P95,  /* of the class hours' five minutes (util-p95/2) */
    BW_READY_AT_PEAK, /* the highest of them (carried-max/2) */
    BW_READY_ATS
};

/* One line, downwards. */
struct bw_ready_line {
    uint32_t circuit;
    enum bw_ready_why why;
    enum bw_layer layer; /* of every rate here; IP where the claim names none */
    int32_t n_days;      /* with records */
    int32_t n_tests;     /* good runs behind the median */
    int64_t bps[BW_READY_OFS];
    int64_t carried_bps[BW_READY_ATS];
    int64_t known;    /* intervals of class hours that the carried figures count … */
    int64_t expected; /* … of so many */
    int64_t full_s;   /* day-bins/1: class hours at 90 % of the claim or more; unknown */
    int64_t full_of_s;
    int64_t outage_class_ms; /* outage-union/1; unknown */
    int64_t free_bps[BW_READY_ATS];
};

struct bw_ready_row {
    uint32_t entity; /* as of a place */
    uint32_t site;
    enum bw_ready_why why;
    struct bw_ready_line line; /* of its lines the one with most free; circuit NONE: none */
    int32_t n_lines;
    int64_t students; /* on file; unknown */
    int64_t at_once[BW_READY_ATS];
    int64_t shortfall;    /* students that cannot, by the figure that decides; unknown */
    int64_t sittings;     /* for all to have been; 0: nobody can; unknown */
    int32_t testing_days; /* of the window, by its calendar; -1: none speaks of it */
};

struct bw_ready_ask {
    int64_t rate_bps; /* for each student, more than 0 */
    enum bw_ready_of of;
    enum bw_ready_at at;
    uint32_t below;   /* only at or below this entity; BW_ROOM_NONE: everywhere */
    int64_t from_day; /* testing weeks, [from, to); unknown: no dates */
    int64_t to_day;
    /* The lines' figures of another time than the last 28 days; NULL: of these. [circuits
     * of the room]. */
    const struct bw_ready_line *lines;
    /* May it be seen? One of entity and site is BW_ROOM_NONE. NULL: all. */
    bool (*sees)(const void *owner, uint32_t entity, uint32_t site);
    const void *owner;
};

struct bw_readiness {
    struct bw_ready_row *rows;
    size_t n;
    size_t n_known;   /* shortfall known: these stand first, the largest shortfall on top */
    size_t n_short;   /* of them */
    int64_t students; /* of those */
    int64_t shortfall; /* of all that are short */
};

/* A line of no day yet; then each of its days in their order, or the one row of several.
 * Of several rows carried is the highest day's figure, tested the median of the days'
 * medians (the lower of two), the claim the last one's. */
void bw_ready_line_begin(struct bw_ready_line *l, uint32_t circuit);
struct bw_ready_days { /* the medians so far */
    int64_t median_bps[BW_READY_WINDOW_DAYS];
    size_t n;
    int64_t class_s; /* of all days; unknown: of one nobody says */
    bool counted;    /* at some layer */
};
void bw_ready_line_day(struct bw_ready_line *l,
                       struct bw_ready_days *days,
                       const struct bw_room_day *d);
/* What is free, or why that is not known; for `of`. */
void bw_ready_line_end(struct bw_ready_line *l,
                       const struct bw_ready_days *days,
                       enum bw_ready_of of);

/* -ENOMEM. */
int bw_readiness_make(const struct bw_room *r,
                      const struct bw_ready_ask *ask,
                      struct bw_readiness *ret);
void bw_readiness_done(struct bw_readiness *x);

/* ---- testing weeks of calendars */

/* Is it a day of testing where this entity is, by the nearest calendar that speaks of it?
 * 1, 0; -1: none does. */
int bw_ready_testing(const struct bw_room *r, uint32_t entity, int64_t day);

struct bw_ready_window {
    int64_t from_day; /* [from, to): testing days with at most three others between */
    int64_t to_day;
    uint32_t calendar; /* of the room: the first that has it */
    int32_t n;         /* calendars that have the very same */
};
/* Those of calendars that `seen` (NULL: all) lets through and that end after `after_day`,
 * or before it (past), by date; at most cap, the nearest to it. */
size_t bw_ready_windows(const struct bw_room *r,
                        int64_t after_day,
                        bool past,
                        bool (*seen)(const void *owner, uint32_t entity),
                        const void *owner,
                        struct bw_ready_window *ret,
                        size_t cap);

/* "no-claim"; "no speed is claimed" */
const char *bw_ready_why_name(enum bw_ready_why w);
const char *bw_ready_why_words(enum bw_ready_why w);
/* "tested", "claimed"; "p95", "peak" */
const char *bw_ready_of_name(enum bw_ready_of of);
const char *bw_ready_at_name(enum bw_ready_at at);

#endif
