/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_usac.c - any bytes as one of USAC's files: what is kept can be read again, and every
 * row is kept, left out or refused. */
#include "usac.h"
#include "usac_private.h"

#include <bw/err.h>
#include <csvrows.h>
#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Claims and entities come out as they went in. */
static void read_all(const struct bw_usac *u)
{
    struct bw_claimline c;
    struct bw_entityline e;
    struct bw_usac_place place;
    struct bw_err err;
    bool a;
    bool b;
    for (size_t i = 0; i < bw_usac_claims(u); i++) {
        if (bw_usac_claim(u, i, &c, &place, &a, &b, &err) < 0) {
            abort();
        }
        bw_claimline_done(&c);
    }
    for (size_t i = 0; i < bw_usac_entities(u); i++) {
        if (bw_usac_entity(u, i, &e, &place, &err) < 0) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct bw_usac_options options = {.year = BW_UNKNOWN};
    struct bw_usac_heading heading;
    struct bw_usac_row row = {.heading = &heading, .file = 0};
    struct bw_csv *csv;
    struct bw_usac *u;
    struct bw_err err;
    size_t fields;
    int64_t rows = 0;

    if (bw_csv_memory("fuzz", data, n, &csv, &err) < 0 || bw_usac_new(&options, &u) < 0) {
        return 0;
    }
    u->sum.files[0].path = "fuzz";
    row.csv = csv;
    if (bw_csv_next(csv, &row.fields, &fields, &err) > 0 &&
        bw_usac_heading_read("fuzz", row.fields, fields, &heading, &err) == 0) {
        static int (*const take[])(struct bw_usac *, const struct bw_usac_row *,
                                   struct bw_err *) = {
            [BW_USAC_LINES] = bw_usac_take_line,
            [BW_USAC_STATUS] = bw_usac_take_status,
            [BW_USAC_RECIPIENTS] = bw_usac_take_recipient,
            [BW_USAC_ENTITIES] = bw_usac_take_entity,
        };
        struct bw_kept_row *known;
        (void)bw_kept_add(&u->frns, "2699000001", &known);
        while (bw_csv_next(csv, &row.fields, &fields, &err) > 0) {
            rows++;
            if (take[heading.set](u, &row, &err) < 0) {
                abort();
            }
        }
        read_all(u);
        rows -= u->sum.refused + u->sum.files[0].kept;
        for (size_t i = 0; i < BW_LEFTS; i++) {
            rows -= u->sum.left_out[i];
        }
        if (rows != 0) {
            abort();
        }
    }
    bw_usac_free(u);
    bw_csv_close(csv);
    return 0;
}
