/* SPDX-License-Identifier: GPL-3.0-or-later
 * fleet.h - how far each box has come on its way from a plan to evidence, why it came no
 * further, and who has to do what about it. From the state's room; pure, any thread.
 *
 * Each site that is not retired stands at one stage: the last one that it reached together
 * with all before it. Stages from BW_FLEET_COUNTERS on look at the last 28 days and today,
 * so that a box whose records stop goes back. docs/room.md has every stage in words. */
#ifndef BW_FLEET_H
#define BW_FLEET_H

#include <room.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_fleet_stage {
    BW_FLEET_PLANNED,  /* it is in the catalogue */
    BW_FLEET_SHIPPED,  /* somebody said that its box was sent, or the box was there */
    BW_FLEET_SEEN,     /* a box came to the collector with a token of it */
    BW_FLEET_CLAIMED,  /* a token of it was taken: a box's key is the site's */
    BW_FLEET_MATCHED,  /* records came, and one of its circuits has a claim in force */
    BW_FLEET_COUNTERS, /* each circuit with a claim was counted */
    BW_FLEET_TESTED,   /* each of them has a good run that nothing sets apart */
    BW_FLEET_ENOUGH,   /* each of them was judged, and no rule is at risk */
    BW_FLEET_STAGES
};

/* Why it came no further. Each belongs to the stage behind which it stands. */
enum bw_fleet_why {
    BW_FLEET_NOTHING, /* it has enough */
    /* planned */
    BW_FLEET_NOT_SENT,
    /* shipped, not seen */
    BW_FLEET_NO_TOKEN,
    BW_FLEET_TOKEN_WAITS,
    BW_FLEET_TOKEN_OVER,
    /* seen, not claimed */
    BW_FLEET_CAME_LATE,  /* with a token that had expired */
    BW_FLEET_CAME_SPENT, /* with a token that another key had used */
    /* claimed, no claim matched */
    BW_FLEET_NO_KEY,    /* none is in force: revoked */
    BW_FLEET_NO_RECORD, /* enrolled, and no record came */
    BW_FLEET_NO_CLAIM,  /* no circuit of it is bound to a claim */
    /* matched, not counted */
    BW_FLEET_NO_SOURCE, /* nothing counts the line: neither kernel, SNMP nor mirror */
    BW_FLEET_NOT_COUNTED,
    /* counted, not tested */
    BW_FLEET_NO_TEST, /* none was begun or put off */
    BW_FLEET_PUT_OFF,
    BW_FLEET_FAILED,
    BW_FLEET_APART, /* good runs, all set apart */
    /* tested, not enough */
    BW_FLEET_NOT_JUDGED, /* not yet, or no rule judges it */
    BW_FLEET_AT_RISK,
    /* behind any of the last five: it was heard, and is not now */
    BW_FLEET_SILENT,
    BW_FLEET_WHYS
};

/* Who has to do what comes next. */
enum bw_fleet_who {
    BW_FLEET_NOBODY,
    BW_FLEET_STATE,    /* the collector's administrators */
    BW_FLEET_DISTRICT, /* whoever can reach the box */
    BW_FLEET_FILER     /* the E-rate coordinator */
};

struct bw_fleet_row {
    uint32_t site;
    enum bw_fleet_stage stage;
    enum bw_fleet_why why;
    uint32_t circuit;     /* of which `why` is told; BW_ROOM_NONE: of the site */
    int32_t n_circuits;   /* named in records */
    int32_t n_unmatched;  /* of them, without a claim in force */
    int64_t since_unix_s; /* when `why` began, as far as known; unknown */
    int64_t until_unix_s; /* a token's end, the date of evidence; unknown: none */
};

struct bw_fleet_ask {
    /* NULL: all are seen. */
    bool (*sees)(const void *owner, uint32_t site);
    const void *owner;
};

struct bw_fleet {
    struct bw_fleet_row *rows; /* in the room's order of sites */
    size_t n;
    int64_t n_retired;                /* not among them */
    int64_t reached[BW_FLEET_STAGES]; /* this stage, and all before it */
    int64_t stuck[BW_FLEET_WHYS];     /* for this reason */
    int64_t at[BW_FLEET_STAGES];      /* so far and no further */
    int64_t by[BW_FLEET_STAGES][BW_FLEET_WHYS];
};

/* One site. */
void bw_fleet_look(const struct bw_room *r, uint32_t site, struct bw_fleet_row *ret);
/* All that are seen; -ENOMEM. */
int bw_fleet_make(const struct bw_room *r,
                  const struct bw_fleet_ask *ask,
                  struct bw_fleet *ret);
void bw_fleet_done(struct bw_fleet *f);

/* Words of addresses and files ("token-over"), and for people. Static. */
const char *bw_fleet_stage_name(enum bw_fleet_stage s);
const char *bw_fleet_stage_words(enum bw_fleet_stage s); /* "Shipped" */
const char *bw_fleet_stage_takes(enum bw_fleet_stage s); /* what it takes to be there */
const char *bw_fleet_why_name(enum bw_fleet_why w);
const char *bw_fleet_why_words(enum bw_fleet_why w); /* "its token expired unused" */
const char *bw_fleet_why_next(enum bw_fleet_why w);  /* what to do, a sentence */
enum bw_fleet_who bw_fleet_why_who(enum bw_fleet_why w);
const char *bw_fleet_who_name(enum bw_fleet_who w);
const char *bw_fleet_who_words(enum bw_fleet_who w);
int bw_fleet_stage_parse(const char *word, enum bw_fleet_stage *ret);
int bw_fleet_why_parse(const char *word, enum bw_fleet_why *ret);

/* ---- programs on boxes */

struct bw_fleet_agent {
    const char *agent; /* as records say it; lent by the room */
    int64_t n;
    int64_t n_silent;
};

/* Of sites that were heard, by name and version, the newest version first; free() *ret. */
int bw_fleet_agents(const struct bw_room *r,
                    const struct bw_fleet_ask *ask,
                    struct bw_fleet_agent **ret,
                    size_t *ret_n);

#endif
