/* SPDX-License-Identifier: GPL-3.0-or-later
 * adoption.h - the state's word that a rule governs its schools: the body of a statement of
 * kind "adoption", about "rule:NAME" (docs/adoption-v1.md). */
#ifndef BW_ADOPTION_H
#define BW_ADOPTION_H

#include <bw/units.h>
#include <fields.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_catalogue;
struct bw_err;

enum bw_adoption_limits {
    BW_ADOPTION_TEXT_MAX = 600, /* bytes, without NUL */
    BW_ADOPTIONS_MAX = 256      /* in force in one catalogue */
};

/* The body. */
struct bw_adopt {
    int64_t from_unix_s;                 /* since when it governs */
    int64_t version;                     /* of the rule; another one was not adopted */
    char text[BW_ADOPTION_TEXT_MAX + 1]; /* by which act or decision; "" not said */
};

extern const struct bw_field bw_adopt_fields[];
extern const size_t bw_adopt_n_fields;

void bw_adopt_init(struct bw_adopt *a);

/* Body of a withdrawal of one: since when it governs no longer; else from when it was said.
 */
struct bw_adopt_end {
    int64_t from_unix_s;
    char text[BW_ADOPTION_TEXT_MAX + 1];
};
extern const struct bw_field bw_adopt_end_fields[];
extern const size_t bw_adopt_end_n_fields;

/* One that is in force, or was. */
struct bw_adoption {
    char rule[BW_NAME_MAX + 1];
    char words[256];     /* by whom, when, in whose words */
    int64_t from_unix_s; /* unknown: since ever */
    int64_t to_unix_s;   /* exclusive; unknown: it governs still */
    int64_t version;     /* unknown: any */
};

/* All of a catalogue, in the order in which they were said, also those that were withdrawn:
 * they govern the years in which they did. free() *ret. Those that others took the place
 * of and bodies of a newer form are left out. c NULL: none. */
int bw_adoptions_read(struct bw_catalogue *c,
                      struct bw_adoption **ret,
                      size_t *ret_n,
                      struct bw_err *reterr);

#endif
