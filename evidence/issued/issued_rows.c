/* SPDX-License-Identifier: GPL-3.0-or-later
 * issued_rows.c - a report's figures as rows of text, and found again by their names. */
#include "issued_private.h"

#include <bw/err.h>
#include <errno.h>
#include <figures.h>
#include <stdlib.h>
#include <string.h>

/* No tab or newline within a part. */
static void part(struct bw_buf *out, const char *text)
{
    for (; *text; text++) {
        bool blank = *text == '\t' || *text == '\n' || *text == '\r';
        bw_buf_putc(out, (char)(blank ? ' ' : *text));
    }
}

/* Findings need rules that may have changed since; what errata say is why it is asked. */
static bool passed_over(const char *section)
{
    return strncmp(section, "finding", 7) == 0 || strcmp(section, "errata") == 0 ||
           strcmp(section, "keys") == 0 || strcmp(section, "replies") == 0 ||
           strcmp(section, "made") == 0;
}

static int put(void *owner, const struct bw_figure *f)
{
    struct bw_buf *out = owner;
    const char *parts[] = {f->section, f->figure, f->layer, f->statistic, f->unit};
    if (passed_over(f->section) || (!f->text && f->value == BW_UNKNOWN)) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        part(out, parts[i] ? parts[i] : "");
        bw_buf_putc(out, '\t');
    }
    if (f->text) {
        part(out, f->text);
    } else {
        bw_buf_i64(out, f->value);
    }
    bw_buf_putc(out, '\n');
    return 0;
}

int bw_issued_rows_text(const struct bw_report *r, struct bw_buf *out)
{
    int rc = bw_report_figures(r, put, out);
    return rc < 0 ? rc : bw_buf_error(out);
}

int bw_issued_row_compare(const struct bw_issued_row *a, const struct bw_issued_row *b)
{
    for (int i = 0; i + 1 < BW_ISSUED_ROW_PARTS; i++) {
        int c = strcmp(a->part[i], b->part[i]);
        if (c != 0) {
            return c;
        }
    }
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

static int compare(const void *a, const void *b)
{
    return bw_issued_row_compare(a, b);
}

static int take_line(struct bw_issued_row *row, char *line)
{
    for (int i = 0; i < BW_ISSUED_ROW_PARTS; i++) {
        char *tab = strchr(line, '\t');
        row->part[i] = line;
        if ((tab != NULL) != (i + 1 < BW_ISSUED_ROW_PARTS)) {
            return -BW_EMALFORMED;
        }
        if (tab) {
            *tab = '\0';
            line = tab + 1;
        }
    }
    return 0;
}

int bw_issued_rows_read(struct bw_issued_rows *rows, struct bw_err *reterr)
{
    char *at = rows->text.data;
    size_t n = 0;
    for (size_t i = 0; i < rows->text.len; i++) {
        n += at[i] == '\n';
    }
    rows->list = calloc(n + 1, sizeof(*rows->list));
    if (!rows->list) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (rows->n = 0; rows->n < n; rows->n++) {
        char *end = strchr(at, '\n'); /* a NUL before it ends the search as well */
        if (!end) {
            return bw_err_set(reterr, -BW_EMALFORMED, "row %zu has no end", rows->n + 1);
        }
        *end = '\0';
        if (take_line(&rows->list[rows->n], at) < 0) {
            return bw_err_set(reterr, -BW_EMALFORMED, "row %zu is none", rows->n + 1);
        }
        rows->list[rows->n].ordinal = rows->n;
        at = end + 1;
    }
    if (n > 0) {
        qsort(rows->list, n, sizeof(*rows->list), compare);
    }
    for (size_t i = 0, first = 0; i < n; i++) { /* from places to numbers within a name */
        struct bw_issued_row *row = &rows->list[i];
        row->ordinal = 0;
        if (i > 0 && bw_issued_row_compare(&rows->list[first], row) == 0) {
            row->ordinal = i - first;
        } else {
            first = i;
        }
    }
    return 0;
}

const struct bw_issued_row *bw_issued_rows_find(const struct bw_issued_rows *rows,
                                                const struct bw_issued_row *like)
{
    return rows->n ? bsearch(like, rows->list, rows->n, sizeof(*rows->list), compare)
                   : NULL;
}

void bw_issued_rows_done(struct bw_issued_rows *rows)
{
    free(rows->list);
    rows->list = NULL;
    rows->n = 0;
    bw_buf_done(&rows->text);
}
