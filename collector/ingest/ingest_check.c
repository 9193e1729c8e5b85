/* SPDX-License-Identifier: GPL-3.0-or-later
 * ingest_check.c - the checker's stage: what can be said of a line without the ledger.
 *
 * Until the signature holds, nothing of a line is believed or kept; after it, even a
 * refused line leaves its hash, so that its chain still links. */
#include "ingest_private.h"

#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <json.h>
#include <jws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void __attribute__((format(printf, 3, 4)))
refuse(struct bw_line *l, const char *word, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(l->detail, sizeof(l->detail), fmt, ap);
    va_end(ap);
    l->refused = word;
}

static void copy_member(const json_t *object, const char *name, size_t max, char *out)
{
    const char *text = NULL;
    if (bw_json_opt_str(object, name, max, &text, NULL) == 0 && text) {
        memcpy(out, text, strlen(text) + 1);
    }
}

/* A rightly signed payload that breaks the contract: read what the chain needs. Without
 * a sequence number there is nothing to link. */
static void salvage(struct bw_line *l, const struct bw_jws *j, const char *site)
{
    json_t *object = NULL;
    if (bw_json_parse(j->payload, j->payload_len, BW_JWS_MAX, &object, NULL) < 0) {
        return;
    }
    struct bw_summary *s = &l->summary;
    bw_summary_init(s);
    int64_t seq = BW_UNKNOWN;
    if (bw_json_get_i64(object, "seq", 1, INT64_MAX / 2000, &seq, NULL) < 0) {
        goto out;
    }
    l->seq = seq;
    s->seq = seq;
    (void)snprintf(s->site, sizeof(s->site), "%s", site);
    copy_member(object, "prev", BW_HASH_LEN, s->prev);
    s->start_unix_s = 0;
    s->end_unix_s = 0;
    (void)bw_json_get_i64(object, "start", 0, INT64_MAX / 2000, &s->start_unix_s, NULL);
    (void)bw_json_get_i64(object, "end", 0, INT64_MAX / 2000, &s->end_unix_s, NULL);
    l->to_ledger = true;
out:
    json_decref(object);
}

/* Returns <0 only when the catalogue cannot be read. */
static int check_line(struct bw_ingest *g,
                      const struct bw_post *p,
                      const struct bw_batch_line *text,
                      struct bw_buf *scratch,
                      struct bw_line *l)
{
    struct bw_err err = {.text = ""};
    struct bw_jws jws;
    l->seq = BW_UNKNOWN;
    if (text->len > BW_JWS_MAX) {
        refuse(l, "too-long", "%zu bytes; a record may have %d", text->len, BW_JWS_MAX);
        return 0;
    }
    if (bw_jws_parse(text->text, text->len, scratch, &jws, &err) < 0) {
        refuse(l, "malformed", "%.180s", err.text);
        return 0;
    }
    memcpy(l->kid, jws.kid, sizeof(l->kid));
    if (strcmp(jws.typ, BW_TYP_SUMMARY) != 0) {
        refuse(l, "malformed", "typ is not " BW_TYP_SUMMARY);
        return 0;
    }
    const struct bw_keycache_key *key = NULL;
    int r = bw_keycache_get(g->keys, jws.kid, &key, &err);
    if (r == -BW_EUNKNOWNKEY) {
        refuse(l, "unknown-key",
               "nobody enrolled this key; enrol the box with a new token");
        return 0;
    }
    if (r < 0) {
        return r;
    }
    if (bw_jws_verify(&jws, &key->key) < 0) {
        refuse(l, "bad-signature", "the signature does not fit the enrolled key");
        return 0;
    }
    if (key->revoked) {
        refuse(l, "key-revoked", "the key was revoked; enrol the box with a new token");
        return 0;
    }
    bw_sha256_text(text->text, text->len, l->sha256);
    r = bw_summary_decode(jws.payload, jws.payload_len, &l->summary, &err);
    if (r == -ENOMEM) {
        return r;
    }
    if (r == -BW_ENEWER) {
        refuse(l, "not-yet-readable", "%.180s", err.text);
        return 0;
    }
    if (r < 0) {
        refuse(l, "malformed", "%.180s", err.text);
        salvage(l, &jws, key->site);
        return 0;
    }
    l->seq = l->summary.seq;
    if (key->retired_unix_s != BW_UNKNOWN &&
        l->summary.start_unix_s >= key->retired_unix_s) {
        refuse(l, "key-replaced",
               "another box took this one's place at %s before the interval began; what "
               "it measured until then is still taken",
               key->site);
        return 0;
    }
    l->to_ledger = true;
    if (strcmp(l->summary.site, key->site) != 0) {
        refuse(l, "wrong-site", "the record names %s, its key belongs to %s",
               l->summary.site, key->site);
        memcpy(l->summary.site, key->site, sizeof(l->summary.site));
    }
    l->egress = bw_keycache_egress(g->keys, key->site, p->peer);
    return 0;
}

static void problem(struct bw_post *p, int r, const struct bw_err *err)
{
    switch (r) {
    case -E2BIG:
        bw_post_problem(p, 413, "too-large", "Too large", err->text);
        break;
    case -EOVERFLOW:
        bw_post_problem(p, 400, "too-many-lines", "Too many lines", err->text);
        break;
    case -BW_EMALFORMED:
        bw_post_problem(p, 400, "malformed", "Not readable", err->text);
        break;
    default:
        bw_post_problem(p, 503, "busy", "Not possible now", err->text);
        break;
    }
}

void bw_ingest_check_post(struct bw_ingest *g, struct bw_post *p)
{
    struct bw_err err = {.text = ""};
    struct bw_buf scratch;
    bw_buf_init(&scratch, BW_JWS_MAX + 1);
    const char *text = p->body;
    size_t n = p->body_len;
    int r = 0;
    if (p->zstd) {
        r = bw_batch_inflate(p->body, p->body_len, &p->inflated, &err);
        text = p->inflated.data;
        n = p->inflated.len;
    }
    if (r < 0) {
        goto out;
    }
    p->texts = malloc(BW_POST_LINES_MAX * sizeof(p->texts[0]));
    r = p->texts ? bw_batch_split(text, n, p->texts, &p->n_lines, &err) : -ENOMEM;
    if (r < 0) {
        p->n_lines = 0;
        goto out;
    }
    struct bw_batch_line *fit = realloc(p->texts, p->n_lines * sizeof(p->texts[0]));
    p->texts = fit ? fit : p->texts;
    p->lines = calloc(p->n_lines, sizeof(p->lines[0]));
    r = p->lines ? bw_keycache_refresh(g->keys, &err) : -ENOMEM;
    for (size_t i = 0; r == 0 && i < p->n_lines; i++) {
        r = check_line(g, p, &p->texts[i], &scratch, &p->lines[i]);
        p->n_to_ledger += p->lines[i].to_ledger ? 1 : 0;
    }
out:
    if (r < 0) {
        problem(p, r, &err);
    }
    bw_buf_done(&scratch);
}
