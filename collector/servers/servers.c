/* SPDX-License-Identifier: GPL-3.0-or-later
 * servers.c - stretches of hours, levels and words.
 *
 * Invariant: a stretch has no hour in which the server was not at fault in some direction.
 */
#include "servers.h"

#include <bw/units.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <verdicts.h>

enum {
    HOUR_S = 3600,
    USUAL_PPM = 950000
};

static const struct {
    const char *name;
    const char *words;
} words[] = {
    [BW_SERVER_UNKNOWN] = {"unknown", "not known: too few sites"},
    [BW_SERVER_HEALTHY] = {"healthy", "as usual"},
    [BW_SERVER_FAULT] = {"fault", "server fault: it fell, a second server's did not"},
    [BW_SERVER_ALONE] = {"alone", "fell; no second server tells whether it was the server"},
    [BW_SERVER_ALL] = {"all", "fell, as every other server's"},
};

const char *bw_server_word_name(int word)
{
    return words[word].name;
}

const char *bw_server_word_words(int word)
{
    return words[word].words;
}

enum bw_server_level bw_server_level(const struct bw_room_server_hour *h)
{
    if (h->n_good + h->n_apart + h->n_failed == 0) {
        return BW_SERVER_NOTHING;
    }
    if (h->n_good + h->n_apart == 0) {
        return BW_SERVER_BROKEN;
    }
    if (h->word == BW_SERVER_FAULT) {
        return BW_SERVER_AT_FAULT;
    }
    if (h->n_sites < BW_SERVER_SITES_LEAST || h->median_ppm == BW_UNKNOWN) {
        return BW_SERVER_FEW;
    }
    return h->median_ppm < BW_SERVER_FELL_PPM ? BW_SERVER_FELL
           : h->median_ppm < USUAL_PPM        ? BW_SERVER_LESS
                                              : BW_SERVER_USUAL;
}

const struct bw_room_server *bw_server_find(const struct bw_room *r, const char *name)
{
    for (size_t i = 0; i < r->n_servers; i++) {
        if (strcmp(r->servers[i].name, name) == 0) {
            return &r->servers[i];
        }
    }
    return NULL;
}

static int by_time(const void *a, const void *b)
{
    const struct bw_server_fault *x = a;
    const struct bw_server_fault *y = b;

    return (x->from_unix_s > y->from_unix_s) - (x->from_unix_s < y->from_unix_s);
}

/* What an erratum of that time would touch: runs of both directions. */
static void
count(const struct bw_room *r, const struct bw_room_server *s, struct bw_server_fault *f)
{
    for (uint32_t i = s->first_hour; i < s->end_hour; i++) {
        const struct bw_room_server_hour *h = &r->server_hours[i];
        if (h->from_unix_s >= f->from_unix_s && h->from_unix_s < f->to_unix_s) {
            f->n_good += h->n_good;
            f->n_erratum += h->n_erratum;
        }
    }
}

int bw_server_faults(const struct bw_room *r,
                     const struct bw_room_server *s,
                     struct bw_server_fault **ret,
                     size_t *ret_n)
{
    struct bw_server_fault *list = calloc(s->end_hour - s->first_hour + 1, sizeof(*list));
    size_t n = 0;
    size_t k = 0;

    if (!list) {
        return -ENOMEM;
    }
    for (uint32_t i = s->first_hour; i < s->end_hour; i++) {
        const struct bw_room_server_hour *h = &r->server_hours[i];
        if (h->word == BW_SERVER_FAULT) {
            list[n++] = (struct bw_server_fault){.from_unix_s = h->from_unix_s,
                                                 .to_unix_s = h->from_unix_s + HOUR_S,
                                                 .directions = 1U << h->direction,
                                                 .lowest_ppm = h->median_ppm};
        }
    }
    if (n > 0) {
        qsort(list, n, sizeof(*list), by_time);
    }
    for (size_t i = 0; i < n; i++) { /* both directions of an hour, or the next hour */
        struct bw_server_fault *last = k > 0 ? &list[k - 1] : NULL;
        if (last && list[i].from_unix_s <= last->to_unix_s) {
            last->to_unix_s = list[i].to_unix_s;
            last->directions |= list[i].directions;
            last->lowest_ppm = list[i].lowest_ppm < last->lowest_ppm ? list[i].lowest_ppm
                                                                     : last->lowest_ppm;
        } else {
            list[k++] = list[i];
        }
    }
    for (size_t i = 0; i < k; i++) {
        count(r, s, &list[i]);
    }
    *ret = list;
    *ret_n = k;
    return 0;
}
