/* SPDX-License-Identifier: GPL-3.0-or-later
 * tile.c - paths of tiles, and the levels between those that tiles hold. */
#include "tile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void bw_tile_path(const struct bw_tile *t, char ret[BW_TILE_PATH_MAX])
{
    char level[16] = "entries";
    char number[40] = "";
    size_t n = 0;
    int group[8] = {0};
    int groups = 0;
    int64_t rest = t->n;
    do {
        group[groups++] = (int)(rest % 1000);
        rest /= 1000;
    } while (rest > 0 && groups < 8);
    while (groups-- > 0) {
        int k = snprintf(number + n, sizeof(number) - n, groups > 0 ? "x%03d/" : "%03d",
                         group[groups]);
        n += k > 0 ? (size_t)k : 0;
    }
    if (t->level != BW_TILE_ENTRIES) {
        (void)snprintf(level, sizeof(level), "%d", t->level);
    }
    if (t->width < BW_TILE_WIDTH) {
        (void)snprintf(ret, BW_TILE_PATH_MAX, "tile/%s/%s.p/%d", level, number, t->width);
    } else {
        (void)snprintf(ret, BW_TILE_PATH_MAX, "tile/%s/%s", level, number);
    }
}

static bool skip(const char **at, const char *text)
{
    size_t n = strlen(text);
    if (strncmp(*at, text, n) != 0) {
        return false;
    }
    *at += n;
    return true;
}

static int three_digits(const char **at)
{
    int v = 0;
    for (int i = 0; i < 3; i++, (*at)++) {
        if (**at < '0' || **at > '9') {
            return -EINVAL;
        }
        v = v * 10 + (**at - '0');
    }
    return v;
}

int bw_tile_parse(const char *path, struct bw_tile *ret)
{
    struct bw_tile t = {.level = BW_TILE_ENTRIES, .width = BW_TILE_WIDTH};
    const char *at = path;
    char again[BW_TILE_PATH_MAX];
    if (!skip(&at, "tile/")) {
        return -EINVAL;
    }
    if (!skip(&at, "entries/")) {
        if (at[0] < '0' || at[0] >= '0' + BW_TILE_LEVELS || at[1] != '/') {
            return -EINVAL;
        }
        t.level = at[0] - '0';
        at += 2;
    }
    for (bool more = true; more;) {
        more = skip(&at, "x");
        int group = three_digits(&at);
        if (group < 0 || (more && !skip(&at, "/")) || t.n > BW_TREE_MAX / 1000 - 1) {
            return -EINVAL;
        }
        t.n = t.n * 1000 + group;
    }
    if (skip(&at, ".p/")) {
        t.width = 0;
        for (int i = 0; i < 3 && *at >= '0' && *at <= '9'; i++, at++) {
            t.width = t.width * 10 + (*at - '0');
        }
        if (t.width < 1 || t.width >= BW_TILE_WIDTH) {
            return -EINVAL;
        }
    }
    /* Leading zeroes, empty groups and what follows: written again it must be the same. */
    bw_tile_path(&t, again);
    if (*at != '\0' || strcmp(again, path) != 0) {
        return -EINVAL;
    }
    *ret = t;
    return 0;
}

int bw_tile_width(int level, int64_t n, int64_t size)
{
    int64_t hashes = level > 0 ? size >> (8 * level) : size;
    if (n < 0 || n > hashes / BW_TILE_WIDTH) {
        return 0;
    }
    int64_t left = hashes - n * BW_TILE_WIDTH;
    return left > BW_TILE_WIDTH ? BW_TILE_WIDTH : (int)left;
}

/* Of `wide` hashes, a power of two up to 256. */
static void group_head(const uint8_t *hashes, size_t wide, uint8_t ret[32])
{
    uint8_t row[BW_TILE_WIDTH / 2][32];
    if (wide == 1) {
        memcpy(ret, hashes, 32);
        return;
    }
    for (size_t i = 0; i < wide / 2; i++) {
        bw_tree_node(hashes + 64 * i, hashes + 64 * i + 32, row[i]);
    }
    for (wide /= 2; wide > 1; wide /= 2) {
        for (size_t i = 0; i < wide / 2; i++) {
            bw_tree_node(row[2 * i], row[2 * i + 1], row[i]);
        }
    }
    memcpy(ret, row[0], 32);
}

void bw_tile_head(const uint8_t hashes[BW_TILE_BYTES], uint8_t ret[32])
{
    group_head(hashes, BW_TILE_WIDTH, ret);
}

static int tile_of(struct bw_tile_reader *r, const struct bw_tile *t, const uint8_t **ret)
{
    size_t n = sizeof(r->kept) / sizeof(r->kept[0]);
    for (size_t i = 0; i < n; i++) {
        const struct bw_tile *k = &r->kept[i].tile;
        if (k->width == t->width && k->level == t->level && k->n == t->n) {
            *ret = r->kept[i].hashes;
            return 0;
        }
    }
    size_t at = (size_t)r->next;
    r->kept[at].tile.width = 0;
    int e = r->cb(r->owner, t, r->kept[at].hashes);
    if (e < 0) {
        return e;
    }
    r->kept[at].tile = *t;
    r->next = (int)((at + 1) % n);
    *ret = r->kept[at].hashes;
    return 0;
}

int bw_tile_node(void *reader, unsigned level, int64_t n, uint8_t ret[32])
{
    struct bw_tile_reader *r = reader;
    unsigned rise = level % 8;
    if (level > BW_TREE_LEVELS || n < 0 || n >= r->size >> level) {
        return -EINVAL;
    }
    int64_t first = n << rise;
    struct bw_tile t = {.level = (int)(level / 8), .n = first / BW_TILE_WIDTH};
    const uint8_t *hashes = NULL;
    t.width = bw_tile_width(t.level, t.n, r->size);
    int e = tile_of(r, &t, &hashes);
    if (e < 0) {
        return e;
    }
    const uint8_t *at = hashes + 32 * (first % BW_TILE_WIDTH);
    group_head(at, (size_t)1 << rise, ret);
    return 0;
}
