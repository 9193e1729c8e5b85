/* SPDX-License-Identifier: GPL-3.0-or-later
 * export.h - signed records as text: the JWS themselves, JSON, or a table.
 *
 * A stream: begin, add each record, end; the text grows in a buffer that the caller
 * empties whenever it likes. What `journal export` writes. */
#ifndef BW_STORE_EXPORT_H
#define BW_STORE_EXPORT_H

#include <bw/records.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;
struct bw_export;

enum bw_export_format {
    BW_EXPORT_JOSE, /* one compact JWS a line: the evidence itself */
    BW_EXPORT_JSON, /* {"records":[{"kid","seq","sha256",…,"summary":{…}},…]} */
    BW_EXPORT_CSV   /* one row a circuit and interval, csv.h */
};

/* -EINVAL: the word is none of jose, json, csv. */
int bw_export_format_parse(const char *word, enum bw_export_format *ret);

/* circuit: only its rows (CSV), only records that name it (JSON); "" all. JOSE is never
 * cut: a record is signed as a whole. -ENOMEM. */
int bw_export_new(enum bw_export_format f, const char *circuit, struct bw_export **ret);
void bw_export_free(struct bw_export *e); /* NULL is fine */

/* Append to *out. A record whose payload this program does not read stands in JSON with
 * its "jws" instead of a "summary", and not in CSV; bw_export_skipped() counts it. */
int bw_export_begin(struct bw_export *e, struct bw_buf *out);
int bw_export_add(struct bw_export *e,
                  const struct bw_record *rec,
                  struct bw_buf *out,
                  struct bw_err *reterr);
int bw_export_end(struct bw_export *e, struct bw_buf *out);

int64_t bw_export_records(const struct bw_export *e);
int64_t bw_export_skipped(const struct bw_export *e);

#endif
