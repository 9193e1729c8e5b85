/* SPDX-License-Identifier: GPL-3.0-or-later
 * throttle.c - tries in vain, in a table by keyed hashes: nobody can choose names that
 * share another's place. */
#include "throttle.h"

#include <arpa/inet.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 1024,
    IN_BUCKET = 4,
    WHO_MAX = 128,
    DOUBLINGS_MAX = 20
};

struct entry {
    uint64_t hash; /* 0: free */
    int64_t tries;
    int64_t until_unix_s;
    int64_t last_unix_s;
};

struct bw_throttle {
    uint8_t key[16];
    struct entry entries[BUCKETS][IN_BUCKET];
};

int bw_throttle_new(struct bw_throttle **ret)
{
    struct bw_throttle *t = calloc(1, sizeof(*t));
    if (!t) {
        return -ENOMEM;
    }
    bw_random(t->key, sizeof(t->key));
    *ret = t;
    return 0;
}

void bw_throttle_free(struct bw_throttle *t)
{
    free(t);
}

int64_t bw_throttle_for(int64_t tries, int64_t free)
{
    int64_t over = tries - free;
    int64_t s = BW_THROTTLE_FIRST_S;
    if (over < 0) {
        return 0;
    }
    for (int64_t i = 0; i < over && i < DOUBLINGS_MAX; i++) {
        s *= 2;
    }
    return s < BW_THROTTLE_LONGEST_S ? s : BW_THROTTLE_LONGEST_S;
}

/* 0: this one is not counted. */
static uint64_t
hash_of(const struct bw_throttle *t, enum bw_throttle_what what, const char *who)
{
    char text[WHO_MAX];
    uint8_t raw[16];
    if (what == BW_THROTTLE_ADDRESS && strcmp(who, "unix") == 0) {
        return 0;
    }
    if (what == BW_THROTTLE_ADDRESS && inet_pton(AF_INET6, who, raw) == 1) {
        (void)snprintf(text, sizeof(text), "6 %02x%02x%02x%02x%02x%02x%02x%02x", raw[0],
                       raw[1], raw[2], raw[3], raw[4], raw[5], raw[6], raw[7]);
    } else {
        (void)snprintf(text, sizeof(text), "%c %s", what == BW_THROTTLE_NAME ? 'n' : 'a',
                       who);
    }
    uint64_t h = bw_siphash(t->key, text, strlen(text));
    return h ? h : 1;
}

/* `make`: in the place of the one that tried longest ago, where it is not there. */
static struct entry *
find(struct bw_throttle *t, enum bw_throttle_what what, const char *who, int make)
{
    uint64_t h = hash_of(t, what, who);
    struct entry *bucket = t->entries[h % BUCKETS];
    struct entry *oldest = bucket;
    if (h == 0) {
        return NULL;
    }
    for (size_t i = 0; i < IN_BUCKET; i++) {
        if (bucket[i].hash == h) {
            return &bucket[i];
        }
        oldest = bucket[i].last_unix_s < oldest->last_unix_s ? &bucket[i] : oldest;
    }
    if (!make) {
        return NULL;
    }
    *oldest = (struct entry){.hash = h};
    return oldest;
}

int64_t bw_throttle_wait(struct bw_throttle *t,
                         enum bw_throttle_what what,
                         const char *who,
                         int64_t now_unix_s)
{
    const struct entry *e = find(t, what, who, 0);
    return e && e->until_unix_s > now_unix_s ? e->until_unix_s - now_unix_s : 0;
}

void bw_throttle_try(struct bw_throttle *t,
                     enum bw_throttle_what what,
                     const char *who,
                     int64_t now_unix_s)
{
    struct entry *e = find(t, what, who, 1);
    if (!e) {
        return;
    }
    if (now_unix_s - e->last_unix_s > BW_THROTTLE_FORGET_S) {
        e->tries = 0;
    }
    e->tries++;
    e->last_unix_s = now_unix_s;
    e->until_unix_s =
        now_unix_s + bw_throttle_for(e->tries, what == BW_THROTTLE_NAME
                                                   ? BW_THROTTLE_NAME_FREE
                                                   : BW_THROTTLE_ADDRESS_FREE);
}

void bw_throttle_good(struct bw_throttle *t, enum bw_throttle_what what, const char *who)
{
    struct entry *e = find(t, what, who, 0);
    if (!e) {
        return;
    }
    if (what == BW_THROTTLE_NAME) {
        *e = (struct entry){.hash = 0};
    } else {
        e->tries -= e->tries > 0;
        e->until_unix_s = 0;
    }
}
