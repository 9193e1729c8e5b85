/* SPDX-License-Identifier: GPL-3.0-or-later
 * usac.c - which file is which, in which order they are read, and the book of what became
 * of each row.
 *
 * Invariant: every row is kept, left out for a named reason, or refused: the three sums
 * come to the number of rows. */
#include "usac.h"
#include "usac_private.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    TOLD_BYTES_MAX = 256 * 1024,
    LINE_BYTES_MAX = 36 * 1024 * 1024,
    FRN_BYTES_MAX = 12 * 1024 * 1024,
    EXTRA_BYTES_MAX = 6 * 1024 * 1024,
    ENTITY_BYTES_MAX = 16 * 1024 * 1024,
    PROGRESS_ROWS = 16384
};

int bw_usac_new(const struct bw_usac_options *options, struct bw_usac **ret)
{
    struct bw_usac *u = calloc(1, sizeof(*u));
    if (!u) {
        return -ENOMEM;
    }
    u->options = options;
    bw_buf_init(&u->refusals, TOLD_BYTES_MAX);
    bw_buf_init(&u->doubts, TOLD_BYTES_MAX);
    bw_kept_init(&u->asked, BW_USAC_FRNS_MAX, FRN_BYTES_MAX);
    bw_kept_init(&u->lines, BW_USAC_LINES_MAX, LINE_BYTES_MAX);
    bw_kept_init(&u->refused, BW_USAC_LINES_MAX, EXTRA_BYTES_MAX);
    bw_kept_init(&u->frns, BW_USAC_FRNS_MAX, FRN_BYTES_MAX);
    bw_kept_init(&u->extras, BW_USAC_FRNS_MAX, EXTRA_BYTES_MAX);
    bw_kept_init(&u->payers, BW_USAC_LINES_MAX, EXTRA_BYTES_MAX);
    bw_kept_init(&u->entities, BW_USAC_ENTITIES_MAX, ENTITY_BYTES_MAX);
    *ret = u;
    return 0;
}

void bw_usac_free(struct bw_usac *u)
{
    if (!u) {
        return;
    }
    bw_kept_done(&u->asked);
    bw_kept_done(&u->lines);
    bw_kept_done(&u->refused);
    bw_kept_done(&u->frns);
    bw_kept_done(&u->extras);
    bw_kept_done(&u->payers);
    bw_kept_done(&u->entities);
    bw_buf_done(&u->refusals);
    bw_buf_done(&u->doubts);
    free(u->links);
    free(u);
}

const struct bw_usac_sum *bw_usac_sum(const struct bw_usac *u)
{
    return &u->sum;
}

const char *bw_usac_cell(const struct bw_usac_row *row, enum bw_usac_column c)
{
    int at = row->heading->at[c];
    return at < 0 ? "" : row->fields[at].text;
}

void bw_usac_leave_out(struct bw_usac *u, enum bw_usac_left_out why)
{
    u->sum.left_out[why]++;
}

int bw_usac_refuse(struct bw_usac *u, const struct bw_usac_row *row, const char *why)
{
    u->sum.refused++;
    if (u->refusals.len + strlen(why) + 512 < TOLD_BYTES_MAX) {
        bw_buf_printf(&u->refusals, "%s:%lld: %s\n", bw_csv_name(row->csv),
                      (long long)bw_csv_line(row->csv), why);
    }
    return 0;
}

int bw_usac_full(const struct bw_usac *u, int code, struct bw_err *reterr)
{
    (void)u;
    if (code == -ENOSPC) {
        return bw_err_set(reterr, code,
                          "more than one import keeps in memory (some 50,000 lines and "
                          "75,000 entities); narrow it by --state, --year or --ben");
    }
    return bw_err_set(reterr, code, "no memory for the import");
}

int bw_usac_keep(struct bw_usac *u,
                 struct bw_kept *k,
                 const char *key,
                 const struct bw_usac_row *row,
                 const void *data,
                 size_t n,
                 struct bw_err *reterr)
{
    struct bw_kept_row *there;
    char why[256];
    int r = bw_kept_add(k, key, &there);
    if (r < 0) {
        return bw_usac_full(u, r, reterr);
    }
    if (there->data != BW_KEPT_NONE) {
        const struct bw_usac_file *file = &u->sum.files[there->file];
        if (!(there->mark & BW_MARK_REFUSED) && there->len == n &&
            memcmp(bw_kept_data(k, there), data, n) == 0) {
            bw_usac_leave_out(u, BW_LEFT_TWICE);
            return 0;
        }
        if (!(there->mark & BW_MARK_REFUSED)) {
            there->mark |= BW_MARK_REFUSED; /* it was kept; now neither is */
            u->sum.files[there->file].kept--;
            u->sum.refused++;
        }
        (void)snprintf(why, sizeof(why),
                       "%s is there twice with different values, first in %.120s:%lld; "
                       "neither is taken",
                       key, file->path, (long long)there->line);
        (void)bw_usac_refuse(u, row, why);
        return -EEXIST;
    }
    there->file = row->file;
    there->line = bw_csv_line(row->csv);
    r = bw_kept_put(k, (size_t)(there - k->rows), data, n);
    if (r < 0) {
        return bw_usac_full(u, r, reterr);
    }
    u->sum.files[row->file].kept++;
    return 1;
}

int bw_usac_line_key(
    const char *frn, const char *line, char ret_frn[12], char ret_line[8], char ret_key[24])
{
    size_t n = strlen(frn);
    if (n < 6 || n > 11 || frn[strspn(frn, "0123456789")] != '\0') {
        return -EINVAL;
    }
    (void)snprintf(ret_frn, 12, "%.11s", frn);
    ret_line[0] = '\0';
    (void)snprintf(ret_key, 24, "%.11s", frn);
    if (line[0] == '\0') {
        return 0;
    }
    if (strncmp(line, frn, n) == 0 && line[n] == '.') {
        line += n + 1; /* "1699048824.003" whole */
    }
    size_t digits = strlen(line);
    if (digits == 0 || digits > 6 || line[strspn(line, "0123456789")] != '\0') {
        return -EINVAL;
    }
    size_t zeros = digits < 3 ? 3 - digits : 0; /* ".3" and ".003" are one */
    memset(ret_line, '0', zeros);
    memcpy(ret_line + zeros, line, digits + 1);
    (void)snprintf(ret_key, 24, "%.11s.%.7s", frn, ret_line);
    return 0;
}

bool bw_usac_current(const struct bw_usac_row *row)
{
    return row->heading->at[BW_COL_VERSION] < 0 ||
           strcasecmp(bw_usac_cell(row, BW_COL_VERSION), "Current") == 0;
}

bool bw_usac_payer_asked(const struct bw_usac *u, const char *number)
{
    for (size_t i = 0; i < u->options->n_payers; i++) {
        if (strcmp(u->options->payers[i], number) == 0) {
            return true;
        }
    }
    return false;
}

const struct bw_field *bw_usac_field(const char *name)
{
    for (size_t i = 0; i < bw_claimline_n_fields; i++) {
        if (strcmp(bw_claimline_fields[i].name, name) == 0) {
            return &bw_claimline_fields[i];
        }
    }
    return NULL;
}

typedef int (*take_row)(struct bw_usac *u,
                        const struct bw_usac_row *row,
                        struct bw_err *reterr);

struct progress {
    bw_usac_progress_cb cb;
    void *owner;
};

/* Opens a file and reads its heading. */
static int open_file(const char *path,
                     struct bw_csv **ret,
                     struct bw_usac_heading *heading,
                     struct bw_err *reterr)
{
    const struct bw_csv_field *fields;
    size_t n;
    int r = bw_csv_open(path, ret, reterr);
    if (r < 0) {
        return r;
    }
    r = bw_csv_next(*ret, &fields, &n, reterr);
    if (r == 0) {
        return bw_err_set(reterr, -BW_EMALFORMED, "%s:1: the file is empty", path);
    }
    return r < 0 ? r : bw_usac_heading_read(path, fields, n, heading, reterr);
}

static int stream(struct bw_usac *u,
                  uint32_t file,
                  take_row take,
                  bool counted,
                  const struct progress *progress,
                  struct bw_err *reterr)
{
    struct bw_usac_heading heading;
    struct bw_csv *csv = NULL;
    struct bw_usac_row row = {.heading = &heading, .file = file};
    struct bw_usac_file *f = &u->sum.files[file];
    uint8_t hash[32];
    size_t n;
    int64_t rows = 0;
    int r = open_file(f->path, &csv, &heading, reterr);
    row.csv = csv;
    r = r > 0 ? 0 : r;
    while (r == 0 && (r = bw_csv_next(csv, &row.fields, &n, reterr)) > 0) {
        rows++;
        if (progress->cb && rows % PROGRESS_ROWS == 0) {
            progress->cb(progress->owner, f->path, bw_csv_read_bytes(csv),
                         bw_csv_size_bytes(csv));
        }
        r = take(u, &row, reterr);
    }
    if (r == 0 && counted) {
        f->rows = rows;
        r = bw_csv_sha256(csv, hash);
        (void)bw_b64_encode(hash, sizeof(hash), f->sha256);
    }
    bw_csv_close(csv);
    return r;
}

static int
know(struct bw_usac *u, const char *const *paths, size_t n, struct bw_err *reterr)
{
    if (n > BW_USAC_FILES_MAX) {
        return bw_err_set(reterr, -E2BIG, "more than %d files", BW_USAC_FILES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        struct bw_usac_heading heading = {.set = BW_USAC_LINES};
        struct bw_csv *csv = NULL;
        if (strcmp(paths[i], "-") == 0) {
            return bw_err_set(reterr, -EINVAL,
                              "USAC's files are read by name, not from standard input");
        }
        int r = open_file(paths[i], &csv, &heading, reterr);
        bw_csv_close(csv);
        if (r < 0) {
            return r;
        }
        u->sum.files[i] = (struct bw_usac_file){.path = paths[i], .set = heading.set};
        u->sum.n_files = i + 1;
        u->any_lines = u->any_lines || heading.set == BW_USAC_LINES;
    }
    for (size_t i = 0; i < n && !u->any_lines; i++) {
        if (u->sum.files[i].set != BW_USAC_ENTITIES) {
            return bw_err_set(reterr, -EINVAL,
                              "%s is %s, which says something of line items: give the file "
                              "hbj5-2bpj with it",
                              paths[i], bw_usac_set_name(u->sum.files[i].set));
        }
    }
    return 0;
}

int bw_usac_read(struct bw_usac *u,
                 const char *const *paths,
                 size_t n,
                 bw_usac_progress_cb progress,
                 void *owner,
                 struct bw_err *reterr)
{
    static const struct {
        enum bw_usac_set set;
        take_row take;
        bool counted; /* the pass whose rows count */
    } passes[] = {
        {BW_USAC_RECIPIENTS, bw_usac_take_asked, false},
        {BW_USAC_LINES, bw_usac_take_line, true},
        {BW_USAC_STATUS, bw_usac_take_status, true},
        {BW_USAC_RECIPIENTS, bw_usac_take_recipient, true},
        {BW_USAC_ENTITIES, bw_usac_take_entity, true},
    };
    struct progress p = {progress, owner};
    int r = know(u, paths, n, reterr);
    for (size_t pass = 0; r == 0 && pass < sizeof(passes) / sizeof(passes[0]); pass++) {
        if (!passes[pass].counted && u->options->n_payers == 0) {
            continue;
        }
        for (size_t i = 0; r == 0 && i < n; i++) {
            if (u->sum.files[i].set == passes[pass].set) {
                r = stream(u, (uint32_t)i, passes[pass].take, passes[pass].counted, &p,
                           reterr);
            }
        }
    }
    u->sum.refusals = u->refusals.data ? u->refusals.data : "";
    u->sum.doubts = u->doubts.data ? u->doubts.data : "";
    return r;
}
