/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_gather.c - the records of a bag, out of wherever they are kept, into one file.
 *
 * Invariant: of a chain that has a record in the period no record between its first and
 * last here is left out, so that it can be followed. */
#include "bundle_gather.h"

#include "bundle_private.h"
#include "file.h"
#include "grow.h"
#include "origin.h"

#include <bw/err.h>
#include <bw/records.h>
#include <errno.h>
#include <names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    DAY_S = 86400,
    BESIDE_S = 2 * DAY_S, /* what a report reads beside its period, and more */
    CHUNK = 1024 * 1024,
    TAKEN_MAX = 1024 * 1024 * 1024
};

/* A record as it lies in the file, where the file is to be put in order. */
struct laid {
    size_t chain;
    int64_t seq;
    size_t at;
    size_t n;
    struct bw_josefile_taken taken;
};

struct gathering {
    const struct bw_bundle_options *o;
    struct bw_bundle_gathered *to;
    struct bw_names kids; /* of the chains, by number */
    size_t cap_chains;
    struct bw_buf text; /* records on their way into the file */
    bool mixed;         /* records do not come in the order of their chains */
    struct laid *laid;  /* then */
    size_t n_laid;
    size_t cap_laid;
    bool whole; /* every record of a chain between its ends, also from outside the time */
    struct bw_err *err;
};

static int out_of_memory(struct gathering *x)
{
    return bw_err_set(x->err, -ENOMEM, "out of memory");
}

/* NULL: no memory. */
static struct bw_bundle_chain *chain_of(struct gathering *x, const char *kid)
{
    long i = bw_names_add(&x->kids, kid);
    struct bw_bundle_chain *grown;

    if (i < 0) {
        return NULL;
    }
    if ((size_t)i == x->to->n_chains) {
        grown = bw_grow(x->to->chains, x->to->n_chains, &x->cap_chains, sizeof(*grown));
        if (!grown) {
            return NULL;
        }
        x->to->chains = grown;
        grown += x->to->n_chains++;
        *grown = (struct bw_bundle_chain){.first_seq = INT64_MAX};
        (void)snprintf(grown->kid, sizeof(grown->kid), "%s", kid);
    }
    return &x->to->chains[i];
}

static int note_chain(void *owner, const struct bw_record *rec)
{
    struct gathering *x = owner;
    struct bw_bundle_chain *c = chain_of(x, rec->kid);

    if (!c) {
        return out_of_memory(x);
    }
    if (x->to->n_chains > BW_BUNDLE_CHAINS_MAX) {
        return bw_err_set(x->err, -E2BIG, "records of more than %d keys",
                          BW_BUNDLE_CHAINS_MAX);
    }
    /* A ledger has a late record that filled a declared hole in its place of arrival. */
    x->mixed = x->mixed || (c->n > 0 && rec->seq < c->last_seq);
    c->n++;
    c->first_seq = rec->seq < c->first_seq ? rec->seq : c->first_seq;
    c->last_seq = rec->seq > c->last_seq ? rec->seq : c->last_seq;
    return 0;
}

static int drain(struct gathering *x, size_t at_least)
{
    const char *at = x->text.data;

    if (bw_buf_error(&x->text) || bw_buf_error(&x->to->taken)) {
        return out_of_memory(x);
    }
    if (x->text.len <= at_least) {
        return 0;
    }
    for (size_t left = x->text.len; left > 0;) {
        ssize_t done = write(x->to->fd, at, left);
        if (done < 0 && errno != EINTR) {
            return bw_err_set(x->err, -errno, "%s; set TMPDIR to a folder with room",
                              bw_strerror(-errno));
        }
        if (done > 0) {
            at += done;
            left -= (size_t)done;
            x->to->n += (size_t)done;
        }
    }
    bw_buf_clear(&x->text);
    return 0;
}

static int put_record(void *owner, const struct bw_record *rec)
{
    struct gathering *x = owner;
    struct bw_josefile_taken t = {.position = rec->position,
                                  .received_unix_ms = rec->received_unix_ms,
                                  .egress = rec->egress};

    long i = bw_names_find(&x->kids, rec->kid);

    if (i < 0 || (x->whole && (rec->seq < x->to->chains[i].first_seq ||
                               rec->seq > x->to->chains[i].last_seq))) {
        return 0;
    }
    if (x->mixed) {
        struct laid *grown = bw_grow(x->laid, x->n_laid, &x->cap_laid, sizeof(*grown));
        if (!grown) {
            return out_of_memory(x);
        }
        x->laid = grown;
        grown[x->n_laid++] = (struct laid){.chain = (size_t)i,
                                           .seq = rec->seq,
                                           .at = x->to->n + x->text.len,
                                           .n = rec->jws_len + 1,
                                           .taken = t};
    }
    if (bw_logged_add(&x->to->logged, rec) < 0) {
        return out_of_memory(x);
    }
    bw_buf_add(&x->text, rec->jws, rec->jws_len);
    bw_buf_putc(&x->text, '\n');
    bw_bundle_taken_add(&x->to->taken, &t);
    x->to->some_taken = x->to->some_taken || rec->position != BW_UNKNOWN ||
                        rec->received_unix_ms != BW_UNKNOWN;
    if (++x->to->n_records % 4096 == 0 && x->o->progress) {
        x->o->progress(x->o->owner, "reading records", 0);
    }
    return drain(x, CHUNK);
}

static int by_chain(const void *a, const void *b)
{
    const struct laid *x = a;
    const struct laid *y = b;

    if (x->chain != y->chain) {
        return x->chain < y->chain ? -1 : 1;
    }
    if (x->seq != y->seq) {
        return x->seq < y->seq ? -1 : 1;
    }
    return (x->at > y->at) - (x->at < y->at); /* both of a fork */
}

/* The file once more, each chain in the order of its numbers. */
static int put_in_order(struct gathering *x)
{
    const char *old = x->to->lines;
    size_t n_old = x->to->n;
    int fd = bw_file_temporary(x->err);
    int r = fd < 0 ? fd : 0;

    if (r < 0) {
        return r;
    }
    (void)close(x->to->fd); /* what is mapped stays */
    x->to->fd = fd;
    x->to->n = 0;
    x->to->lines = NULL;
    qsort(x->laid, x->n_laid, sizeof(*x->laid), by_chain);
    bw_buf_clear(&x->to->taken);
    bw_bundle_taken_head(&x->to->taken);
    for (size_t i = 0; r == 0 && i < x->n_laid; i++) {
        bw_buf_add(&x->text, old + x->laid[i].at, x->laid[i].n);
        bw_bundle_taken_add(&x->to->taken, &x->laid[i].taken);
        r = drain(x, CHUNK);
    }
    r = r < 0 ? r : drain(x, 0);
    union { /* it was mapped by this file */
        const char *read;
        void *any;
    } there = {.read = old};
    (void)munmap(there.any, n_old);
    return r;
}

static int map_records(struct gathering *x)
{
    if (x->to->n > 0) {
        void *at = mmap(NULL, x->to->n, PROT_READ, MAP_SHARED, x->to->fd, 0);
        if (at == MAP_FAILED) {
            return bw_err_set(x->err, -errno, "records: %s", bw_strerror(-errno));
        }
        x->to->lines = at;
    }
    return 0;
}

static int64_t floor_day(int64_t unix_s)
{
    return unix_s - (unix_s % DAY_S + DAY_S) % DAY_S;
}

static int gather(struct gathering *x)
{
    const struct bw_report_query *q = x->o->query;
    struct bw_records *records = bw_origin_records(x->o->origin);
    int64_t from = floor_day(q->from_unix_s) - BESIDE_S;
    int64_t to = floor_day(q->to_unix_s) + BESIDE_S;
    int r = bw_records_each(records, q->site, from, to, note_chain, x, x->err);

    for (size_t i = 0; r == 0 && i < x->to->n_chains; i++) {
        const struct bw_bundle_chain *c = &x->to->chains[i];
        x->whole = x->whole || c->n != c->last_seq - c->first_seq + 1;
    }
    if (r < 0) {
        return r;
    }
    x->to->fd = bw_file_temporary(x->err);
    if (x->to->fd < 0) {
        return x->to->fd;
    }
    bw_bundle_taken_head(&x->to->taken);
    r = bw_records_each(records, q->site, x->whole ? INT64_MIN : from,
                        x->whole ? INT64_MAX : to, put_record, x, x->err);
    r = r < 0 ? r : drain(x, 0);
    r = r < 0 ? r : map_records(x);
    if (r == 0 && x->mixed && x->to->lines) {
        r = put_in_order(x);
        r = r < 0 ? r : map_records(x);
    }
    return r;
}

void bw_bundle_gathered_init(struct bw_bundle_gathered *g)
{
    *g = (struct bw_bundle_gathered){.fd = -1};
    bw_buf_init(&g->taken, TAKEN_MAX);
}

int bw_bundle_gather(const struct bw_bundle_options *o,
                     struct bw_bundle_gathered *ret,
                     struct bw_err *reterr)
{
    struct gathering x = {.o = o, .to = ret, .err = reterr};
    int r;

    bw_buf_init(&x.text, (size_t)2 * CHUNK);
    r = gather(&x);
    bw_buf_done(&x.text);
    bw_names_done(&x.kids);
    free(x.laid);
    return r;
}

void bw_bundle_gathered_done(struct bw_bundle_gathered *g)
{
    if (g->lines) {
        (void)munmap(g->lines, g->n);
    }
    if (g->fd >= 0) {
        (void)close(g->fd);
    }
    free(g->chains);
    free(g->logged.list);
    bw_buf_done(&g->taken);
}
