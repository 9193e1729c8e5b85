/* SPDX-License-Identifier: GPL-3.0-or-later
 * errata.h - the errata on file that may concern a circuit's records of a period. */
#ifndef BW_ERRATA_H
#define BW_ERRATA_H

#include "erratum.h"

struct bw_catalogue;
struct bw_statement;

enum {
    BW_ERRATA_MAX = 1000 /* that may concern one circuit and period */
};

/* One that is in force, with who said it. */
struct bw_erratum_said {
    struct bw_erratum erratum;
    struct bw_erratum_about about;
    char key[BW_ERRATUM_ABOUT_MAX + 1]; /* about, as it is written */
    char id[BW_HASH_LEN + 1];
    char by[65];
    int64_t said_unix_s;
    int64_t position; /* of the statement; unknown in a bag */
};

/* A statement of kind "erratum" taken apart. -BW_EMALFORMED, -BW_ENEWER, -EINVAL. */
int bw_erratum_take(const struct bw_statement *s,
                    struct bw_erratum_said *ret,
                    struct bw_err *reterr);

/* Those that may concern a circuit within [from, to), in the order of their keys and then
 * as they were said; free() *ret. `as_of` (BW_UNKNOWN: now): as they stood when the next
 * statement had this position. What cannot be read (a newer program's) is counted in
 * *ret_unread and not among them. c NULL: none. -E2BIG beyond BW_ERRATA_MAX. */
int bw_errata_read(struct bw_catalogue *c,
                   const char *site,
                   const char *circuit,
                   int64_t from_unix_s,
                   int64_t to_unix_s,
                   int64_t as_of,
                   struct bw_erratum_said **ret,
                   size_t *ret_n,
                   int64_t *ret_unread,
                   struct bw_err *reterr);

#endif
