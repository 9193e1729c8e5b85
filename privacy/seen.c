/* SPDX-License-Identifier: GPL-3.0-or-later
 * seen.c - the set: open addressing; names stand in one text. */
#include "seen.h"

#include "seen_private.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <ctype.h>
#include <errno.h>
#include <file.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEEN_MAX = 1000000,
    FIRST_SLOTS = 1024,
    LIST_MAX = 256 * 1024 * 1024,
    HINTS = 65536,
    NAME_MAX_BYTES = 253,
    NAMES_BYTES_MAX = 64 * 1024 * 1024
};

struct entry {
    uint8_t used; /* 1 + kind; 0: free */
    uint8_t bytes[BW_SHAPE_BYTES];
    size_t name; /* of a name: where in `names` it begins, ended by NUL */
};

struct bw_seen {
    struct entry *slots;
    size_t n_slots; /* a power of two */
    size_t n;
    struct bw_buf names; /* in lower case */
    size_t count[BW_SHAPE_KINDS];
    size_t plain[BW_SHAPE_KINDS];
    size_t left_out;
    int64_t packets;
    const char *reading; /* the list that is being read */
    uint8_t hints[HINTS];
};

/* What an entry is known by. */
struct key {
    uint8_t used;
    const uint8_t *bytes; /* [BW_SHAPE_BYTES], or … */
    const char *name;     /* … [n_name], in lower case */
    size_t n_name;
};

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
    const uint8_t *b = data;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ b[i]) * UINT64_C(1099511628211); /* FNV-1a */
    }
    return h ^ h >> 29;
}

static uint64_t hash_of(const struct key *k)
{
    uint64_t h = mix(UINT64_C(14695981039346656037), &k->used, 1);
    return k->name ? mix(h, k->name, k->n_name) : mix(h, k->bytes, BW_SHAPE_BYTES);
}

struct bw_seen *bw_seen_new(void)
{
    struct bw_seen *s = calloc(1, sizeof(*s));
    if (s) {
        s->slots = calloc(FIRST_SLOTS, sizeof(*s->slots));
        s->n_slots = FIRST_SLOTS;
        s->packets = BW_UNKNOWN;
        bw_buf_init(&s->names, NAMES_BYTES_MAX);
    }
    if (s && !s->slots) {
        free(s);
        s = NULL;
    }
    return s;
}

void bw_seen_free(struct bw_seen *s)
{
    if (s) {
        bw_buf_done(&s->names);
        free(s->slots);
    }
    free(s);
}

static bool is_it(const struct bw_seen *s, const struct entry *e, const struct key *k)
{
    if (e->used != k->used) {
        return false;
    }
    if (!k->name) {
        return memcmp(e->bytes, k->bytes, BW_SHAPE_BYTES) == 0;
    }
    const char *name = s->names.data + e->name;
    return strlen(name) == k->n_name && memcmp(name, k->name, k->n_name) == 0;
}

/* Where it stands, or may stand: slots are never all taken. */
static size_t slot_of(const struct bw_seen *s, const struct key *k)
{
    size_t i = (size_t)hash_of(k) & (s->n_slots - 1);
    while (s->slots[i].used != 0 && !is_it(s, &s->slots[i], k)) {
        i = (i + 1) & (s->n_slots - 1);
    }
    return i;
}

static struct key key_of(const struct bw_seen *s, const struct entry *e)
{
    const char *name = e->used == BW_SHAPE_HOST + 1 ? s->names.data + e->name : NULL;
    return (struct key){.used = e->used,
                        .bytes = e->bytes,
                        .name = name,
                        .n_name = name ? strlen(name) : 0};
}

static int make_room(struct bw_seen *s)
{
    if (s->n >= SEEN_MAX) {
        return -E2BIG;
    }
    if (s->n * 2 < s->n_slots) {
        return 0;
    }
    struct entry *old = s->slots;
    size_t n_old = s->n_slots;
    s->slots = calloc(n_old * 2, sizeof(*s->slots));
    if (!s->slots) {
        s->slots = old;
        return -ENOMEM;
    }
    s->n_slots = n_old * 2;
    for (size_t i = 0; i < n_old; i++) {
        if (old[i].used) {
            struct key k = key_of(s, &old[i]);
            s->slots[slot_of(s, &k)] = old[i];
        }
    }
    free(old);
    return 0;
}

static void hint(struct bw_seen *s, uint8_t first, uint8_t second, uint8_t bit)
{
    uint8_t *at = &s->hints[(size_t)first << 8 | second];
    *at = (uint8_t)(*at | bit);
}

int bw_seen_add(struct bw_seen *s, enum bw_shape_kind k, const uint8_t *bytes)
{
    uint8_t full[BW_SHAPE_BYTES] = {0};
    const struct key key = {.used = (uint8_t)(k + 1), .bytes = full};
    memcpy(full, bytes, bw_shape_bytes(k));
    if (bw_shape_of_nobody(k, full)) {
        s->left_out++;
        return 0;
    }
    int r = make_room(s);
    if (r < 0) {
        return r;
    }
    struct entry *e = &s->slots[slot_of(s, &key)];
    if (e->used) {
        return 0;
    }
    e->used = key.used;
    memcpy(e->bytes, full, sizeof(full));
    s->n++;
    s->count[k]++;
    if (bw_seen_is_plain(k, full)) {
        s->plain[k]++;
        hint(s, full[0], full[1], (uint8_t)(1U << k));
        if (k == BW_SHAPE_V4) {
            hint(s, full[3], full[2], BW_SEEN_TURNED);
        }
    }
    return 0;
}

/* In lower case, ended by NUL; gives the length, 0: none that is a name. */
static size_t lower(const char *text, size_t n, char ret[NAME_MAX_BYTES + 1])
{
    if (n == 0 || n > NAME_MAX_BYTES || memchr(text, '\0', n)) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        ret[i] = (char)tolower((unsigned char)text[i]);
    }
    ret[n] = '\0';
    return n;
}

int bw_seen_add_name(struct bw_seen *s, const char *text, size_t n)
{
    char name[NAME_MAX_BYTES + 1];
    const struct key key = {
        .used = BW_SHAPE_HOST + 1, .name = name, .n_name = lower(text, n, name)};
    int r = key.n_name > 0 ? make_room(s) : 0;
    if (r < 0 || key.n_name == 0) {
        return r;
    }
    struct entry *e = &s->slots[slot_of(s, &key)];
    if (e->used) {
        return 0;
    }
    size_t at = s->names.len;
    bw_buf_add(&s->names, name, n + 1);
    if (bw_buf_error(&s->names) < 0) {
        return bw_buf_error(&s->names);
    }
    e->used = key.used;
    e->name = at;
    s->n++;
    s->count[BW_SHAPE_HOST]++;
    return 0;
}

bool bw_seen_has(const struct bw_seen *s, enum bw_shape_kind k, const uint8_t *bytes)
{
    uint8_t full[BW_SHAPE_BYTES] = {0};
    memcpy(full, bytes, bw_shape_bytes(k));
    const struct key key = {.used = (uint8_t)(k + 1), .bytes = full};
    return s->slots[slot_of(s, &key)].used != 0;
}

bool bw_seen_has_name(const struct bw_seen *s, const char *text, size_t n)
{
    char name[NAME_MAX_BYTES + 1];
    const struct key key = {
        .used = BW_SHAPE_HOST + 1, .name = name, .n_name = lower(text, n, name)};
    return s->count[BW_SHAPE_HOST] > 0 && key.n_name > 0 &&
           s->slots[slot_of(s, &key)].used != 0;
}

size_t bw_seen_count(const struct bw_seen *s, enum bw_shape_kind k)
{
    return s->count[k];
}

size_t bw_seen_left_out(const struct bw_seen *s)
{
    return s->left_out;
}

int64_t bw_seen_packets(const struct bw_seen *s)
{
    return s->packets;
}

bool bw_seen_is_plain(enum bw_shape_kind k, const uint8_t *bytes)
{
    size_t n = bw_shape_bytes(k);
    size_t zeros = 0;
    size_t different = 0;
    for (size_t i = 0; i < n; i++) {
        zeros += bytes[i] == 0;
        different += !memchr(bytes, bytes[i], i);
    }
    return k == BW_SHAPE_V4 ? zeros <= 1 && different >= 3 : different >= 4;
}

size_t bw_seen_plain(const struct bw_seen *s, enum bw_shape_kind k)
{
    return s->plain[k];
}

uint8_t bw_seen_hint(const struct bw_seen *s, uint8_t first, uint8_t second)
{
    return s->hints[(size_t)first << 8 | second];
}

/* ---- reading ----------------------------------------------------------------------------
 */

static int take(void *owner, const struct bw_shape *found)
{
    struct bw_seen *s = owner;
    if (found->kind == BW_SHAPE_HOST) {
        return bw_seen_add_name(s, s->reading + found->at, found->n);
    }
    bool bare_mac = found->kind == BW_SHAPE_MAC; /* in a list of addresses it is one */
    return found->kind != BW_SHAPE_MAIL && (found->strict || bare_mac)
               ? bw_seen_add(s, found->kind, found->bytes)
               : 0;
}

static int read_list(struct bw_seen *s, const char *path, struct bw_err *reterr)
{
    struct bw_buf text;
    bw_buf_init(&text, LIST_MAX);
    int r = bw_file_read(path, LIST_MAX, &text, reterr);
    if (r == 0 && text.len > 0) {
        s->reading = text.data;
        r = bw_shapes(text.data, text.len, true, take, s);
        s->reading = NULL;
        if (r < 0) {
            (void)bw_err_set(reterr, r, "%s: %s", path,
                             r == -E2BIG ? "more than a million addresses"
                                         : bw_strerror(r));
        }
    }
    bw_buf_done(&text);
    return r;
}

int bw_seen_read(struct bw_seen *s, const char *path, struct bw_err *reterr)
{
    int64_t n = 0;
    int r = bw_seen_capture(s, path, &n, reterr);
    if (r == 0) {
        s->packets = (s->packets == BW_UNKNOWN ? 0 : s->packets) + n;
    }
    return r == -ENOEXEC ? read_list(s, path, reterr) : r;
}
