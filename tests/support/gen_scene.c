/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_scene.c - what befalls a generated school and what it draws: by the seed alone, a
 * trouble of each kind every thirty days, or by the stretches of a scene. */
#include "gen_scene.h"

#include "gen_private.h"

#include <errno.h>
#include <string.h>

static const char *const kinds[BW_GEN_KINDS] = {
    [BW_GEN_LESSON] = "lesson", [BW_GEN_LINE] = "line",      [BW_GEN_OUTAGE] = "outage",
    [BW_GEN_DEAD] = "dead",     [BW_GEN_CLOCK] = "clock",    [BW_GEN_BEHIND] = "behind",
    [BW_GEN_SERVER] = "server", [BW_GEN_LATE] = "late",      [BW_GEN_LOSSY] = "lossy",
    [BW_GEN_KEY] = "key",       [BW_GEN_COUNTER] = "counter"};

int bw_gen_kind_parse(const char *word, enum bw_gen_kind *ret)
{
    for (int i = 0; i < BW_GEN_KINDS; i++) {
        if (strcmp(word, kinds[i]) == 0) {
            *ret = (enum bw_gen_kind)i;
            return 0;
        }
    }
    return -EINVAL;
}

const struct bw_gen_stretch *bw_gen_scene_find(const struct bw_gen_scene *s,
                                               enum bw_gen_kind kind,
                                               int64_t from_unix_s,
                                               int64_t to_unix_s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct bw_gen_stretch *x = &s->list[i];
        if (x->kind == kind && x->from_ms < to_unix_s * 1000 &&
            x->to_ms > from_unix_s * 1000) {
            return x;
        }
    }
    return NULL;
}

const struct bw_gen_stretch *
bw_gen_now(const struct bw_gen *g, enum bw_gen_kind kind, int64_t unix_s)
{
    return g->o.scene
               ? bw_gen_scene_find(g->o.scene, kind, unix_s, unix_s + g->o.interval_s)
               : NULL;
}

/* ---- drawn ---------------------------------------------------------------------- */

/* splitmix64 over seed, site and what is drawn. */
uint64_t bw_gen_draw(const struct bw_gen *g, int64_t when, uint64_t what)
{
    uint64_t z = g->o.seed * 0x9e3779b97f4a7c15u +
                 (uint64_t)g->o.site_index * 0xd1b54a32d192ed03u +
                 (uint64_t)when * 0x94d049bb133111ebu + what * 0xbf58476d1ce4e5b9u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int64_t bw_gen_between(
    const struct bw_gen *g, int64_t when, uint64_t what, int64_t low, int64_t high)
{
    return low + (int64_t)(bw_gen_draw(g, when, what) % (uint64_t)(high - low + 1));
}

static int64_t local_s(const struct bw_gen *g, int64_t unix_s)
{
    return unix_s + g->o.utc_offset_s;
}

int64_t bw_gen_local_day(const struct bw_gen *g, int64_t unix_s)
{
    return local_s(g, unix_s) / DAY_S;
}

/* Does the day's trouble of this kind fall on the local day of an instant? */
bool bw_gen_is_day(const struct bw_gen *g, int64_t unix_s, int which)
{
    return !g->o.steady &&
           (bw_gen_local_day(g, unix_s) - g->first_day) % EVERY_DAYS == which;
}

int64_t bw_gen_day_start(const struct bw_gen *g, int64_t unix_s)
{
    return bw_gen_local_day(g, unix_s) * DAY_S - g->o.utc_offset_s;
}

/* ---- troubles ------------------------------------------------------------------- */

/* The outage of an instant's local day: two on bad days, none on others. */
bool bw_gen_find_outage(const struct bw_gen *g,
                        int64_t unix_s,
                        int64_t *from_ms,
                        int64_t *to_ms,
                        bool *ret_carrier)
{
    const struct bw_gen_stretch *x = bw_gen_now(g, BW_GEN_OUTAGE, unix_s);
    int64_t day = bw_gen_day_start(g, unix_s);

    *ret_carrier = x && x->a == 1;
    if (x) {
        *from_ms = x->from_ms;
        *to_ms = x->to_ms;
        return true;
    }
    if (bw_gen_is_day(g, unix_s, DAY_OUTAGE)) {
        *from_ms = (day + 10 * 3600 + bw_gen_between(g, day, 1, 0, 3600)) * 1000 + 400;
        *to_ms = *from_ms + bw_gen_between(g, day, 2, 25 * 60, 95 * 60) * 1000 + 250;
        return true;
    }
    if (bw_gen_is_day(g, unix_s, DAY_BLINK)) {
        *from_ms = (day + 14 * 3600 + bw_gen_between(g, day, 3, 0, 200)) * 1000;
        *to_ms = *from_ms + bw_gen_between(g, day, 4, 11, 59) * 1000;
        return true;
    }
    return false;
}

/* Seconds of [start, end) in which the line is out. */
int64_t bw_gen_out_s(const struct bw_gen *g, int64_t start, int64_t end)
{
    int64_t from_ms;
    int64_t to_ms;
    int64_t from;
    int64_t to;
    bool carrier;

    if (!bw_gen_find_outage(g, start, &from_ms, &to_ms, &carrier)) {
        return 0;
    }
    from = from_ms / 1000 > start ? from_ms / 1000 : start;
    to = to_ms / 1000 < end ? to_ms / 1000 : end;
    return to > from ? to - from : 0;
}

bool bw_gen_in_gap(const struct bw_gen *g, int64_t unix_s)
{
    int64_t second = unix_s - bw_gen_day_start(g, unix_s);

    if (g->o.scene) {
        return bw_gen_now(g, BW_GEN_DEAD, unix_s) != NULL;
    }
    return !g->o.without_gaps && bw_gen_is_day(g, unix_s, DAY_GAP) && second >= 17 * 3600 &&
           second < 21 * 3600 + 600;
}

bool bw_gen_unsynced(const struct bw_gen *g, int64_t unix_s)
{
    int64_t second = unix_s - bw_gen_day_start(g, unix_s);

    if (bw_gen_now(g, BW_GEN_CLOCK, unix_s)) {
        return true;
    }
    return bw_gen_is_day(g, unix_s, DAY_CLOCK) && second >= 3 * 3600 && second < 9 * 3600;
}

bool bw_gen_is_moved(const struct bw_gen *g, int64_t unix_s)
{
    int64_t since_s = g->o.moved_unix_s == BW_UNKNOWN ? -1 : unix_s - g->o.moved_unix_s;

    return since_s >= 0 &&
           (since_s < 36 * 3600 || (since_s >= 48 * 3600 && since_s < 60 * 3600));
}

int64_t bw_gen_late_s(const struct bw_gen *g, int64_t unix_s)
{
    const struct bw_gen_stretch *x = bw_gen_now(g, BW_GEN_LATE, unix_s);
    int64_t late_s = bw_gen_between(g, unix_s, 90, 1, 20);

    if (x) {
        late_s += x->a;
    } else if (bw_gen_is_day(g, unix_s, DAY_OUTAGE)) {
        late_s += 2 * 3600;
    } else if (bw_gen_is_day(g, unix_s, DAY_LOSSY)) {
        late_s += 30 * 3600;
    }
    return late_s;
}

int64_t bw_gen_loss_ppm(const struct bw_gen *g, int64_t unix_s)
{
    const struct bw_gen_stretch *x = bw_gen_now(g, BW_GEN_LOSSY, unix_s);

    return x ? x->a : bw_gen_is_day(g, unix_s, DAY_LOSSY) ? 30000 : 400;
}

int64_t bw_gen_covered_s(const struct bw_gen *g, int64_t unix_s, int64_t length_s)
{
    const struct bw_gen_stretch *x = bw_gen_now(g, BW_GEN_COUNTER, unix_s);
    int64_t second = local_s(g, unix_s) % DAY_S;

    if (x) {
        return length_s * x->a / PPM;
    }
    if (bw_gen_is_day(g, unix_s, DAY_COUNTER)) {
        return second == 9 * 3600    ? length_s * 4 / 10
               : second == 10 * 3600 ? length_s * 7 / 10
                                     : length_s;
    }
    return length_s;
}

int64_t bw_gen_line_bps(const struct bw_gen *g, int64_t unix_s, int way)
{
    const struct bw_gen_stretch *x = bw_gen_now(g, BW_GEN_LINE, unix_s);

    return !x ? g->o.claim_bps[way] : way == BW_DOWN ? x->a : x->b;
}

/* ---- habits --------------------------------------------------------------------- */

/* Lessons that begin and end: two thirds of the most at their edges, all in their middle,
 * less at lunch; at the weekend and in the evening next to nothing. */
static int64_t lesson_ppm(const struct bw_gen *g, int64_t unix_s)
{
    const struct bw_gen_stretch *x = bw_gen_now(g, BW_GEN_LESSON, unix_s);
    int64_t length_s = x ? (x->to_ms - x->from_ms) / 1000 : 0;
    int64_t at_s = x ? unix_s - x->from_ms / 1000 : 0;
    int64_t permille = length_s > 0 ? at_s * 1000 / length_s : 0;

    if (!x || at_s < 0) {
        return 0;
    }
    permille = permille < 500 ? permille : 1000 - permille;
    permille = 667 + permille * 333 / 500;
    if (at_s >= length_s / 2 && at_s < length_s / 2 + 2700) {
        permille = permille * 6 / 10;
    }
    return x->a / 1000 * permille;
}

int64_t bw_gen_demand_ppm(const struct bw_gen *g, int64_t unix_s)
{
    int64_t second = local_s(g, unix_s) % DAY_S;
    int64_t weekday = (bw_gen_local_day(g, unix_s) + 4) % 7; /* 0 = Sunday */
    int64_t noise = bw_gen_between(g, unix_s, 10, 60, 140);
    int64_t base = 12000 + bw_gen_between(g, unix_s, 11, 0, 9000);
    int64_t busy = 0;

    if (g->o.scene) {
        return (base + lesson_ppm(g, unix_s)) * (90 + noise % 21) / PERCENT;
    }
    if (weekday >= 1 && weekday <= 5 && second >= 7 * 3600 && second < 17 * 3600) {
        /* a hill from 07:00 to 17:00, its top at noon, with a dip for lunch */
        int64_t x = (second - 12 * 3600) / 60;
        busy = 560000 - x * x * 560000 / 90000;
        if (second >= 12 * 3600 && second < 12 * 3600 + 2700) {
            busy = busy * 6 / 10;
        }
        busy += bw_gen_between(g, bw_gen_day_start(g, unix_s), 12, 0, 120000);
    }
    return (base + busy) * noise / PERCENT;
}
