/* SPDX-License-Identifier: GPL-3.0-or-later
 * interval_detail.c - what samples tell besides the round trip: collected with a tally,
 * written beside its figures.
 *
 * A figure that no sample had is absent; a histogram that found no memory is absent too,
 * and the counts beside it still stand. */
#include "interval_private.h"

#include <buf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HIST_TEXT_MAX = 16384
};

static const char *const phase_words[BW_PHASES] = {[BW_PHASE_DNS] = "dns",
                                                   [BW_PHASE_CONNECT] = "connect",
                                                   [BW_PHASE_TLS] = "tls",
                                                   [BW_PHASE_FIRST_BYTE] = "first-byte",
                                                   [BW_PHASE_TRANSFER] = "transfer"};

static void add_time(struct times *t, int64_t ns)
{
    if (ns == BW_UNKNOWN) {
        return;
    }
    if (!t->hist) {
        t->hist = malloc(sizeof(*t->hist));
        if (!t->hist) {
            return;
        }
        bw_hist_init(t->hist);
    }
    bw_hist_add(t->hist, ns / 1000);
    t->sum_us += ns / 1000;
}

/* A word as the contract wants it: others are counted, not told. */
static bool is_word(const char *text)
{
    return text[0] != '\0' && strlen(text) <= CODE_WORD_MAX &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-/")] == '\0';
}

static void add_code(struct details *d, const char *word)
{
    for (size_t i = 0; i < d->n_codes; i++) { /* no word twice */
        if (strcmp(d->codes[i].word, word) == 0) {
            d->codes[i].n++;
            return;
        }
    }
    if (d->n_codes == CODES || !is_word(word) || strcmp(word, "other") == 0) {
        d->other_codes++;
        return;
    }
    (void)snprintf(d->codes[d->n_codes].word, sizeof(d->codes[0].word), "%s", word);
    d->codes[d->n_codes++].n = 1;
}

void interval_add_details(struct tally *t, const struct bw_latency_detail *s)
{
    struct details *d = t->more;
    if (!d) {
        d = calloc(1, sizeof(*d));
        if (!d) {
            return;
        }
        d->one_way_error_us = BW_UNKNOWN;
        d->cert_days = BW_UNKNOWN;
        t->more = d;
    }
    if (s->code) {
        add_code(d, s->code);
    }
    /* A one-way delay below 0 is a clock that is off by more than it says: no figure. */
    if (s->one_way_error_ns != BW_UNKNOWN && s->out_ns >= 0 && s->back_ns >= 0) {
        int64_t error_us = s->one_way_error_ns / 1000 + 1;
        add_time(&d->out, s->out_ns);
        add_time(&d->back, s->back_ns);
        if (d->one_way_error_us == BW_UNKNOWN || error_us > d->one_way_error_us) {
            d->one_way_error_us = error_us;
        }
    }
    for (int i = 0; i < BW_PHASES; i++) {
        add_time(&d->phases[i], s->phase_ns[i]);
    }
    if (s->cert_days != BW_UNKNOWN &&
        (d->cert_days == BW_UNKNOWN || s->cert_days < d->cert_days)) {
        d->cert_days = s->cert_days;
    }
}

void interval_tally_done(struct tally *t)
{
    struct details *d = t->more;
    if (d) {
        free(d->out.hist);
        free(d->back.hist);
        for (int i = 0; i < BW_PHASES; i++) {
            free(d->phases[i].hist);
        }
        free(d);
    }
    free(t->hist);
    *t = (struct tally){.hist = NULL};
}

int interval_hist_text(const struct bw_hist *h, struct bw_summary *arena, const char **ret)
{
    struct bw_buf text;
    const char *copy = NULL;
    bw_buf_init(&text, HIST_TEXT_MAX);
    (void)bw_hist_encode(h, &text);
    if (bw_buf_error(&text) == 0 && text.data) {
        copy = bw_summary_strdup(arena, text.data);
    }
    bw_buf_done(&text);
    if (!copy) {
        return -ENOMEM;
    }
    *ret = copy;
    return 0;
}

static int fill_codes(const struct details *d, struct bw_latency *l, struct bw_summary *s)
{
    l->codes = bw_summary_alloc(s, (d->n_codes + 1) * sizeof(*l->codes));
    if (!l->codes) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < d->n_codes; i++) {
        struct bw_code *c = &l->codes[l->n_codes++];
        *c = (struct bw_code){.n = d->codes[i].n};
        (void)memcpy(c->code, d->codes[i].word, sizeof(c->code));
    }
    if (d->other_codes > 0) {
        l->codes[l->n_codes++] = (struct bw_code){.code = "other", .n = d->other_codes};
    }
    return 0;
}

static int fill_phases(const struct details *d, struct bw_latency *l, struct bw_summary *s)
{
    l->phases = bw_summary_alloc(s, BW_PHASES * sizeof(*l->phases));
    if (!l->phases) {
        return -ENOMEM;
    }
    for (int i = 0; i < BW_PHASES; i++) {
        struct bw_phase_times *p = &l->phases[l->n_phases];
        if (!d->phases[i].hist) {
            continue;
        }
        *p = (struct bw_phase_times){.sum_us = d->phases[i].sum_us};
        (void)snprintf(p->phase, sizeof(p->phase), "%s", phase_words[i]);
        if (interval_hist_text(d->phases[i].hist, s, &p->time_hist) < 0) {
            return -ENOMEM;
        }
        l->n_phases++;
    }
    return 0;
}

int interval_fill_details(const struct tally *t,
                          struct bw_latency *l,
                          struct bw_summary *arena)
{
    const struct details *d = t->more;
    if (t->lost_out + t->lost_back > 0) {
        l->lost_out = t->lost_out;
        l->lost_back = t->lost_back;
    }
    if (!d) {
        return 0;
    }
    l->cert_days = d->cert_days;
    if (!arena) {
        return 0;
    }
    if (d->out.hist && d->back.hist) {
        l->one_way_error_us = d->one_way_error_us;
        if (interval_hist_text(d->out.hist, arena, &l->out_hist) < 0 ||
            interval_hist_text(d->back.hist, arena, &l->back_hist) < 0) {
            return -ENOMEM;
        }
    }
    if (fill_codes(d, l, arena) < 0) {
        return -ENOMEM;
    }
    return fill_phases(d, l, arena);
}
