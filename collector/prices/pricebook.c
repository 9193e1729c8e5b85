/* SPDX-License-Identifier: GPL-3.0-or-later
 * pricebook.c - prices that several threads read while a newer copy is made.
 *
 * Invariant: a copy that was given out changes no more; it is freed by the last who drops
 * it after the book has another one. */
#include "pricebook.h"

#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    OLD_MS = 600000
};

struct copy {
    struct bw_prices prices; /* first: what is given out is a copy's */
    int refs;                /* the book's own, and one for each that was given out */
    int64_t n_statements;    /* on file when it was read */
    int64_t read_mono_ms;
};

struct bw_pricebook {
    pthread_mutex_t lock;
    pthread_cond_t read;
    struct copy *now; /* NULL: nobody asked yet */
    bool reading;
};

struct bw_pricebook *bw_pricebook_new(void)
{
    struct bw_pricebook *b = calloc(1, sizeof(*b));

    if (b) {
        (void)pthread_mutex_init(&b->lock, NULL);
        (void)pthread_cond_init(&b->read, NULL);
    }
    return b;
}

/* With the lock held. */
static void unref(struct copy *c)
{
    if (c && --c->refs == 0) {
        bw_prices_done(&c->prices);
        free(c);
    }
}

void bw_pricebook_free(struct bw_pricebook *b)
{
    if (b) {
        unref(b->now);
        (void)pthread_cond_destroy(&b->read);
        (void)pthread_mutex_destroy(&b->lock);
        free(b);
    }
}

static bool fresh(const struct copy *c, int64_t n_statements)
{
    return c && c->n_statements == n_statements &&
           bw_clock_mono_ms() - c->read_mono_ms < OLD_MS;
}

static int read_copy(struct bw_catalogue *c,
                     int64_t n_statements,
                     struct copy **ret,
                     struct bw_err *reterr)
{
    struct copy *x = calloc(1, sizeof(*x));
    int r;

    if (!x) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r = bw_prices_read(c, &x->prices, reterr);
    if (r < 0) {
        bw_prices_done(&x->prices);
        free(x);
        return r;
    }
    x->refs = 1;
    x->n_statements = n_statements;
    x->read_mono_ms = bw_clock_mono_ms();
    *ret = x;
    return 0;
}

int bw_pricebook_take(struct bw_pricebook *b,
                      struct bw_catalogue *c,
                      const struct bw_prices **ret,
                      struct bw_err *reterr)
{
    struct copy *made = NULL;
    int64_t n = 0;
    int r = c->ops->statements_count(c, &n, reterr);

    if (r < 0) {
        return r;
    }
    (void)pthread_mutex_lock(&b->lock);
    while (b->reading && !b->now) {
        (void)pthread_cond_wait(&b->read, &b->lock);
    }
    if (!b->reading && !fresh(b->now, n)) {
        b->reading = true;
        (void)pthread_mutex_unlock(&b->lock);
        r = read_copy(c, n, &made, reterr);
        (void)pthread_mutex_lock(&b->lock);
        b->reading = false;
        if (r == 0) {
            unref(b->now);
            b->now = made;
        }
        (void)pthread_cond_broadcast(&b->read);
    }
    if (r == 0) {
        b->now->refs++;
        *ret = &b->now->prices;
    }
    (void)pthread_mutex_unlock(&b->lock);
    return r;
}

void bw_pricebook_drop(struct bw_pricebook *b, const struct bw_prices *p)
{
    if (p) {
        (void)pthread_mutex_lock(&b->lock);
        unref((struct copy *)(uintptr_t)p);
        (void)pthread_mutex_unlock(&b->lock);
    }
}
