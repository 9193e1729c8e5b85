/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_file.c - a calendar from a file of any kind that is read. */
#include "schoolcal_file.h"

#include "schoolcal.h"
#include "schoolcal_csv.h"
#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <csvrows.h>
#include <errno.h>
#include <file.h>
#include <hash.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_ical(const char *path)
{
    static const char begin[] = "BEGIN:VCALENDAR";
    char head[32] = "";
    const char *p = head;
    FILE *f = fopen(path, "re");

    if (f) {
        head[fread(head, 1, sizeof(head) - 1, f)] = '\0';
        (void)fclose(f);
    }
    p += strncmp(p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return strncasecmp(p, begin, sizeof(begin) - 1) == 0;
}

static int read_ical(const char *path,
                     const struct bw_ical_asked *asked,
                     struct bw_schoolcal **ret,
                     uint8_t ret_sha256[32],
                     struct bw_err *reterr)
{
    struct bw_buf text;
    int rc;

    bw_buf_init(&text, (size_t)BW_ICAL_BYTES_MAX + 1);
    rc = bw_file_read(path, BW_ICAL_BYTES_MAX, &text, reterr);
    if (rc == 0) {
        size_t skip = strncmp(text.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        rc = bw_schoolcal_read_ical(path, text.data + skip, text.len - skip, asked, ret,
                                    reterr);
    }
    if (rc == 0) {
        bw_sha256(text.data, text.len, ret_sha256);
    }
    bw_buf_done(&text);
    return rc;
}

static int read_csv(const char *path,
                    const char *zone,
                    struct bw_schoolcal **ret,
                    uint8_t ret_sha256[32],
                    struct bw_err *reterr)
{
    struct bw_schoolcal *c = NULL;
    struct bw_csv *csv = NULL;
    int rc = bw_csv_open(path, &csv, reterr);

    rc = rc < 0 ? rc : bw_schoolcal_read_csv(csv, zone, &c, reterr);
    rc = rc < 0 ? rc : bw_csv_sha256(csv, ret_sha256);
    if (rc == 0) {
        *ret = c;
        c = NULL;
    }
    bw_schoolcal_free(c);
    bw_csv_close(csv);
    return rc;
}

int bw_schoolcal_read_file(const char *path,
                           const struct bw_ical_asked *asked,
                           struct bw_schoolcal **ret,
                           uint8_t ret_sha256[32],
                           struct bw_err *reterr)
{
    const struct bw_schoolcal_spec *b = &asked->base;

    if (strcmp(path, "-") != 0 && is_ical(path)) {
        return read_ical(path, asked, ret, ret_sha256, reterr);
    }
    if (b->name || b->from_day != BW_UNKNOWN || b->to_day != BW_UNKNOWN || b->n_terms > 0 ||
        asked->week_given || asked->n_words > 0) {
        return bw_err_set(reterr, -ENOTSUP,
                          "%s is a table, which says itself what its days are; of these "
                          "options only --tz goes with one",
                          path);
    }
    return read_csv(path, b->zone, ret, ret_sha256, reterr);
}
