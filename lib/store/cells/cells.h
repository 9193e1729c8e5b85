/* SPDX-License-Identifier: GPL-3.0-or-later
 * cells.h - every value of an SQLite file of any kind, for whoever looks for what must not
 * be in it. Reads only; the program that writes the file may run beside. */
#ifndef BW_STORE_CELLS_H
#define BW_STORE_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum bw_cell_kind {
    BW_CELL_TEXT,
    BW_CELL_BLOB,
    BW_CELL_INT
};

/* Lent for the time of the call. */
struct bw_cell {
    const char *table;
    const char *column;
    int64_t row; /* counted from 1, as the table gives them */
    enum bw_cell_kind kind;
    const char *data; /* of text and blob */
    size_t n;
    int64_t number;    /* of an integer */
    const char *named; /* text of the row's first column; "" when that is none */
};

/* One snapshot of all tables. cb: 0 to go on, anything else is given back. 0; -errno with a
 * sentence that names the file. Blocking. */
int bw_cells_each(const char *path,
                  int (*cb)(void *owner, const struct bw_cell *c),
                  void *owner,
                  struct bw_err *reterr);

#endif
