/* SPDX-License-Identifier: GPL-3.0-or-later
 * alerts_mass.c - many boxes that fall silent within minutes are one alarm, which names
 * what they share.
 *
 * Invariant: a box belongs to one such alarm at most, and once it was let go by one it
 * never counts for another with the same silence. */
#include "alerts_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_TENTHS = 9, /* "nearly all" */
    PPM = 1000000
};

static bool silent_now(const struct slot *s)
{
    return !s->gone && s->a.kind == BW_ALERT_SILENT &&
           (s->a.phase == BW_PHASE_PENDING || s->a.phase == BW_PHASE_OPEN) &&
           s->site != BW_WATCH_NONE;
}

static int64_t watched(const struct bw_watch *w)
{
    int64_t n = 0;
    for (size_t i = 0; i < w->n_sites; i++) {
        n += w->sites[i].watched && w->sites[i].heard_unix_s != BW_UNKNOWN;
    }
    return n;
}

/* ---- what they share -------------------------------------------------------------------
 */

static const char *feature(const struct bw_watch_site *s, bool region)
{
    const char *text = region ? s->region : s->provider;
    return text ? text : "";
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

/* The provider (or region) of at least nine in ten of them, if it is silent at least twice
 * as often as the rest: where everybody has it, it tells nothing. */
static void stands_out(const struct bw_watch *w,
                       const char **texts,
                       size_t n,
                       bool region,
                       char *ret,
                       int64_t *ret_silent,
                       int64_t *ret_all)
{
    int64_t best = 0;
    int64_t all = 0;
    int64_t n_watched = watched(w);
    const char *name = "";
    qsort(texts, n, sizeof(*texts), by_text);
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && strcmp(texts[i], texts[j]) == 0;) {
            j++;
        }
        if (texts[i][0] && (int64_t)(j - i) > best) {
            best = (int64_t)(j - i);
            name = texts[i];
        }
    }
    for (size_t i = 0; best > 0 && i < w->n_sites; i++) {
        const struct bw_watch_site *s = &w->sites[i];
        all += s->watched && s->heard_unix_s != BW_UNKNOWN &&
               strcmp(feature(s, region), name) == 0;
    }
    int64_t others = n_watched - all;
    int64_t others_silent = (int64_t)n - best;
    if (best == 0 || best * 10 < (int64_t)n * MOST_TENTHS || others == 0 ||
        best * others < 2 * others_silent * all) {
        return;
    }
    (void)snprintf(ret, BW_ALERT_SHARED_MAX, "%s", name);
    *ret_silent = best;
    *ret_all = all;
}

static int shared_by(struct bw_alerts *a,
                     const struct bw_watch *w,
                     const struct slot *mass,
                     struct bw_alert_shared *ret)
{
    const char **texts = calloc(a->n + 1, sizeof(*texts));
    if (!texts) {
        return -ENOMEM;
    }
    *ret =
        (struct bw_alert_shared){.n_watched = watched(w), .n_members = mass->a.n_hanging};
    for (int region = 0; region < 2; region++) {
        size_t n = 0;
        for (size_t i = 0; i < a->n; i++) {
            const struct slot *s = a->slots[i];
            if (silent_now(s) && s->a.mass == mass->a.id) {
                texts[n++] = feature(&w->sites[s->site], region);
            }
        }
        ret->n_silent = (int64_t)n;
        ret->collector = ret->n_silent * 10 >= ret->n_watched * MOST_TENTHS;
        if (!ret->collector && !region) {
            stands_out(w, texts, n, false, ret->provider, &ret->n_provider_silent,
                       &ret->n_provider);
        } else if (!ret->collector) {
            stands_out(w, texts, n, true, ret->region, &ret->n_region_silent,
                       &ret->n_region);
        }
    }
    ret->certificate =
        ret->collector && w->certificate_days != BW_UNKNOWN && w->certificate_days <= 0;
    free(texts);
    return 0;
}

/* ---- members ---------------------------------------------------------------------------
 */

/* Those that fell silent up to a window after the last one before belong to it, too. */
static int64_t join(struct bw_alerts *a, struct slot *mass, int64_t from)
{
    int64_t joined = 0;
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < a->n; i++) {
            struct slot *s = a->slots[i];
            if (!silent_now(s) || s->a.mass != 0 || s->a.fell_unix_s < from ||
                s->a.fell_unix_s > mass->a.fell_unix_s + a->conf.mass_window_s) {
                continue;
            }
            s->a.mass = mass->a.id;
            s->dirty = true;
            joined++;
            if (s->a.fell_unix_s > mass->a.fell_unix_s) {
                mass->a.fell_unix_s = s->a.fell_unix_s;
                more = true;
            }
        }
    }
    mass->a.n_hanging += joined;
    return joined;
}

static void let_go(struct bw_alerts *a, int64_t id)
{
    for (size_t i = 0; i < a->n; i++) {
        if (a->slots[i]->a.mass == id) {
            a->slots[i]->a.mass = -id;
            a->slots[i]->dirty = true;
        }
    }
}

static int keep_on(struct bw_alerts *a, const struct bw_watch *w, struct slot *mass)
{
    struct bw_alert_shared shared;
    int64_t joined = join(a, mass, mass->a.since_unix_s);
    int r = shared_by(a, w, mass, &shared);
    if (r < 0) {
        return r;
    }
    mass->a.value = shared.n_silent;
    if (mass->a.value > mass->a.worst) {
        mass->a.worst = mass->a.value;
    }
    if (shared.n_silent * PPM <= shared.n_watched * a->conf.mass_ppm / 2) {
        mass->a.over_unix_s = a->now_unix_s;
        let_go(a, mass->a.id);
        bw_alerts_tell(a, BW_EVENT_CLOSED, mass, &shared);
        mass->gone = true;
    } else if (joined > 0) {
        bw_alerts_tell(a, BW_EVENT_CHANGED, mass, &shared);
    }
    return 0;
}

static int by_fall(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* The first window with too many, by the time of its first one; unknown: there is none. */
static int64_t first_window(const struct bw_alerts *a,
                            const int64_t *fell,
                            size_t n,
                            int64_t n_watched,
                            int64_t *ret_last)
{
    for (size_t i = 0, j = 0; i < n; i++) {
        while (j < n && fell[j] - fell[i] <= a->conf.mass_window_s) {
            j++;
        }
        int64_t many = (int64_t)(j - i);
        if (many >= a->conf.mass_least && many * PPM > n_watched * a->conf.mass_ppm) {
            *ret_last = fell[j - 1];
            return fell[i];
        }
    }
    return BW_UNKNOWN;
}

static int begin(struct bw_alerts *a, const struct bw_watch *w, bool *ret_more)
{
    struct bw_alert_shared shared;
    char scope[32];
    size_t n = 0;
    int64_t last = 0;
    int64_t *fell = calloc(a->n + 1, sizeof(*fell));
    if (!fell) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < a->n; i++) {
        const struct slot *s = a->slots[i];
        if (silent_now(s) && s->a.mass == 0 && s->a.fell_unix_s != BW_UNKNOWN) {
            fell[n++] = s->a.fell_unix_s;
        }
    }
    qsort(fell, n, sizeof(*fell), by_fall);
    int64_t first = first_window(a, fell, n, watched(w), &last);
    free(fell);
    *ret_more = first != BW_UNKNOWN;
    if (first == BW_UNKNOWN) {
        return 0;
    }
    (void)snprintf(scope, sizeof(scope), "mass-%" PRId64, a->next_id);
    struct slot *s = bw_alerts_add(a, scope, BW_ALERT_MASS);
    if (!s) {
        return -ENOMEM;
    }
    s->a.id = a->next_id++;
    s->a.phase = BW_PHASE_OPEN;
    s->a.told = true;
    s->a.since_unix_s = first;
    s->a.fell_unix_s = last;
    s->a.opened_unix_s = a->now_unix_s;
    s->seen = true;
    (void)join(a, s, first);
    bw_alerts_sort(a);
    int r = shared_by(a, w, s, &shared);
    if (r == 0) {
        s->a.value = shared.n_silent;
        s->a.worst = shared.n_silent;
        bw_alerts_tell(a, BW_EVENT_OPENED, s, &shared);
    }
    return r;
}

int bw_alerts_mass(struct bw_alerts *a, const struct bw_watch *w)
{
    bool more = a->conf.rules[BW_ALERT_MASS].on;
    int r = 0;
    for (size_t i = 0; r == 0 && i < a->n; i++) {
        if (a->slots[i]->a.kind == BW_ALERT_MASS && !a->slots[i]->gone) {
            r = keep_on(a, w, a->slots[i]);
        }
    }
    while (r == 0 && more) {
        r = begin(a, w, &more);
    }
    return r;
}
