/* SPDX-License-Identifier: GPL-3.0-or-later
 * binding.h - that a claim is about a measured circuit, as a person confirmed it: the body
 * of a statement of kind "binding", about "circuit:SITE.CIRCUIT" (docs/binding-v1.md). It
 * names the claim by its key, so that later versions of the claim are meant as well. */
#ifndef BW_BINDING_H
#define BW_BINDING_H

#include <bw/units.h>
#include <fields.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

struct bw_binding {
    char claim[121];            /* "frn:1699048824.003", "own:NAME" */
    char seen[BW_HASH_LEN + 1]; /* the claim's statement that was looked at */
    char from[BW_DATE_LEN + 1]; /* first day; "" as the claim has it */
    char to[BW_DATE_LEN + 1];   /* last day; "" as the claim has it */
    char text[241];             /* why, in words; "" */
};

extern const struct bw_field bw_binding_fields[];
extern const size_t bw_binding_n_fields;

void bw_binding_init(struct bw_binding *b);
/* As bw_fields_encode and bw_fields_decode; the last day is not before the first. */
int bw_binding_encode(const struct bw_binding *b,
                      struct bw_buf *out,
                      struct bw_err *reterr);
int bw_binding_decode(const char *text,
                      size_t n,
                      struct bw_binding *ret,
                      struct bw_err *reterr);

#endif
