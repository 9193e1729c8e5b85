/* SPDX-License-Identifier: GPL-3.0-or-later
 * opendata_say.h - what districts say of the publication of their days: the body of a
 * statement of kind "open-data", about "entity:ID" (docs/open-data-v1.md), and what these
 * words come to for one day.
 *
 * Invariant: without a word that names a day, or one that stands for days to come, nothing
 * of it is published; a hold is ended by its withdrawal or by an approval of the very days,
 * never by a standing approval; an approval is of the rows that were seen and of no others.
 */
#ifndef BW_OPENDATA_SAY_H
#define BW_OPENDATA_SAY_H

#include <bw/units.h>
#include <catalogue.h>
#include <fields.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

#define BW_OPENDATA_WORD "open-data"
#define BW_OPENDATA_ABOUT "entity:"

enum bw_opendata_limits {
    BW_OPENDATA_AGE_DAYS = 7,   /* whole local days between a day and its publication */
    BW_OPENDATA_SPAN_DAYS = 92, /* of one approval */
    BW_OPENDATA_REASON_MAX = 300,
    BW_OPENDATA_SEEN_LINE = 11 + 7 + BW_HASH_LEN + 1,
    BW_OPENDATA_SEEN_MAX = BW_OPENDATA_SPAN_DAYS * BW_OPENDATA_SEEN_LINE,
    BW_OPENDATA_SAID_MAX = 200000
};

enum bw_opendata_act {
    BW_OPENDATA_ACT_NONE,
    BW_OPENDATA_APPROVE, /* these days, as they were seen */
    BW_OPENDATA_HOLD,    /* none of these days */
    BW_OPENDATA_STANDING /* each of these days once it is old enough, as it is then */
};

/* A statement's body. */
struct bw_opendata_say {
    int64_t act;
    char from[BW_DATE_LEN + 1];
    char
        to[BW_DATE_LEN + 1]; /* the last day; "" until further notice, not of an approval */
    char reason[BW_OPENDATA_REASON_MAX + 1];
    char seen[BW_OPENDATA_SEEN_MAX + 1]; /* of an approval: "DAY ROWS HASH" a line, of the
                                            days that have rows, by day */
};

extern const struct bw_field bw_opendata_fields[];
extern const size_t bw_opendata_n_fields;

/* -EINVAL with a sentence: days that are none, a hold without a reason … */
int bw_opendata_say_check(const struct bw_opendata_say *s, struct bw_err *reterr);
/* "approve", "hold", "standing" */
const char *bw_opendata_act_name(int64_t act);
int64_t bw_opendata_act_parse(const char *word); /* BW_OPENDATA_ACT_NONE: none */

/* One statement that was read. */
struct bw_opendata_said {
    char entity[BW_ENTITY_MAX + 1];
    char id[BW_HASH_LEN + 1];
    char by[65];
    int64_t position;
    int64_t said_unix_s;
    int64_t ended_unix_s; /* unknown: it is in force */
    char ended_by[65];
    bool unread; /* a newer program wrote it: it holds every day */
    int64_t act;
    int64_t from_day;
    int64_t to_day; /* INT64_MAX: until further notice */
    char *reason;   /* owned; never NULL */
    char *seen;
};

/* All of them by entity, then as they were said. */
struct bw_opendata_words {
    struct bw_opendata_said *said;
    size_t n;
};

/* c NULL: nobody said anything. */
int bw_opendata_words_read(struct bw_catalogue *c,
                           struct bw_opendata_words *ret,
                           struct bw_err *reterr);
void bw_opendata_words_done(struct bw_opendata_words *w);
/* Those about one entity: [*ret_first, *ret_end). */
void bw_opendata_words_of(const struct bw_opendata_words *w,
                          const char *entity,
                          size_t *ret_first,
                          size_t *ret_end);

enum bw_opendata_state {
    BW_OPENDATA_UNSAID, /* nobody approved it */
    BW_OPENDATA_HELD,
    BW_OPENDATA_CHANGED,  /* its rows are not those that were approved */
    BW_OPENDATA_APPROVED, /* published */
    BW_OPENDATA_STANDS    /* published, by a standing approval */
};

struct bw_opendata_verdict {
    enum bw_opendata_state state;
    const struct bw_opendata_said *by;    /* NULL: nobody; lent */
    const struct bw_opendata_said *taken; /* an approval that held for it once, where it
                                             holds no longer; NULL */
    int64_t taken_unix_s;                 /* since when; unknown */
};

/* What said[n], of one entity and in order, come to for a day whose rows are these; hash
 * "": it has none. */
void bw_opendata_judge(const struct bw_opendata_said *said,
                       size_t n,
                       int64_t day,
                       size_t n_rows,
                       const char *hash,
                       struct bw_opendata_verdict *ret);
bool bw_opendata_is_published(enum bw_opendata_state s);
/* "approved", "held" …; for a file. */
const char *bw_opendata_state_name(enum bw_opendata_state s);

/* A line of `seen`. */
void bw_opendata_seen_add(struct bw_buf *b, int64_t day, size_t n_rows, const char *hash);

/* The last day that may be published: over for seven whole days in every zone there is. */
int64_t bw_opendata_last_day(int64_t now_unix_s);

#endif
