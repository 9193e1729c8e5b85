/* SPDX-License-Identifier: GPL-3.0-or-later
 * roomkeeper_private.h - what the keeper's files share: roomkeeper.c (the thread),
 * keep_look.c (what is new), keep_load.c (what is kept), keep_fold.c (days), keep_risk.c
 * (whether evidence will be enough), keep_spells.c (what began and ended), keep_health.c,
 * keep_calendars.c (testing weeks), keep_servers.c (measurement
 * servers), keep_make.c (a room). */
#ifndef BW_ROOMKEEPER_PRIVATE_H
#define BW_ROOMKEEPER_PRIVATE_H

#include "facts.h"
#include "known.h"
#include "room.h"
#include "roomkeeper.h"
#include "verdicts.h"

#include <ledger.h>
#include <limits.h>
#include <log.h>
#include <pthread.h>
#include <roomstore.h>
#include <stdbool.h>
#include <uv.h>

enum {
    BW_KEEP_DIRTY_DAYS = 32,           /* days of a mask; older ones are filled again */
    BW_KEEP_FILL_DAYS = 396,           /* a year and a month */
    BW_KEEP_RUNS_MS = 7 * 86400000,    /* of runs in memory … */
    BW_KEEP_PUT_OFF_MS = 3 * 86400000, /* … but of those that were put off */
    BW_KEEP_SERVERS_MAX = 1024,
    BW_KEEP_REASONS_MAX = 255,
    BW_KEEP_CERTIFICATES_MAX = 8,
    BW_KEEP_MONTHS_DUE = (2 << BW_ROOM_MONTHS) - 2 /* all whole months that are kept */
};

struct keep_site {
    char id[BW_SITE_MAX + 1];
    const struct bw_tz *zone; /* NULL: not asked yet */
    uint32_t number;          /* of no other site, for good */
    bool named;               /* the catalogue has it */
    bool heard;               /* the ledger has */
    struct bw_site_row row;   /* as lists of sites have it */
    int64_t first_start_unix_s;
    int32_t n_forks;
    int32_t n_holes;
    int64_t fork_unix_s; /* newest; unknown: none */
    struct bw_room_spell spell[BW_ROOM_BELOW];
};

struct keep_circuit {
    char site_id[BW_SITE_MAX + 1];
    char name[BW_NAME_MAX + 1];
    int64_t id; /* in room.db */
    struct keep_site *site;
    /* newest interval */
    struct bw_circuit_summary facts;
    int64_t now_start_unix_s, now_end_unix_s, first_start_unix_s;
    int64_t now_p50_us;
    bool now_out;
    int64_t newest_test_ms;
    /* days; `day` is today's local one, unknown: not placed yet */
    int64_t day;
    int64_t filled_from_day;
    uint32_t dirty;      /* bit n: n days before `day` have records that were not folded */
    bool unkept;         /* filled_from_day or months_due are others than room.db has */
    int64_t month;       /* of `day`, as bw_keep_month_of() */
    uint32_t months_due; /* bit n: the month n before it is not folded */
    struct bw_room_month months[BW_ROOM_MONTHS]; /* with records, ascending */
    size_t n_months;
    bool hurry; /* a new test is among them */
    int64_t folded_mono_ms;
    struct bw_room_day today, yesterday, merged;
    int64_t merged_day;       /* it was made on; unknown: not yet */
    struct bw_kept_run *runs; /* by time */
    size_t n_runs, cap_runs;
    /* on file */
    bool asked; /* claims are those on file now */
    struct bw_report_claim *claims;
    size_t n_claims;
    struct bw_known_terms terms;
    int64_t students;
    struct bw_roomstore_risk risk;
    struct bw_room_spell spell[BW_ROOM_CONDITIONS - BW_ROOM_BELOW];
    int64_t
        claim_seen[BW_DIRECTIONS]; /* what was claimed at the last look, unknown: none */
    bool claim_known;              /* there was one */
    struct bw_below below[BW_DIRECTIONS];
};

struct keep_health {
    int64_t due_mono_ms;
    struct bw_room_health now;
};

struct bw_roomkeeper {
    /* constant while the thread runs */
    char data_dir[PATH_MAX];
    char log_folder[PATH_MAX];
    char rules[PATH_MAX];
    char certificates[BW_KEEP_CERTIFICATES_MAX][PATH_MAX];
    size_t n_certificates;
    int32_t n_witnesses;
    pthread_t thread;
    /* the thread's */
    struct bw_known *known;
    struct bw_roomstore *store;
    struct keep_site **sites; /* by id */
    size_t n_sites, cap_sites;
    struct keep_circuit **circuits; /* by site and name */
    size_t n_circuits, cap_circuits;
    char (*servers)[BW_NAME_MAX + 1];
    size_t n_servers, cap_servers;
    char (*reasons)[BW_ROOM_REASON_MAX + 1]; /* number n is reasons[n - 1] */
    size_t n_reasons, cap_reasons;
    struct bw_server_hours *server_hours;
    bool runs_changed;
    bool placed; /* what room.db has was read */
    int64_t now_unix_ms;
    int64_t cursor; /* positions of the ledger before it were looked at */
    struct bw_ledger_stat ledger;
    int64_t said;
    uint64_t claims_mark;
    int64_t forks_seen, holes_seen;
    int64_t watched_since_unix_s;
    int64_t forgot_day;
    int64_t budget_us; /* CPU that may be used before a rest; below 0: rest first */
    int64_t budget_mono_ms;
    int64_t cpu_mark_us;
    int64_t fold_us; /* CPU of folding a running day, of late */
    struct keep_health health;
    struct bw_complaint complaint;
    struct bw_complaint fold_complaint;
    struct bw_facts *facts; /* room for one */
    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
    bool ended;
    bool news;
    struct bw_room *room;
    struct bw_roomkeeper_stats stats;
    /* the loop's, and beside it for reading configuration */
    pthread_mutex_t conf;
    uv_async_t async;
    void (*stopped_cb)(void *owner);
    void *stopped_owner;
};

/* ---- roomkeeper.c */
bool bw_keep_stopping(struct bw_roomkeeper *k);
int64_t bw_keep_cpu_us(void); /* of this thread */
/* Rest for as long as the CPU used so far asks for; false: it is to stop. */
bool bw_keep_rest(struct bw_roomkeeper *k);
struct keep_site *bw_keep_site(struct bw_roomkeeper *k, const char *id);
/* The circuits of a site stand together: the first of them, and how many. */
struct keep_circuit **
bw_keep_circuits_of(struct bw_roomkeeper *k, const char *site, size_t *ret_n);
/* The number of a server, given when it is new; BW_SERVER_NONE for "" or no memory. */
uint16_t bw_keep_server(struct bw_roomkeeper *k, const char *name);
/* The number of a reason; 0 for "", and for one too many. */
uint8_t bw_keep_reason(struct bw_roomkeeper *k, const char *words);

/* ---- keep_look.c: lists, newest intervals, records since the last look */
int bw_keep_look(struct bw_roomkeeper *k, struct bw_err *reterr);
/* The local day of an instant, of a circuit. */
int64_t bw_keep_day_of(const struct keep_circuit *c, int64_t unix_s);

/* ---- keep_months.c: whole months, each by its own report */
int64_t bw_keep_month_of(int64_t day);
/* The first day of a month. */
int64_t bw_keep_month_day(int64_t month);
/* It is another day: months that are over are due, those that are too old go. */
void bw_keep_months_place(struct keep_circuit *c);
/* Figures of this day may be others: its month's too. */
void bw_keep_months_mark(struct keep_circuit *c, int64_t day);
/* Those that are due and will be folded: not from before its records, or the fill. */
uint32_t bw_keep_months_reach(const struct keep_circuit *c);
/* The oldest day that is to be filled; days before its first record are not. */
int64_t bw_keep_oldest_day(const struct keep_circuit *c);
/* The newest that is due; unknown: none. */
int64_t bw_keep_months_next(const struct keep_circuit *c);
/* In its place; one without records takes it away. */
void bw_keep_months_put(struct keep_circuit *c, const struct bw_room_month *m);

/* ---- keep_fold.c: until the pass is due again. *ret_more: something is left to do */
int bw_keep_fold(struct bw_roomkeeper *k,
                 int64_t until_mono_ms,
                 bool *ret_more,
                 struct bw_err *reterr);
void bw_keep_count(struct bw_roomkeeper *k); /* what is left, into the figures */
/* Claims as they are on file now. */
int bw_keep_claims(struct bw_roomkeeper *k, struct keep_circuit *c, struct bw_err *reterr);

/* ---- keep_load.c: what room.db has of days, runs and risks, once */
int bw_keep_load(struct bw_roomkeeper *k, struct bw_err *reterr);
int bw_keep_run(struct bw_roomkeeper *k,
                struct keep_circuit *c,
                const struct bw_room_run *t);

/* ---- keep_risk.c */
struct bw_report;
void bw_keep_risk(const struct bw_report *r,
                  int64_t now_unix_s,
                  struct bw_roomstore_risk *ret);

/* ---- keep_spells.c */
/* Forks and holes, into the sites. */
int bw_keep_forks(struct bw_roomkeeper *k, struct bw_err *reterr);
int bw_keep_spells(struct bw_roomkeeper *k, struct bw_err *reterr);
int bw_keep_load_spells(struct bw_roomkeeper *k, struct bw_err *reterr);

/* ---- keep_health.c */
void bw_keep_health(struct bw_roomkeeper *k);

/* ---- keep_calendars.c: into a room that has its entities; false without memory */
bool bw_keep_calendars(const struct bw_roomkeeper *k, struct bw_room *r);

/* ---- keep_servers.c */
/* What sites reach at servers, from all runs; only when runs are others. -ENOMEM. */
int bw_keep_servers(struct bw_roomkeeper *k);
bool bw_keep_make_servers(struct bw_roomkeeper *k, struct bw_room *r);

/* ---- keep_make.c: NULL without memory */
/* A text that lives as long as the room; "" and *failed without memory. */
const char *bw_keep_put(struct bw_room *r, const char *text, bool *failed);
struct bw_room *bw_keep_make(struct bw_roomkeeper *k);
void bw_keep_room_free(struct bw_room *r);

#endif
