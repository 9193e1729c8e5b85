/* SPDX-License-Identifier: GPL-3.0-or-later
 * annotation.h - what people know of a circuit in a stretch of time: the body of a
 * statement of kind "annotation", about "circuit:SITE.CIRCUIT" (docs/annotation-v1.md). It
 * stands beside what was measured and changes none of it. */
#ifndef BW_ANNOTATION_H
#define BW_ANNOTATION_H

#include <bw/summary.h>
#include <bw/units.h>
#include <fields.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_catalogue;
struct bw_err;

enum bw_annotation_limits {
    BW_ANNOTATION_TEXT_MAX = 600, /* bytes, without NUL */
    BW_ANNOTATION_ABOUT_MAX = BW_SITE_MAX + BW_NAME_MAX + 16,
    BW_ANNOTATIONS_MAX = 10000 /* of one circuit and period */
};

enum bw_cause {
    BW_CAUSE_UNKNOWN,
    BW_CAUSE_POWER,    /* power was out at the school */
    BW_CAUSE_PLANNED,  /* work that was announced */
    BW_CAUSE_SCHOOL,   /* the school's own doing or equipment */
    BW_CAUSE_PROVIDER, /* the provider said it was theirs */
    BW_CAUSE_WEATHER,
    BW_CAUSE_OTHER
};

struct bw_annotation {
    int64_t from_unix_s;
    int64_t to_unix_s; /* exclusive */
    int64_t cause;     /* enum bw_cause */
    char text[BW_ANNOTATION_TEXT_MAX + 1];
    int64_t exclude; /* 1: leave this time out where a clause lets it be; else unknown */
};

extern const struct bw_field bw_annotation_fields[];
extern const size_t bw_annotation_n_fields;

void bw_annotation_init(struct bw_annotation *a);
/* As bw_fields_encode and bw_fields_decode; the time must end after it begins. */
int bw_annotation_encode(const struct bw_annotation *a,
                         struct bw_buf *out,
                         struct bw_err *reterr);
int bw_annotation_decode(const char *text,
                         size_t n,
                         struct bw_annotation *ret,
                         struct bw_err *reterr);

/* "power"; NULL for BW_CAUSE_UNKNOWN. -EINVAL for a word that is none. */
const char *bw_cause_name(enum bw_cause cause);
int bw_cause_parse(const char *word, int64_t *ret);

/* The statement's key: "circuit:SITE.CIRCUIT". */
void bw_annotation_about(const char *site,
                         const char *circuit,
                         char ret[BW_ANNOTATION_ABOUT_MAX + 1]);

/* One that is in force, with who said it. */
struct bw_annotation_said {
    struct bw_annotation annotation;
    char id[BW_HASH_LEN + 1];
    char by[65];
    int64_t said_unix_s;
};

/* Those of a circuit that touch [from, to), by time and then in the order in which they
 * were said; free() *ret. A body that cannot be read (a newer program's) is counted in
 * *ret_unread and not among them. c NULL: none. -E2BIG beyond BW_ANNOTATIONS_MAX. */
int bw_annotations_read(struct bw_catalogue *c,
                        const char *site,
                        const char *circuit,
                        int64_t from_unix_s,
                        int64_t to_unix_s,
                        struct bw_annotation_said **ret,
                        size_t *ret_n,
                        int64_t *ret_unread,
                        struct bw_err *reterr);

#endif
