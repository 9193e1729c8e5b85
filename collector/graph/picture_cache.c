/* SPDX-License-Identifier: GPL-3.0-or-later
 * picture_cache.c - finished pictures in memory, bounded in bytes; the key names all that
 * the picture depends on, so an entry is never stale. */
#include "graphs_private.h"

#include <stdlib.h>
#include <string.h>

static struct picture **bucket_of(struct bw_graphs *g, const char *key)
{
    uint32_t h = 2166136261U;
    for (; *key; key++) {
        h = (h ^ (uint8_t)*key) * 16777619U;
    }
    return &g->pictures[h % PICTURE_BUCKETS];
}

static void unlink_age(struct bw_graphs *g, struct picture *p)
{
    if (p->newer) {
        p->newer->older = p->older;
    } else {
        g->newest = p->older;
    }
    if (p->older) {
        p->older->newer = p->newer;
    } else {
        g->oldest = p->newer;
    }
    p->newer = NULL;
    p->older = NULL;
}

static void link_newest(struct bw_graphs *g, struct picture *p)
{
    p->older = g->newest;
    if (g->newest) {
        g->newest->newer = p;
    } else {
        g->oldest = p;
    }
    g->newest = p;
}

static void picture_free(struct picture *p)
{
    free(p->key);
    free(p->data);
    free(p);
}

static void drop_oldest(struct bw_graphs *g)
{
    struct picture *p = g->oldest;
    struct picture **at = bucket_of(g, p->key);
    while (*at && *at != p) {
        at = &(*at)->next;
    }
    *at = p->next;
    g->oldest = p->newer;
    if (g->oldest) {
        g->oldest->older = NULL;
    } else {
        g->newest = NULL;
    }
    g->picture_bytes -= p->n;
    picture_free(p);
}

const char *bw_picture_get(struct bw_graphs *g, const char *key, size_t *ret_n)
{
    for (struct picture *p = *bucket_of(g, key); p; p = p->next) {
        if (strcmp(p->key, key) == 0) {
            unlink_age(g, p);
            link_newest(g, p);
            *ret_n = p->n;
            return p->data;
        }
    }
    return NULL;
}

void bw_picture_put(struct bw_graphs *g, const char *key, const char *data, size_t n)
{
    size_t have = 0;
    if (n > g->picture_bytes_max || bw_picture_get(g, key, &have)) {
        return;
    }
    while (g->oldest && g->picture_bytes + n > g->picture_bytes_max) {
        drop_oldest(g);
    }
    struct picture *p = calloc(1, sizeof(*p));
    char *copy = malloc(n);
    char *name = strdup(key);
    if (!p || !copy || !name) {
        free(p);
        free(copy);
        free(name);
        return;
    }
    memcpy(copy, data, n);
    p->key = name;
    p->data = copy;
    p->n = n;
    struct picture **bucket = bucket_of(g, key);
    p->next = *bucket;
    *bucket = p;
    link_newest(g, p);
    g->picture_bytes += n;
}

void bw_picture_clear(struct bw_graphs *g)
{
    struct picture *p = g->newest;
    memset(g->pictures, 0, sizeof(g->pictures));
    g->newest = NULL;
    g->oldest = NULL;
    g->picture_bytes = 0;
    while (p) {
        struct picture *older = p->older;
        picture_free(p);
        p = older;
    }
}
