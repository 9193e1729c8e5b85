/* SPDX-License-Identifier: GPL-3.0-or-later
 * room.h - the state's room as pages read it: everything that lists and first pages show,
 * in memory, so that a page needs no look-up.
 *
 * A room is immutable and counted: whoever took one may read it on any thread until it is
 * dropped, while newer ones are made. Strings are lent by it. The keeper (roomkeeper.h)
 * makes a new one each minute; made_unix_ms says when. All figures are those of the
 * evidence library for whole local days (roomday.h); what is a quick look at the newest
 * interval says so here and must say so on a page.
 *
 * Order: entities stand parents before children, each followed by all that is below it, so
 * that what is below entity e is [e, entities[e].end); sites stand in their entities' order
 * (then by id) and circuits in their sites', so that the sites below e are [first_site,
 * end_site) and its circuits [first_circuit, end_circuit). Sites without an entity come
 * last, with entity = BW_ROOM_NONE. */
#ifndef BW_ROOM_H
#define BW_ROOM_H

#include <bw/summary.h>
#include <bw/units.h>
#include <catalogue.h>
#include <ledger.h>
#include <overview.h>
#include <roomday.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_room;

#define BW_ROOM_NONE UINT32_MAX

/* What may be the matter. The first four are a site's, the others a circuit's. */
enum bw_room_condition {
    BW_ROOM_SILENT, /* no record for three intervals; never that its line is out */
    BW_ROOM_CLOCK,  /* its newest record was made by a clock that was not synchronised */
    BW_ROOM_MOVED,  /* event: it belongs to another entity, or another box stands there */
    BW_ROOM_CLONED, /* event: two chains of one key, so perhaps two boxes of one disk */
    BW_ROOM_BELOW,  /* tested below 80 % of the claim, confirmed, the server not at fault */
    BW_ROOM_FULL,   /* class-hour P95 of its last school day at 90 % of the claim or more */
    BW_ROOM_EGRESS, /* its newest run left by another line than the registered one */
    BW_ROOM_CLAIM,  /* event: another speed is claimed than before */
    BW_ROOM_DEFERRED, /* tests were put off, and none was good since a day */
    BW_ROOM_AT_RISK,  /* as things go, a rule will not have enough to tell by its date */
    BW_ROOM_CONDITIONS
};

/* The newest spell of each. An event lasts for no time: `until` is `since`. */
struct bw_room_spell {
    int64_t since_unix_s; /* unknown: never, as far as known */
    int64_t until_unix_s; /* unknown: it still lasts */
};

/* Is it on; was it a day ago; did it begin (or, an event, happen), did it end within the
 * last so many seconds? */
bool bw_room_spell_on(const struct bw_room_spell *s);
bool bw_room_spell_on_at(const struct bw_room_spell *s, int64_t unix_s);
bool bw_room_spell_began(const struct bw_room_spell *s, int64_t since_unix_s);
bool bw_room_spell_ended(const struct bw_room_spell *s, int64_t since_unix_s);

struct bw_room_entity {
    const char *id;
    const char *name;
    const char *path; /* ids from the root down to it, "/ST/REGION/DISTRICT" */
    enum bw_entity_kind kind;
    uint32_t parent;                     /* BW_ROOM_NONE: none */
    uint32_t end;                        /* behind the last one below it */
    uint32_t first_site, end_site;       /* of it and all below it */
    uint32_t first_circuit, end_circuit; /* likewise */
    int64_t students; /* of itself, else of all below it that tell; unknown: none tells */
    uint32_t n_students_unknown; /* schools below it (or itself) of which nobody tells */
    int locale;                  /* NCES code, 11 to 43; 0: nobody says */
};

struct bw_room_site {
    const char *id;
    const char *name; /* "" unknown; the installer's word where nobody else named it */
    const char
        *place; /* its entity's name, or what was said of where it stands; "" unknown */
    uint32_t entity;
    int32_t n_out; /* its circuits with an outage open when their newest interval closed */
    uint32_t first_circuit, end_circuit;
    enum bw_site_state state;
    enum bw_freshness freshness;
    bool late;      /* its newest interval was old when it came */
    bool clock_bad; /* as BW_ROOM_CLOCK */
    int32_t n_keys; /* in force */
    int32_t n_forks;
    int32_t n_holes; /* records given up, stretches */
    int64_t created_unix_s;
    int64_t token_unix_s; /* the newest enrolment token was made; unknown: none */
    int64_t token_expires_unix_s;
    int64_t shipped_unix_s; /* its box was sent, as somebody said; unknown: nobody did */
    int64_t
        refused_unix_s; /* a box last came with a token of it that was good no longer; */
    bool refused_spent; /* another's had used it, else it had expired; unknown: none */
    int64_t enrolled_unix_s;    /* its first key */
    int64_t first_start_unix_s; /* of its first interval; unknown: never seen */
    int64_t last_received_unix_ms;
    int64_t last_end_unix_s;
    int64_t interval_s;
    const char *agent;                         /* "bandwitnessd/0.1.0"; "" unknown */
    const char *zone;                          /* in which its days are */
    struct bw_room_spell spell[BW_ROOM_BELOW]; /* BW_ROOM_SILENT … BW_ROOM_CLONED */
};

/* What a claimed line is for, as far as a price needs it. */
enum bw_room_role {
    BW_ROOM_ROLE_UNKNOWN, /* its claim does not say */
    BW_ROOM_ROLE_INTERNET,
    BW_ROOM_ROLE_OTHER /* between sites, for bad days, one of two that are billed apart */
};

/* What is claimed for a circuit now. */
struct bw_room_claim {
    bool has;
    int64_t bps[BW_DIRECTIONS];
    enum bw_layer layer;               /* unknown: it names none; IP is taken, and said */
    int64_t from_unix_s;               /* unknown: since ever */
    int64_t before_bps[BW_DIRECTIONS]; /* what held before it; unknown: nothing */
    const char *origin;                /* in words */
    const char *frn_line;              /* "1699048824.003"; "" unknown */
    const char *provider;              /* "" unknown */
    const char *technology;            /* "Fiber", as filed; "" unknown */
    enum bw_room_role role;
    int64_t monthly_cents; /* of one line, as packs have it (bill.h); unknown: none is on
                              file, or none that is one line's */
    bool monthly_eligible; /* it is the eligible part of a bill */
};

/* The rule that will be furthest from enough, judged over the last 28 days. */
struct bw_room_risk {
    const char *rule;  /* "fcc-caf/capacity"; NULL: none is at risk */
    const char *words; /* the finding's own reason, a sentence without its full stop */
    bool governs;      /* else it is for comparison: no rule governs this circuit */
    int64_t wanted;    /* counts of the finding; unknown: that form has none */
    int64_t counted;
    int64_t deferred;
    int64_t by_unix_s;   /* end of the funding year */
    int64_t made_unix_s; /* when that was judged */
    int32_t n_rules;     /* so many of its findings are at risk; 0: nothing could be judged,
                            `words` say why */
    int32_t n_judged;    /* findings that could have been; 0: no rule judges this circuit,
                            or none did yet */
};

struct bw_room_circuit {
    const char *name; /* within its site: "wan" */
    uint32_t site;
    enum bw_vantage vantage;
    enum bw_source source;
    enum bw_layer layer; /* of its counters */
    uint32_t behind;
    int64_t resolution_ms;
    int64_t link_bps;
    int64_t students; /* who uses it, by what is on file; unknown: nobody says */
    struct bw_room_claim claim;
    /* Newest interval: a quick look, no report's figure. */
    int64_t now_start_unix_s;
    int64_t now_end_unix_s;
    int64_t now_bps[BW_DIRECTIONS]; /* its mean; unknown: not counted */
    int64_t now_p50_us;
    bool now_out; /* an outage was open when it closed: the box's own word */
    bool has_today, has_yesterday, has_merged; /* it has any record then */
    struct bw_room_day today;                  /* running, in the zone of its calendar */
    struct bw_room_day yesterday;
    struct bw_room_day merged;       /* the report of the 28 local days before today */
    uint32_t first_month, end_month; /* in `months`: whole ones with records, ascending */
    int32_t this_month;              /* that runs, where it stands */
    uint32_t months_due; /* bit n: of the month n before it figures are not known yet */
    struct bw_room_spell spell[BW_ROOM_CONDITIONS - BW_ROOM_BELOW]; /* from BELOW on */
    struct bw_room_risk risk;
    /* Of BW_ROOM_BELOW: the run and what it was held against. */
    int64_t below_bps;
    int64_t below_claim_bps;
    int32_t below_direction;  /* enum bw_direction */
    bool below_other_server;  /* confirmed by a second server, else by a retest */
    bool below_server_known;  /* others tested there in that hour, and did not fall */
    const char *below_server; /* NULL: never */
};

/* One measurement server in one hour and direction: what sites reached at it. */
struct bw_room_server_hour {
    int64_t from_unix_s;
    int64_t
        median_ppm;    /* of sites: the hour's median share of the claim over the site's own
                          median there in all other hours of seven days; unknown: none */
    int32_t n_sites;   /* in that median */
    int32_t n_good;    /* runs: good, nothing sets them apart */
    int32_t n_apart;   /* good, and set apart … */
    int32_t n_erratum; /* … of them, by an erratum */
    int32_t n_failed;  /* failed or broken off */
    uint8_t direction; /* enum bw_direction */
    uint8_t word;      /* enum bw_server_word of verdicts.h */
};

/* Why runs at it were not good, or are set apart. */
struct bw_room_server_reason {
    const char *words;
    int32_t n;
    bool apart; /* else it failed */
};

struct bw_room_server {
    const char *name;                  /* "": of runs that name none */
    uint32_t first_hour, end_hour;     /* by direction, then time */
    uint32_t first_reason, end_reason; /* the most frequent first */
    int32_t n_sites;                   /* that tested there within seven days */
    int32_t n_good;
};

/* The collector's own health. Unknown is said. */
struct bw_room_health {
    int64_t ingest_lag_s; /* age of the newest record when this was made */
    int64_t disk_free_bytes;
    int64_t disk_days_left;    /* at the rate of the last week, at most 3,650; unknown */
    int64_t backup_unix_s;     /* last one that was verified, as whoever did says by the
                                  file backup-verified; unknown: nobody says */
    int64_t checkpoint_unix_s; /* newest of the log */
    int64_t witness_unix_s;    /* newest cosignature of a witness; unknown: none */
    int32_t n_witnesses;       /* asked by configuration */
    int32_t n_certificates;    /* that it serves with; 0: it serves without TLS */
    int64_t certificate_days;  /* fewest that one of them has left; unknown: it could not be
                                  read, or there is none */
};

/* A calendar on file: of an entity, for the days of which it speaks. */
struct bw_room_calendar {
    uint32_t entity;  /* BW_ROOM_NONE: the state's */
    int64_t from_day; /* both inclusive; unknown: it speaks of every day */
    int64_t to_day;
    uint32_t first_testing, end_testing; /* in testing_days */
};

struct bw_room {
    int64_t made_unix_ms;
    int64_t watched_since_unix_s; /* conditions before are not known: younger than a day,
                                     "newly" may be what was there before */
    int64_t days_to_fill;         /* circuit-days of the past year not yet folded */
    struct bw_room_entity *entities;
    size_t n_entities;
    struct bw_room_site *sites;
    size_t n_sites;
    struct bw_room_circuit *circuits;
    size_t n_circuits;
    struct bw_room_month *months;       /* circuit by circuit */
    uint32_t *entity_by_id;             /* [n_entities], by id */
    uint32_t *site_by_id;               /* [n_sites] */
    struct bw_room_calendar *calendars; /* by entity (BW_ROOM_NONE last), then as the
                                           nearest is asked: the first that speaks counts */
    size_t n_calendars;
    int64_t *testing_days;          /* with class, each calendar's ascending */
    struct bw_ledger_stat ledger;   /* when the room was made */
    struct bw_room_server *servers; /* by name */
    size_t n_servers;
    size_t n_servers_more; /* that are too many to be told of */
    struct bw_room_server_hour *server_hours;
    size_t n_server_hours;
    struct bw_room_server_reason *server_reasons;
    size_t n_server_reasons;
    int64_t servers_from_unix_s; /* since when runs are looked at */
    struct bw_room_health health;
    /* what follows is the keeper's own */
    void *arena;
    size_t bytes; /* of all */
    int refs;     /* guarded by the keeper's lock */
    struct bw_roomkeeper *keeper;
};

/* BW_ROOM_NONE: there is none. */
uint32_t bw_room_entity_find(const struct bw_room *r, const char *id);
uint32_t bw_room_site_find(const struct bw_room *r, const char *id);
/* "s-4f9k2.wan" */
uint32_t bw_room_circuit_find(const struct bw_room *r, const char *id);
/* Is entity (or site) at or below this entity? */
bool bw_room_below(const struct bw_room *r, uint32_t entity, uint32_t above);

/* The NCES locale code of an entity, else of what is above it up to its district; 0: nobody
 * says. */
int bw_room_locale(const struct bw_room *r, uint32_t entity);

/* The spell of any condition; of a site's the site's. */
const struct bw_room_spell *bw_room_circuit_spell(const struct bw_room *r,
                                                  const struct bw_room_circuit *c,
                                                  enum bw_room_condition what);

/* "silent", "below" …: for files and addresses; and for people. Static. */
const char *bw_room_condition_name(enum bw_room_condition c);
const char *bw_room_condition_words(enum bw_room_condition c);

struct bw_collector;
/* The newest room, or NULL while there is none yet (the first seconds after the start): a
 * page says so with 503 and Retry-After. Constant time; the loop's thread. Each taken one
 * is dropped once, on any thread; NULL is fine. */
const struct bw_room *bw_room_take(struct bw_collector *c);
void bw_room_drop(const struct bw_room *r);

#endif
