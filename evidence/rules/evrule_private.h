/* SPDX-License-Identifier: GPL-3.0-or-later
 * evrule_private.h - what the files of the reader of rules share and nobody else sees. */
#ifndef BW_EVRULE_PRIVATE_H
#define BW_EVRULE_PRIVATE_H

#include "evrule.h"

#include <conf.h>

struct bw_err;

/* evrule_clause.c: the clause of this form at a section, checked by itself. */
int bw_evrule_take_clause(const struct bw_conf_node *at,
                          enum bw_evrule_form form,
                          struct bw_evrule_clause *ret,
                          struct bw_err *reterr);

/* "80%", "99.95%" of an option, in ppm; the word "contract" where it may be. */
int bw_evrule_percent(const struct bw_conf_node *at,
                      const char *name,
                      bool may_contract,
                      int64_t *ret_ppm,
                      struct bw_err *reterr);

#endif
