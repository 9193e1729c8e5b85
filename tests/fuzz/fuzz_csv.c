/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_csv.c - any bytes as a CSV file: every field is text with a NUL, rows have one
 * width, lines go forward, and what failed stays failed. */
#include "csvrows.h"

#include <bw/err.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bw_csv *c;
    struct bw_err err;
    const struct bw_csv_field *f;
    size_t fields;
    size_t first = 0;
    int64_t line = 0;
    int r;

    if (bw_csv_memory("fuzz", data, n, &c, &err) < 0) {
        return 0;
    }
    while ((r = bw_csv_next(c, &f, &fields, &err)) > 0) {
        first = first ? first : fields;
        if (fields != first || bw_csv_line(c) <= line) {
            abort();
        }
        line = bw_csv_line(c);
        for (size_t i = 0; i < fields; i++) {
            if (strlen(f[i].text) != f[i].n) {
                abort();
            }
        }
    }
    if (bw_csv_next(c, &f, &fields, &err) != r) {
        abort();
    }
    bw_csv_close(c);
    return 0;
}
