/* SPDX-License-Identifier: GPL-3.0-or-later
 * segment_slots.c - which place of a record each mark of a template stands for.
 *
 * Invariant: the answer follows from the templates alone, in their order, so that writing
 * and reading number places alike. */
#include "segment_slots.h"

#include "hash.h"

#include <bw/err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEVELS = 24,
    PLACES_MAX = 8192, /* beyond: places share what they know */
    SHAPES_MAX = 512
};

/* Numbers given to hashes, by open addressing. */
struct numbers {
    uint64_t *hash; /* 0: free */
    uint32_t *stamp;
    size_t n;
    size_t max;
};

/* ---- places ---------------------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t z =
        (a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9u;

    return z ^ (z >> 31);
}

static uint64_t hash_of(const uint8_t *p, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < n; i++) {
        h = (h ^ p[i]) * UINT64_C(1099511628211);
    }
    return h | 1;
}

static int numbers_new(struct numbers *s, size_t max)
{
    s->hash = calloc(2 * max, sizeof(*s->hash));
    s->stamp = calloc(2 * max, sizeof(*s->stamp));
    s->max = max;
    return s->hash && s->stamp ? 0 : -ENOMEM;
}

static void numbers_done(struct numbers *s)
{
    free(s->hash);
    free(s->stamp);
}

/* The hash's slot in the table; a full table gives one at random, always the same. */
static size_t find(struct numbers *s, uint64_t h)
{
    size_t at = (size_t)(h % (2 * s->max));

    while (s->hash[at] != 0 && s->hash[at] != h && s->n < s->max) {
        at = (at + 1) % (2 * s->max);
    }
    return at;
}

/* Number a hash; with a stamp each hash is given once a stamp, the second time another. */
static uint32_t number(struct numbers *s, uint32_t *ids, uint64_t h, uint32_t stamp)
{
    size_t at;

    h = h ? h : 1;
    at = find(s, h);
    for (int again = 0; stamp && s->hash[at] == h && s->stamp[at] == stamp && again < 64;
         again++) {
        h = mix(h, 1) | 1;
        at = find(s, h);
    }
    if (s->hash[at] == 0 && s->n < s->max) {
        s->hash[at] = h;
        ids[at] = (uint32_t)s->n++;
    }
    s->stamp[at] = stamp;
    return ids[at];
}

/* ---- reading a template ---------------------------------------------------------- */

struct level {
    uint64_t path;  /* names and what the objects around are about */
    uint64_t names; /* names alone */
    uint64_t about; /* of this object */
    uint64_t key;
    bool tells; /* the key's value says what the object is about */
    int32_t blob;
    size_t first_int;
};

struct scan {
    struct numbers places;
    struct numbers shapes;
    struct numbers groups;
    uint32_t *place_ids;
    uint32_t *shape_ids;
    uint32_t *group_ids;
    struct level level[LEVELS];
    size_t depth;
    struct bw_shelf *shelf;
    uint32_t stamp;
};

static bool tells_about(const uint8_t *key, size_t n)
{
    static const char *const keys[] = {"circuit", "probe", "kind", "class",
                                       "phase",   "code",  "id",   "direction"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (strlen(keys[i]) == n && memcmp(keys[i], key, n) == 0) {
            return true;
        }
    }
    return false;
}

static int open_level(struct scan *s)
{
    const struct level *l = &s->level[s->depth];

    if (s->depth + 1 == LEVELS) {
        return -BW_EMALFORMED;
    }
    s->level[s->depth + 1] = (struct level){.path = mix(mix(l->path, l->about), l->key),
                                            .names = mix(l->names, l->key),
                                            .blob = BW_SLOT_NO_BLOB,
                                            .first_int = s->shelf->n_ints};
    s->depth++;
    return 0;
}

/* A histogram belongs to the numbers of its own object, also those before it. */
static void take_blob(struct scan *s)
{
    struct level *l = &s->level[s->depth];
    struct bw_shelf *f = s->shelf;
    int32_t at = (int32_t)f->n_blobs;

    f->blobs[f->n_blobs++] =
        number(&s->shapes, s->shape_ids, mix(mix(l->path, l->about), l->key), s->stamp);
    for (size_t i = l->first_int; i < f->n_ints; i++) {
        f->ints[i].blob = f->ints[i].blob == BW_SLOT_NO_BLOB ? at : f->ints[i].blob;
    }
    l->blob = at;
}

static void take_int(struct scan *s)
{
    const struct level *l = &s->level[s->depth];
    struct bw_shelf *f = s->shelf;

    f->ints[f->n_ints++] = (struct bw_slot){
        .place =
            number(&s->places, s->place_ids, mix(mix(l->path, l->about), l->key), s->stamp),
        .group = number(&s->groups, s->group_ids, mix(l->names, l->key), 0),
        .blob = l->blob};
}

/* A string from its quote on; gives the bytes it takes, 0: it does not end. */
static size_t take_string(struct scan *s, const uint8_t *p, size_t n)
{
    struct level *l = &s->level[s->depth];
    size_t len = 1;

    while (len < n && p[len] != '"') {
        len += p[len] == '\\' ? 2 : 1;
    }
    if (len >= n) {
        return 0;
    }
    if (len + 1 < n && p[len + 1] == ':') {
        l->key = hash_of(p + 1, len - 1);
        l->tells = tells_about(p + 1, len - 1);
    } else if (len == 2 && p[1] == MARK_BYTES) {
        take_blob(s);
    } else if (l->tells) {
        l->about = mix(mix(l->about, l->key), hash_of(p + 1, len - 1));
    }
    return len + 1;
}

static int scan_template(struct scan *s, const struct bw_coded_template *t)
{
    s->depth = 0;
    s->level[0] = (struct level){.blob = BW_SLOT_NO_BLOB};
    s->stamp++;
    for (size_t i = 0; i < t->len;) {
        int r = 0;
        size_t n = 1;
        switch (t->data[i]) {
        case '{':
        case '[':
            r = open_level(s);
            break;
        case '}':
        case ']':
            if (s->depth == 0) {
                return -BW_EMALFORMED;
            }
            s->depth--;
            break;
        case '"':
            n = take_string(s, t->data + i, t->len - i);
            r = n == 0 ? -BW_EMALFORMED : 0;
            break;
        case MARK_INT:
            take_int(s);
            break;
        case MARK_BYTES:
            return -BW_EMALFORMED; /* stands in quotes alone */
        default:
            break;
        }
        if (r < 0) {
            return r;
        }
        i += n;
    }
    return 0;
}

static int make_shelf(struct scan *s, const struct bw_coded_template *t, struct bw_shelf *f)
{
    size_t ints = 0;
    size_t blobs = 0;

    for (size_t i = 0; i < t->len; i++) {
        ints += t->data[i] == MARK_INT;
        blobs += t->data[i] == MARK_BYTES;
    }
    if (ints > SLOTS_MAX || blobs > BW_CODED_BLOBS_MAX) {
        return -BW_EMALFORMED;
    }
    f->ints = calloc(ints + 1, sizeof(*f->ints));
    f->blobs = calloc(blobs + 1, sizeof(*f->blobs));
    s->shelf = f;
    int r = f->ints && f->blobs ? scan_template(s, t) : -ENOMEM;
    /* a mark within longer text would be none of these */
    return r < 0 ? r : f->n_ints == ints && f->n_blobs == blobs ? 0 : -BW_EMALFORMED;
}

int bw_shelves_make(const struct bw_coded_template *templates,
                    size_t n_templates,
                    struct bw_shelf *shelves,
                    size_t *ret_places,
                    size_t *ret_shapes)
{
    struct scan *s = calloc(1, sizeof(*s));
    int r = 0;

    if (!s) {
        return -ENOMEM;
    }
    r = numbers_new(&s->places, PLACES_MAX);
    r = r < 0 ? r : numbers_new(&s->shapes, SHAPES_MAX);
    r = r < 0 ? r : numbers_new(&s->groups, BW_SLOT_GROUPS);
    s->place_ids = calloc((size_t)2 * PLACES_MAX, sizeof(*s->place_ids));
    s->shape_ids = calloc((size_t)2 * SHAPES_MAX, sizeof(*s->shape_ids));
    s->group_ids = calloc((size_t)2 * BW_SLOT_GROUPS, sizeof(*s->group_ids));
    r = s->place_ids && s->shape_ids && s->group_ids ? r : -ENOMEM;
    for (size_t t = 0; r == 0 && t < n_templates; t++) {
        r = make_shelf(s, &templates[t], &shelves[t]);
    }
    *ret_places = s->places.n;
    *ret_shapes = s->shapes.n;
    numbers_done(&s->places);
    numbers_done(&s->shapes);
    numbers_done(&s->groups);
    free(s->place_ids);
    free(s->shape_ids);
    free(s->group_ids);
    free(s);
    return r;
}

void bw_shelf_done(struct bw_shelf *f)
{
    free(f->ints);
    free(f->blobs);
}
