/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_file.c - a calendar from a file of any kind that is read. */
#include "schoolcal_file.h"

#include "schoolcal.h"
#include "schoolcal_csv.h"
#include <csvrows.h>
#include <stddef.h>

int bw_schoolcal_read_file(const char *path,
                           const struct bw_schoolcal_asked *asked,
                           struct bw_schoolcal **ret,
                           uint8_t ret_sha256[32],
                           struct bw_err *reterr)
{
    struct bw_schoolcal *c = NULL;
    struct bw_csv *csv = NULL;
    int rc = bw_csv_open(path, &csv, reterr);

    rc = rc < 0 ? rc : bw_schoolcal_read_csv(csv, asked->zone, &c, reterr);
    rc = rc < 0 ? rc : bw_csv_sha256(csv, ret_sha256);
    if (rc == 0) {
        *ret = c;
        c = NULL;
    }
    bw_schoolcal_free(c);
    bw_csv_close(csv);
    return rc;
}
