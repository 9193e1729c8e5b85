/* SPDX-License-Identifier: GPL-3.0-or-later
 * entityline.h - a district, school or library as a source describes it; the body of a
 * statement of kind "entity", about "ben:NUMBER" (docs/claim-v1.md). No person in it. */
#ifndef BW_ENTITYLINE_H
#define BW_ENTITYLINE_H

#include <bw/units.h>
#include <fields.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

struct bw_entityline {
    char number[BW_NUMBER_MAX + 1];
    char name[160];
    char type[48];   /* "School", "School District", "Library", … as filed */
    char status[24]; /* "Active", … */
    char parent[BW_NUMBER_MAX + 1];
    char state[4];
    char county[80];
    int64_t students;   /* full-time */
    char nces_state[8]; /* the three codes as filed */
    char nces_district[12];
    char nces_building[12];
    int64_t locale; /* NCES: index into its words, 0 not stated; bw_entityline_locale() */
};

extern const struct bw_field bw_entityline_fields[];
extern const size_t bw_entityline_n_fields;

void bw_entityline_init(struct bw_entityline *e);
int bw_entityline_encode(const struct bw_entityline *e,
                         struct bw_buf *out,
                         struct bw_err *reterr);
int bw_entityline_decode(const char *text,
                         size_t n,
                         struct bw_entityline *ret,
                         struct bw_err *reterr);

/* The NCES ids that the codes make: 7 digits of the district, 12 of the school; "" where
 * the codes have not the lengths that make one: nothing is padded. */
void bw_entityline_nces(const struct bw_entityline *e,
                        char ret_leaid[8],
                        char ret_ncessch[13]);

/* "11" to "43", of NCES's twelve; "" not stated. */
const char *bw_entityline_locale(const struct bw_entityline *e);

#endif
