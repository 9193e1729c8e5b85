/* SPDX-License-Identifier: GPL-3.0-or-later
 * record.h - looks for addresses in what is signed: the JSON within a compact JWS, field by
 * field, and what is signed within it. */
#ifndef BW_PRIVACY_RECORD_H
#define BW_PRIVACY_RECORD_H

#include "bytes.h"

/* Is the text a compact JWS? Then its payload is searched, each finding with the name of
 * its field behind s->where; in a record (a summary) host names count, too. false: it is
 * none, and nothing was done. */
bool bw_search_signed(const struct bw_search *s, const char *text, size_t n);

#endif
