/* SPDX-License-Identifier: GPL-3.0-or-later
 * book.c - the people's store as sorted arrays. */
#include "book.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One more element; NULL: no memory. */
static void *more(void **array, size_t *n, size_t size)
{
    if ((*n & (*n - 1)) == 0) { /* at every power of two there is room for as many again */
        size_t cap = *n ? *n * 2 : 1;
        void *grown = reallocarray(*array, cap, size);
        if (!grown) {
            return NULL;
        }
        *array = grown;
    }
    return (char *)*array + (*n)++ * size;
}

static int on_person(void *owner, const struct bw_person *p)
{
    struct bw_book *b = owner;
    void *array = b->persons;
    struct bw_person *to =
        p->removed_unix_s == BW_UNKNOWN ? more(&array, &b->n_persons, sizeof(*p)) : NULL;
    b->persons = array;
    if (to) { /* what opens the door stays in the store */
        *to = *p;
        memset(to->totp, 0, sizeof(to->totp));
        memset(to->hash + 1, 0, sizeof(to->hash) - 1);
    }
    return to || p->removed_unix_s != BW_UNKNOWN ? 0 : -ENOMEM;
}

static int on_session(void *owner, const struct bw_session *s)
{
    struct bw_book *b = owner;
    void *array = b->sessions;
    struct bw_session *to = more(&array, &b->n_sessions, sizeof(*s));
    b->sessions = array;
    if (to) {
        *to = *s;
    }
    return to ? 0 : -ENOMEM;
}

static int on_key(void *owner, const struct bw_api_key *k)
{
    struct bw_book *b = owner;
    void *array = b->keys;
    struct bw_api_key *to =
        k->revoked_unix_s == BW_UNKNOWN ? more(&array, &b->n_keys, sizeof(*k)) : NULL;
    b->keys = array;
    if (to) {
        *to = *k;
    }
    return to || k->revoked_unix_s != BW_UNKNOWN ? 0 : -ENOMEM;
}

static int by_session(const void *a, const void *b)
{
    return memcmp(((const struct bw_session *)a)->sha256,
                  ((const struct bw_session *)b)->sha256, 32);
}

static int by_key(const void *a, const void *b)
{
    return memcmp(((const struct bw_api_key *)a)->sha256,
                  ((const struct bw_api_key *)b)->sha256, 32);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct bw_person *)a)->name, ((const struct bw_person *)b)->name);
}

static void sort(void *array, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
    if (n > 0) {
        qsort(array, n, size, cmp);
    }
}

static void *find(const void *want,
                  void *array,
                  size_t n,
                  size_t size,
                  int (*cmp)(const void *, const void *))
{
    return n > 0 ? bsearch(want, array, n, size, cmp) : NULL;
}

int bw_book_read(struct bw_people *p, struct bw_book **ret, struct bw_err *reterr)
{
    struct bw_book *b = calloc(1, sizeof(*b));
    int r = b ? 0 : -ENOMEM;
    if (r == 0) {
        r = p->ops->persons(p, on_person, b, reterr);
    }
    r = r < 0 ? r : p->ops->sessions(p, on_session, b, reterr);
    r = r < 0 ? r : p->ops->keys(p, on_key, b, reterr);
    if (r < 0) {
        bw_book_free(b);
        return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
    }
    sort(b->persons, b->n_persons, sizeof(*b->persons), by_name);
    sort(b->sessions, b->n_sessions, sizeof(*b->sessions), by_session);
    sort(b->keys, b->n_keys, sizeof(*b->keys), by_key);
    *ret = b;
    return 0;
}

void bw_book_free(struct bw_book *b)
{
    if (b) {
        free(b->persons);
        free(b->sessions);
        free(b->keys);
        free(b);
    }
}

struct bw_session *bw_book_session(const struct bw_book *b, const uint8_t sha256[32])
{
    struct bw_session want = {.expires_unix_s = 0};
    memcpy(want.sha256, sha256, sizeof(want.sha256));
    return find(&want, b->sessions, b->n_sessions, sizeof(want), by_session);
}

const struct bw_person *bw_book_person(const struct bw_book *b, const char *name)
{
    struct bw_person want = {.name = ""};
    if (strlen(name) >= sizeof(want.name)) {
        return NULL;
    }
    (void)snprintf(want.name, sizeof(want.name), "%s", name);
    const struct bw_person *p =
        find(&want, b->persons, b->n_persons, sizeof(want), by_name);
    return p && p->hash[0] ? p : NULL;
}

const struct bw_api_key *bw_book_key(const struct bw_book *b, const uint8_t sha256[32])
{
    struct bw_api_key want = {.name = ""};
    memcpy(want.sha256, sha256, sizeof(want.sha256));
    return find(&want, b->keys, b->n_keys, sizeof(want), by_key);
}

void bw_book_carry(struct bw_book *next, const struct bw_book *old)
{
    for (size_t i = 0; old && i < old->n_sessions; i++) {
        struct bw_session *s = bw_book_session(next, old->sessions[i].sha256);
        if (s && s->seen_unix_s < old->sessions[i].seen_unix_s) {
            s->seen_unix_s = old->sessions[i].seen_unix_s;
        }
    }
}
