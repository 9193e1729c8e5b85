/* SPDX-License-Identifier: GPL-3.0-or-later
 * csvrows.h - rows of a CSV file as RFC 4180 has it, one by one, in bounded memory.
 *
 * Taken: commas; quotes, also around line ends and doubled quotes; LF or CRLF; a UTF-8
 * byte order mark; empty lines (no rows). The first row is the heading: every later row
 * must have as many fields. Refused, naming file and line: a NUL, text that is no UTF-8,
 * a quote inside an unquoted field or text after a closing one, a lone carriage return, a
 * quote never closed, a row longer than BW_CSV_ROW_MAX. Blocking; a reader belongs to one
 * thread. */
#ifndef BW_CSV_H
#define BW_CSV_H

#include <stddef.h>
#include <stdint.h>

struct bw_csv;
struct bw_err;

enum bw_csv_limits {
    BW_CSV_ROW_MAX = 1024 * 1024, /* bytes, line end included */
    BW_CSV_FIELDS_MAX = 512
};

struct bw_csv_field {
    const char *text; /* n bytes without NUL, and a NUL */
    size_t n;
};

/* path "-" is standard input. A folder is refused (-EISDIR). */
int bw_csv_open(const char *path, struct bw_csv **ret, struct bw_err *reterr);
/* The same of n bytes, lent until it is closed; messages call them `name`. */
int bw_csv_memory(const char *name,
                  const void *data,
                  size_t n,
                  struct bw_csv **ret,
                  struct bw_err *reterr);
void bw_csv_close(struct bw_csv *c);

/* The next row: 1 and *ret_fields[*ret_n], lent until the next call; 0 at the end;
 * -BW_EMALFORMED, -E2BIG or -errno. After a failure it fails again. */
int bw_csv_next(struct bw_csv *c,
                const struct bw_csv_field **ret_fields,
                size_t *ret_n,
                struct bw_err *reterr);

/* On which line the row began that was given last; the first line is 1. */
int64_t bw_csv_line(const struct bw_csv *c);
const char *bw_csv_name(const struct bw_csv *c);
/* How much was read, and how much there is (BW_UNKNOWN of a pipe). */
int64_t bw_csv_read_bytes(const struct bw_csv *c);
int64_t bw_csv_size_bytes(const struct bw_csv *c);
/* SHA-256 of the whole file. -EAGAIN before bw_csv_next gave 0. */
int bw_csv_sha256(struct bw_csv *c, uint8_t ret[32]);

#endif
