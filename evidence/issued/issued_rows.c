/* SPDX-License-Identifier: GPL-3.0-or-later
 * issued_rows.c - a report's figures as rows of text, and found again by their names. */
#include "issued_private.h"

#include <bw/err.h>
#include <errno.h>
#include <figures.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <words.h>

/* No tab or newline within a part. */
static void part(struct bw_buf *out, const char *text)
{
    for (; *text; text++) {
        bool blank = *text == '\t' || *text == '\n' || *text == '\r';
        bw_buf_putc(out, (char)(blank ? ' ' : *text));
    }
}

/* Findings are rows of their own below; what errata say is why it is asked. */
static bool passed_over(const char *section)
{
    return strncmp(section, "finding", 7) == 0 || strcmp(section, "errata") == 0 ||
           strcmp(section, "keys") == 0 || strcmp(section, "replies") == 0 ||
           strcmp(section, "made") == 0;
}

static void put_row(struct bw_buf *out, const struct bw_figure *f)
{
    const char *parts[] = {f->section, f->figure, f->layer, f->statistic, f->unit};
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
}

static int put(void *owner, const struct bw_figure *f)
{
    if (!passed_over(f->section) && (f->text || f->value != BW_UNKNOWN)) {
        put_row(owner, f);
    }
    return 0;
}

static void put_finding(struct bw_buf *out,
                        const char *figure,
                        const char *statistic,
                        const char *unit,
                        const char *text)
{
    const struct bw_figure f = {.section = BW_ISSUED_FINDINGS,
                                .figure = figure,
                                .text = text,
                                .layer = "",
                                .statistic = statistic,
                                .unit = unit};
    put_row(out, &f);
}

/* A part's outcome, and the numbers of its arithmetic: sentences and sums repeat these. */
static void
put_part(struct bw_buf *out, const struct bw_finding *f, const struct bw_finding_part *p)
{
    char whose[320];
    char name[512];
    char value[32];
    (void)snprintf(whose, sizeof(whose), "%s %s%s%s", f->id, p->clause->name,
                   p->direction >= 0 || p->target[0] ? " " : "",
                   p->direction >= 0 ? bw_words_direction(p->direction) : p->target);
    put_finding(out, whose, "outcome", "", bw_outcome_name(p->outcome));
    for (size_t i = 0; i < p->n_rows; i++) {
        const struct bw_finding_row *row = &p->rows[i];
        if (row->value != BW_UNKNOWN) {
            (void)snprintf(name, sizeof(name), "%s: %s", whose, row->words);
            (void)snprintf(value, sizeof(value), "%lld", (long long)row->value);
            put_finding(out, name, "", bw_row_unit_name(row->unit), value);
        }
    }
}

static void put_findings(struct bw_buf *out, const struct bw_report *r)
{
    char name[160];
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct bw_finding *f = &r->findings.list[i];
        (void)snprintf(name, sizeof(name), "%s version %lld%s", f->id,
                       (long long)f->rule->version, f->governs ? "" : " (for comparison)");
        put_finding(out, name, "outcome", "", bw_outcome_name(f->outcome));
        for (size_t k = 0; k < f->n_parts; k++) {
            put_part(out, f, &f->parts[k]);
        }
    }
}

int bw_issued_rows_text(const struct bw_report *r, struct bw_buf *out)
{
    int rc = bw_report_figures(r, put, out);
    put_findings(out, r);
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
