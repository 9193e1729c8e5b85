/* SPDX-License-Identifier: GPL-3.0-or-later
 * reflector_guard.c - who may ask a reflector, and how often. A table is searched in a few
 * places near a key's own; the one that is longest unused gives way. */
#include "reflector_guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLACES = 8, /* of a table that are searched */
    BURST_MS = 1000
};

static const int64_t NS_PER_S = 1000000000;

/* Prefixes ----------------------------------------------------------------------- */

static const uint8_t *bytes_of(const union bw_address *a, size_t *ret_n)
{
    if (a->sa.sa_family == AF_INET6) {
        *ret_n = 16;
        return a->in6.sin6_addr.s6_addr;
    }
    *ret_n = 4;
    return (const uint8_t *)&a->in.sin_addr;
}

static void cut(struct bw_reflector_prefix *p, unsigned bits, unsigned most)
{
    p->bits = (uint8_t)bits;
    for (unsigned i = bits; i < most; i++) {
        p->bytes[i / 8] &= (uint8_t) ~(0x80U >> i % 8);
    }
}

bool bw_reflector_prefix_parse(const char *text, struct bw_reflector_prefix *ret)
{
    struct bw_reflector_prefix p = {.family = 0};
    char address[INET6_ADDRSTRLEN];
    size_t n = strcspn(text, "/");
    unsigned most;
    unsigned bits = 0;
    if (n >= sizeof(address)) {
        return false;
    }
    (void)memcpy(address, text, n);
    address[n] = '\0';
    p.family = inet_pton(AF_INET, address, p.bytes) == 1    ? 4
               : inet_pton(AF_INET6, address, p.bytes) == 1 ? 6
                                                            : 0;
    most = p.family == 6 ? 128 : 32;
    if (p.family == 0) {
        return false;
    }
    if (text[n] == '/') {
        const char *digits = text + n + 1;
        size_t len = strlen(digits);
        if (len < 1 || len > 3 || strspn(digits, "0123456789") != len) {
            return false;
        }
        for (size_t i = 0; i < len; i++) {
            bits = bits * 10 + (unsigned)(digits[i] - '0');
        }
        if (bits > most) {
            return false;
        }
    } else {
        bits = most;
    }
    cut(&p, bits, most);
    *ret = p;
    return true;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct bw_reflector_prefix));
}

_Static_assert(sizeof(struct bw_reflector_prefix) == 18, "compared as bytes");

int bw_prefix_set_fill(struct bw_prefix_set *s,
                       const struct bw_reflector_prefix *list,
                       size_t n)
{
    struct bw_prefix_set next = {.n = n};
    next.list = calloc(next.n + 1, sizeof(*next.list));
    if (!next.list) {
        return -ENOMEM;
    }
    if (n > 0) {
        (void)memcpy(next.list, list, n * sizeof(*list));
    }
    for (size_t i = 0; i < next.n; i++) {
        next.lengths[next.list[i].family == 6 ? 1 : 0][next.list[i].bits] = true;
    }
    qsort(next.list, next.n, sizeof(*next.list), by_bytes);
    bw_prefix_set_done(s);
    *s = next;
    return 0;
}

void bw_prefix_set_done(struct bw_prefix_set *s)
{
    free(s->list);
    s->list = NULL;
    s->n = 0;
}

bool bw_prefix_set_has(const struct bw_prefix_set *s, const union bw_address *a)
{
    size_t n;
    const uint8_t *bytes = bytes_of(a, &n);
    unsigned most = (unsigned)n * 8;
    struct bw_reflector_prefix p = {.family = (uint8_t)bw_address_family(a)};
    (void)memcpy(p.bytes, bytes, n);
    for (unsigned bits = most + 1; bits-- > 0;) {
        if (s->lengths[p.family == 6 ? 1 : 0][bits]) {
            cut(&p, bits, most); /* from long to short: more and more bits go */
            if (bsearch(&p, s->list, s->n, sizeof(p), by_bytes)) {
                return true;
            }
        }
    }
    return false;
}

/* Keys --------------------------------------------------------------------------- */

/* A good mixer of 64 bits: multiply and fold, twice. */
static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 29;
}

static uint64_t mix_address(uint64_t h, const union bw_address *a, size_t n_bytes)
{
    size_t n;
    const uint8_t *bytes = bytes_of(a, &n);
    uint64_t part = n;
    for (size_t i = 0; i < n && i < n_bytes; i++) {
        part = part << 8 | bytes[i];
        if (i % 4 == 3) {
            h = mix(h, part);
            part = 0;
        }
    }
    return h;
}

static uint64_t key_or_one(uint64_t h)
{
    return h != 0 ? h : 1;
}

/* Allowances --------------------------------------------------------------------- */

void bw_guard_init(struct bw_guard *g,
                   uint64_t seed,
                   int64_t source_rate,
                   int64_t total_rate,
                   int64_t now_mono_ns)
{
    (void)memset(g, 0, sizeof(*g));
    g->seed = seed;
    g->source_rate = source_rate;
    g->total_rate = total_rate;
    g->total = (struct bw_guard_bucket){.micro = total_rate * BURST_MS * 1000,
                                        .at_mono_ns = now_mono_ns};
}

/* What has come together since it was looked at; a second's worth at most. */
static void fill(struct bw_guard_bucket *b, int64_t rate, int64_t now_mono_ns)
{
    int64_t most = rate * BURST_MS * 1000;
    int64_t past_ns = now_mono_ns - b->at_mono_ns;
    if (past_ns >= NS_PER_S) {
        b->micro = most;
    } else if (past_ns > 0) {
        b->micro += past_ns / 1000 * rate;
        b->micro = b->micro < most ? b->micro : most;
    }
    b->at_mono_ns = now_mono_ns;
}

static struct bw_guard_source *
source_of(struct bw_guard *g, const union bw_address *from, int64_t now_mono_ns)
{
    uint64_t key = key_or_one(mix_address(g->seed, from, 8));
    struct bw_guard_source *oldest = NULL;
    for (size_t i = 0; i < PLACES; i++) {
        struct bw_guard_source *s = &g->sources[(key + i) & (BW_GUARD_SOURCES - 1)];
        if (s->key == key) {
            return s;
        }
        if (!oldest ||
            (oldest->key != 0 &&
             (s->key == 0 || s->bucket.at_mono_ns < oldest->bucket.at_mono_ns))) {
            oldest = s;
        }
    }
    *oldest = (struct bw_guard_source){
        .key = key,
        .bucket = {.micro = g->source_rate * BURST_MS * 1000, .at_mono_ns = now_mono_ns}};
    return oldest;
}

bool bw_guard_allows(struct bw_guard *g, const union bw_address *from, int64_t now_mono_ns)
{
    struct bw_guard_source *s = source_of(g, from, now_mono_ns);
    fill(&s->bucket, g->source_rate, now_mono_ns);
    fill(&g->total, g->total_rate, now_mono_ns);
    if (s->bucket.micro < 1000000 || g->total.micro < 1000000) {
        return false;
    }
    s->bucket.micro -= 1000000;
    g->total.micro -= 1000000;
    return true;
}

/* Sessions ----------------------------------------------------------------------- */

bool bw_guard_count(struct bw_guard *g,
                    const union bw_address *from,
                    const union bw_address *to,
                    uint16_t ssid,
                    int64_t now_mono_ns,
                    uint32_t *ret)
{
    uint64_t h = mix_address(~g->seed, from, 16);
    uint64_t key = key_or_one(
        mix(mix_address(h, to, 16), (uint64_t)bw_address_port(from) << 16 | ssid));
    struct bw_guard_session *room = NULL;
    for (size_t i = 0; i < PLACES; i++) {
        struct bw_guard_session *s = &g->sessions[(key + i) & (BW_GUARD_SESSIONS - 1)];
        if (s->key == key) {
            s->seen_mono_ns = now_mono_ns;
            *ret = s->count++;
            return true;
        }
        if (!room &&
            (s->key == 0 || now_mono_ns - s->seen_mono_ns > BW_GUARD_IDLE_S * NS_PER_S)) {
            room = s;
        }
    }
    if (!room) {
        return false;
    }
    g->n_sessions += room->key == 0 ? 1 : 0;
    *room = (struct bw_guard_session){.key = key, .count = 1, .seen_mono_ns = now_mono_ns};
    *ret = 0;
    return true;
}
