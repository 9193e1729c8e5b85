/* SPDX-License-Identifier: GPL-3.0-or-later
 * model.h - one report: what was claimed, delivered and used on one circuit in one
 * period, with the gaps. Every renderer reads this struct and nothing else, so that all
 * formats say the same; the model is made from struct bw_records and nothing else, so
 * that a journal, a ledger and an exported file give the same report.
 *
 * Unknown is never zero: an int64_t nobody measured is BW_UNKNOWN, a distribution without
 * values has n = 0 and unknown members. Rates of different layers never meet in one
 * figure. Percentiles follow stat.h: ascending, index ceil(p·n). An interval belongs to
 * the period in which it starts; class hours likewise. docs/report.md names each method. */
#ifndef BW_EVIDENCE_MODEL_H
#define BW_EVIDENCE_MODEL_H

#include <adoption.h>
#include <annotation.h>
#include <bound.h>
#include <bw/summary.h>
#include <bw/units.h>
#include <details.h>
#include <errata.h>
#include <finding.h>
#include <log_facts.h>
#include <reply.h>
#include <revocation.h>
#include <schoolcal.h>
#include <siteact.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <traffic_sum.h>

struct bw_contract;
struct bw_err;
struct bw_records;
struct bw_tz;

/* The methods, by name and version. A method is never changed, only added. */
#define BW_METHOD_UTIL_P95 "util-p95/2"
#define BW_METHOD_CARRIED "carried-max/2"
#define BW_METHOD_BYTES "bytes-sum/1"
#define BW_METHOD_SATURATED "saturated/2"
#define BW_METHOD_TESTED "tested-dist/2"
#define BW_METHOD_CLAIM_SHARE "claim-share/2"
#define BW_METHOD_LAYER "layer-convert/1"
#define BW_METHOD_RTT "rtt-merged/1"
#define BW_METHOD_LOSS "loss-wilson95/1"
#define BW_METHOD_PDV "pdv-period/1"
#define BW_METHOD_LOADED "loaded-rtt/1"
#define BW_METHOD_OUTAGE "outage-union/1"
#define BW_METHOD_EXCLUDED "outage-excluded/1"
#define BW_METHOD_ERRATUM "erratum-apart/1"
#define BW_METHOD_KEY_APART "key-apart/1"
#define BW_METHOD_COVERAGE "coverage/1"
#define BW_METHOD_CLOCK "clock/1"
#define BW_METHOD_COUNT "count/1"
#define BW_METHOD_ANSWERS "answers-sum/1"
#define BW_METHOD_PHASES "phase-merged/1"
#define BW_METHOD_CERT "certificate-days/1"
#define BW_METHOD_LOSS_SIDE "loss-side/1"
#define BW_METHOD_ONE_WAY "one-way-merged/1"
#define BW_METHOD_PATH "path-change/1"
#define BW_METHOD_MIX "traffic-mix/2"
#define BW_METHOD_FLOW_SIZES "traffic-flow-sizes/1"
#define BW_METHOD_USER_RTT "traffic-rtt/1"
#define BW_METHOD_RESENT "traffic-resent/2"
#define BW_METHOD_SATURATED_RTT "saturated-rtt/2"
#define BW_METHOD_DAY_BINS "day-bins/1"
#define BW_METHOD_CLASS_HOURS "class-hours/1"
#define BW_METHOD_CLASS_CALENDAR "class-calendar/1"

enum bw_report_limits {
    BW_REPORT_CLAIMS_MAX = 1024, /* of one period; more are refused, never dropped */
    BW_REPORT_TARGETS_MAX = 64,
    BW_REPORT_KEYS_MAX = 256,
    BW_REPORT_LAYERS = 3 /* layers of counters that may meet in one period */
};

/* What was filed or contracted, from a date on. Rates are absent when not claimed. */
struct bw_report_claim {
    int64_t from_unix_s; /* unknown: since ever */
    int64_t to_unix_s;   /* exclusive; unknown: still in force */
    int64_t bps[BW_DIRECTIONS];
    enum bw_layer layer; /* unknown: the claim names none, IP is taken and said */
    char origin[160];    /* where it comes from, in words */
};

/* Days and hours that count as class hours, in local time. */
struct bw_report_hours {
    uint32_t weekdays; /* bit 0 = Sunday */
    int from_min;      /* minutes after midnight, inclusive */
    int to_min;        /* exclusive */
};

/* A school's calendar, and the statement that it is of. */
struct bw_report_calendar {
    const struct bw_schoolcal *cal; /* borrowed: must outlive the report */
    char about[128];                /* "entity:hazel-river", "state"; "" a file's */
    char id[BW_HASH_LEN + 1];       /* "" a file's */
    char origin[160];               /* where it comes from, in words */
    /* "" no edge; of a site that moved: the first and last local day on which it is asked
     */
    char first_day[BW_DATE_LEN + 1];
    char last_day[BW_DATE_LEN + 1];
};

enum bw_report_check {
    BW_CHECK_NOT_DONE,
    BW_CHECK_GOOD,
    BW_CHECK_BAD
};

/* By which rules, and what they need beside records. */
struct bw_report_judging {
    const struct bw_evrule *rules; /* must outlive the report */
    size_t n_rules;
    const struct bw_adoption *adoptions; /* oldest first */
    size_t n_adoptions;
    struct bw_finding_terms terms;
    const char *terms_origin; /* of statements: whose; NULL: typed with the command */
    const char *terms_open;   /* terms on file that do not fit the period: why; NULL */
    int64_t students;         /* unknown: not on file */
    const char *students_are; /* of statements: whose; NULL: typed with the command */
    const char *people_open;  /* of statements: why they do not say; NULL: nothing is */
    int64_t users;
    const char *users_are; /* who counts as one */
    bool users_said;       /* by statements, not typed with the command */
};

/* A key of the site, as far as its history is on file. */
struct bw_report_keyfact {
    char kid[BW_KID_LEN + 1];
    int64_t from_unix_s;              /* unknown: not on file */
    int64_t revoked_unix_s;           /* since when it was in other hands; unknown: never */
    char replaced_by[BW_KID_LEN + 1]; /* "" none */
    char prev_kid[BW_KID_LEN + 1];    /* the key that signed for it; "" none */
    char why[BW_REVOCATION_TEXT_MAX + 1]; /* it was revoked; "" nobody said */
    char by[65];
    int64_t replaced_unix_s; /* another box stands there since; unknown: none */
    char replaced_why[BW_SITEACT_TEXT_MAX + 1]; /* "" nobody said */
    char replaced_said_by[65];
};

/* What is asked. Everything is borrowed until bw_report_make() returns. */
struct bw_report_query {
    struct bw_records *records;
    const char *site;
    const char *circuit; /* bare name within the site */
    int64_t from_unix_s;
    int64_t to_unix_s;
    const struct bw_tz *tz;
    const char *tz_origin;              /* "given", "this machine's", … */
    struct bw_report_hours class_hours; /* what counts where no calendar is given */
    /* The school's calendars, all in the zone of tz, the nearest first: the first that
     * speaks of a day says what it is. */
    const struct bw_report_calendar *calendars;
    size_t n_calendars;
    const struct bw_report_claim *claims; /* oldest first */
    size_t n_claims;
    /* Asked once for each configuration that records name, for the time in which none of
     * `claims` holds: the claim it states for the circuit (0), or -ENOENT. NULL: nobody to
     * ask. */
    int (*config_claim)(void *owner,
                        const char *config_sha256,
                        struct bw_report_claim *ret);
    const struct bw_annotation_said *annotations; /* those in force, by time */
    size_t n_annotations;
    const struct bw_reply_said *replies; /* those in force, as they were said */
    size_t n_replies;
    int64_t n_unread_replies;
    const struct bw_log_facts *log;  /* of the collector's log; NULL: in none */
    const struct bw_bound *bindings; /* of claims to it, also those changed since `from` */
    size_t n_bindings;
    int64_t n_unread_annotations;         /* on file, of a newer form */
    const struct bw_erratum_said *errata; /* those that may concern these records */
    size_t n_errata;
    int64_t n_unread_errata;
    const struct bw_report_keyfact *keys; /* what is on file of the site's keys */
    size_t n_keys;
    const struct bw_report_judging *judging; /* NULL: no findings */
    const char *place;                       /* the school's name; NULL when unknown */
    int64_t monthly_cents;   /* written down for the circuit itself; 0: nothing is */
    const char *origin;      /* "journal", "ledger", "file" */
    const char *origin_text; /* which one, for the reader */
    int64_t made_unix_s;     /* SOURCE_DATE_EPOCH or now */
    enum bw_report_check check;
    const char *check_text; /* what was checked, or what is wrong */
    /* Called now and then on the calling thread; may be NULL. total may be unknown. */
    void (*progress)(void *owner, const char *what, int64_t done, int64_t total);
    void *owner;
};

/* Order statistics of n values; all of one unit and layer. */
struct bw_dist {
    int64_t n;
    int64_t min;
    int64_t p5;
    int64_t median;
    int64_t p95;
    int64_t max;
};

/* The circuit as its records describe it, from one day on. */
struct bw_report_facts {
    int64_t from_unix_s; /* first and last interval's day with these facts */
    int64_t to_unix_s;
    enum bw_vantage vantage;
    uint32_t behind;
    enum bw_source source;
    enum bw_layer layer;
    int64_t resolution_ms;
    int64_t link_bps;
    int64_t mtu;
};

enum bw_report_gap_kind {
    BW_RGAP_MISSING, /* no record covers it */
    BW_RGAP_COUNTER, /* records, but the counters do not cover all of it */
    BW_RGAP_STATED   /* stated in a record without time missing (a deferred test, …) */
};

struct bw_report_gap {
    enum bw_report_gap_kind kind;
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t missing_s; /* of it without the thing in question */
    char why[96];
};

struct bw_report_target_cover {
    char probe[BW_NAME_MAX + 1];
    char kind[16];
    int family;
    int64_t covered_s;
};

struct bw_report_coverage {
    int64_t period_s;  /* of the period asked for */
    int64_t elapsed_s; /* of it before the report was made */
    int64_t recorded_s;
    int64_t twice_s; /* covered by more than one record (the clock was set back) */
    int64_t counted_s;
    int64_t missing_s;
    struct bw_report_target_cover *targets;
    size_t n_targets;
    struct bw_report_gap *gaps; /* oldest first */
    size_t n_gaps;
    /* Of the site's records whose receive time is known. */
    int64_t n_received;
    int64_t n_within_1h;
    int64_t n_within_24h; /* after 1 h, within 24 h */
    int64_t n_later;
};

/* One throughput run as the charts need it. */
struct bw_report_run {
    int64_t at_unix_ms;
    int64_t duration_ms;
    enum bw_direction direction;
    enum bw_test_state state;
    enum bw_grade grade;
    enum bw_egress egress;
    enum bw_apart apart;
    bool retest;
    enum bw_layer line_layer;
    int64_t mtu;
    int64_t goodput_bps;
    int64_t line_bps;
    int64_t claim_bps;    /* in force then, at claim_layer */
    int64_t compared_bps; /* line_bps at the claim's layer */
    int64_t rtt_idle_us;
    int64_t rtt_loaded_p95_us;
    enum bw_layer claim_layer;
    char kind[16];
    char probe[BW_NAME_MAX + 1];
    char server[BW_NAME_MAX + 1];
    char reason[64];
};

enum {
    BW_REPORT_KINDS_MAX = 8 /* of throughput runs */
};

/* Kinds measure different things (the mean of many streams or of one, the best second), so
 * they have a distribution each. */
struct bw_report_kind {
    char kind[16];
    struct bw_dist goodput_bps; /* layer goodput */
};

struct bw_report_line {
    enum bw_layer layer;
    struct bw_dist bps;
};

/* Round trips beside the good runs that tell of both: before the run, and the P95 while it
 * filled the line. Unknown with n = 0. */
struct bw_report_loaded {
    int64_t n;
    int64_t idle_p50_us;
    int64_t idle_p95_us;
    int64_t loaded_p50_us;
    int64_t loaded_p95_us;
    int64_t added_p50_us; /* of the differences, which may be below 0 */
};

struct bw_report_tested {
    int64_t n_wanted; /* made or put off: one that waits is put off at each look */
    int64_t n_made;   /* ok + failed + cancelled: the run began */
    int64_t n_ok;
    int64_t n_failed;
    int64_t n_deferred;
    int64_t n_cancelled;
    int64_t n_retests;          /* of n_made */
    int64_t n_grade[3];         /* of n_ok, by enum bw_grade; whose proof nobody checked */
    int64_t n_egress[3];        /* of n_ok, by enum bw_egress */
    int64_t n_apart[BW_APARTS]; /* of n_ok, by reason; they are in nothing below */
    struct bw_report_kind kinds[BW_REPORT_KINDS_MAX]; /* by name */
    size_t n_kinds;
    struct bw_report_line line[BW_REPORT_LAYERS];
    size_t n_line;
    enum bw_layer compared_layer; /* of compared_bps; unknown when claims name several */
    struct bw_dist compared_bps;  /* line rate at the claim's layer */
    int64_t n_compared;           /* runs with a line rate and a claim to compare */
    int64_t n_at_80;              /* of them, at >= 80 % of the claim */
    int64_t n_at_90;
    char conversion[240]; /* the arithmetic in words; "" when none was needed */
    struct bw_report_loaded loaded;
};

/* What users drew, from the counters, in one window and direction. */
struct bw_report_window {
    int64_t n; /* intervals counted */
    int64_t p95_bps;
    int64_t peak_bps;
    int64_t peak_unix_s;       /* start of that interval */
    int64_t n_converted;       /* of n, those that could be converted */
    int64_t converted_p95_bps; /* the same at the claim's layer */
    int64_t converted_peak_bps;
    int64_t share_p95_ppm; /* converted P95 over the claim in force at the period's end */
};

enum {
    BW_WINDOW_ALL,
    BW_WINDOW_CLASS,
    BW_WINDOWS
};

struct bw_report_used {
    enum bw_layer layer;
    struct bw_report_window window[BW_WINDOWS][BW_DIRECTIONS];
    int64_t bytes[BW_DIRECTIONS]; /* everything counted, our own tests included */
    int64_t packets[BW_DIRECTIONS];
    int64_t n_intervals;    /* with counters at this layer */
    int64_t n_with_test;    /* left out of rates: one of our own runs was under way */
    int64_t n_short;        /* left out of rates: less than half an interval covered */
    int64_t n_at_least;     /* left out of rates: counted at a mirror port */
    int64_t n_mirror;       /* of n_intervals, so counted: bytes and saturated seconds are
                               lower bounds where there is one */
    int64_t saturated_s;    /* unknown without claim */
    int64_t saturated_of_s; /* seconds in which that could be told */
    int64_t saturated_n;    /* intervals of them */
};

struct bw_report_latency {
    char probe[BW_NAME_MAX + 1];
    char kind[16];
    int family;
    int window; /* BW_WINDOW_ALL or BW_WINDOW_CLASS */
    int64_t sent;
    int64_t lost;
    int64_t late; /* of the lost */
    int64_t loss_ppm;
    int64_t loss_low_ppm;
    int64_t loss_high_ppm;
    int64_t
        answered;    /* values in the histogram: what lowest, percentiles and PDV rest on */
    int64_t counted; /* sent and not lost: what loss and mean rest on. More than answered
                        where records were too long for their histograms */
    int64_t min_us;
    int64_t p50_us;
    int64_t p95_us;
    int64_t p99_us;
    int64_t mean_us;
    int64_t pdv_p95_us;
    int64_t n_at_most_100ms;
};

struct bw_report_outage {
    int64_t from_unix_ms; /* as recorded */
    int64_t to_unix_ms;   /* unknown when open */
    int64_t clipped_from_unix_ms;
    int64_t clipped_to_unix_ms;
    int64_t excluded_ms; /* of the clipped time; 0 where nobody excluded any */
    bool open; /* no end on record: counted to the end of the records that saw it */
    char why[64];
};

struct bw_report_outages {
    struct bw_report_outage *list;
    size_t n;
    int64_t total_ms;    /* unknown: nothing could tell an outage, and none is on record */
    int64_t longest_ms;  /* the same */
    int64_t n_open;      /* the same */
    int64_t observed_s;  /* outside it an outage cannot be seen: all time with records where
                            something is counted, else at most what two targets watched */
    int64_t excluded_ms; /* of total_ms within time that people exclude; unknown as it is */
    int64_t n_witnesses; /* targets asked often enough to tell one; under two only a carrier
                            that is down is seen */
};

/* What people know of this time. It changes no figure but the outages' total without
 * excluded time. */
struct bw_report_notes {
    struct bw_annotation_said *list; /* by time; those that touch the period */
    size_t n;
    int64_t n_unread;   /* on file for this circuit, of a form only newer programs read */
    int64_t excluded_s; /* of the period that has passed: the union of what is excluded */
};

/* What people answered to reports and letters about this period. It changes no figure. */
struct bw_report_replies {
    struct bw_reply_said *list; /* as they were said; those whose period touches it */
    size_t n;
    int64_t n_unread; /* on file for this circuit, of a form only newer programs read */
};

/* An erratum that concerns records of this period, and what of them. */
struct bw_report_erratum {
    struct bw_erratum_said said;
    int64_t n_records;
    int64_t n_intervals; /* of the circuit, with more than runs touched */
    int64_t n_runs;
};

struct bw_report_errata {
    struct bw_report_erratum *list; /* those that touch any record, as on file */
    size_t n;
    int64_t n_unread; /* on file, of a form only newer programs read */
};

struct bw_report_clock {
    int64_t unsynced_s; /* of the recorded time */
    int64_t n_stepped;
    int64_t max_error_us;
};

struct bw_report_key {
    char kid[BW_KID_LEN + 1];
    int64_t n;
    int64_t first_seq;
    int64_t last_seq;
    int64_t first_position;
    int64_t last_position;
    int64_t n_apart;     /* received after it was compromised, whatever time they claim:
                            they count nowhere, n among them */
    int64_t from_unix_s; /* since when it signs for the site; unknown: not on file */
    int64_t revoked_unix_s;
    int64_t begins_unix_s; /* its chain's first record; unknown: before the period */
    enum bw_chain_why why; /* … and why it began one: known with begins_unix_s */
    char prev_kid[BW_KID_LEN + 1]; /* the chain it cites, and where that is left; "" */
    int64_t prev_seq;
    char revoked_why[BW_REVOCATION_TEXT_MAX + 1];
    char revoked_by[65];
    int64_t replaced_unix_s; /* since when another box stands there; unknown: none */
    char replaced_by[BW_KID_LEN + 1]; /* with that: its first key */
    char replaced_why[BW_SITEACT_TEXT_MAX + 1];
    char replaced_said_by[65];
};

/* A word that occurs in records (agent, configuration hash) and how often. */
struct bw_report_word {
    char text[64];
    int64_t n;
    int64_t first_unix_s;
};

struct bw_report_counts {
    int64_t n_records;   /* of the site in the period */
    int64_t n_intervals; /* of them, that name the circuit */
    int64_t first_position;
    int64_t last_position;
    int64_t interval_s; /* the most common length */
    struct bw_report_key *keys;
    size_t n_keys;
    struct bw_report_word *agents;
    size_t n_agents;
    struct bw_report_word *configs;
    size_t n_configs;
    char first_sha256[BW_HASH_LEN + 1];
    char last_sha256[BW_HASH_LEN + 1];
};

/* One interval, for charts and the per-interval table. */
struct bw_report_interval {
    int64_t start_unix_s;
    int64_t end_unix_s;
    int64_t seq;
    int64_t covered_s;
    int64_t saturated_s;
    int64_t bytes[BW_DIRECTIONS];
    int64_t packets[BW_DIRECTIONS];
    int64_t rate_bps[BW_DIRECTIONS]; /* bytes · 8 / covered_s; unknown when not counted */
    int64_t peak_1s_bps[BW_DIRECTIONS];
    uint32_t flags; /* enum bw_slot_flags */
    enum bw_layer layer;
    int64_t step_ms; /* what may lie in the neighbour of these counts; 0: nothing */
    bool at_least;   /* a mirror's: the line carried this or more; no rate is made of it */
    bool in_class;
    bool with_test;
    bool is_short;
};

/* Intervals of one local day in one window and direction, at bins_layer (day-bins/1). */
struct bw_report_bins {
    int64_t expected;  /* intervals of the usual length that could have been; unknown where
                          no calendar tells the day's class hours */
    int64_t known;     /* that util-p95/2 counts */
    int64_t p95_bps;   /* of them */
    int64_t full_s;    /* of their time, at 90 % of the claim in force or more by their mean
                          rate; unknown without a claim at this layer */
    int64_t full_of_s; /* their time in which that could be told */
};

/* One local day. Rates are of the period's main layer. */
struct bw_report_day {
    int year;
    int month;
    int day;
    int weekday;         /* 0 = Sunday */
    int64_t from_unix_s; /* clipped to the period */
    int64_t to_unix_s;
    int64_t recorded_s;
    int64_t counted_s;
    int64_t missing_s;
    int64_t outage_ms; /* unknown: none is on record, and nothing could tell one */
    int64_t watched_s; /* in which two targets were watched */
    int64_t n;
    int64_t bytes[BW_DIRECTIONS];
    int64_t p95_bps[BW_DIRECTIONS];
    int64_t class_n;
    int64_t class_p95_bps[BW_DIRECTIONS];
    int64_t peak_bps[BW_DIRECTIONS];
    enum bw_schoolday kind;                /* what the calendar says it is */
    bool testing;                          /* a day of testing */
    struct bw_schoolcal_hours class_hours; /* equal: none */
    int64_t class_s;                       /* of the day (as clipped) */
    struct bw_report_bins bins[BW_WINDOWS][BW_DIRECTIONS];
    char kind_name[BW_SCHOOLCAL_NAME_MAX + 1]; /* "Thanksgiving"; "" */
};

/* Which days and hours counted as class, of the period that has passed. */
struct bw_report_class {
    bool by_calendar; /* else by weekdays and hours of the clock; holidays not known */
    int64_t n_days[BW_SCHOOLDAYS];
    int64_t n_lessons; /* days with lessons, whole or in part */
    int64_t n_testing; /* of them */
    int64_t class_s;
    int64_t outside_s;
    int64_t unknown_s;           /* no calendar speaks of these days */
    int64_t n_intervals_unknown; /* that start in them: in no figure of class hours */
};

struct bw_report {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    char place[128];
    char origin[16];
    char origin_text[200];
    char tz_name[64];
    char tz_origin[64];
    const struct bw_tz *tz; /* borrowed: must outlive the report */
    struct bw_report_hours class_hours;
    struct bw_report_calendar *calendars; /* those that touch the period, as given */
    size_t n_calendars;
    struct bw_schoolcal *own_calendar; /* class_hours as one; NULL where some were given */
    struct bw_report_class class_time;
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t until_unix_s; /* the period's end, or made_unix_s when that is earlier */
    int64_t made_unix_s;
    enum bw_report_check check;
    char check_text[480];
    struct bw_report_facts *facts; /* oldest first; the last is what page one prints */
    size_t n_facts;
    int64_t n_vantage_changes;
    struct bw_report_claim *claims; /* those that touch the period */
    size_t n_claims;
    struct bw_bound *bindings; /* by whom claims were bound to it; also those ended since */
    size_t n_bindings;
    struct bw_report_coverage coverage;
    struct bw_report_tested tested[BW_DIRECTIONS];
    struct bw_report_run *runs;
    size_t n_runs;
    struct bw_report_used used[BW_REPORT_LAYERS]; /* most intervals first */
    size_t n_used;
    struct bw_report_latency *latency;
    size_t n_latency;
    struct bw_details details;     /* of targets and paths, over the whole period */
    struct bw_traffic_sum traffic; /* n = 0: nobody looked at packets */
    struct bw_report_outages outages;
    struct bw_report_notes notes;
    struct bw_report_errata errata;
    struct bw_report_replies replies;
    struct bw_log_facts log;     /* counts of records are not in it */
    struct bw_findings findings; /* in the order of the rules */
    struct bw_report_clock clock;
    struct bw_report_counts counts;
    struct bw_report_interval *intervals;
    size_t n_intervals;
    enum bw_layer
        bins_layer; /* of the days' bins: the claim's where all can be said at it */
    bool bins_at_claim;
    struct bw_report_day *days;
    size_t n_days;
};

/* Monday to Friday, 07:00 to 17:00. */
extern const struct bw_report_hours bw_report_class_hours_default;

/* Complete what was typed by what people and imports said: lent from `said`. Terms only
 * where none were typed. */
void bw_report_judging_said(struct bw_report_judging *j,
                            const struct bw_contract *said,
                            bool terms_typed);

/* Make the report. -ENODATA with a sentence: no record of the period names the circuit;
 * -EKEYREJECTED: all that do are set apart; -EINVAL: that is no period; -ENOMEM, or what
 * the records gave. Blocking; any thread that may use query->records. bw_report_free(). */
int bw_report_make(const struct bw_report_query *query,
                   struct bw_report **ret,
                   struct bw_err *reterr);
void bw_report_free(struct bw_report *r); /* NULL is fine */

/* Goodput of the kind with most runs; NULL: no run. */
const struct bw_dist *bw_report_goodput(const struct bw_report_tested *t);
/* The claim in force at a time; NULL when none is on file. */
const struct bw_report_claim *bw_report_claim_at(const struct bw_report *r, int64_t unix_s);
/* Newest claim that touches the period; NULL when none. */
const struct bw_report_claim *bw_report_claim_last(const struct bw_report *r);
/* Was this version of a bound claim said after the period began, in place of another? */
bool bw_report_changed_late(const struct bw_report *r, const struct bw_bound *b);
/* Its layer (IP where it names none); unknown without a claim. */
enum bw_layer bw_report_claim_layer(const struct bw_report *r);

/* Is an instant class time; what is a local day (civil.h)? As all figures of class hours
 * have it. */
enum bw_class bw_report_class_at(const struct bw_report *r, int64_t unix_s);
void bw_report_class_day(const struct bw_report *r,
                         int64_t day,
                         struct bw_schoolcal_day *ret);

/* Is it of a place where the box stood on a day of [from, to)? One of which nothing is said
 * of days is. */
bool bw_report_calendar_stands(const struct bw_report_calendar *c,
                               const struct bw_tz *tz,
                               int64_t from_unix_s,
                               int64_t to_unix_s);

/* A rate of full-size packets at one layer as seen at another (layer-convert/1; TCP over
 * IPv4 with time stamps for goodput). BW_UNKNOWN when a layer or the MTU is unknown. */
int64_t
bw_layer_convert_bps(int64_t bps, enum bw_layer from, enum bw_layer to, int64_t mtu);
/* Bytes of `packets` packets at one layer as seen at the other; exact between Ethernet
 * (untagged, without FCS) and IP, BW_UNKNOWN for any other pair. */
int64_t bw_layer_convert_bytes(int64_t bytes,
                               int64_t packets,
                               enum bw_layer from,
                               enum bw_layer to);

#endif
