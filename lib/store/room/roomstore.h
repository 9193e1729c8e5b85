/* SPDX-License-Identifier: GPL-3.0-or-later
 * roomstore.h - room.db: days of circuits as the room folded them, their runs of late, and
 * what conditions began when.
 *
 * All of it is made from the ledger and the catalogue and may be deleted at any time; what
 * cannot be made again is when a condition was first seen, and that is said where it is
 * shown. A file of another version or a damaged one is made anew. One writer; readers open
 * handles of their own; a handle belongs to one thread at a time. Failures come in the bins
 * of store.h. */
#ifndef BW_ROOMSTORE_H
#define BW_ROOMSTORE_H

#include "roomday.h"

#include <bw/units.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_roomstore;

/* What a row tells of. */
enum bw_room_span {
    BW_ROOM_SPAN_DAY,   /* one local day */
    BW_ROOM_SPAN_MERGED /* the BW_ROOM_DAYS_MERGED days from its `day` on */
};

struct bw_roomstore_circuit {
    int64_t id; /* within this file */
    char site[BW_SITE_MAX + 1];
    char name[BW_NAME_MAX + 1];
    int64_t filled_from_day; /* days from this one on are folded; unknown: none is */
    int64_t months_at;       /* the month that ran when months_due was kept; unknown */
    int64_t months_due;      /* bit n: the month n before that one is not folded */
};

/* One condition of one scope ("s-4f9k2" or "s-4f9k2.wan"). */
struct bw_roomstore_spell {
    char scope[BW_SITE_MAX + BW_NAME_MAX + 2];
    int64_t what; /* enum bw_room_condition */
    int64_t since_unix_s;
    int64_t until_unix_s; /* unknown: it lasts */
};

/* What a rule will not have enough of. */
struct bw_roomstore_risk {
    int64_t circuit;
    char rule[BW_NAME_MAX + 32]; /* "": none is at risk */
    char words[160];
    int64_t governs;
    int64_t wanted;
    int64_t counted;
    int64_t deferred;
    int64_t by_unix_s;
    int64_t made_unix_s;
    int64_t n_rules;
    int64_t students; /* who uses the circuit, by what is on file; unknown: nobody says */
    int64_t n_judged; /* findings that could have been at risk */
};

/* Lent until they return; non-zero ends the walk and is given back. */
typedef int (*bw_roomstore_circuit_cb)(void *owner, const struct bw_roomstore_circuit *c);
typedef int (*bw_roomstore_day_cb)(void *owner,
                                   int64_t circuit,
                                   const struct bw_room_day *d);
typedef int (*bw_roomstore_month_cb)(void *owner,
                                     int64_t circuit,
                                     const struct bw_room_month *m);
typedef int (*bw_roomstore_run_cb)(void *owner,
                                   int64_t circuit,
                                   const struct bw_room_run *t);
typedef int (*bw_roomstore_spell_cb)(void *owner, const struct bw_roomstore_spell *s);
typedef int (*bw_roomstore_risk_cb)(void *owner, const struct bw_roomstore_risk *k);

/* Made when missing (mode 0640). *ret_anew (may be NULL): it was, or had to be made anew.
 * -EBUSY: another process writes it. */
int bw_roomstore_open(const char *path,
                      struct bw_roomstore **ret,
                      bool *ret_anew,
                      struct bw_err *reterr);
/* Look only; -ENOENT when there is none. */
int bw_roomstore_open_read(const char *path,
                           struct bw_roomstore **ret,
                           struct bw_err *reterr);
void bw_roomstore_close(struct bw_roomstore *s); /* NULL is fine */

/* What follows until the commit is kept whole or not at all; without them each by itself.
 */
int bw_roomstore_begin(struct bw_roomstore *s, struct bw_err *reterr);
int bw_roomstore_commit(struct bw_roomstore *s, struct bw_err *reterr);
void bw_roomstore_rollback(struct bw_roomstore *s);

/* Its id, given when it is new. */
int bw_roomstore_circuit(struct bw_roomstore *s,
                         const char *site,
                         const char *name,
                         int64_t *ret_id,
                         struct bw_err *reterr);
/* The same without giving any: -ENOENT where it has none. Also of a handle that reads. */
int bw_roomstore_find(struct bw_roomstore *s,
                      const char *site,
                      const char *name,
                      int64_t *ret_id,
                      struct bw_err *reterr);
int bw_roomstore_circuits(struct bw_roomstore *s,
                          bw_roomstore_circuit_cb cb,
                          void *owner,
                          struct bw_err *reterr);
int bw_roomstore_set_filled(struct bw_roomstore *s,
                            int64_t circuit,
                            int64_t from_day,
                            struct bw_err *reterr);
int bw_roomstore_set_months(struct bw_roomstore *s,
                            int64_t circuit,
                            int64_t months_at,
                            int64_t months_due,
                            struct bw_err *reterr);

/* Takes the place of that month's; one without any day with records takes it away. */
int bw_roomstore_put_month(struct bw_roomstore *s,
                           int64_t circuit,
                           const struct bw_room_month *m,
                           struct bw_err *reterr);
/* Of all circuits, from this month on, by circuit and month. */
int bw_roomstore_months(struct bw_roomstore *s,
                        int64_t from_month,
                        bw_roomstore_month_cb cb,
                        void *owner,
                        struct bw_err *reterr);

/* Takes the place of the row of the same day, if any; one without any record
 * (n_records = 0) takes it away. */
int bw_roomstore_put_day(struct bw_roomstore *s,
                         int64_t circuit,
                         enum bw_room_span span,
                         const struct bw_room_day *d,
                         struct bw_err *reterr);
/* Those of [from_day, to_day) by circuit and day; circuit unknown: of all. */
int bw_roomstore_days(struct bw_roomstore *s,
                      int64_t circuit,
                      enum bw_room_span span,
                      int64_t from_day,
                      int64_t to_day,
                      bw_roomstore_day_cb cb,
                      void *owner,
                      struct bw_err *reterr);

/* In place of those that began within [from, to). */
int bw_roomstore_put_runs(struct bw_roomstore *s,
                          int64_t circuit,
                          int64_t from_unix_ms,
                          int64_t to_unix_ms,
                          const struct bw_room_run *runs,
                          size_t n,
                          struct bw_err *reterr);
/* Since then, by circuit and time; circuit unknown: of all. */
int bw_roomstore_runs(struct bw_roomstore *s,
                      int64_t circuit,
                      int64_t from_unix_ms,
                      bw_roomstore_run_cb cb,
                      void *owner,
                      struct bw_err *reterr);

int bw_roomstore_put_spell(struct bw_roomstore *s,
                           const struct bw_roomstore_spell *spell,
                           struct bw_err *reterr);
int bw_roomstore_spells(struct bw_roomstore *s,
                        bw_roomstore_spell_cb cb,
                        void *owner,
                        struct bw_err *reterr);

int bw_roomstore_put_risk(struct bw_roomstore *s,
                          const struct bw_roomstore_risk *k,
                          struct bw_err *reterr);
int bw_roomstore_risks(struct bw_roomstore *s,
                       bw_roomstore_risk_cb cb,
                       void *owner,
                       struct bw_err *reterr);

/* Numbers under a name; get gives BW_UNKNOWN for one that was never set. */
int bw_roomstore_set(struct bw_roomstore *s,
                     const char *name,
                     int64_t value,
                     struct bw_err *reterr);
int bw_roomstore_get(struct bw_roomstore *s,
                     const char *name,
                     int64_t *ret,
                     struct bw_err *reterr);

/* Days, months and runs before these go. */
int bw_roomstore_forget(struct bw_roomstore *s,
                        int64_t before_day,
                        int64_t before_month,
                        int64_t runs_before_unix_ms,
                        struct bw_err *reterr);

#endif
