/* SPDX-License-Identifier: GPL-3.0-or-later
 * overview.h - what pages and API say of sites and circuits: the catalogue's words and
 * the ledger's newest figures, joined. Made on a reader's thread, then constant. */
#ifndef BW_OVERVIEW_H
#define BW_OVERVIEW_H

#include <catalogue.h>
#include <ledger.h>
#include <stdbool.h>
#include <stddef.h>

struct bw_err;
struct bw_reader;

enum bw_freshness {
    BW_FRESH,  /* a record came within the last three intervals */
    BW_SILENT, /* none since last_received_unix_ms */
    BW_NEVER,  /* none yet */
    BW_RETIRED /* taken out of service: in no list but where it is asked for */
};

enum {
    BW_FRESHNESS_N = BW_RETIRED + 1
};

struct bw_site_row {
    char id[BW_SITE_MAX + 1];
    char name[BW_LABEL_MAX + 1];   /* "" unknown */
    char entity[BW_LABEL_MAX + 1]; /* its name, "" unknown */
    enum bw_freshness freshness;
    bool enrolled;                 /* has a key */
    int64_t last_received_unix_ms; /* unknown: never */
    int64_t last_end_unix_s;
    int64_t interval_s; /* length of the newest two, the longer */
    char agent[64];
    bool late;      /* its newest interval was old when it came: it delivers what it kept */
    bool clock_bad; /* the newest record says that its clock was not synchronised */
    int64_t n_circuits;
    int64_t n_silent; /* circuits with an outage open at the newest interval */
};

struct bw_circuit_row {
    struct bw_ledger_circuit now;
    bool has_claim;
    struct bw_claim claim; /* in force now */
};

struct bw_overview {
    int64_t now_unix_ms;
    struct bw_site_row *sites; /* by id */
    size_t n_sites;
    struct bw_circuit_row *circuits; /* by site and id */
    size_t n_circuits;
    struct bw_ledger_stat stat;
};

enum bw_site_sort {
    BW_SORT_STATE,
    BW_SORT_NAME,
    BW_SORT_ENTITY,
    BW_SORT_LAST
};

/* What a list asks for. */
struct bw_site_query {
    char words[201]; /* every word must occur in id, name or entity; any case */
    int freshness;   /* enum bw_freshness, or -1 for all in service */
    enum bw_site_sort sort;
};

/* site NULL: everything. *ret is freed with bw_overview_free(). */
int bw_overview_read(struct bw_reader *r,
                     const char *site,
                     struct bw_overview **ret,
                     struct bw_err *reterr);
void bw_overview_free(struct bw_overview *o); /* NULL is fine */

/* Fresh or silent, and late, by the members from last_received_unix_ms to interval_s and
 * clock_bad. */
void bw_site_row_judge(struct bw_site_row *row, int64_t now_unix_ms);

const char *bw_freshness_name(enum bw_freshness f);
/* From query parameters (each may be NULL). -EINVAL when a word is unknown. */
int bw_site_query_parse(const char *words,
                        const char *state,
                        const char *sort,
                        struct bw_site_query *ret);
/* What a list of sites is chosen and ordered by. Lent. */
struct bw_site_brief {
    const char *id;
    const char *name;   /* "" unknown */
    const char *entity; /* its name, "" unknown */
    enum bw_freshness freshness;
    int64_t n_silent; /* circuits with an outage open at the newest interval */
    int64_t last_received_unix_ms;
};
bool bw_site_fits(const struct bw_site_query *q, const struct bw_site_brief *s);
/* As strcmp(): whole, two sites are never alike. */
int bw_site_order(enum bw_site_sort sort,
                  const struct bw_site_brief *x,
                  const struct bw_site_brief *y);
/* Leave only the sites asked for, in the order asked for; gives the new count. */
size_t bw_overview_select(struct bw_overview *o, const struct bw_site_query *q);
/* Leave only the sites that this one sees, and their circuits. */
void bw_overview_keep(struct bw_overview *o,
                      bool (*sees)(const void *viewer, const char *site),
                      const void *viewer);
/* Counts by freshness of all sites; gives how many are in service. */
size_t bw_overview_count(const struct bw_overview *o, size_t count[BW_FRESHNESS_N]);

/* "s-4f9k2.wan" into its parts; -EINVAL. */
int bw_circuit_id_parse(const char *id,
                        char site[BW_SITE_MAX + 1],
                        char circuit[BW_NAME_MAX + 1]);
/* RFC 3339, a date or Unix seconds. -EINVAL. */
int bw_when_parse(const char *text, int64_t *ret_unix_s);

#endif
