/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier_aside.c - keys whose records wait for people or time.
 *
 * Such records hold up none of another key: they are left out of posts for a pause, which
 * doubles while the collector goes on refusing them and nothing else of their key is
 * settled. */
#include "courier_private.h"

#include <clock.h>
#include <stdio.h>
#include <string.h>

static const struct bw_courier_aside *find(const struct bw_courier *c, const char *kid)
{
    for (size_t i = 0; i < BW_COURIER_ASIDE_KEYS; i++) {
        if (strcmp(c->aside[i].kid, kid) == 0) {
            return &c->aside[i];
        }
    }
    return NULL;
}

/* That of the key; else a free one, or the one that has been back for longest. */
static struct bw_courier_aside *place_for(struct bw_courier *c, const char *kid)
{
    struct bw_courier_aside *best = NULL;
    for (size_t i = 0; i < BW_COURIER_ASIDE_KEYS; i++) {
        struct bw_courier_aside *s = &c->aside[i];
        if (strcmp(s->kid, kid) == 0) {
            return s;
        }
        if (!s->out && (!best || s->until_mono_ms < best->until_mono_ms)) {
            best = s;
        }
    }
    return best;
}

bool bw_courier_aside_put(struct bw_courier *c, const struct bw_courier_refused *f)
{
    struct bw_courier_aside *s = place_for(c, f->ref->kid);
    if (!s) {
        return false;
    }
    bool again = strcmp(s->kid, f->ref->kid) == 0;
    if (again && s->out) {
        return true; /* another line of it */
    }
    s->pause_ms = again ? s->pause_ms * 2 : c->backoff_max_ms;
    if (s->pause_ms > c->aside_max_ms) {
        s->pause_ms = c->aside_max_ms;
    }
    (void)snprintf(s->kid, sizeof(s->kid), "%s", f->ref->kid);
    (void)snprintf(s->why, sizeof(s->why), "%.60s: %.160s", f->type, f->detail);
    bw_courier_tame(s->why, sizeof(s->why));
    s->out = true;
    s->until_mono_ms = bw_clock_mono_ms() + s->pause_ms;
    return true;
}

void bw_courier_aside_forget(struct bw_courier *c, const char *kid)
{
    struct bw_courier_aside *s = place_for(c, kid);
    if (s && !s->out && strcmp(s->kid, kid) == 0) {
        memset(s, 0, sizeof(*s));
    }
}

bool bw_courier_aside_worn(const struct bw_courier *c, const char *kid)
{
    const struct bw_courier_aside *s = find(c, kid);
    return s && s->pause_ms >= c->aside_max_ms;
}

void bw_courier_aside_return(struct bw_courier *c)
{
    int64_t now_ms = bw_clock_mono_ms();
    for (size_t i = 0; i < BW_COURIER_ASIDE_KEYS; i++) {
        c->aside[i].out = c->aside[i].out && now_ms < c->aside[i].until_mono_ms;
    }
}

const struct bw_courier_aside *bw_courier_aside_first(const struct bw_courier *c)
{
    const struct bw_courier_aside *first = NULL;
    for (size_t i = 0; i < BW_COURIER_ASIDE_KEYS; i++) {
        const struct bw_courier_aside *s = &c->aside[i];
        if (s->out && (!first || s->until_mono_ms < first->until_mono_ms)) {
            first = s;
        }
    }
    return first;
}

void bw_courier_aside_kids(const struct bw_courier *c, char out[BW_COURIER_WITHOUT_MAX])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < BW_COURIER_ASIDE_KEYS; i++) {
        if (c->aside[i].out) {
            len += (size_t)snprintf(out + len, BW_COURIER_WITHOUT_MAX - len, "%s%s",
                                    len > 0 ? " " : "", c->aside[i].kid);
        }
    }
}
