/* SPDX-License-Identifier: GPL-3.0-or-later
 * evrule.h - a rule by which measurements are judged, as data (docs/rules.md).
 *
 * A rule says what it means in plain words, where it stands, whom it governs, and holds
 * clauses: each is one of five forms of arithmetic with its numbers. There is no rule in
 * code; what the code knows is the five forms (finding.h). A rule that was read has no
 * holes and does not contradict itself.
 *
 * Read on one thread only: the reader of configuration is not for several. A rule that was
 * read is immutable. */
#ifndef BW_EVRULE_H
#define BW_EVRULE_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_conf_section;
struct bw_err;

enum bw_evrule_limits {
    BW_EVRULE_BYTES_MAX = 32 * 1024,
    BW_EVRULE_CLAUSES_MAX = 8,
    BW_EVRULE_CITATIONS_MAX = 4,
    BW_EVRULE_SIZES_MAX = 8,
    BW_EVRULE_FOLDER_MAX = 64, /* rules of one folder */
    BW_EVRULE_DAY_MIN = 24 * 60
};

/* A number that the contract of the circuit says, not the rule. */
#define BW_EVRULE_BY_CONTRACT (INT64_MIN + 1)

/* What makes a rule govern a circuit. */
enum bw_evrule_place {
    BW_EVRULE_CONTRACT,  /* its contract: where one with terms is on file */
    BW_EVRULE_ADOPTION,  /* the state's word that it does */
    BW_EVRULE_COMPARISON /* nothing: it governs others */
};

/* What a finding is about; findings of two kinds are never put together. */
enum bw_evrule_kind {
    BW_EVRULE_CAPACITY,   /* what the line can carry: tests outside class hours */
    BW_EVRULE_EXPERIENCE, /* what pupils and teachers meet: class hours */
    BW_EVRULE_USE,        /* how much of it is drawn */
    BW_EVRULE_SIZE,       /* whether what is claimed is enough for so many people */
    BW_EVRULE_SERVICE,    /* whether it was there */
    BW_EVRULE_KINDS
};

enum bw_evrule_form {
    BW_EVRULE_TESTS,   /* throughput runs against a part of the claim */
    BW_EVRULE_BINS,    /* a percentile of the rates of intervals */
    BW_EVRULE_DELAY,   /* round trips under a bound */
    BW_EVRULE_RATIO,   /* the claim by students or users */
    BW_EVRULE_OUTAGES, /* time without service */
    BW_EVRULE_FORMS
};

enum bw_evrule_each {
    BW_EVRULE_PERIOD,
    BW_EVRULE_MONTH,
    BW_EVRULE_QUARTER,
    BW_EVRULE_YEAR, /* from 1 January */
    BW_EVRULE_DAY
};

enum bw_evrule_rate {
    BW_EVRULE_CLAIM,   /* the speed that was claimed; in other words its maximum */
    BW_EVRULE_NORMAL,  /* the one that the contract says is normally there */
    BW_EVRULE_MINIMUM, /* the one under which it says it never falls */
    BW_EVRULE_RATES
};

enum bw_evrule_count {
    BW_EVRULE_SHARE,        /* the share of tests that reached it */
    BW_EVRULE_DAYS_REACHED, /* days with one that reached it */
    BW_EVRULE_DAYS_BELOW    /* days with one that did not */
};

enum bw_evrule_lessons {
    BW_EVRULE_ANY,
    BW_EVRULE_IN_CLASS,
    BW_EVRULE_OUT_OF_CLASS,
    BW_EVRULE_LESSON_DAYS /* days that have lessons, whatever the hour */
};

enum bw_evrule_over {
    BW_EVRULE_MEAN,
    BW_EVRULE_MAX
};

enum bw_evrule_lost {
    BW_EVRULE_LOST_OVER, /* a lost packet is one over the bound */
    BW_EVRULE_LOST_LEFT_OUT
};

enum bw_evrule_per {
    BW_EVRULE_STUDENT,
    BW_EVRULE_USER
};

/* Why time without service may be taken out, by annotations (bits). */
enum bw_evrule_excused {
    BW_EVRULE_PLANNED = 1,
    BW_EVRULE_POWER = 2,
    BW_EVRULE_SCHOOL = 4, /* its own fault or wish: wiring, equipment, not available */
    BW_EVRULE_DISASTER = 8
};

struct bw_evrule_citation {
    char source[192];
    char url[384];
    char read[16]; /* the day on which it was read, "2026-11-21" */
};

/* Which hours of which days. to_min <= from_min never: a window ends on its day. */
struct bw_evrule_window {
    uint32_t weekdays; /* bit 0 is Sunday */
    int from_min;
    int to_min; /* exclusive */
    enum bw_evrule_lessons lessons;
};

struct bw_evrule_size {
    char name[BW_NAME_MAX + 1];
    int64_t from; /* students, both inclusive */
    int64_t to;   /* unknown: and more */
    int64_t each_bps;
    int64_t least_bps; /* whatever the number; unknown: none */
};

struct bw_evrule_clause {
    char name[BW_NAME_MAX + 1];
    enum bw_evrule_form form;
    enum bw_evrule_kind kind;
    char shows[320]; /* what measurements may show: "the line …" */
    bool decides;    /* no: its figures are told, the finding stands without it */
    bool direction[BW_DIRECTIONS];
    struct bw_evrule_window window;

    /* Parts are in ppm. BW_UNKNOWN: the rule names none. */
    enum bw_evrule_rate of;     /* TESTS */
    enum bw_evrule_count count; /* TESTS */
    int64_t part_ppm;           /* TESTS: of that rate, by contract; BINS: at most, of
                                   the claim, unknown: a figure only */
    int64_t share_ppm;          /* TESTS share, DELAY: at least, by contract */
    int64_t days;               /* TESTS days-reached: at least; days-below: fewer than */
    int64_t least;              /* TESTS in all; DELAY packets in all; BINS ppm of a
                                   window's bins */
    int64_t least_days;         /* BINS: days with that */
    int64_t per_hour;           /* TESTS: at least in each hour of the window … */
    int64_t per_day;            /* … or on each day */
    int64_t spacing_ms;         /* TESTS: from one that counts to the next */
    int64_t duration_ms;        /* TESTS: at least */
    int64_t percentile_ppm;     /* BINS */
    enum bw_evrule_each each;   /* BINS, OUTAGES: one percentile, one sum for each */
    enum bw_evrule_over over;   /* BINS: and of those … */
    enum bw_evrule_each in;     /* … one figure in each of these */
    bool by_students;           /* BINS: divided by students, too */
    int64_t bound_us;           /* DELAY: at most, by contract */
    enum bw_evrule_lost lost;   /* DELAY */
    enum bw_evrule_per per;     /* RATIO */
    struct bw_evrule_size sizes[BW_EVRULE_SIZES_MAX];
    size_t n_sizes;
    int64_t at_most_ms; /* OUTAGES: in each …; or */
    int64_t there_ppm;  /* OUTAGES: available for at least this share, by contract */
    uint32_t excused;   /* OUTAGES: enum bw_evrule_excused */
};

/* Days on which it is tested: so many within so many, chosen by how many tests they have
 * and never by what came out. */
struct bw_evrule_days {
    int64_t count;  /* 0: all days of the period */
    int64_t within; /* calendar days, from the first to the last one */
    int64_t gap;    /* calendar days between two of them, at least */
    enum bw_evrule_each each;
};

struct bw_evrule {
    char name[BW_NAME_MAX + 1]; /* of the file, without .conf */
    int64_t version;
    char title[192];
    char says[960];               /* what it demands, for a superintendent */
    char whom[320];               /* it governs these */
    char ours[960];               /* what of it is not in the source; "" nothing */
    char sha256[BW_HASH_LEN + 1]; /* of the file's bytes */
    enum bw_evrule_place place;
    struct bw_evrule_citation citations[BW_EVRULE_CITATIONS_MAX];
    size_t n_citations;
    struct bw_evrule_days days;
    struct bw_evrule_clause clauses[BW_EVRULE_CLAUSES_MAX];
    size_t n_clauses;
};

/* From text that messages call `file`. -EINVAL with "file:line: …" and the mend; -ENOTSUP:
 * it is the rule of a campaign, which belongs elsewhere. */
int bw_evrule_parse(const char *text,
                    size_t n,
                    const char *file,
                    const char *name,
                    struct bw_evrule *ret,
                    struct bw_err *reterr);
/* A file NAME.conf; the name is the file's. */
int bw_evrule_read(const char *path, struct bw_evrule *ret, struct bw_err *reterr);

/* Is it, to the byte, one that this program was shipped with? */
enum bw_evrule_whose {
    BW_EVRULE_SHIPPED,
    BW_EVRULE_OWN,     /* no rule of that name ever was */
    BW_EVRULE_ALTERED, /* one of that name and version was, with other bytes */
    BW_EVRULE_UNHEARD  /* one of that name was, in other versions */
};
enum bw_evrule_whose bw_evrule_whose(const struct bw_evrule *r);

/* All NAME.conf of a folder by name, rules of campaigns left out. -ENOENT: there is no such
 * folder. A file that cannot be used ends it with its message: a report must not lack a
 * rule in silence. *ret is freed with free(). */
int bw_evrule_folder(const char *folder,
                     struct bw_evrule **ret,
                     size_t *ret_n,
                     struct bw_err *reterr);

/* Append the rule as a person reads it / as one JSON object. */
void bw_evrule_show(const struct bw_evrule *r, struct bw_buf *out);
struct bw_jw;
void bw_evrule_json(const struct bw_evrule *r, struct bw_jw *w);

const char *bw_evrule_place_name(enum bw_evrule_place p); /* "contract", … */
const char *bw_evrule_kind_name(enum bw_evrule_kind k);   /* "capacity", … */
const char *bw_evrule_kind_words(enum bw_evrule_kind k);  /* in a few words */
const char *bw_evrule_form_name(enum bw_evrule_form f);   /* "tests", … */
const char *bw_evrule_each_name(enum bw_evrule_each e);   /* "month", … */
const char *bw_evrule_rate_words(enum bw_evrule_rate r);  /* "the claimed speed" */

/* Does it tell a figure and hold it against nothing? */
bool bw_evrule_is_figure(const struct bw_evrule_clause *c);

/* The schema, for the manual page. */
extern const struct bw_conf_section bw_evrule_schema;

#endif
