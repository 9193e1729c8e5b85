/* SPDX-License-Identifier: GPL-3.0-or-later
 * model_private.h - what the files of the model share and nobody else sees. */
#ifndef BW_EVIDENCE_MODEL_PRIVATE_H
#define BW_EVIDENCE_MODEL_PRIVATE_H

#include "model.h"

#include "hist.h"
#include "without.h"
#include <bw/records.h>

/* A throughput run's bytes flow before its measured window (connecting, warm-up) and a
 * little after it: intervals that touch this wider window are not the users' alone. Where
 * counts come in steps, a step that reaches over an interval's border carries a run's bytes
 * that far into the next one. */
enum bw_model_pads {
    BW_MODEL_RUN_BEFORE_MS = 10000,
    BW_MODEL_RUN_AFTER_MS = 2000,
    BW_MODEL_RUN_UNKNOWN_MS = 60000,  /* length of a run that does not tell its own */
    BW_MODEL_STEP_UNKNOWN_MS = 60000, /* of counts that do not tell theirs */
    BW_MODEL_STEP_FINE_MS = 1000,     /* the padding holds steps so long */
    BW_MODEL_RUN_REACH_S = 3700       /* so long after it began none moves bytes any more */
};

/* One target's latency in one window, on the way to struct bw_report_latency. */
struct bw_model_target {
    char probe[BW_NAME_MAX + 1];
    char kind[16];
    int family;
    int64_t covered_s;
    bool witness; /* the first of its name, and that was asked often enough in some cell */
    struct {
        int64_t n_cells;
        int64_t sent;
        int64_t lost;
        int64_t late;
        int64_t sum_us;
        bool late_unknown; /* a cell did not tell, so the sum is not known */
        bool sum_unknown;
        struct bw_hist hist;
    } window[BW_WINDOWS];
};

struct bw_model_outage {
    int64_t from_unix_ms;
    int64_t to_unix_ms; /* unknown: open */
    int64_t known_to_unix_ms;
    char why[64];
};

/* Time that some record covers, merged and clipped to the period. */
struct bw_model_span {
    int64_t from_unix_s;
    int64_t to_unix_s;
};

/* From when on records name another configuration than before. */
struct bw_model_change {
    int64_t from_unix_s;
    char config[BW_HASH_LEN + 1];
};

/* A cell of one target whose intervals must come from records, for these windows (bits). */
struct bw_model_cell {
    int64_t cell;  /* start / BW_CELL_S */
    size_t target; /* number in targets */
    unsigned windows;
    int64_t sent; /* of those that the records gave, where the whole period wants them */
    int64_t covered_s;
};

/* Where the box stood in one interval of a day that is only partly inside; or, for the
 * first interval of a day, where it stood in the one before. */
struct bw_model_place {
    int64_t start_unix_s;
    int64_t seq;
    enum bw_vantage vantage;
    enum bw_source source;
};

/* Everything gathered while the records are read. */
struct bw_model {
    const struct bw_report_query *query;
    struct bw_records *records; /* the query's, or what errata and keys leave of them */
    struct bw_without *apart;   /* NULL: nothing takes anything out */
    struct bw_without_key *apart_keys;
    struct bw_report *report;
    size_t cap_intervals;
    size_t cap_runs;
    struct bw_report_run *beside; /* outside the period, but near: they only mark */
    size_t n_beside;
    size_t cap_beside;
    size_t cap_keys; /* of the report's counts */
    size_t cap_facts;
    struct bw_model_target *targets;
    size_t n_targets;
    struct bw_model_outage *outages;
    size_t n_outages;
    size_t cap_outages;
    struct bw_gap *stated;
    size_t n_stated;
    size_t cap_stated;
    struct bw_model_span *spans;
    size_t n_spans;
    struct bw_model_change *changes;
    size_t n_changes;
    size_t cap_changes;
    struct bw_model_cell *cells;
    size_t n_cells;
    size_t cap_cells;
    struct bw_witness_cell *watch; /* each BW_CELL_S of the period */
    size_t n_watch;
    struct bw_model_place *places;
    size_t n_places;
    size_t cap_places;
    struct bw_model_place *edges; /* first intervals of days whose records must tell */
    size_t n_edges;
    size_t cap_edges;
    struct bw_model_place day_before; /* the last interval of the day taken before */
    bool has_day_before;
    struct bw_model_hours *hours; /* NULL: no rule asks */
    struct bw_details_maker *details;
    struct bw_traffic_maker *traffic;
    struct bw_err *reterr; /* while reading: where a callback says what is wrong */
};

static inline int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* n elements of zeros; NULL without memory. */
void *bw_model_array(size_t n, size_t size);

/* model_collect.c: read days and records. */
int bw_model_collect_days(struct bw_model *m, struct bw_err *reterr);
int bw_model_collect_records(struct bw_model *m, struct bw_err *reterr);

void bw_model_key_init(struct bw_report_key *k, const char *kid);
/* One row more of the counts; NULL without memory. */
struct bw_report_key *bw_model_key_add(struct bw_model *m, const char *kid);

/* model_cover.c: coverage, gaps, outages, clock, days. The intervals are sorted. */
int bw_model_spans(struct bw_model *m);
int bw_model_coverage(struct bw_model *m);
int bw_model_outages(struct bw_model *m);
void bw_model_clock(struct bw_model *m);

/* model_notes.c: what people know of the period; the outages are listed. */
int bw_model_notes(struct bw_model *m);

/* model_apart.c: records without what errata and compromised keys set apart. */
int bw_model_apart_begin(struct bw_model *m, struct bw_err *reterr);
/* After all records were read: what that came to; nothing tells an outage in time of which
 * an erratum takes the outages. */
int bw_model_apart_end(struct bw_model *m);
void bw_model_apart_done(struct bw_model *m);
/* Was any record left out? After the days were read. */
bool bw_model_apart_all(const struct bw_model *m);
/* Until when [from, to) is set apart from `from` on; `from` where it is not. */
int64_t bw_model_apart_until(const struct bw_model *m,
                             enum bw_without_kind kind,
                             int64_t from_unix_s,
                             int64_t to_unix_s);
/* Of [from, to), in seconds. */
int64_t bw_model_apart_s(const struct bw_model *m,
                         enum bw_without_kind kind,
                         int64_t from_unix_s,
                         int64_t to_unix_s);

/* model_days.c */
int bw_model_days(struct bw_model *m);

/* model_watch.c: who could have told an outage. */
int bw_model_watch_begin(struct bw_model *m);
/* All that one cell holds of this target within the period. */
void bw_model_watch_add(
    struct bw_model *m, size_t target, int64_t unix_s, int64_t sent, int64_t covered_s);
/* For how long, at most, two different targets were watched in these cells. */
int64_t
bw_model_watched_s(const struct bw_model *m, int64_t from_unix_s, int64_t to_unix_s);
/* Different targets that were watched in some cell. */
int64_t bw_model_witnesses(const struct bw_model *m);

/* model_rates.c: marks intervals, then tested and used. */
void bw_model_mark(struct bw_model *m);
int bw_model_tested(struct bw_model *m);
int bw_model_used(struct bw_model *m);

/* model_class.c: which time is class. After the days are laid out: which of them. */
int bw_model_class_begin(const struct bw_report_query *q,
                         struct bw_report *r,
                         struct bw_err *reterr);
void bw_model_class_days(struct bw_model *m);
/* Whether an instant is known to be class time. */
bool bw_model_in_class(const struct bw_report *r, int64_t unix_s);

/* model_bins.c: after the days and what they were. */
int bw_model_bins(struct bw_model *m);
/* After it: an interval's rate at r->bins_layer, unknown where day-bins/1 leaves it out;
 * and the speed claimed then, unknown where it is of another layer. */
int64_t
bw_model_bin_rate(const struct bw_report *r, const struct bw_report_interval *v, int way);
int64_t bw_model_bin_claim(const struct bw_report *r, int64_t unix_s, int way);

/* model_records.c: what days cannot tell exactly. First every cell and day, then, between
 * begin and end, every record. */
int bw_model_cell_add(struct bw_model *m,
                      const struct bw_latency_cell *c,
                      struct bw_err *reterr);
int bw_model_day_facts(struct bw_model *m, const struct bw_circuit_day *d);
void bw_model_records_begin(struct bw_model *m);
int bw_model_record_add(struct bw_model *m,
                        const struct bw_record *rec,
                        struct bw_err *reterr);
void bw_model_records_end(struct bw_model *m);

/* model_latency.c */
/* The number of its target in m->targets, made when new. */
int bw_model_target(struct bw_model *m,
                    const struct bw_latency_cell *c,
                    size_t *ret,
                    struct bw_err *reterr);
/* A cell, or one interval as such, into these windows (bits). */
int bw_model_latency_add(struct bw_model *m,
                         const struct bw_latency_cell *c,
                         unsigned windows,
                         struct bw_err *reterr);
int bw_model_latency(struct bw_model *m);

/* model_hours.c: round trips by local hour. */
struct bw_model_hours *bw_model_hours_new(void); /* NULL: no memory */
void bw_model_hours_free(struct bw_model_hours *h);
int bw_model_hours_add(struct bw_model *m, const struct bw_latency_cell *c);
int bw_model_hours_end(struct bw_model_hours *h, struct bw_finding_inputs *in);

/* model_findings.c: last of all */
int bw_model_findings(struct bw_model *m, struct bw_err *reterr);

#endif
