/* SPDX-License-Identifier: GPL-3.0-or-later
 * share_http.c - from a link's token to its pack, and comments into the catalogue.
 *
 * Invariant: the token is hashed before anything is looked up, by an index over hashes, so
 * that how long an answer takes tells nothing of tokens near to it; whatever is no good
 * link is looked up all the same and gets one answer. No token is ever logged. A visit
 * counts until its reply is over, and no reply is in memory whole but a page that holds
 * comments: who reads slowly takes a place, and of one link's places. */
#include "share_http.h"

#include "share_page.h"

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <fcntl.h>
#include <hash.h>
#include <hasher.h>
#include <http.h>
#include <inttypes.h>
#include <log.h>
#include <readers.h>
#include <reply.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    VISITS_MAX = 32, /* at once, answers under way included */
    LINK_MAX = 8,    /* of them by one link */
    PIECE_BYTES = 64 * 1024,
    ANSWER_MS = 600 * 1000, /* what is not read by then is cut */
    PAGE_MAX = 4 * 1024 * 1024,
    BY_MAX = 32,
    KEY_LEN = 22,
    HOUR_S = 3600
};

enum kind {
    VISIT_PAGE,
    VISIT_FILE,
    VISIT_COMMENT
};

struct visit;

struct bw_share_room {
    struct bw_readers *const *readers; /* NULL once they are closed */
    const char *data_dir;
    uint8_t secret[32];               /* of the forms' keys; of this run alone */
    struct visit *visits[VISITS_MAX]; /* NULL: a free place */
    bool posting;                     /* one comment at a time, so that counts hold */
};

struct visit {
    struct bw_share_room *room;
    struct bw_http_req *req; /* until the reply has begun */
    struct bw_http_stream *stream;
    int64_t begun_mono_ms;
    enum kind kind;
    char title[128];
    char token[BW_SHARE_TOKEN_LEN + 1];
    char about[BW_SHARE_ABOUT_LEN + 1];
    char key[KEY_LEN + 1]; /* of the form of this link */
    size_t form;           /* which file */
    struct bw_share share;
    struct bw_reply_said *replies; /* of this link */
    size_t n_replies;
    size_t n_about; /* replies about the circuit */
    char text[BW_SHARE_FORM_TEXT];
    size_t n_text;
    char name[BW_SHARE_FORM_TEXT];
    size_t n_name;
    unsigned status;
    const char *trouble;
    char trouble_text[128];
    int r;
    struct bw_err err;
    int fd; /* of a file, once it was found to be what it was */
    struct bw_buf out;
    size_t sent; /* of a page */
};

/* ---- looking up: on a reader's thread --------------------------------------------- */

static void by_of(const struct bw_share *s, char out[BY_MAX])
{
    (void)snprintf(out, BY_MAX, "link-%s", s->id);
}

static int
split(const struct bw_share *s, char site[BW_SITE_MAX + 1], char circuit[BW_NAME_MAX + 1])
{
    const char *dot = strchr(s->circuit, '.');

    if (!dot || dot - s->circuit > BW_SITE_MAX || strlen(dot + 1) > BW_NAME_MAX) {
        return -ENOENT;
    }
    (void)snprintf(site, BW_SITE_MAX + 1, "%.*s", (int)(dot - s->circuit), s->circuit);
    (void)snprintf(circuit, BW_NAME_MAX + 1, "%s", dot + 1);
    return 0;
}

static int read_replies(struct visit *v, struct bw_reader *r)
{
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    char by[BY_MAX];
    int64_t unread = 0;
    int e = split(&v->share, site, circuit);

    free(v->replies);
    v->replies = NULL;
    e = e < 0 ? e
              : bw_replies_read(r->catalogue, site, circuit, INT64_MIN + 1, INT64_MAX,
                                &v->replies, &v->n_about, &unread, &v->err);
    v->n_replies = 0;
    by_of(&v->share, by);
    for (size_t i = 0; e == 0 && i < v->n_about; i++) {
        if (strcmp(v->replies[i].by, by) == 0) {
            v->replies[v->n_replies++] = v->replies[i];
        }
    }
    return e;
}

/* May one more be kept? Else why not. */
static const char *too_many(const struct visit *v, int64_t now_s)
{
    size_t n = 0;

    for (size_t i = 0; i < v->n_replies; i++) {
        n += v->replies[i].said_unix_s > now_s - HOUR_S;
    }
    return v->n_replies >= BW_SHARE_COMMENTS_MAX || v->n_about >= BW_SHARE_COMMENTS_CIRCUIT
               ? "this link has brought as many comments as it may"
           : n >= BW_SHARE_COMMENTS_HOUR
               ? "this link has brought many comments within an hour; come again later"
               : NULL;
}

static void refuse(struct visit *v, unsigned status, const char *trouble)
{
    v->status = status;
    v->trouble = trouble;
}

static int words(struct visit *v,
                 const char *what,
                 const char *typed,
                 size_t n,
                 bool lines,
                 char *out,
                 size_t cap)
{
    struct bw_err err = {""};
    int r = bw_reply_words(typed, n, out, cap, lines, &err);

    if (r < 0 && (lines || r != -ENODATA)) {
        (void)snprintf(v->trouble_text, sizeof(v->trouble_text), "%s: %.80s", what,
                       err.text);
        refuse(v, 400, v->trouble_text);
        return r;
    }
    return 0;
}

static int keep(struct visit *v, struct bw_reader *r)
{
    int64_t now_ms = bw_clock_unix_ms();
    const struct bw_share *s = &v->share;
    struct bw_statement said;
    struct bw_reply reply;
    struct bw_buf body;
    char id[BW_HASH_LEN + 1];
    const char *many = too_many(v, now_ms / 1000);
    int e;

    bw_reply_init(&reply);
    if (many) {
        refuse(v, 429, many);
        return 0;
    }
    if (words(v, "your words", v->text, v->n_text, true, reply.text, sizeof(reply.text)) <
            0 ||
        words(v, "the name", v->name, v->n_name, false, reply.name, sizeof(reply.name)) <
            0) {
        return 0;
    }
    (void)bw_reply_to_parse(bw_share_pack_name(s->pack), &reply.to);
    reply.from = BW_REPLY_FROM_LINK;
    reply.from_unix_s = s->from_unix_s;
    reply.to_unix_s = s->to_unix_s;
    memcpy(reply.answered, s->sha256[0], sizeof(reply.answered));
    bw_statement_init(&said, BW_STATEMENT_REPLY);
    (void)snprintf(said.about, sizeof(said.about), "circuit:%s", s->circuit);
    said.said_unix_s = now_ms / 1000;
    by_of(s, said.by);
    (void)snprintf(said.via, sizeof(said.via), "link");
    bw_buf_init(&body, (size_t)4 * BW_STATEMENT_MAX);
    e = bw_reply_encode(&reply, &body, &v->err);
    if (e == 0) {
        said.body = body.data;
        said.n_body = body.len;
        e = bw_catalogue_say(r->catalogue, &said, now_ms, id, &v->err);
    }
    bw_buf_done(&body);
    if (e == -E2BIG) {
        refuse(v, 400, "your words: longer than there is room for");
        return 0;
    }
    return e;
}

/* Is the whole of it what was shared? Then it is read again from its begin. */
static int check_file(struct visit *v, char *piece)
{
    struct bw_hasher *h = bw_hasher_new();
    uint8_t hash[32];
    char sha256[BW_HASH_LEN + 1];
    ssize_t n = h ? read(v->fd, piece, PIECE_BYTES) : -1;
    int r;

    while (n > 0) {
        bw_hasher_add(h, piece, (size_t)n);
        n = read(v->fd, piece, PIECE_BYTES);
    }
    r = n < 0 ? -EIO : bw_hasher_end(h, hash);
    bw_hasher_free(h);
    if (r < 0 || lseek(v->fd, 0, SEEK_SET) < 0) {
        return bw_err_set(&v->err, -EIO, "shares/%s cannot be read", v->share.id);
    }
    (void)bw_b64_encode(hash, sizeof(hash), sha256);
    return strcmp(sha256, v->share.sha256[v->form]) == 0
               ? 0
               : bw_err_set(&v->err, -EIO, "shares/%s is not what it was", v->share.id);
}

/* Opens and checks it at first, then gives the next piece; an empty one is the end. */
static int read_file(struct visit *v)
{
    char folder[PATH_MAX];
    char path[PATH_MAX];
    char *piece = malloc(PIECE_BYTES);
    ssize_t n = 0;
    int r = piece ? 0 : -ENOMEM;

    if (r == 0 && v->fd < 0) {
        bw_share_folder(v->room->data_dir, v->share.id, folder);
        (void)snprintf(path, sizeof(path), "%.4000s/%s.%s", folder,
                       bw_share_pack_name(v->share.pack), bw_share_forms[v->form]);
        v->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        r = v->fd < 0 ? bw_err_set(&v->err, -EIO, "shares/%s is gone", v->share.id)
                      : check_file(v, piece);
    } else if (r == 0) {
        n = read(v->fd, piece, PIECE_BYTES);
        r = n < 0 ? -EIO : 0;
    }
    if (r == 0 && n > 0) {
        bw_buf_add(&v->out, piece, (size_t)n);
        r = bw_buf_error(&v->out);
    }
    free(piece);
    return r;
}

static void visit_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct visit *v = job;

    if (!r) {
        v->r = -EIO;
        v->err = *err;
        return;
    }
    if (v->fd >= 0) {
        v->r = read_file(v);
        return;
    }
    v->r = bw_share_find(r->catalogue, v->about, &v->share, &v->err);
    if (v->r == 0 && v->share.expires_unix_s <= bw_clock_unix_ms() / 1000) {
        v->r = -ENOENT;
    }
    if (v->r == 0 && v->kind == VISIT_FILE) {
        v->r = read_file(v);
    } else if (v->r == 0) {
        v->r = read_replies(v, r);
    }
    if (v->r == 0 && v->kind == VISIT_COMMENT && !v->trouble) {
        v->r = keep(v, r);
    }
}

/* ---- answers: on the loop ----------------------------------------------------------- */

/* The comment is kept or refused; what is answered may take its time. */
static void posted(struct visit *v)
{
    if (v->kind == VISIT_COMMENT) {
        v->room->posting = false;
    }
}

static void visit_free(void *owner)
{
    struct visit *v = owner;

    for (size_t i = 0; i < VISITS_MAX; i++) {
        v->room->visits[i] = v->room->visits[i] == v ? NULL : v->room->visits[i];
    }
    if (v->fd >= 0) {
        (void)close(v->fd);
    }
    bw_buf_done(&v->out);
    free(v->replies);
    free(v);
}

static void headers(struct bw_http_req *req, const char *policy)
{
    bw_http_add(req, "Referrer-Policy", "no-referrer");
    bw_http_add(req, "X-Robots-Tag", "noindex, nofollow, noarchive");
    bw_http_add(req, "Content-Security-Policy", policy);
}

static const char page_policy[] =
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'";
static const char file_policy[] =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox";

static void none(struct bw_http_req *req)
{
    struct bw_buf b;

    bw_buf_init(&b, PAGE_MAX);
    bw_share_page_none(&b);
    headers(req, page_policy);
    bw_http_reply(req, 404, "text/html; charset=utf-8", &b);
}

static void busy(struct bw_http_req *req)
{
    headers(req, page_policy);
    bw_http_add(req, "Retry-After", "10");
    bw_http_problem(req, 503, "busy", "Not possible now", "try again in 10 seconds");
}

static void visit_after(void *job, int cancelled);

static void on_more(void *owner, struct bw_http_stream *s)
{
    struct visit *v = owner;
    size_t left = v->out.len - v->sent;
    struct bw_buf piece;

    v->stream = s;
    if (bw_clock_mono_ms() - v->begun_mono_ms > ANSWER_MS ||
        (v->fd >= 0 && bw_readers_run(*v->room->readers, visit_work, visit_after, v) < 0)) {
        bw_http_stream_end(s, false);
    } else if (v->fd < 0) { /* a page; after its last piece an empty one */
        bw_buf_init(&piece, PIECE_BYTES + 1);
        if (left > 0) {
            bw_buf_add(&piece, v->out.data + v->sent,
                       left < PIECE_BYTES ? left : PIECE_BYTES);
        }
        v->sent += piece.len;
        bw_http_stream_put(s, &piece);
    }
}

static const struct bw_http_stream_ops stream_ops = {.more = on_more, .closed = visit_free};

/* The visit lives until its reply is over. */
static void begin(struct visit *v, unsigned status, const char *type)
{
    struct bw_http_req *req = v->req;

    free(v->replies);
    v->replies = NULL;
    v->req = NULL;
    if (bw_buf_error(&v->out) < 0 ||
        bw_http_reply_stream(req, status, type, &stream_ops, v) < 0) {
        bw_http_problem(req, 503, "busy", "Out of memory", "try again in 10 seconds");
        visit_free(v);
    }
}

static void reply_page(struct visit *v)
{
    const struct bw_share_page p = {.share = &v->share,
                                    .title = v->title,
                                    .token = v->token,
                                    .key = v->key,
                                    .replies = v->replies,
                                    .n_replies = v->n_replies,
                                    .trouble = v->trouble,
                                    .text = v->text,
                                    .name = v->name};

    bw_share_page(&v->out, &p);
    headers(v->req, page_policy);
    if (v->status == 429) {
        bw_http_add(v->req, "Retry-After", "3600");
    }
    begin(v, v->status, "text/html; charset=utf-8");
}

static void reply_file(struct visit *v)
{
    static const char *const types[BW_SHARE_FORMS] = {
        "text/html; charset=utf-8", "application/pdf",
        "text/csv; charset=utf-8; header=present", "application/json"};
    char text[256];

    (void)snprintf(text, sizeof(text), "inline; filename=\"%.100s-%s.%s\"",
                   v->share.circuit, bw_share_pack_name(v->share.pack),
                   bw_share_forms[v->form]);
    headers(v->req, file_policy);
    bw_http_add(v->req, "Content-Disposition", text);
    begin(v, 200, types[v->form]);
}

static void visit_after(void *job, int cancelled)
{
    struct visit *v = job;
    char place[BW_SHARE_TOKEN_LEN + 32];

    if (!v->req) { /* the next piece of a file */
        if (cancelled || v->r < 0) {
            bw_http_stream_end(v->stream, false);
        } else {
            bw_http_stream_put(v->stream, &v->out);
        }
        return;
    }
    posted(v);
    if (!cancelled && v->r == -ENOENT) {
        none(v->req);
    } else if (cancelled || v->r < 0) {
        if (!cancelled) {
            bw_log(BW_AREA_EVIDENCE, BW_WARN, "a link's page: %s", v->err.text);
        }
        busy(v->req);
    } else if (v->kind == VISIT_FILE) {
        reply_file(v);
        return;
    } else if (v->kind == VISIT_PAGE || v->trouble) {
        reply_page(v);
        return;
    } else {
        struct bw_buf nothing;
        bw_buf_init(&nothing, 64);
        (void)snprintf(place, sizeof(place), "/s/%s#comments", v->token);
        headers(v->req, page_policy);
        bw_http_add(v->req, "Location", place);
        bw_http_reply(v->req, 303, "text/plain; charset=utf-8", &nothing);
    }
    visit_free(v);
}

/* ---- requests ----------------------------------------------------------------------- */

/* A place among all visits and among those by the same link; NULL: none is free. */
static struct visit **free_place(struct bw_share_room *room, const char *about)
{
    struct visit **place = NULL;
    size_t same = 0;

    for (size_t i = 0; i < VISITS_MAX; i++) {
        struct visit **at = &room->visits[i];
        place = *at || place ? place : at;
        same += *at && strcmp((*at)->about, about) == 0;
    }
    return same < LINK_MAX ? place : NULL;
}

/* Of a token that cannot be one a hash is looked up too, which nobody has. */
static struct visit *visit_new(struct bw_collector *c, struct bw_http_req *req, enum kind k)
{
    struct bw_share_room *room = c->share_room;
    const char *token = bw_http_param(req, 0);
    struct visit *v = k == VISIT_COMMENT && room->posting ? NULL : calloc(1, sizeof(*v));
    struct visit **place;
    uint8_t mac[32];

    if (!v) {
        return NULL;
    }
    if (bw_share_about(token, v->about) < 0) {
        char hash[BW_HASH_LEN + 1];
        bw_sha256_text(token, strlen(token), hash);
        (void)snprintf(v->about, sizeof(v->about), "share-%s", hash);
    } else {
        (void)snprintf(v->token, sizeof(v->token), "%s", token);
    }
    place = free_place(room, v->about);
    if (!place) {
        free(v);
        return NULL;
    }
    *place = v;
    room->posting = room->posting || k == VISIT_COMMENT;
    v->room = room;
    v->req = req;
    v->begun_mono_ms = bw_clock_mono_ms();
    v->kind = k;
    v->status = 200;
    v->fd = -1;
    bw_buf_init(&v->out, k == VISIT_FILE ? PIECE_BYTES + 1 : PAGE_MAX);
    (void)snprintf(v->title, sizeof(v->title), "%s", c->conf->title);
    bw_hmac_sha256(room->secret, sizeof(room->secret), v->about, strlen(v->about), mac);
    (void)bw_b64_encode(mac, 16, v->key);
    return v;
}

static void visit_go(struct visit *v)
{
    if (bw_readers_run(*v->room->readers, visit_work, visit_after, v) < 0) {
        posted(v);
        busy(v->req);
        visit_free(v);
    }
}

void bw_share_get(void *owner, struct bw_http_req *req)
{
    struct visit *v = visit_new(owner, req, VISIT_PAGE);

    if (v) {
        visit_go(v);
    } else {
        busy(req);
    }
}

void bw_share_file_get(void *owner, struct bw_http_req *req)
{
    const char *file = bw_http_param(req, 1);
    size_t form = 0;
    struct visit *v;

    while (form < BW_SHARE_FORMS && (strncmp(file, "pack.", 5) != 0 ||
                                     strcmp(file + 5, bw_share_forms[form]) != 0)) {
        form++;
    }
    if (form == BW_SHARE_FORMS) {
        none(req);
        return;
    }
    v = visit_new(owner, req, VISIT_FILE);
    if (v) {
        v->form = form;
        visit_go(v);
    } else {
        busy(req);
    }
}

/* Both are of the same length where the second is a key at all. */
static bool same_key(const char *a, const char *b, size_t n)
{
    unsigned differ = n != KEY_LEN;

    for (size_t i = 0; i < KEY_LEN && i < n; i++) {
        differ |= (unsigned)(a[i] ^ b[i]);
    }
    return differ == 0;
}

void bw_share_comment_post(void *owner, struct bw_http_req *req)
{
    const char *from = bw_http_header(req, "Sec-Fetch-Site");
    struct visit *v = visit_new(owner, req, VISIT_COMMENT);
    char key[64];
    size_t n = 0;
    const char *body = bw_http_body(req, &n);
    int r;

    if (!v) {
        busy(req);
        return;
    }
    struct bw_share_form_field fields[] = {
        {.name = "text", .out = v->text, .cap = sizeof(v->text)},
        {.name = "name", .out = v->name, .cap = sizeof(v->name)},
        {.name = "key", .out = key, .cap = sizeof(key)},
        {.name = NULL}};
    r = bw_http_has_type(req, "application/x-www-form-urlencoded")
            ? bw_share_form_read(body ? body : "", n, fields)
            : -EINVAL;
    v->n_text = fields[0].n;
    v->n_name = fields[1].n;
    if (r == -E2BIG) {
        refuse(v, 413, "it is longer than 6,000 bytes");
    } else if (r < 0) {
        refuse(v, 400, "what came was not this page's form");
    } else if (from && strcmp(from, "same-origin") != 0 && strcmp(from, "none") != 0) {
        refuse(v, 403, "it came from another site's page");
    } else if (!same_key(v->key, key, fields[2].n)) {
        refuse(v, 400,
               "the collector was started again since this page was made; read your "
               "words and send them again");
    }
    visit_go(v);
}

/* ---- the room ------------------------------------------------------------------------ */

int bw_share_room_new(struct bw_readers *const *readers,
                      const char *data_dir,
                      struct bw_share_room **ret)
{
    struct bw_share_room *room = calloc(1, sizeof(*room));

    if (!room) {
        return -ENOMEM;
    }
    room->readers = readers;
    room->data_dir = data_dir;
    bw_random(room->secret, sizeof(room->secret));
    *ret = room;
    return 0;
}

void bw_share_room_free(struct bw_share_room *room)
{
    free(room);
}
