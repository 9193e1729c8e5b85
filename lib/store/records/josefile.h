/* SPDX-License-Identifier: GPL-3.0-or-later
 * josefile.h - an exported file, one compact JWS a line, as bw_records.
 *
 * The file is mapped, never copied; a .zst file is inflated into an unlinked temporary
 * file first, and refused as soon as it inflates to more than records can. Nothing here
 * checks signatures or chains: check.h does. */
#ifndef BW_JOSEFILE_H
#define BW_JOSEFILE_H

#include <bw/records.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;
struct bw_josefile;

enum {
    BW_JOSEFILE_RECORDS_MAX = 16 * 1000 * 1000
};

/* Open and index (one pass: parse and decode of every line). Records of a version this
 * program does not read stay as signed bytes in each() and take no part in days().
 * each(): chains in the order of their first interval, then seq. days(): by start.
 * -BW_EMALFORMED names the line that is no summary; -errno of the file. Blocking: not on
 * a loop. Closed by bw_records_close(). */
int bw_josefile_open(const char *path, struct bw_records **ret, struct bw_err *reterr);

/* What whoever took a record in knew of it: of the n-th line the n-th of these. */
struct bw_josefile_taken {
    int64_t position; /* unknown: no ledger's */
    int64_t received_unix_ms;
    enum bw_egress egress;
};

/* The same from bytes in memory; data and taken (NULL, or one a line: -BW_EMALFORMED
 * where their numbers differ) must outlive the handle. name: for sentences. */
int bw_josefile_open_bytes(const char *name,
                           const char *data,
                           size_t n,
                           const struct bw_josefile_taken *taken,
                           size_t n_taken,
                           struct bw_records **ret,
                           struct bw_err *reterr);

/* The sites and circuits in the file, for a caller that was not told: n-th pair in order
 * of appearance, -ENOENT after the last. Names live as long as the handle. */
int bw_josefile_circuit(struct bw_records *r,
                        size_t n,
                        const char **ret_site,
                        const char **ret_circuit);
/* First start and last end of all intervals; both 0 when there are none. */
void bw_josefile_span(struct bw_records *r,
                      int64_t *ret_from_unix_s,
                      int64_t *ret_to_unix_s);

/* ---- lines alone, in file order, for whoever checks ------------------------------ */

/* Map a file (inflating .zst). Gives its lines; the last may lack its newline. */
struct bw_lines;
int bw_lines_open(const char *path, struct bw_lines **ret, struct bw_err *reterr);
/* Lines of bytes in memory, which must outlive the handle; never inflated. -ENOMEM. */
int bw_lines_open_bytes(const char *data, size_t n, struct bw_lines **ret);
/* The next line without its newline; 1, or 0 at the end. ret_line counts from 1. */
int bw_lines_next(struct bw_lines *l, const char **ret, size_t *ret_n, int64_t *ret_line);
/* Why a line that is no record may be none, and the mend, for a person; NULL when it does
 * not show. Static text. */
const char *bw_line_trouble(const char *line, size_t n);
/* Bytes given out and bytes in all, for progress. */
void bw_lines_progress(const struct bw_lines *l, size_t *ret_done, size_t *ret_all);
void bw_lines_close(struct bw_lines *l); /* NULL is fine */

#endif
