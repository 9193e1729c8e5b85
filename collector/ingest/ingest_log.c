/* SPDX-License-Identifier: GPL-3.0-or-later
 * ingest_log.c - what is a leaf of the log beside records: statements and keys of the
 * catalogue, and acts of administrators.
 *
 * The writer looks every few seconds whether the catalogue changed. A statement is a leaf
 * once, which the ledger sees to: so a start begins with the first of them, whatever was
 * taken before. A catalogue that was set back has others in their places. */
#include "ingest_private.h"

#include <buf.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <leaf.h>
#include <people.h>
#include <statement.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CHUNK = 4096
};

struct collected {
    struct bw_leaf *leaves;
    size_t n;
    int64_t now_ms;
};

static int on_statement(void *owner, const struct bw_said *s)
{
    struct collected *c = owner;
    struct bw_leaf *l = &c->leaves[c->n];
    int type = bw_leaf_type_of(s->statement->word);
    memset(l, 0, sizeof(*l));
    l->type = type < 0 ? BW_LEAF_STATEMENT : type;
    l->unix_ms = c->now_ms;
    if (bw_b64_decode(s->id, BW_HASH_LEN, l->sha256, sizeof(l->sha256)) != 32) {
        return -EINVAL;
    }
    c->n++;
    return c->n == CHUNK ? 1 : 0;
}

static int take_statements(struct bw_ingest *g, struct collected *c, struct bw_err *reterr)
{
    int r = 0;
    if (g->statements_taken < 0) {
        g->statements_taken = 0;
    }
    do {
        int64_t added = 0;
        c->n = 0;
        if (r == 0) {
            r = g->write_catalogue->ops->statements_from(
                g->write_catalogue, g->statements_taken, on_statement, c, reterr);
        }
        r = r > 0 ? 0 : r;
        if (r == 0 && c->n > 0) {
            r = g->ledger->ops->log_add(g->ledger, c->leaves, c->n, &added, reterr);
        }
        if (r == 0) {
            g->statements_taken += (int64_t)c->n;
        }
    } while (r == 0 && c->n == CHUNK);
    return r;
}

/* What the leaf of a key stands for (docs/log-v1.md). */
static void
key_leaf(struct collected *c, const struct bw_site_key *k, int type, int64_t unix_s)
{
    struct bw_buf b;
    struct bw_leaf *l = &c->leaves[c->n];
    bw_buf_init(&b, BW_LEAF_KEY_TEXT_MAX);
    if (type == BW_LEAF_KEY_END) {
        bw_leaf_key_end_text(k->kid, k->site, unix_s, &b);
    } else if (type == BW_LEAF_KEY_REPLACED) {
        bw_leaf_key_replaced_text(k->kid, k->site, unix_s, &b);
    } else {
        bw_leaf_enrolment_text(k->kid, k->site, unix_s, k->prev_kid, &b);
    }
    if (bw_buf_error(&b) == 0) {
        memset(l, 0, sizeof(*l));
        l->type = type;
        l->unix_ms = c->now_ms;
        bw_sha256(b.data, b.len, l->sha256);
        c->n++;
    }
    bw_buf_done(&b);
}

struct keys {
    struct bw_ingest *g;
    struct collected *c;
    struct bw_err *reterr;
};

static int on_key(void *owner, const struct bw_site_key *k)
{
    struct keys *s = owner;
    int64_t replaced_unix_s = BW_UNKNOWN;
    int r =
        bw_catalogue_retired(s->g->write_catalogue, k, &replaced_unix_s, NULL, s->reterr);
    if (r < 0) {
        return r;
    }
    key_leaf(s->c, k, BW_LEAF_ENROLMENT, k->from_unix_s);
    if (k->revoked_unix_s != BW_UNKNOWN) {
        key_leaf(s->c, k, BW_LEAF_KEY_END, k->revoked_unix_s);
    }
    if (replaced_unix_s != BW_UNKNOWN) {
        key_leaf(s->c, k, BW_LEAF_KEY_REPLACED, replaced_unix_s);
    }
    if (s->c->n + 3 > CHUNK) {
        r = s->g->ledger->ops->log_add(s->g->ledger, s->c->leaves, s->c->n, NULL,
                                       s->reterr);
        s->c->n = 0;
    }
    return r;
}

static int take_keys(struct bw_ingest *g, struct collected *c, struct bw_err *reterr)
{
    struct keys s = {.g = g, .c = c, .reterr = reterr};
    c->n = 0;
    int r = g->write_catalogue->ops->keys(g->write_catalogue, NULL, on_key, &s, reterr);
    if (r == 0 && c->n > 0) {
        r = g->ledger->ops->log_add(g->ledger, c->leaves, c->n, NULL, reterr);
    }
    return r;
}

/* --- acts -------------------------------------------------------------------------------
 */

static int on_act(void *owner, const struct bw_act *a)
{
    struct collected *c = owner;
    struct bw_leaf *l = &c->leaves[c->n++];
    memset(l, 0, sizeof(*l));
    l->type = BW_LEAF_ACT;
    l->unix_ms = c->now_ms;
    bw_act_leaf(a, l->sha256);
    return c->n == CHUNK ? 1 : 0;
}

static int take_acts(struct bw_ingest *g, struct bw_err *reterr)
{
    struct collected c = {.now_ms = bw_clock_unix_ms()};
    int64_t version = 0;
    int r = g->people->ops->version(g->people, &version, reterr);
    if (r < 0 || version == g->people_version) {
        return r;
    }
    c.leaves = calloc(CHUNK, sizeof(c.leaves[0]));
    r = c.leaves ? 0 : -ENOMEM;
    do {
        c.n = 0;
        r = r < 0 ? r : g->people->ops->acts(g->people, g->acts_taken, on_act, &c, reterr);
        r = r > 0 ? 0 : r;
        if (r == 0 && c.n > 0) {
            r = g->ledger->ops->log_add(g->ledger, c.leaves, c.n, NULL, reterr);
        }
        if (r == 0) {
            g->acts_taken += (int64_t)c.n;
        }
    } while (r == 0 && c.n == CHUNK);
    if (r == 0) {
        g->people_version = version;
    }
    free(c.leaves);
    return r;
}

/* The store is made by the door or the command, maybe later than this. An act is a leaf
 * once: a start begins with the first of them. */
static void acts_turn(struct bw_ingest *g)
{
    struct bw_err err = {.text = ""};
    int r = 0;
    if (!g->opts.people_path || (!g->people && access(g->opts.people_path, F_OK) < 0)) {
        return;
    }
    if (!g->people) {
        r = bw_people_open_read(g->opts.people_path, &g->people, &err);
    }
    r = r < 0 ? r : take_acts(g, &err);
    if (r == 0) {
        bw_complain_over(&g->acts_complaint, BW_AREA_LEDGER,
                         "acts of administrators enter the log again");
    } else if (r != -ENOENT) {
        bw_complain(&g->acts_complaint, BW_AREA_LEDGER, BW_WARN,
                    "acts of administrators did not enter the log: %s; tried again soon",
                    err.text);
    }
}

void bw_ingest_log_turn(struct bw_ingest *g)
{
    acts_turn(g);
    struct bw_err err = {.text = ""};
    struct collected c = {.now_ms = bw_clock_unix_ms()};
    int64_t version = 0;
    int r = g->write_catalogue->ops->version(g->write_catalogue, &version, &err);
    if (r == 0 && version == g->catalogue_version && g->statements_taken >= 0) {
        return;
    }
    c.leaves = calloc(CHUNK, sizeof(c.leaves[0]));
    if (!c.leaves) {
        return;
    }
    if (r == 0) {
        r = take_keys(g, &c, &err);
    }
    if (r == 0) {
        r = take_statements(g, &c, &err);
    }
    if (r == 0) {
        g->catalogue_version = version;
        bw_complain_over(&g->log_complaint, BW_AREA_LEDGER,
                         "what the catalogue holds enters the log again");
    } else {
        bw_complain(&g->log_complaint, BW_AREA_LEDGER, BW_WARN,
                    "what the catalogue holds did not enter the log: %s; tried again soon",
                    err.text);
    }
    free(c.leaves);
}
