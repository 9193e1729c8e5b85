/* SPDX-License-Identifier: GPL-3.0-or-later
 * packs_private.h - what the builders of packs share: a figure is said on the page and kept
 * for JSON and CSV in one call, and so is what is absent. Private to this folder. */
#ifndef BW_EVIDENCE_PACKS_PRIVATE_H
#define BW_EVIDENCE_PACKS_PRIVATE_H

#include "packs.h"

#include <doc.h>
#include <model.h>
#include <words.h>

#define BW_METHOD_PEAK_DAY "peak-day-p95/1"
#define BW_METHOD_FULL "full-time/1"
#define BW_METHOD_SOON "full-soon/1"
#define BW_METHOD_OUTAGE_MONTH "outage-months/1"
#define BW_METHOD_UNIT_COST "unit-cost/4"
#define BW_METHOD_PEAK_CHANGE "peak-change/1"
#define BW_METHOD_RETENTION "retention-54.516/2"

struct bw_pack_figure {
    const char *section; /* all texts live as long as the document */
    const char *figure;
    int64_t value;    /* unknown: not measured, or there is text */
    const char *text; /* NULL but for words and dates */
    const char *unit;
    const char *layer;
    const char *statistic;
    int64_t n;
    const char *method;
};

struct bw_pack_absent {
    const char *what;
    const char *why;
};

struct bw_pack_made {
    const struct bw_pack_asked *asked; /* a copy of its own, in the document */
    const struct bw_report *r;         /* the first */
    struct bw_doc *doc;
    const char *title;
    const char *section; /* name of the content that is being built */
    struct bw_pack_figure *figures;
    size_t n_figures;
    size_t cap_figures;
    struct bw_pack_absent *absent;
    size_t n_absent;
    size_t cap_absent;
    bool provisional;
    int error;
};

/* One of a pack's contents. */
typedef void (*bw_pack_content_cb)(struct bw_pack_made *m);

/* Keep a figure as it is; all texts are copied. */
void bw_pack_keep(struct bw_pack_made *m, const struct bw_pack_figure *f);
/* Keep a figure. Texts are copied; unit, layer, statistic and method are static. */
void bw_pack_figure(struct bw_pack_made *m,
                    const char *figure,
                    int64_t value,
                    const char *unit,
                    enum bw_layer layer,
                    const char *statistic,
                    int64_t n,
                    const char *method);
void bw_pack_word(struct bw_pack_made *m, const char *figure, const char *text);
/* "2026-09-28" as "28 Sep 2026"; "" of what is no day. */
void bw_pack_day_words(const char *day, char out[BW_WORDS_MAX]);
/* Say that a content is not there, and why or what would be needed; counted. */
void bw_pack_absent(struct bw_pack_made *m, const char *what, const char *why);
/* The same without a paragraph: it was said another way. */
void bw_pack_count_absent(struct bw_pack_made *m, const char *what, const char *why);
/* What was filed for report i; an empty one where nothing was. */
const struct bw_pack_filed *bw_pack_filed_of(const struct bw_pack_made *m, size_t i);

/* ---- claims within the period (held.c) ---- */

struct bw_filed_held;

/* Does any of them not hold on all its days? */
bool bw_pack_held_changes(const struct bw_pack_made *m);
void bw_pack_held_days(const struct bw_filed_held *h, char out[160]); /* "from … to …" */
void bw_pack_held_figures(struct bw_pack_made *m, size_t i);          /* held.1, … */
/* One letter goes to whoever delivered on all its days: -EINVAL where that changed. */
int bw_pack_one_letter(const struct bw_pack_made *m, struct bw_err *reterr);
void bw_pack_letter_to(struct bw_pack_made *m);
void bw_pack_letter_days(struct bw_pack_made *m);

/* The claim in force at the end of what has passed of the period; NULL: none. */
const struct bw_report_claim *bw_pack_claim(const struct bw_report *r);

struct bw_growth;

/* ---- use by school days (use_days.c) ---- */

/* One local day. Rates of class hours at the layer of struct bw_pack_use. */
struct bw_pack_day {
    int64_t day; /* since 1970-01-01 */
    int64_t n[BW_DIRECTIONS];
    int64_t p95_bps[BW_DIRECTIONS];
    int64_t full_s[BW_DIRECTIONS]; /* of class hours, see full-time/1; unknown: no claim */
    int64_t claim_bps[BW_DIRECTIONS]; /* claimed in all of them; unknown: it changed, too */
    bool usable; /* enough of its class hours was counted (peak-day-p95/1) */
};

struct bw_pack_use {
    enum bw_layer layer; /* the claim's where that can be said, else the counter's */
    bool at_claim;
    struct bw_pack_day *days;
    size_t n_days;
    int64_t n_usable;
    int64_t peak_bps[BW_DIRECTIONS]; /* highest P95 of a usable day; unknown: none */
    int64_t peak_n[BW_DIRECTIONS];
    int64_t peak_day[BW_DIRECTIONS];
    int64_t
        peak_claim_bps[BW_DIRECTIONS]; /* of that day; a share of the claim is of this */
    int64_t full_s[BW_DIRECTIONS];     /* class hours of the period */
    int64_t counted_s[BW_DIRECTIONS];  /* class hours in which that could be told */
    int64_t counted_n[BW_DIRECTIONS];  /* intervals of them */
};

/* -ENOMEM. Free days with bw_pack_use_done(). */
int bw_pack_use_make(const struct bw_report *r, struct bw_pack_use *ret);
void bw_pack_use_done(struct bw_pack_use *u);

/* Growth of its days (growth-theilsen/1). 0, -ENOMEM. */
int bw_pack_growth(const struct bw_pack_use *u, int way, struct bw_growth *ret);
/* "+3.20 %" or "−1.10 %" a year, of BW_GROWTH_LOW, … */
void bw_pack_growth_words(const struct bw_growth *g, int line, char out[64]);

/* ---- money (price.c) ---- */

void bw_pack_money(int64_t cents, char out[64]); /* "$1,250.00" */
/* What part of a bill a price is. */
enum bw_pack_part {
    BW_PRICE_ELIGIBLE,
    BW_PRICE_ALL,
    BW_PRICE_TYPED /* with the report's command */
};

/* What report i's line costs a month, where a claim is of several one of them; unknown
 * where that is not on file. */
int64_t
bw_pack_monthly_cents(const struct bw_pack_made *m, size_t i, enum bw_pack_part *ret);

/* Keep those figures of the report whose sections begin with one of these; NULL ends them.
 */
void bw_pack_report_figures(struct bw_pack_made *m, const char *const *sections);

/* ---- many (lines.c) ---- */

/* Peak of the busiest day over the claim, where both are at one layer; else unknown. */
int64_t bw_pack_busy_ppm(const struct bw_pack_seen *x);
bool bw_pack_is_busy(int64_t busy_ppm); /* 75 % or more; not where it is unknown */

/* ---- contents ---- */

void bw_pack_who(struct bw_pack_made *m);       /* who.c: identifiers */
void bw_pack_who_short(struct bw_pack_made *m); /* who.c: the same in one paragraph */
void bw_pack_covered(struct bw_pack_made *m);   /* who.c: coverage and gaps, short */
void bw_pack_sizing(struct bw_pack_made *m);    /* sizing.c: the answer and its reasons */
void bw_pack_use_chart(struct bw_pack_made *m); /* ahead.c: use day by day */
void bw_pack_ahead(struct bw_pack_made *m); /* ahead.c: growth, and when the line is full */
/* ahead.c: when the trend comes to three quarters of the claim, in a paragraph. */
void bw_pack_full_soon(struct bw_pack_made *m,
                       const struct bw_pack_use *u,
                       const struct bw_growth *g);
void bw_pack_price(struct bw_pack_made *m);  /* price.c */
void bw_pack_people(struct bw_pack_made *m); /* people.c: for each student */
/* Why nothing is told of people: by what is on file, else by the given words. */
const char *
bw_pack_no_people(const struct bw_pack_made *m, const char *other, char out[256]);
void bw_pack_epc(struct bw_pack_made *m);         /* epc.c: answer sheet */
void bw_pack_coincident(struct bw_pack_made *m);  /* coincide.c */
void bw_pack_diagram(struct bw_pack_made *m);     /* coincide.c */
void bw_pack_months(struct bw_pack_made *m);      /* months.c */
void bw_pack_outages(struct bw_pack_made *m);     /* outages.c: by cause */
void bw_pack_clauses(struct bw_pack_made *m);     /* delivery.c */
void bw_pack_letter(struct bw_pack_made *m);      /* delivery.c: where it is asked for */
void bw_pack_proof(struct bw_pack_made *m);       /* proof.c: what proves the records */
void bw_pack_certificate(struct bw_pack_made *m); /* proof.c: where it is asked for */
void bw_pack_needs(struct bw_pack_made *m);       /* lines.c: which lines need help */
void bw_pack_all_lines(struct bw_pack_made *m);   /* lines.c */
void bw_pack_progress(struct bw_pack_made *m);    /* progress.c */
void bw_pack_districts(struct bw_pack_made *m);   /* many_districts.c */
void bw_pack_unmeasured(struct bw_pack_made *m);  /* many_districts.c */
void bw_pack_keep_until(struct bw_pack_made *m);  /* keep_until.c */
void bw_pack_first(struct bw_pack_made *m); /* from_report.c: claimed, delivered, used */
void bw_pack_everything(struct bw_pack_made *m);  /* from_report.c: with all figures */
void bw_pack_outage_list(struct bw_pack_made *m); /* from_report.c */
void bw_pack_replies(struct bw_pack_made *m);     /* from_report.c: what was answered */
void bw_pack_the_rest(struct bw_pack_made *m);    /* from_report.c */
void bw_pack_method(struct bw_pack_made *m);      /* from_report.c */

/* Of a report, into what is seen of it; and of all lines, as notes and figures. */
void bw_pack_apart_of(const struct bw_report *r, struct bw_pack_seen *ret);
void bw_pack_many_apart(struct bw_pack_made *m);

#endif
