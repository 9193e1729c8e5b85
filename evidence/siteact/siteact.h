/* SPDX-License-Identifier: GPL-3.0-or-later
 * siteact.h - that a site moved to another entity, was retired, got another box, or that
 * its box was sent: the body of a statement of kind "site", about "site:ID". */
#ifndef BW_SITEACT_H
#define BW_SITEACT_H

#include <catalogue.h>
#include <fields.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum {
    BW_SITEACT_TEXT_MAX = 400 /* bytes, without NUL */
};

enum bw_siteact_what {
    BW_SITEACT_NONE,
    BW_SITEACT_MOVED,
    BW_SITEACT_RETIRED,
    BW_SITEACT_REPLACED, /* its box: a token was made for another */
    BW_SITEACT_SHIPPED   /* its box was sent there */
};

struct bw_siteact {
    int64_t act;                        /* enum bw_siteact_what */
    int64_t from_unix_s;                /* since when */
    char entity[BW_ENTITY_MAX + 1];     /* of a move: its new one */
    char old_entity[BW_ENTITY_MAX + 1]; /* where it was; "" nowhere */
    char reason[BW_SITEACT_TEXT_MAX + 1];
};

/* Where a site stood, from an instant to the next one's. */
struct bw_site_stay {
    char entity[BW_ENTITY_MAX + 1]; /* "" nowhere */
    int64_t from_unix_s;            /* unknown: since ever */
};

enum {
    BW_SITE_STAYS_MAX = 64
};

/* By the moves that are on file, oldest first, at least one. A move that was said later
 * counts from its day on, whatever was said of later days before. -E2BIG: more moves than
 * that. `now`: its entity as the list of sites has it. */
int bw_site_stays(struct bw_catalogue *c,
                  const char *site,
                  const char *now,
                  struct bw_site_stay ret[BW_SITE_STAYS_MAX],
                  size_t *ret_n,
                  struct bw_err *reterr);

void bw_siteact_init(struct bw_siteact *a);
/* As bw_fields_encode and bw_fields_decode; a move, and only a move, names an entity. */
int bw_siteact_encode(const struct bw_siteact *a,
                      struct bw_buf *out,
                      struct bw_err *reterr);
int bw_siteact_decode(const char *text,
                      size_t n,
                      struct bw_siteact *ret,
                      struct bw_err *reterr);

#endif
