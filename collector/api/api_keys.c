/* SPDX-License-Identifier: GPL-3.0-or-later
 * api_keys.c - every public key a site ever had, as a JWK Set (RFC 7517), so that anybody
 * can check its records.
 *
 * The catalogue holds public halves only: nothing private can leave here. */
#include "api.h"

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <collector.h>
#include <errno.h>
#include <http.h>
#include <json.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 4 * 1024 * 1024
};

struct keys {
    struct bw_http_req *req;
    char site[BW_SITE_MAX + 1];
    int r;
    struct bw_err err;
    struct bw_site_key *list;
    size_t n;
    struct bw_buf out;
};

static int on_key(void *owner, const struct bw_site_key *k)
{
    struct keys *s = owner;
    struct bw_site_key *grown = reallocarray(s->list, s->n + 1, sizeof(*grown));
    if (!grown) {
        return bw_err_set(&s->err, -ENOMEM, "out of memory");
    }
    s->list = grown;
    s->list[s->n++] = *k;
    return 0;
}

static const struct bw_site_key *successor(const struct keys *s,
                                           const struct bw_site_key *k)
{
    for (size_t i = 0; k->replaced_by[0] && i < s->n; i++) {
        if (strcmp(s->list[i].kid, k->replaced_by) == 0) {
            return &s->list[i];
        }
    }
    return NULL;
}

static void write_key(struct bw_jw *w, const struct keys *s, const struct bw_site_key *k)
{
    struct bw_pubkey p = {.alg = (enum bw_alg)k->alg};
    const struct bw_site_key *after = successor(s, k);
    memcpy(p.raw, k->raw, sizeof(p.raw));
    memcpy(p.kid, k->kid, sizeof(p.kid));
    bw_jw_obj(w);
    bw_pubkey_members(&p, w);
    bw_jw_ki64(w, "enrolled_s", k->from_unix_s);
    bw_jw_kstr(w, "enrolled_by", k->prev_kid[0] ? "key" : "token");
    bw_jw_kstr(w, "prev_kid", k->prev_kid[0] ? k->prev_kid : NULL);
    bw_jw_kstr(w, "replaced_by", k->replaced_by[0] ? k->replaced_by : NULL);
    bw_jw_ki64(w, "replaced_s", after ? after->from_unix_s : BW_UNKNOWN);
    bw_jw_ki64(w, "revoked_s", k->revoked_unix_s);
    bw_jw_obj_end(w);
}

static void keys_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct keys *s = job;
    struct bw_site site;
    struct bw_jw w;
    if (!r) {
        s->r = -EIO;
        s->err = *err;
        return;
    }
    s->r = r->catalogue->ops->site_get(r->catalogue, s->site, &site, &s->err);
    if (s->r == 0) {
        s->r = r->catalogue->ops->keys(r->catalogue, s->site, on_key, s, &s->err);
    }
    if (s->r < 0) {
        return;
    }
    bw_jw_init(&w, &s->out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "site", s->site);
    bw_jw_karr(&w, "keys");
    for (size_t i = 0; i < s->n; i++) {
        write_key(&w, s, &s->list[i]);
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(&s->out, '\n');
    s->r = bw_buf_error(&s->out);
}

static void keys_after(void *job, int cancelled)
{
    struct keys *s = job;
    if (!cancelled && s->r == -ENOENT) {
        bw_http_problem(s->req, 404, "not-found", "No such site", "no site has this id");
    } else if (cancelled || s->r < 0) {
        bw_http_add(s->req, "Retry-After", "30");
        bw_http_problem(s->req, 503, "busy", "Not possible now", "%s",
                        cancelled ? "the collector is stopping" : s->err.text);
    } else {
        bw_http_reply(s->req, 200, "application/jwk-set+json", &s->out);
    }
    bw_buf_done(&s->out);
    free(s->list);
    free(s);
}

void bw_api_site_keys(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    const char *site = bw_http_param(req, 0);
    struct keys *s = NULL;
    if (!site || strlen(site) > BW_SITE_MAX) {
        bw_http_problem(req, 404, "not-found", "No such site", "no site has this id");
        return;
    }
    s = calloc(1, sizeof(*s));
    if (s) {
        s->req = req;
        (void)snprintf(s->site, sizeof(s->site), "%s", site);
        bw_buf_init(&s->out, ANSWER_MAX);
    }
    if (!s || bw_readers_run(c->readers, keys_work, keys_after, s) < 0) {
        free(s);
        bw_http_add(req, "Retry-After", "10");
        bw_http_problem(req, 429, "busy", "Too much at once", "try again in 10 seconds");
    }
}
