/* SPDX-License-Identifier: GPL-3.0-or-later
 * packs.h - reports made for a purpose. A pack is a fixed list of contents, in order: none
 * of them can be left out because of what it shows. Contents whose data are not there say
 * so and are counted at the end, under what the page does not show.
 *
 * Everything is a pure function of the report models and of what was filed; the same
 * question gives the same bytes. Any thread. docs/packs.md says what each pack holds. */
#ifndef BW_EVIDENCE_PACKS_H
#define BW_EVIDENCE_PACKS_H

#include <bw/summary.h>
#include <bw/units.h>
#include <decimal.h>
#include <finding.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_claimline;
struct bw_district;
struct bw_doc;
struct bw_epc;
struct bw_err;
struct bw_filed_held;
struct bw_report;
struct bw_selection;

enum bw_pack {
    BW_PACK_SIZING,
    BW_PACK_PIA,
    BW_PACK_INVOICE,
    BW_PACK_DELIVERY,
    BW_PACK_AUDIT,
    BW_PACK_LEGISLATURE,
    BW_PACKS
};

enum bw_pack_limits {
    BW_PACK_REPORTS_MAX = 4096,
    BW_PACK_PROVISIONAL_S = 7 * 86400 /* so long after its end records may still come */
};

/* Where a month's cost comes from that `bandwitness site claim` was told. */
#define BW_PACK_MONTHLY_WRITTEN                                                            \
    "written down for the circuit itself, bandwitness site claim"

/* What was filed or contracted for a circuit, beyond the speeds in its report. */
struct bw_pack_filed {
    const struct bw_claimline *line;   /* NULL: none is bound on the period's last day */
    const char *origin;                /* where that comes from, in words */
    const struct bw_claimline *others; /* bound to it as well, billed apart */
    size_t n_others;
    const int64_t *circuits; /* bound to the line and each of the others; NULL: one each */
    const struct bw_filed_held *held; /* on some day of the period, those above as well */
    size_t n_held;
    struct bw_decimal monthly; /* US dollars a month, all of it */
    const char *monthly_origin;
};

enum {
    BW_PACK_JUDGED_MAX = 24,
    BW_PACK_APART_MAX = 8 /* errata of one circuit and period */
};

/* What a rule that governs said of a circuit. */
struct bw_pack_judged {
    char id[BW_NAME_MAX + 16]; /* "contract-sla/service" */
    char title[192];           /* of its rule */
    enum bw_outcome outcome;
};

/* Of a circuit that has records, and no figure. */
#define BW_PACK_SET_APART "every record is set apart, by an erratum or for its key"

/* An erratum, and how much of one circuit or of many it concerns in a period. */
struct bw_pack_apart {
    char id[BW_HASH_LEN + 1];
    char key[128]; /* what it is about */
    bool excluded; /* no: it is told, and they count */
    int64_t n_circuits;
    int64_t n_records;
    int64_t n_intervals;
    int64_t n_runs;
};

/* What a page of many says of one circuit in one period. Rates are down. */
struct bw_pack_seen {
    bool recorded;       /* no: no record of the period, and nothing below is known … */
    bool set_apart;      /* … for there are some, and none counts */
    bool at_claim;       /* layer is the claim's */
    enum bw_layer layer; /* of peak_bps and full_s */
    enum bw_layer claim_layer;
    int64_t claim_bps;
    int64_t recorded_s;
    int64_t elapsed_s;
    int64_t peak_bps;
    int64_t peak_claim_bps; /* claimed on that day, at `layer` */
    int64_t full_s;
    enum bw_layer tested_layer;
    int64_t tested_bps;
    int64_t n_tests;
    int64_t n_outages;
    int64_t outage_ms;
    int64_t n_records;
    struct bw_pack_apart apart[BW_PACK_APART_MAX];
    size_t n_apart;
    size_t n_apart_more;
    int64_t n_key_apart; /* records that came by a key in other hands */
};

/* The same of many circuits in one period; zeroed to begin with. */
struct bw_pack_aparts {
    struct bw_pack_apart *list; /* as they were met */
    size_t n;
    int64_t n_more; /* circuits that more errata concern */
    int64_t n_key_circuits;
    int64_t n_key_records;
    int64_t n_all; /* circuits of which nothing is left */
};
int bw_pack_aparts_add(struct bw_pack_aparts *to,
                       const struct bw_pack_seen *x); /* -ENOMEM */
/* As notes; `when` begins each of them. */
void bw_pack_aparts_tell(struct bw_doc *d,
                         const struct bw_pack_aparts *x,
                         const char *when);
void bw_pack_aparts_done(struct bw_pack_aparts *x);

/* One circuit of many. */
struct bw_pack_line {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    char place[128];
    char district[16]; /* the number of whose it is; "" not told */
    struct bw_pack_seen now;
    struct bw_pack_seen before;                       /* in the period before */
    struct bw_pack_judged judged[BW_PACK_JUDGED_MAX]; /* in the order of the rules */
    size_t n_judged;
};

/* What a page of many knows beside its lines. Lent. */
struct bw_pack_many {
    const struct bw_pack_line *lines; /* every circuit that was asked for */
    size_t n_lines;
    const struct bw_selection *chosen;   /* claims that serve it; NULL: none looked for */
    char before_from[16];                /* the period before, days; "" there is none */
    char before_to[16];                  /* its last day */
    bool running;                        /* the period is not over: as many days of both */
    const struct bw_district *districts; /* by number; what they claim on `day` */
    const struct bw_district *districts_before;
    size_t n_districts;
    char day[16];
    char day_before[16]; /* "" none */
};

struct bw_pack_asked {
    enum bw_pack pack;
    /* The circuit that was asked for; then others at the same place (pia). At least one;
     * for the legislature any, it tells the period. */
    const struct bw_report *const *reports;
    const struct bw_pack_filed *filed; /* for each; NULL: none at all */
    size_t n_reports;
    const struct bw_pack_many *many; /* legislature alone, NULL else */
    int64_t students;                /* unknown: nobody said */
    int64_t users;
    const char *users_are;     /* who counts as a user, in words */
    const char *people_origin; /* who said so */
    const char *people_open;   /* why what is on file does not say; "", NULL */
    const struct bw_epc *epc;  /* audit: the portal's questions; NULL: ours (epc.h) */
    bool letter;               /* delivery: with a letter to the provider */
    bool certificate;          /* audit: with one to fill in */
};

struct bw_pack_made;

/* The line of one report, so that it can be let go: its names, `now`, what was judged; and
 * the same figures of a report of the period before. -ENOMEM. */
int bw_pack_line_of(const struct bw_report *r, struct bw_pack_line *ret);
int bw_pack_seen_of(const struct bw_report *r, struct bw_pack_seen *ret);

/* "sizing"; -EINVAL. */
int bw_pack_parse(const char *name, enum bw_pack *ret);
const char *bw_pack_name(enum bw_pack pack);
/* What it is for, one sentence without a full stop. */
const char *bw_pack_purpose(enum bw_pack pack);

/* Reports and what was filed must outlive it. Free with bw_pack_free(). */
int bw_pack_make(const struct bw_pack_asked *asked,
                 struct bw_pack_made **ret,
                 struct bw_err *reterr);
void bw_pack_free(struct bw_pack_made *m); /* NULL is fine */

const struct bw_doc *bw_pack_doc(const struct bw_pack_made *m); /* finished; lent */
/* One page; docs/pack-v1.schema.json; RFC 4180: the columns of a report's CSV. */
int bw_pack_html(const struct bw_pack_made *m, struct bw_buf *out, struct bw_err *reterr);
int bw_pack_json(const struct bw_pack_made *m, struct bw_buf *out, struct bw_err *reterr);
int bw_pack_csv(const struct bw_pack_made *m, struct bw_buf *out, struct bw_err *reterr);

#endif
