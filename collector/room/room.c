/* SPDX-License-Identifier: GPL-3.0-or-later
 * room.c - looking things up in a room. Pure. */
#include "room.h"

#include <stdio.h>
#include <string.h>

bool bw_room_spell_on(const struct bw_room_spell *s)
{
    return s->since_unix_s != BW_UNKNOWN && s->until_unix_s == BW_UNKNOWN;
}

bool bw_room_spell_on_at(const struct bw_room_spell *s, int64_t unix_s)
{
    return s->since_unix_s != BW_UNKNOWN && s->since_unix_s <= unix_s &&
           (s->until_unix_s == BW_UNKNOWN || unix_s < s->until_unix_s);
}

bool bw_room_spell_began(const struct bw_room_spell *s, int64_t since_unix_s)
{
    bool event = s->until_unix_s == s->since_unix_s;

    return s->since_unix_s != BW_UNKNOWN && s->since_unix_s >= since_unix_s &&
           (s->until_unix_s == BW_UNKNOWN || event);
}

bool bw_room_spell_ended(const struct bw_room_spell *s, int64_t since_unix_s)
{
    return s->since_unix_s != BW_UNKNOWN && s->until_unix_s != BW_UNKNOWN &&
           s->until_unix_s > s->since_unix_s && s->until_unix_s >= since_unix_s;
}

uint32_t bw_room_entity_find(const struct bw_room *r, const char *id)
{
    size_t low = 0;
    size_t high = r->n_entities;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = strcmp(r->entities[r->entity_by_id[mid]].id, id);
        if (c == 0) {
            return r->entity_by_id[mid];
        }
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return BW_ROOM_NONE;
}

uint32_t bw_room_site_find(const struct bw_room *r, const char *id)
{
    size_t low = 0;
    size_t high = r->n_sites;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = strcmp(r->sites[r->site_by_id[mid]].id, id);
        if (c == 0) {
            return r->site_by_id[mid];
        }
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return BW_ROOM_NONE;
}

uint32_t bw_room_circuit_find(const struct bw_room *r, const char *id)
{
    char site[BW_SITE_MAX + 1];
    size_t n = strcspn(id, ".");
    uint32_t s;

    if (id[n] != '.' || n > BW_SITE_MAX) {
        return BW_ROOM_NONE;
    }
    (void)snprintf(site, sizeof(site), "%.*s", (int)n, id);
    s = bw_room_site_find(r, site);
    for (uint32_t i = s == BW_ROOM_NONE ? 0 : r->sites[s].first_circuit;
         s != BW_ROOM_NONE && i < r->sites[s].end_circuit; i++) {
        if (strcmp(r->circuits[i].name, id + n + 1) == 0) {
            return i;
        }
    }
    return BW_ROOM_NONE;
}

bool bw_room_below(const struct bw_room *r, uint32_t entity, uint32_t above)
{
    return entity != BW_ROOM_NONE && above != BW_ROOM_NONE && entity >= above &&
           entity < r->entities[above].end;
}

int bw_room_locale(const struct bw_room *r, uint32_t entity)
{
    for (; entity != BW_ROOM_NONE; entity = r->entities[entity].parent) {
        if (r->entities[entity].locale != 0) {
            return r->entities[entity].locale;
        }
        if (r->entities[entity].kind == BW_ENTITY_DISTRICT) {
            break;
        }
    }
    return 0;
}

const struct bw_room_spell *bw_room_circuit_spell(const struct bw_room *r,
                                                  const struct bw_room_circuit *c,
                                                  enum bw_room_condition what)
{
    return what < BW_ROOM_BELOW ? &r->sites[c->site].spell[what]
                                : &c->spell[what - BW_ROOM_BELOW];
}

static const struct {
    const char *name;
    const char *words;
} conditions[BW_ROOM_CONDITIONS] = {
    [BW_ROOM_SILENT] = {"silent", "silent"},
    [BW_ROOM_CLOCK] = {"clock", "clock not synchronised"},
    [BW_ROOM_MOVED] = {"moved", "moved, or its box replaced"},
    [BW_ROOM_CLONED] = {"cloned", "two chains of one key"},
    [BW_ROOM_BELOW] = {"below", "tested below the claim"},
    [BW_ROOM_FULL] = {"full", "full in class hours"},
    [BW_ROOM_EGRESS] = {"egress", "left by another line"},
    [BW_ROOM_CLAIM] = {"claim", "another speed is claimed"},
    [BW_ROOM_DEFERRED] = {"deferred", "tests put off"},
    [BW_ROOM_AT_RISK] = {"at-risk", "evidence at risk"},
};

const char *bw_room_condition_name(enum bw_room_condition c)
{
    return conditions[c].name;
}

const char *bw_room_condition_words(enum bw_room_condition c)
{
    return conditions[c].words;
}
