/* SPDX-License-Identifier: GPL-3.0-or-later
 * terms.h - what the contract of a circuit promises, from a file (bandwitness-rules(5),
 * TERMS OF A CONTRACT). Read on one thread only. */
#ifndef BW_TERMS_H
#define BW_TERMS_H

#include "finding.h"

struct bw_conf_section;
struct bw_err;

/* -EINVAL with "file:line: …" and the mend. */
int bw_terms_parse(const char *text,
                   size_t n,
                   const char *file,
                   struct bw_finding_terms *ret,
                   struct bw_err *reterr);
int bw_terms_read(const char *path, struct bw_finding_terms *ret, struct bw_err *reterr);

/* The schema, for the manual page. */
extern const struct bw_conf_section bw_terms_schema;

#endif
