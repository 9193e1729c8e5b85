/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_parts.h - what the files of the comparison share: page_compare.c (requests),
 * compare_cohorts.c (cohorts, one opened), compare_members.c (side by side), compare_like.c
 * (who is alike), compare_draw.c (strips, figures in words), compare_export.c (JSON, CSV).
 */
#ifndef BW_COMPARE_PARTS_H
#define BW_COMPARE_PARTS_H

#include <page_scope.h>

#include <buf.h>
#include <bw/err.h>
#include <compare.h>
#include <queueweights.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_http_req;

enum bw_compare_form {
    BW_COMPARE_PAGE,
    BW_COMPARE_JSON,
    BW_COMPARE_CSV
};

enum bw_compare_view {
    BW_COMPARE_COHORTS, /* all of an attribute */
    BW_COMPARE_COHORT,  /* one of them */
    BW_COMPARE_LIKE,    /* like one of its members, but meeting the target */
    BW_COMPARE_PICK,    /* a list by hand */
    BW_COMPARE_WITHIN   /* schools of one district side by side */
};

enum {
    BW_COMPARE_KEY_MAX = 200,
    BW_COMPARE_PICK_MAX = 100
};

/* One request. */
struct bw_compare_job {
    struct bw_http_req *req;
    enum bw_compare_form form;
    enum bw_compare_view view;
    const struct bw_room *r;
    struct bw_page_scope scope;
    bool districts;
    enum bw_compare_by by; /* BW_COMPARE_ALL: everybody is one cohort */
    enum bw_compare_measure measure;
    size_t page;                      /* of members, from 1 */
    char key[BW_COMPARE_KEY_MAX + 1]; /* of the cohort that is opened */
    char like[BW_ENTITY_MAX + 1];
    uint32_t within; /* entity */
    char pick[BW_COMPARE_PICK_MAX][BW_ENTITY_MAX + 1];
    size_t n_pick;
    char title[BW_LABEL_MAX + 1]; /* the state's */
    struct bw_queue_said said;    /* whose target it is */
    struct bw_compare c;
    struct bw_compare_set set;          /* of one cohort */
    const struct bw_compare_row **list; /* members that are seen, by name */
    size_t n_list;
    unsigned status;
    struct bw_err err;
    struct bw_buf out;
};

/* A scale for strips: from 0 to `top`. */
struct bw_compare_scale {
    int64_t top; /* more than 0 */
};

/* ---- compare_draw.c */
/* "1.25 Mbit/s", "12.5 %", "$1.39"; "not known" */
void bw_compare_value_words(struct bw_buf *b, enum bw_compare_measure m, int64_t v);
/* The same, "about" where it is rounded. */
void bw_compare_about(struct bw_buf *b, enum bw_compare_measure m, int64_t v, bool rounded);
void bw_compare_scale_begin(struct bw_compare_scale *s, int64_t target);
void bw_compare_scale_take(struct bw_compare_scale *s, const struct bw_compare_spread *x);
void bw_compare_scale_value(struct bw_compare_scale *s, int64_t v);
void bw_compare_scale_end(struct bw_compare_scale *s, enum bw_compare_measure m);
/* The numbers of the scale, for the head of a column of strips. */
void bw_compare_axis(struct bw_buf *b,
                     const struct bw_compare_scale *s,
                     enum bw_compare_measure m);
/* One strip; the numbers stand beside it. values[n]: those that are seen, each a stroke. */
void bw_compare_strip(struct bw_buf *b,
                      const struct bw_compare_scale *s,
                      const struct bw_compare_spread *x,
                      const int64_t *values,
                      size_t n,
                      int64_t target);

/* ---- page_compare.c */
/* The address of a view like this one, for an attribute: /compare?of=…&by=…&measure=… */
void bw_compare_url(struct bw_compare_job *j,
                    enum bw_compare_by by,
                    enum bw_compare_measure m);
/* The target of the measure that is shown, or unknown. */
int64_t bw_compare_target(const struct bw_compare_job *j);
/* Links that choose the measure. */
void bw_compare_measures(struct bw_compare_job *j);
/* What it is, with its methods, as a paragraph. */
void bw_compare_says(struct bw_compare_job *j);

/* ---- compare_cohorts.c */
void bw_compare_write_cohorts(struct bw_compare_job *j);
void bw_compare_write_cohort(struct bw_compare_job *j);
void bw_compare_label(struct bw_compare_job *j, enum bw_compare_by by, uint32_t class);

/* ---- compare_members.c */
/* All members of j->list side by side; `boxes`: with one to choose each by hand. */
void bw_compare_write_members(struct bw_compare_job *j, bool boxes);
void bw_compare_write_list(struct bw_compare_job *j); /* by hand, or within a district */
void bw_compare_row_link(struct bw_compare_job *j, const struct bw_compare_row *x);

/* ---- compare_like.c */
void bw_compare_write_like(struct bw_compare_job *j);

/* ---- compare_export.c */
void bw_compare_json(struct bw_compare_job *j);
void bw_compare_csv(struct bw_compare_job *j);

#endif
