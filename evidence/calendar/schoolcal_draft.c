/* SPDX-License-Identifier: GPL-3.0-or-later
 * schoolcal_draft.c - what the readers of calendar files gather, before it is a calendar.
 */
#include "schoolcal_draft.h"

#include "tz.h"
#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bw_schoolcal_draft_init(struct bw_schoolcal_draft *d)
{
    *d = (struct bw_schoolcal_draft){.from_day = BW_UNKNOWN, .to_day = BW_UNKNOWN};
}

static void free_spans(struct bw_schoolcal_span *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((void *)(uintptr_t)s[i].name);
    }
    free(s);
}

void bw_schoolcal_draft_done(struct bw_schoolcal_draft *d)
{
    free_spans(d->terms, d->n_terms);
    free_spans(d->spans, d->n_spans);
    bw_schoolcal_draft_init(d);
}

int bw_schoolcal_draft_name(struct bw_schoolcal_draft *d,
                            const char *name,
                            struct bw_err *reterr)
{
    if (!name[0] || strlen(name) > BW_SCHOOLCAL_NAME_MAX) {
        return bw_err_set(reterr, -EINVAL, "a calendar's name has 1 to %d bytes",
                          BW_SCHOOLCAL_NAME_MAX);
    }
    (void)snprintf(d->name, sizeof(d->name), "%s", name);
    return 0;
}

int bw_schoolcal_draft_zone(struct bw_schoolcal_draft *d,
                            const char *zone,
                            struct bw_err *reterr)
{
    struct bw_tz *tz = NULL;
    int rc = bw_tz_load(zone, &tz, reterr);

    if (rc < 0) {
        return rc;
    }
    bw_tz_free(tz);
    (void)snprintf(d->zone, sizeof(d->zone), "%s", zone);
    return 0;
}

static int add(struct bw_schoolcal_span **list,
               size_t *n,
               size_t *cap,
               size_t max,
               const struct bw_schoolcal_span *s,
               struct bw_err *reterr)
{
    struct bw_schoolcal_span *last;
    void *room;

    if (*n >= max) {
        return bw_err_set(reterr, -E2BIG, "more than %zu of these", max);
    }
    room = bw_grow(*list, *n, cap, sizeof(**list));
    if (!room) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    *list = room;
    last = &(*list)[*n];
    *last = *s;
    last->name = bw_copy_text(s->name);
    if (!last->name) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    (*n)++;
    return 0;
}

int bw_schoolcal_draft_term(struct bw_schoolcal_draft *d,
                            const struct bw_schoolcal_span *s,
                            struct bw_err *reterr)
{
    return add(&d->terms, &d->n_terms, &d->cap_terms, BW_SCHOOLCAL_TERMS_MAX, s, reterr);
}

int bw_schoolcal_draft_span(struct bw_schoolcal_draft *d,
                            const struct bw_schoolcal_span *s,
                            struct bw_err *reterr)
{
    return add(&d->spans, &d->n_spans, &d->cap_spans, BW_SCHOOLCAL_SPANS_MAX, s, reterr);
}

int bw_schoolcal_draft_finish(const struct bw_schoolcal_draft *d,
                              const char *file,
                              struct bw_schoolcal **ret,
                              struct bw_err *reterr)
{
    struct bw_schoolcal_spec spec = {.name = d->name,
                                     .zone = d->zone,
                                     .from_day = d->from_day,
                                     .to_day = d->to_day,
                                     .terms = d->terms,
                                     .n_terms = d->n_terms,
                                     .spans = d->spans,
                                     .n_spans = d->n_spans};
    struct bw_schoolcal *c = NULL;
    struct bw_err why = {""};
    struct bw_buf body;
    int line = 0;
    int rc;

    bw_buf_init(&body, BW_SCHOOLCAL_BODY_MAX);
    memcpy(spec.week, d->week_given ? d->week : bw_schoolcal_week_default,
           sizeof(spec.week));
    rc = bw_schoolcal_make(&spec, &c, &line, &why);
    if (rc < 0) {
        rc = line > 0 ? bw_err_set(reterr, rc, "%s:%d: %s", file, line, why.text)
                      : bw_err_set(reterr, rc, "%s: %s", file, why.text);
        goto out;
    }
    bw_schoolcal_encode(c, &body);
    rc = bw_buf_error(&body);
    if (rc < 0) {
        rc = bw_err_set(reterr, rc,
                        "%s: the calendar is too long for one statement (%d bytes); write "
                        "ranges instead of single days, or a calendar for each half year",
                        file, BW_SCHOOLCAL_BODY_MAX);
        goto out;
    }
    *ret = c;
    c = NULL;
out:
    bw_buf_done(&body);
    bw_schoolcal_free(c);
    return rc;
}
