/* SPDX-License-Identifier: GPL-3.0-or-later
 * tickets_post.c - POST /api/v1/tickets: a box asks whether it may test. The catalogue says
 * whose key signed, what its circuit is claimed to carry and where it reaches the world;
 * the bookings decide. */
#include "measure.h"
#include "tickets.h"

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <http.h>
#include <inttypes.h>
#include <jws.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MAX = 8192,
    DOWN_WAIT_S = 10 /* a server that is being started */
};

struct asking {
    struct bw_measure *m;
    struct bw_http_req *req;
    struct bw_buf scratch;
    struct bw_jws jws;
    struct bw_ticket_request request;
    char site[BW_SITE_MAX + 1];
    int64_t claim_bps[BW_DIRECTIONS];
    struct bw_prefix prefixes[BW_TICKETS_PREFIXES_MAX];
    size_t n_prefixes;
    bool more_prefixes;
    int64_t now_s;
    int r; /* of the look-up */
    struct bw_err err;
};

static void asking_free(struct asking *a)
{
    bw_buf_done(&a->scratch);
    free(a);
}

static int on_prefix(void *owner, const struct bw_prefix *p)
{
    struct asking *a = owner;
    bool in_force = p->from_unix_s <= a->now_s &&
                    (p->to_unix_s == BW_UNKNOWN || p->to_unix_s > a->now_s);
    if (!in_force || strcmp(p->circuit, a->request.circuit) != 0) {
        return 0;
    }
    if (a->n_prefixes < BW_TICKETS_PREFIXES_MAX) {
        a->prefixes[a->n_prefixes++] = *p;
    } else {
        a->more_prefixes = true;
    }
    return 0;
}

static int on_claim(void *owner, const struct bw_claim *c)
{
    struct asking *a = owner;
    a->claim_bps[BW_DOWN] = c->down_bps;
    a->claim_bps[BW_UP] = c->up_bps;
    return 0;
}

static int look_up(struct asking *a, struct bw_catalogue *c)
{
    struct bw_site_key key;
    struct bw_site site;
    int r = c->ops->key_get(c, a->jws.kid, &key, &a->err);
    if (r == -ENOENT) {
        return bw_err_set(&a->err, -BW_EUNKNOWNKEY, "nobody enrolled this key");
    }
    if (r < 0) {
        return r;
    }
    struct bw_pubkey signer = {.alg = (enum bw_alg)key.alg};
    memcpy(signer.raw, key.raw, sizeof(signer.raw));
    memcpy(signer.kid, key.kid, sizeof(signer.kid));
    r = bw_jws_verify(&a->jws, &signer);
    if (r < 0) {
        return bw_err_set(&a->err, r, "the signature does not fit the enrolled key");
    }
    memcpy(a->site, key.site, sizeof(a->site));
    r = c->ops->site_get(c, key.site, &site, &a->err);
    if (r < 0) {
        return r;
    }
    if (key.revoked_unix_s != BW_UNKNOWN || site.state == BW_SITE_RETIRED) {
        return bw_err_set(&a->err, -EACCES, "the key is revoked, or its site retired");
    }
    int64_t retired_unix_s = BW_UNKNOWN;
    r = bw_catalogue_retired(c, &key, &retired_unix_s, NULL, &a->err);
    if (r == 0 && retired_unix_s != BW_UNKNOWN) {
        r = bw_err_set(&a->err, -EACCES, "another box took this one's place");
    }
    if (r < 0) {
        return r;
    }
    r = c->ops->prefixes(c, a->site, on_prefix, a, &a->err);
    return r < 0 ? r
                 : c->ops->claims(c, a->site, a->request.circuit, a->now_s, a->now_s + 1,
                                  on_claim, a, &a->err);
}

static void work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct asking *a = job;
    if (!r) {
        a->r = -EIO;
        a->err = *err;
        return;
    }
    a->now_s = bw_clock_unix_ms() / 1000;
    a->r = look_up(a, r->catalogue);
}

static void come_later(struct bw_http_req *req, int64_t wait_s)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%" PRId64, wait_s);
    bw_http_add(req, "Retry-After", text);
}

static void refuse(struct asking *a, int r, int64_t wait_s)
{
    struct bw_http_req *req = a->req;
    const char *why = a->err.text;
    switch (r) {
    case -BW_EUNKNOWNKEY:
        bw_http_problem(req, 401, "unknown-key", "Unknown key", "%s", why);
        break;
    case -BW_ESIGNATURE:
        bw_http_problem(req, 401, "bad-signature", "Wrong signature", "%s", why);
        break;
    case -EACCES:
        bw_http_problem(req, 403, "key-revoked", "Not in force", "%s", why);
        break;
    case -EPERM:
        bw_http_problem(req, 403, "ticket-refused", "Not for here and now", "%s", why);
        break;
    case -EFBIG:
        bw_http_problem(req, 403, "not-testable", "More than the server carries", "%s",
                        why);
        break;
    case -EALREADY:
        bw_http_problem(req, 409, "nonce-used", "Asked before", "%s", why);
        break;
    case -EDQUOT:
        come_later(req, wait_s);
        bw_http_problem(req, 429, "day-used-up", "Enough for today", "%s", why);
        break;
    default:
        come_later(req, wait_s > 0 ? wait_s : 30);
        bw_http_problem(req, 503, r == -EBUSY ? "server-busy" : "busy",
                        r == -EBUSY ? "Server busy" : "Not possible now", "%s", why);
        break;
    }
}

static void after(void *job, int cancelled)
{
    struct asking *a = job;
    struct bw_buf out;
    int64_t wait_s = 0;
    int r = a->r;
    bw_buf_init(&out, ANSWER_MAX);
    if (cancelled) {
        r = bw_err_set(&a->err, -ESHUTDOWN, "the collector is stopping");
    } else if (r == 0 && !bw_measure_ready(a->m)) {
        wait_s = DOWN_WAIT_S;
        r = bw_err_set(&a->err, -EBUSY, "the measurement server is being started");
    } else if (r == 0) {
        const struct bw_tickets_asker asker = {
            .kid = a->jws.kid,
            .site = a->site,
            .request = &a->request,
            .claim_bps = {a->claim_bps[BW_DOWN], a->claim_bps[BW_UP]},
            .prefixes = a->prefixes,
            .n_prefixes = a->n_prefixes,
            .more_prefixes = a->more_prefixes};
        bw_http_vouch(a->req);
        r = bw_tickets_book(bw_measure_tickets(a->m), &asker, &out, &wait_s, &a->err);
    }
    if (r < 0) {
        refuse(a, r, wait_s);
    } else {
        bw_buf_putc(&out, '\n');
        bw_http_add(a->req, "Cache-Control", "no-store");
        bw_http_reply(a->req, 200, "application/json", &out);
    }
    bw_buf_done(&out);
    asking_free(a);
}

static int read_request(struct asking *a)
{
    size_t n = 0;
    const char *body = bw_http_body(a->req, &n);
    while (n > 0 && (body[n - 1] == '\n' || body[n - 1] == '\r')) {
        n--;
    }
    int r = bw_jws_parse(body, n, &a->scratch, &a->jws, &a->err);
    if (r == 0 && strcmp(a->jws.typ, BW_TYP_TICKET_REQUEST) != 0) {
        r = bw_err_set(&a->err, -BW_EMALFORMED, "typ must be " BW_TYP_TICKET_REQUEST);
    }
    return r < 0 ? r
                 : bw_ticket_request_decode(a->jws.payload, a->jws.payload_len, &a->request,
                                            &a->err);
}

void bw_measure_post(struct bw_measure *m,
                     struct bw_readers *readers,
                     struct bw_http_req *req)
{
    if (!m) {
        bw_http_problem(req, 404, "no-measurement-server", "No measurement server",
                        "this collector has none: its configuration has no 'measure'");
        return;
    }
    if (!bw_http_has_type(req, "application/jose")) {
        bw_http_problem(req, 415, "wrong-content-type", "Wrong Content-Type",
                        "send one compact JWS as application/jose");
        return;
    }
    struct asking *a = calloc(1, sizeof(*a));
    if (!a) {
        come_later(req, 30);
        bw_http_problem(req, 503, "busy", "Out of memory", "try again");
        return;
    }
    a->m = m;
    a->req = req;
    a->claim_bps[BW_DOWN] = BW_UNKNOWN;
    a->claim_bps[BW_UP] = BW_UNKNOWN;
    bw_buf_init(&a->scratch, BW_JWS_MAX);
    if (read_request(a) < 0) {
        bw_http_problem(req, 400, "malformed", "Not readable", "%s", a->err.text);
        asking_free(a);
        return;
    }
    if (bw_readers_run(readers, work, after, a) < 0) {
        come_later(req, 30);
        bw_http_problem(req, 429, "busy", "Too much at once", "try again in 30 seconds");
        asking_free(a);
    }
}
