/* SPDX-License-Identifier: GPL-3.0-or-later
 * known.h - what the room knows beside records: entities, sites, calendars, zones, claims,
 * rules; and from it the question of which a report of a circuit is made. Asked as
 * `bandwitness report --ledger` asks, so that figures agree. One thread; blocking. */
#ifndef BW_KNOWN_H
#define BW_KNOWN_H

#include <catalogue.h>
#include <model.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_calendar_kept;
struct bw_known;
struct bw_ledger;
struct bw_origin;
struct bw_tz;

struct bw_known_site {
    struct bw_site site; /* without a name: with its installer's word for it */
    int32_t n_keys;      /* in force */
    bool revoked;        /* some key of it is */
    bool moved;          /* it did, or its box was replaced: by a statement */
    int64_t enrolled_unix_s;
    int64_t token_unix_s;
    int64_t token_expires_unix_s;
    char said_entity[BW_LABEL_MAX + 1]; /* by its installer, where no entity is on file */
    int64_t moved_unix_s;   /* newest such statement was recorded; unknown: none */
    int64_t shipped_unix_s; /* its box was sent, by the newest statement; unknown: none */
    int64_t refused_unix_s; /* a box came with a token that was good no longer: expired, */
    bool refused_spent;     /* or another's; unknown: none did */
};

struct bw_known_opts {
    const char *data_dir;
    const char *rules;     /* folder; "": none */
    pthread_mutex_t *conf; /* held while a text of configuration is read; NULL: nobody else
                              reads one */
};

/* The ledger and the catalogue must be there. */
int bw_known_open(const struct bw_known_opts *o,
                  struct bw_known **ret,
                  struct bw_err *reterr);
void bw_known_close(struct bw_known *k); /* NULL is fine */

struct bw_ledger *bw_known_ledger(struct bw_known *k);

/* A statement that is new: figures of this key's subject may be others ("circuit:…",
 * "site:…"); NULL: of any. */
typedef void (*bw_known_said_cb)(void *owner, const char *about);

/* Read again what changed. *said: how many statements were looked at before, and now
 * (unknown: none yet, nothing is told then). *ret_changed: entities, sites, keys, claims or
 * statements are others than before. */
int bw_known_refresh(struct bw_known *k,
                     int64_t *said,
                     bw_known_said_cb cb,
                     void *owner,
                     bool *ret_changed,
                     struct bw_err *reterr);

/* Is something else on file than at the last refresh? */
bool bw_known_changed(struct bw_known *k);

/* By id; lent until the next refresh. */
const struct bw_entity *bw_known_entities(const struct bw_known *k, size_t *ret_n);
const struct bw_known_site *bw_known_sites(const struct bw_known *k, size_t *ret_n);
const struct bw_known_site *bw_known_site(const struct bw_known *k, const char *id);
/* The NCES locale code of an entity of the list, 11 to 43; 0: nobody says. */
int bw_known_locale(const struct bw_known *k, const char *entity);
/* The site of a key; "" unknown. */
const char *bw_known_site_of_key(const struct bw_known *k, const char *kid);
/* Since when the circuit is what it is now (vantage, source, layer …); INT64_MAX: not on
 * file. */
int64_t
bw_known_facts_since(const struct bw_known *k, const char *site, const char *circuit);
/* A number that is another one when what is typed as claims in the catalogue is. */
uint64_t bw_known_claims_mark(const struct bw_known *k);

/* Calendars on file, by key (calendars.h) and then as they are asked; lent until the next
 * refresh. */
const struct bw_calendar_kept *bw_known_calendars(const struct bw_known *k, size_t *ret_n);

/* The zone that a site's days are in: its nearest calendar's, else this machine's. Lent for
 * good. */
int bw_known_zone(struct bw_known *k,
                  const char *site,
                  const struct bw_tz **ret,
                  struct bw_err *reterr);

/* What is claimed for a circuit in [from, to), as bw_origin_dated_claims(); free() *ret. */
int bw_known_claims(struct bw_known *k,
                    const char *site,
                    const char *circuit,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    struct bw_report_claim **ret,
                    size_t *ret_n,
                    struct bw_err *reterr);
/* Who provides it, how, what for and under which lines, at an instant; monthly cost of one
 * line in cents, as packs have it. "" and unknown where nothing says. */
struct bw_known_terms {
    char provider[BW_LABEL_MAX + 1];
    char technology[160];
    char lines[160];
    int role; /* enum bw_room_role */
    int64_t monthly_cents;
    bool monthly_eligible;
};
int bw_known_terms(struct bw_known *k,
                   const char *site,
                   const char *circuit,
                   int64_t unix_s,
                   struct bw_known_terms *ret,
                   struct bw_err *reterr);

/* A question with all that it borrows. */
struct bw_known_asked {
    struct bw_report_query q;
    struct bw_report_calendar *calendars;
    struct bw_calendars *own; /* of a site that moved */
    struct bw_annotation_said *annotations;
    struct bw_erratum_said *errata;
    struct bw_report_keyfact *keys;
    struct bw_report_judging judging;
    struct bw_contract *contract;
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
};

/* claims[n] are lent. judged: by all rules, with the contract's terms and people. Done with
 * bw_known_asked_done(), also after a failure. */
int bw_known_ask(struct bw_known *k,
                 const char *site,
                 const char *circuit,
                 int64_t from_unix_s,
                 int64_t to_unix_s,
                 int64_t now_unix_s,
                 const struct bw_report_claim *claims,
                 size_t n_claims,
                 bool judged,
                 struct bw_known_asked *ret,
                 struct bw_err *reterr);
void bw_known_asked_done(struct bw_known_asked *a);

#endif
