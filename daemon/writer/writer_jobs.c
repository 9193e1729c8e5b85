/* SPDX-License-Identifier: GPL-3.0-or-later
 * writer_jobs.c - jobs of the storage thread and lists of them.
 *
 * A list keeps the order of what was put into it; what is joined to a job stands where that
 * one stood. */
#include "writer_private.h"

#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400
};

void bw_job_list_init(struct bw_job_list *l)
{
    l->first = NULL;
    l->end = &l->first;
    l->n = 0;
}

void bw_job_list_put(struct bw_job_list *l, struct bw_job *j)
{
    j->next = NULL;
    *l->end = j;
    l->end = &j->next;
    l->n++;
}

struct bw_job *bw_job_list_take(struct bw_job_list *l)
{
    struct bw_job *j = l->first;
    if (j) {
        l->first = j->next;
        if (!l->first) {
            l->end = &l->first;
        }
        l->n--;
    }
    return j;
}

void bw_job_free(struct bw_job *j)
{
    if (j) {
        bw_summary_done(&j->summary);
        bw_chain_signed_done(&j->keep);
        free(j->tens);
        free(j->text);
        free(j);
    }
}

void bw_job_list_done(struct bw_job_list *l)
{
    struct bw_job *j;
    while ((j = bw_job_list_take(l)) != NULL) {
        bw_job_free(j);
    }
}

static bool joins(const struct bw_job *older, const struct bw_job *j)
{
    if (older->kind != j->kind || strcmp(older->name, j->name) != 0) {
        return false;
    }
    return j->kind == JOB_SET ||
           (j->kind == JOB_MOVED && older->seq / DAY_S == j->seq / DAY_S);
}

void bw_job_list_join(struct bw_job_list *l, struct bw_job *j)
{
    struct bw_job *older = l->first;
    while (older && !joins(older, j)) {
        older = older->next;
    }
    if (!older) {
        bw_job_list_put(l, j);
        return;
    }
    char *text = older->text;
    older->text = j->text;
    j->text = text;
    older->number += j->number;
    bw_job_free(j);
}
