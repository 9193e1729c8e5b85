/* SPDX-License-Identifier: GPL-3.0-or-later
 * columns_lines.c - lists within a row as text. */
#include "columns_lines.h"

#include <buf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIELDS_MAX = 8,
    HOP_FIELDS = 6
};

static void put_text(struct bw_buf *out, const char *text, char end)
{
    bw_buf_puts(out, text ? text : "");
    bw_buf_putc(out, end);
}

static void put_number(struct bw_buf *out, int64_t v, char end)
{
    if (v == BW_UNKNOWN) {
        put_text(out, NULL, end);
    } else {
        bw_buf_printf(out, "%" PRId64 "%c", v, end);
    }
}

void bw_columns_write_codes(const struct bw_latency *l, struct bw_buf *out)
{
    for (size_t i = 0; i < l->n_codes; i++) {
        put_text(out, l->codes[i].code, ' ');
        put_number(out, l->codes[i].n, '\n');
    }
}

void bw_columns_write_phases(const struct bw_latency *l, struct bw_buf *out)
{
    for (size_t i = 0; i < l->n_phases; i++) {
        put_text(out, l->phases[i].phase, ' ');
        put_number(out, l->phases[i].sum_us, ' ');
        put_text(out, l->phases[i].time_hist, '\n');
    }
}

void bw_columns_write_hops(const struct bw_path *p, struct bw_buf *out)
{
    for (size_t i = 0; i < p->n_hops; i++) {
        const struct bw_hop *h = &p->hops[i];
        put_number(out, h->ttl, ' ');
        put_text(out, h->hash, ' ');
        put_text(out, h->name, ' ');
        put_number(out, h->sent, ' ');
        put_number(out, h->lost, ' ');
        put_number(out, h->rtt_us, '\n');
    }
}

void bw_columns_write_shares(const struct bw_traffic_share *p, size_t n, struct bw_buf *out)
{
    for (size_t i = 0; i < n; i++, p++) {
        put_text(out, p->klass, ' ');
        put_number(out, p->down_ppm, ' ');
        put_number(out, p->down_low_ppm, ' ');
        put_number(out, p->down_high_ppm, ' ');
        put_number(out, p->up_ppm, ' ');
        put_number(out, p->up_low_ppm, ' ');
        put_number(out, p->up_high_ppm, ' ');
        put_number(out, p->error_ppm, '\n');
    }
}

const char *bw_columns_join_flags(const char *const flags[BW_FLAGS_MAX + 1],
                                  char out[BW_COLUMNS_FLAGS_CAP])
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i <= BW_FLAGS_MAX && flags[i]; i++) {
        int n = snprintf(out + at, BW_COLUMNS_FLAGS_CAP - at, "%s%s", i > 0 ? "\n" : "",
                         flags[i]);
        if (n < 0 || (size_t)n >= BW_COLUMNS_FLAGS_CAP - at) {
            return NULL;
        }
        at += (size_t)n;
    }
    return out;
}

void bw_columns_read_flags(struct bw_summary *u,
                           const char *text,
                           const char *flags[BW_FLAGS_MAX + 1])
{
    char *copy = text && *text ? bw_summary_strdup(u, text) : NULL;
    for (size_t i = 0; copy && i <= BW_FLAGS_MAX; i++) {
        char *end = strchr(copy, '\n');
        flags[i] = copy;
        if (end) {
            *end++ = '\0';
        }
        copy = end;
    }
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; text && *text; text++) {
        n += *text == '\n' ? 1 : 0;
    }
    return n;
}

/* Take one line apart in place; the start of the next one, NULL: not `n` fields. */
static char *take_line(char *line, char *field[FIELDS_MAX], size_t n)
{
    char *end = strchr(line, '\n');
    if (!end) {
        return NULL;
    }
    *end = '\0';
    for (size_t i = 0; i < n; i++) {
        char *space = strchr(line, ' ');
        field[i] = line;
        if ((i + 1 < n) != (space != NULL)) {
            return NULL;
        }
        if (space) {
            *space = '\0';
            line = space + 1;
        }
    }
    return end + 1;
}

static int64_t number(const char *field)
{
    return field[0] == '\0' ? BW_UNKNOWN : strtoll(field, NULL, 10);
}

static bool copy(char *to, size_t cap, const char *field)
{
    if (strlen(field) >= cap) {
        return false;
    }
    (void)memcpy(to, field, strlen(field) + 1);
    return true;
}

/* A list's memory and a copy of its text that may be cut. */
static int
begin(struct bw_summary *u, const char *text, size_t size, void *ret_items, char **ret_text)
{
    void *items = bw_summary_alloc(u, (count_lines(text) + 1) * size);
    char *own = bw_summary_strdup(u, text ? text : "");
    if (!items || !own) {
        return -ENOMEM;
    }
    (void)memcpy(ret_items, &items, sizeof(items));
    *ret_text = own;
    return 0;
}

int bw_columns_read_codes(struct bw_summary *u, const char *text, struct bw_latency *l)
{
    char *field[FIELDS_MAX];
    char *at = NULL;
    int r = text && *text ? begin(u, text, sizeof(*l->codes), &l->codes, &at) : 0;
    while (r == 0 && at && *at) {
        struct bw_code *c = &l->codes[l->n_codes];
        at = take_line(at, field, 2);
        if (!at || !copy(c->code, sizeof(c->code), field[0])) {
            return -EINVAL;
        }
        c->n = number(field[1]);
        l->n_codes++;
    }
    return r;
}

int bw_columns_read_phases(struct bw_summary *u, const char *text, struct bw_latency *l)
{
    char *field[FIELDS_MAX];
    char *at = NULL;
    int r = text && *text ? begin(u, text, sizeof(*l->phases), &l->phases, &at) : 0;
    while (r == 0 && at && *at) {
        struct bw_phase_times *p = &l->phases[l->n_phases];
        at = take_line(at, field, 3);
        if (!at || !copy(p->phase, sizeof(p->phase), field[0])) {
            return -EINVAL;
        }
        p->sum_us = number(field[1]);
        p->time_hist = field[2][0] == '\0' ? NULL : field[2];
        l->n_phases++;
    }
    return r;
}

int bw_columns_read_hops(struct bw_summary *u, const char *text, struct bw_path *p)
{
    char *field[FIELDS_MAX];
    char *at = NULL;
    int r = text && *text ? begin(u, text, sizeof(*p->hops), &p->hops, &at) : 0;
    while (r == 0 && at && *at) {
        struct bw_hop *h = &p->hops[p->n_hops];
        at = take_line(at, field, HOP_FIELDS);
        if (!at || !copy(h->hash, sizeof(h->hash), field[1]) ||
            !copy(h->name, sizeof(h->name), field[2])) {
            return -EINVAL;
        }
        h->ttl = number(field[0]);
        h->sent = number(field[3]);
        h->lost = number(field[4]);
        h->rtt_us = number(field[5]);
        p->n_hops++;
    }
    return r;
}

int bw_columns_read_shares(struct bw_summary *u,
                           const char *text,
                           struct bw_traffic_share **ret,
                           size_t *ret_n)
{
    char *field[FIELDS_MAX];
    char *at = NULL;
    int r = text && *text ? begin(u, text, sizeof(**ret), ret, &at) : 0;
    while (r == 0 && at && *at) {
        struct bw_traffic_share *p = &(*ret)[*ret_n];
        bw_traffic_share_init(p);
        at = take_line(at, field, FIELDS_MAX);
        if (!at || !copy(p->klass, sizeof(p->klass), field[0])) {
            return -EINVAL;
        }
        p->down_ppm = number(field[1]);
        p->down_low_ppm = number(field[2]);
        p->down_high_ppm = number(field[3]);
        p->up_ppm = number(field[4]);
        p->up_low_ppm = number(field[5]);
        p->up_high_ppm = number(field[6]);
        p->error_ppm = number(field[7]);
        (*ret_n)++;
    }
    return r;
}
