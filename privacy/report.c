/* SPDX-License-Identifier: GPL-3.0-or-later
 * report.c - lists that grow, within named bounds. */
#include "report.h"

#include <grow.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bw_report_done(struct bw_privacy_report *r)
{
    free(r->files);
    free(r->found);
    free(r->troubles);
    *r = (struct bw_privacy_report){0};
}

size_t bw_report_file(struct bw_privacy_report *r,
                      const char *path,
                      const char *kind,
                      int64_t bytes)
{
    struct bw_scanned *files = bw_grow(r->files, r->n_files, &r->cap_files, sizeof(*files));
    if (!files) {
        r->no_memory = true;
        return 0;
    }
    r->files = files;
    struct bw_scanned *f = &files[r->n_files];
    *f = (struct bw_scanned){.bytes = bytes};
    (void)snprintf(f->path, sizeof(f->path), "%s", path);
    (void)snprintf(f->kind, sizeof(f->kind), "%s", kind);
    return r->n_files++;
}

void bw_report_found(struct bw_privacy_report *r, const struct bw_found *f)
{
    size_t *kept = &r->n_text;
    int64_t *beyond = &r->found_beyond;
    if (f->why == BW_FOUND_BYTES) {
        kept = &r->chance[f->chance].kept;
        beyond = &r->chance[f->chance].beyond;
    }
    if (*kept >= BW_FOUND_KEPT) {
        (*beyond)++;
        return;
    }
    struct bw_found *found = bw_grow(r->found, r->n_found, &r->cap_found, sizeof(*found));
    if (!found) {
        r->no_memory = true;
        (*beyond)++;
        return;
    }
    r->found = found;
    found[r->n_found++] = *f;
    (*kept)++;
}

bool bw_chance_is_judged(enum bw_chance_of of, const struct bw_chance *c)
{
    if (of == BW_CHANCE_IN_TABLES) {
        return false;
    }
    return c->expected < BW_CHANCE_MAX ||
           (of != BW_CHANCE_NUMBER && (double)c->hits > 3 + 10 * c->expected);
}

int64_t bw_report_not_judged(const struct bw_privacy_report *r)
{
    int64_t hits = 0;
    for (size_t i = 0; i < BW_CHANCES; i++) {
        if (i != BW_CHANCE_IN_TABLES &&
            !bw_chance_is_judged((enum bw_chance_of)i, &r->chance[i])) {
            hits += r->chance[i].hits;
        }
    }
    return hits;
}

void bw_report_trouble(struct bw_privacy_report *r, const char *fmt, ...)
{
    void *list =
        bw_grow(r->troubles, r->n_troubles, &r->cap_troubles, sizeof(*r->troubles));
    va_list ap;
    if (!list) {
        r->no_memory = true;
        return;
    }
    r->troubles = list;
    va_start(ap, fmt);
    (void)vsnprintf(r->troubles[r->n_troubles++], sizeof(r->troubles[0]), fmt, ap);
    va_end(ap);
}

void bw_report_answer(struct bw_privacy_report *r, const char *text, size_t n)
{
    for (size_t i = 0; i < r->n_answers; i++) {
        if (strlen(r->answers[i]) == n && strncmp(r->answers[i], text, n) == 0) {
            return;
        }
    }
    if (r->n_answers == BW_ANSWERS_KEPT) {
        r->answers_beyond++;
        return;
    }
    (void)snprintf(r->answers[r->n_answers++], sizeof(r->answers[0]), "%.*s", (int)n, text);
}
