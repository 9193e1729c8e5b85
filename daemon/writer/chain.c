/* SPDX-License-Identifier: GPL-3.0-or-later
 * chain.c - the box's key and the chain it signs.
 *
 * Named values in the journal: "key.current" (kid), "key.why" and "key.prev" (how and
 * after which key the current one came), "key.request" (told to the collector before
 * anything else), "key.cites" (seq and hash that another box's chain ended with, where
 * this one takes its place), "enrol.kid" (the enrolment that has been taken over).
 * "key.current" is written last. Nothing is appended to a chain that forked: where the next
 * key finds no room, the records wait for it. */
#include "chain.h"

#include "shorten.h"

#include <buf.h>
#include <bw/err.h>
#include <enrolment.h>
#include <errno.h>
#include <hash.h>
#include <inttypes.h>
#include <journal.h>
#include <json.h>
#include <jws.h>
#include <limits.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    META_MAX = 32768,
    CITES_MAX = BW_HASH_LEN + 32, /* "SEQ HASH" */
    REFUSALS_MAX = BW_GAPS_MAX
};

struct bw_chain {
    struct bw_journal *j;
    char state_dir[PATH_MAX];
    struct bw_key *key;
    struct bw_key *next; /* made, but not yet in force: the next try takes it; NULL */
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
};

static int
meta_get(struct bw_chain *c, const char *name, char *out, size_t cap, struct bw_err *reterr)
{
    struct bw_buf b;
    bw_buf_init(&b, META_MAX);
    out[0] = '\0';
    int r = bw_journal_meta_get(c->j, name, &b, reterr);
    if (r == 0 && b.len >= cap) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "the journal's value '%s' is too long",
                       name);
    }
    if (r == 0 && b.len > 0) {
        memcpy(out, b.data, b.len);
        out[b.len] = '\0';
    }
    bw_buf_done(&b);
    return r == -ENOENT ? 0 : r; /* absent: "" */
}

static int
meta_set(struct bw_chain *c, const char *name, const char *value, struct bw_err *reterr)
{
    return bw_journal_meta_set(c->j, name, value, value ? strlen(value) : 0, reterr);
}

static int
load_key(const char *state_dir, const char *kid, struct bw_key **ret, struct bw_err *reterr)
{
    char path[PATH_MAX];
    bw_enrolment_key_path(state_dir, kid, path);
    int r = bw_key_load(path, ret, reterr);
    if (r == 0 && strcmp(bw_key_public(*ret)->kid, kid) != 0) {
        bw_key_free(*ret);
        *ret = NULL;
        r = bw_err_set(reterr, -EINVAL, "%s holds another key than its name says", path);
    }
    struct bw_err why = {.text = ""};
    if (r == 0 && bw_enrolment_publish(state_dir, bw_key_public(*ret), &why) < 0) {
        bw_log(BW_AREA_JOURNAL, BW_WARN,
               "%s; signing goes on, but `bandwitness key` does not show this key",
               why.text);
    }
    return r;
}

static void use_key(struct bw_chain *c, struct bw_key *key)
{
    bw_key_free(c->key);
    c->key = key;
    (void)snprintf(c->kid, sizeof(c->kid), "%s", bw_key_public(key)->kid);
}

/* Make `key` current; it came after `prev` ("" none) because of `why`; cites: where the
 * chain of that one ended at the collector, NULL: the journal knows. Moves *key. */
static int change_key(struct bw_chain *c,
                      struct bw_key **key,
                      const char *why,
                      const char *prev,
                      const char *cites,
                      const char *request,
                      struct bw_err *reterr)
{
    int r = meta_set(c, "key.why", why, reterr);
    r = r < 0 ? r : meta_set(c, "key.prev", prev[0] ? prev : NULL, reterr);
    r = r < 0 ? r : meta_set(c, "key.cites", cites, reterr);
    r = r < 0 ? r : meta_set(c, "key.request", request, reterr);
    r = r < 0 ? r : meta_set(c, "key.current", bw_key_public(*key)->kid, reterr);
    if (r == 0) {
        use_key(c, *key);
        *key = NULL;
    }
    return r;
}

static int make_request(const struct bw_key *signer,
                        const struct bw_key *next,
                        const char *why,
                        struct bw_buf *out,
                        struct bw_err *reterr)
{
    struct bw_buf payload;
    struct bw_buf jwk;
    struct bw_jw w;
    bw_buf_init(&payload, META_MAX);
    bw_buf_init(&jwk, META_MAX);
    int r = bw_pubkey_to_jwk(bw_key_public(next), &jwk);
    if (r < 0) {
        goto out;
    }
    bw_jw_init(&w, &payload);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_key(&w, "jwk");
    bw_jw_raw(&w, jwk.data, jwk.len);
    bw_jw_kstr(&w, "why", why);
    bw_jw_obj_end(&w);
    r = bw_buf_error(&payload);
    if (r < 0) {
        goto out;
    }
    r = bw_jws_sign(signer, BW_TYP_KEY, payload.data, payload.len, out, reterr);
out:
    bw_buf_done(&payload);
    bw_buf_done(&jwk);
    return r;
}

/* Go on under a new key, signed for by the one that is given up. */
static int next_key(struct bw_chain *c, const char *why, struct bw_err *reterr)
{
    struct bw_buf request;
    bw_buf_init(&request, META_MAX);
    int r =
        c->next ? 0 : bw_enrolment_new_key(c->state_dir, BW_ALG_EDDSA, &c->next, reterr);
    if (r < 0) {
        goto out;
    }
    r = make_request(c->key, c->next, why, &request, reterr);
    if (r < 0) {
        goto out;
    }
    r = change_key(c, &c->next, why, c->kid, NULL, request.data, reterr);
    if (r == 0) {
        bw_log(BW_AREA_JOURNAL, BW_NOTICE, "signing goes on under key %s (%s)", c->kid,
               why);
    }
out:
    bw_buf_done(&request);
    return r;
}

/* After a fork. What storage refuses is tried again before the next record. */
static int next_key_or_later(struct bw_chain *c, struct bw_err *reterr)
{
    struct bw_err why = {.text = ""};
    int r = next_key(c, "fork", &why);
    enum bw_store_bin bin = bw_store_bin(r);
    if (bin == BW_STORE_FULL || bin == BW_STORE_RETRY) {
        bw_log(BW_AREA_JOURNAL, BW_WARN,
               "%s; the chain forked and needs a new key: records wait in memory until it "
               "can be made",
               why.text[0] ? why.text : bw_strerror(r));
        return 0;
    }
    return r < 0 ? bw_err_set(reterr, r, "%s", why.text) : 0;
}

/* Records of the site before stay here for good: nobody is to be sent them. */
static int settle_here(struct bw_chain *c,
                       const char *site,
                       bool *ret_same_site,
                       struct bw_err *reterr)
{
    struct bw_journal_head head;
    char before[BW_SITE_MAX + 1];
    int r = meta_get(c, "enrol.site", before, sizeof(before), reterr);
    *ret_same_site = strcmp(before, site) == 0;
    if (r < 0 || !c->kid[0] || *ret_same_site) {
        return r;
    }
    r = bw_journal_head(c->j, c->kid, &head, reterr);
    if (r == 0 && head.seq > 0) {
        r = bw_journal_ack(c->j, c->kid, head.seq, NULL, BW_UNKNOWN, reterr);
    }
    return r;
}

/* The chain of the enrolment's key goes on from another box's, from this box's own, or from
 * none. */
static int begin_enrolled(struct bw_chain *c,
                          struct bw_key **key,
                          const struct bw_enrolment *e,
                          bool same_site,
                          struct bw_err *reterr)
{
    char cites[CITES_MAX];
    if (!e->prev_kid[0]) {
        return change_key(c, key, c->kid[0] && same_site ? "rotated" : "new", c->kid, NULL,
                          NULL, reterr);
    }
    (void)snprintf(cites, sizeof(cites), "%" PRId64 " %s", e->prev_seq, e->prev_hash);
    return change_key(c, key, "replaced", e->prev_kid, cites, NULL, reterr);
}

int bw_chain_reload(struct bw_chain *c, struct bw_err *reterr)
{
    struct bw_enrolment e;
    struct bw_key *key = NULL;
    char taken[BW_KID_LEN + 1];
    bool same_site = false;
    int r = bw_enrolment_load(c->state_dir, &e, reterr);
    if (r == -ENOENT || (r == 0 && !e.site[0])) {
        return 0; /* never enrolled, or not answered yet */
    }
    if (r < 0) {
        return r;
    }
    r = meta_get(c, "enrol.kid", taken, sizeof(taken), reterr);
    if (r < 0) {
        return r;
    }
    if (strcmp(taken, e.kid) != 0) {
        r = load_key(c->state_dir, e.kid, &key, reterr);
        r = r < 0 ? r : settle_here(c, e.site, &same_site, reterr);
        r = r < 0 ? r : meta_set(c, "enrol.site", e.site, reterr);
        r = r < 0 ? r : begin_enrolled(c, &key, &e, same_site, reterr);
        r = r < 0 ? r : meta_set(c, "enrol.kid", e.kid, reterr);
        bw_key_free(key);
        if (r < 0) {
            return r;
        }
        bw_log(BW_AREA_JOURNAL, BW_NOTICE, "enrolled as %s under key %s", e.site, e.kid);
    }
    (void)snprintf(c->site, sizeof(c->site), "%s", e.site);
    return 0;
}

int bw_chain_open(struct bw_journal *j,
                  const char *state_dir,
                  struct bw_chain **ret,
                  struct bw_err *reterr)
{
    struct bw_journal_head head;
    struct bw_key *key = NULL;
    char kid[BW_KID_LEN + 1];
    struct bw_chain *c = calloc(1, sizeof(*c));
    int r;
    if (!c) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    c->j = j;
    (void)snprintf(c->state_dir, sizeof(c->state_dir), "%s", state_dir);
    (void)snprintf(c->site, sizeof(c->site), "%s", BW_SITE_LOCAL);
    r = meta_get(c, "key.current", kid, sizeof(kid), reterr);
    if (r < 0) {
        goto out;
    }
    if (kid[0]) {
        r = load_key(state_dir, kid, &key, reterr);
        if (r < 0) {
            goto out;
        }
        use_key(c, key);
        key = NULL;
    }
    r = bw_chain_reload(c, reterr);
    if (r < 0) {
        goto out;
    }
    if (!c->key) {
        r = bw_enrolment_new_key(state_dir, BW_ALG_EDDSA, &key, reterr);
        r = r < 0 ? r : change_key(c, &key, "new", "", NULL, NULL, reterr);
        if (r < 0) {
            goto out;
        }
        bw_log(BW_AREA_JOURNAL, BW_NOTICE, "made this box's first key, %s", c->kid);
    }
    r = bw_journal_head(j, c->kid, &head, reterr);
    if (r == 0 && head.forked) { /* stopped between closing the chain and the new key */
        r = next_key_or_later(c, reterr);
    }
    if (r < 0) {
        goto out;
    }
    *ret = c;
    c = NULL;
out:
    bw_key_free(key);
    bw_chain_free(c);
    return r;
}

void bw_chain_free(struct bw_chain *c)
{
    if (c) {
        bw_key_free(c->key);
        bw_key_free(c->next);
        free(c);
    }
}

const char *bw_chain_kid(const struct bw_chain *c)
{
    return c->kid;
}

const char *bw_chain_site(const struct bw_chain *c)
{
    return c->site;
}

void bw_chain_signed_done(struct bw_chain_signed *s)
{
    free(s->jws);
    memset(s, 0, sizeof(*s));
}

/* Forget the bytes, but not what the summary was before. */
static void unsign(struct bw_chain_signed *s)
{
    free(s->jws);
    s->jws = NULL;
    s->n_jws = 0;
}

static enum bw_chain_why why_word(const char *word)
{
    static const enum bw_chain_why all[] = {BW_CHAIN_NEW, BW_CHAIN_ROTATED,
                                            BW_CHAIN_REPLACED, BW_CHAIN_FORK,
                                            BW_CHAIN_RESTORED};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const char *name = bw_chain_why_name(all[i]);
        if (name && strcmp(name, word) == 0) {
            return all[i];
        }
    }
    return BW_CHAIN_NEW;
}

/* Of a chain that was another box's, the collector said where it ended. */
static int cited(struct bw_chain *c, struct bw_journal_head *h, struct bw_err *reterr)
{
    char cites[CITES_MAX];
    char *rest = cites;
    int r = meta_get(c, "key.cites", cites, sizeof(cites), reterr);
    if (r < 0 || !cites[0]) {
        return r;
    }
    h->seq = strtoll(cites, &rest, 10);
    if (h->seq < 1 || *rest != ' ' || strlen(rest + 1) != BW_HASH_LEN) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "the journal's value 'key.cites' is no place of a chain");
    }
    (void)snprintf(h->hash, sizeof(h->hash), "%.*s", BW_HASH_LEN, rest + 1);
    return 0;
}

/* seq, prev and chain by the journal's head. */
static int link_up(struct bw_chain *c, struct bw_summary *s, struct bw_err *reterr)
{
    struct bw_journal_head head;
    struct bw_journal_head prev;
    char why[32];
    char prev_kid[BW_KID_LEN + 1];
    int r = bw_journal_head(c->j, c->kid, &head, reterr);
    if (r < 0) {
        return r;
    }
    (void)snprintf(s->site, sizeof(s->site), "%s", c->site);
    s->seq = head.seq + 1;
    (void)snprintf(s->prev, sizeof(s->prev), "%s", head.hash);
    s->chain.why = BW_CHAIN_CONTINUES;
    if (head.seq > 0) {
        return 0;
    }
    s->prev[0] = '\0';
    r = meta_get(c, "key.why", why, sizeof(why), reterr);
    r = r < 0 ? r : meta_get(c, "key.prev", prev_kid, sizeof(prev_kid), reterr);
    if (r < 0) {
        return r;
    }
    s->chain.why = why_word(why);
    if (s->chain.why == BW_CHAIN_NEW || !prev_kid[0]) {
        s->chain.why = BW_CHAIN_NEW;
        return 0;
    }
    r = bw_journal_head(c->j, prev_kid, &prev, reterr);
    r = r < 0 ? r : cited(c, &prev, reterr);
    if (r < 0) {
        return r;
    }
    if (prev.seq == 0) { /* a key that never signed is nothing to go on from */
        s->chain.why = BW_CHAIN_NEW;
        return 0;
    }
    (void)snprintf(s->chain.prev_kid, sizeof(s->chain.prev_kid), "%s", prev_kid);
    s->chain.prev_seq = prev.seq;
    (void)snprintf(s->chain.prev_hash, sizeof(s->chain.prev_hash), "%s", prev.hash);
    return 0;
}

/* Refusals nobody told of yet become gaps, as many as the record has room for; neighbours
 * are joined. */
static int tell_refusals(struct bw_chain *c,
                         struct bw_summary *s,
                         int64_t *ret_through,
                         struct bw_err *reterr)
{
    struct bw_journal_refusal list[REFUSALS_MAX];
    size_t n = 0;
    *ret_through = 0;
    if (s->n_gaps >= BW_GAPS_MAX) {
        return 0; /* the next record tells them */
    }
    int r = bw_journal_refusals(c->j, list, REFUSALS_MAX - s->n_gaps, &n, reterr);
    if (r < 0 || n == 0) {
        return r;
    }
    struct bw_gap *gaps = bw_summary_alloc(s, (s->n_gaps + n) * sizeof(*gaps));
    if (!gaps) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    if (s->n_gaps > 0) {
        memcpy(gaps, s->gaps, s->n_gaps * sizeof(*gaps));
    }
    size_t first = s->n_gaps;
    size_t used = first;
    for (size_t i = 0; i < n; i++) {
        if (used > first && gaps[used - 1].to_unix_s == list[i].start_unix_s) {
            gaps[used - 1].to_unix_s = list[i].end_unix_s;
        } else {
            gaps[used++] = (struct bw_gap){.from_unix_s = list[i].start_unix_s,
                                           .to_unix_s = list[i].end_unix_s,
                                           .why = BW_GAP_REFUSED};
        }
    }
    s->gaps = gaps;
    s->n_gaps = used;
    *ret_through = list[n - 1].id;
    return 0;
}

static int sign(struct bw_chain *c,
                struct bw_summary *s,
                struct bw_chain_signed *keep,
                struct bw_err *reterr)
{
    struct bw_buf payload;
    struct bw_buf jws;
    int64_t through = 0;
    bool told = true;
    if (!keep->tried) {
        keep->tried = true;
        keep->own_gaps = s->n_gaps;
    }
    s->n_gaps = keep->own_gaps;
    bw_buf_init(&payload, BW_PAYLOAD_MAX);
    bw_buf_init(&jws, BW_JWS_MAX);
    int r = link_up(c, s, reterr);
    r = r < 0 ? r : tell_refusals(c, s, &through, reterr);
    r = r < 0 ? r : bw_shorten_encode(s, keep->own_gaps, &payload, &told, reterr);
    through = told ? through : 0;
    r = r < 0
            ? r
            : bw_jws_sign(c->key, BW_TYP_SUMMARY, payload.data, payload.len, &jws, reterr);
    if (r < 0) {
        goto out;
    }
    unsign(keep);
    (void)snprintf(keep->kid, sizeof(keep->kid), "%s", c->kid);
    keep->refusals_through = through;
    keep->jws = bw_buf_take(&jws, &keep->n_jws);
    if (!keep->jws) {
        r = -ENOMEM;
    }
out:
    bw_buf_done(&payload);
    bw_buf_done(&jws);
    return r;
}

int bw_chain_append(struct bw_chain *c,
                    struct bw_summary *s,
                    struct bw_chain_signed *keep,
                    struct bw_err *reterr)
{
    struct bw_journal_head head;
    char hash[BW_HASH_LEN + 1];
    int r = bw_journal_head(c->j, c->kid, &head, reterr);
    if (r == 0 && head.forked) {
        r = next_key(c, "fork", reterr);
        r = r < 0 ? r : bw_journal_head(c->j, c->kid, &head, reterr);
    }
    if (r < 0) {
        return r;
    }
    if (keep->jws) {
        /* An answer may have been lost after the commit; the bytes tell. */
        bw_sha256_text(keep->jws, keep->n_jws, hash);
        if (strcmp(keep->kid, c->kid) == 0 && strcmp(hash, head.hash) == 0) {
            return 0;
        }
        if (strcmp(keep->kid, c->kid) != 0 || head.seq + 1 != s->seq) {
            unsign(keep);
        }
    }
    if (!keep->jws) {
        r = sign(c, s, keep, reterr);
        if (r < 0) {
            return r;
        }
    }
    struct bw_journal_entry e = {.summary = s,
                                 .jws = keep->jws,
                                 .jws_len = keep->n_jws,
                                 .kid = keep->kid,
                                 .reports_refusals_through = keep->refusals_through};
    return bw_journal_append(c->j, &e, reterr);
}

int bw_chain_sign(struct bw_chain *c,
                  const char *typ,
                  const char *payload,
                  size_t n,
                  struct bw_buf *out,
                  struct bw_err *reterr)
{
    return bw_jws_sign(c->key, typ, payload, n, out, reterr);
}

int bw_chain_fork(struct bw_chain *c,
                  const char *kid,
                  int64_t seq,
                  const char *detail,
                  struct bw_err *reterr)
{
    int r = bw_journal_forked(c->j, kid, seq, detail, reterr);
    if (r < 0 || strcmp(kid, c->kid) != 0) {
        return r;
    }
    return next_key_or_later(c, reterr);
}

int bw_chain_key_request(struct bw_chain *c, struct bw_buf *out, char kid[BW_KID_LEN + 1])
{
    int r = bw_journal_meta_get(c->j, "key.request", out, NULL);
    if (r == 0) {
        (void)snprintf(kid, BW_KID_LEN + 1, "%s", c->kid);
    }
    return r;
}

int bw_chain_key_known(struct bw_chain *c, const char *kid, struct bw_err *reterr)
{
    return strcmp(kid, c->kid) == 0 ? meta_set(c, "key.request", NULL, reterr) : 0;
}
