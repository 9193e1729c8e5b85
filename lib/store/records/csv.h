/* SPDX-License-Identifier: GPL-3.0-or-later
 * csv.h - a circuit's intervals as a table (RFC 4180): the CSV of `journal export` and of
 * the reading API. */
#ifndef BW_STORE_CSV_H
#define BW_STORE_CSV_H

struct bw_buf;
struct bw_circuit_summary;
struct bw_record;
struct bw_summary;

/* The names of the columns, as a line. */
void bw_csv_head(struct bw_buf *out);
/* One circuit of one record. What was not measured, or is not known where the record was
 * read (a journal gives no position), is an empty field. */
void bw_csv_row(struct bw_buf *out,
                const struct bw_record *rec,
                const struct bw_summary *s,
                const struct bw_circuit_summary *c);

#endif
