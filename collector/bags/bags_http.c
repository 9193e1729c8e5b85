/* SPDX-License-Identifier: GPL-3.0-or-later
 * bags_http.c - yearly bags over HTTP: for people by the site's page, for its box by a
 * signed request. A file is read in pieces by the readers, so that no thread waits for a
 * slow client. */
#include "bag_place.h"
#include "bags.h"

#include <bag_request.h>
#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <collector.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <file.h>
#include <http.h>
#include <json.h>
#include <jws.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LIST_MAX = 256 * 1024,
    PIECE_BYTES = 256 * 1024,
    CLOCK_S = 300, /* so far may a box's clock be off */
    PAYLOAD_MAX = 4096
};

struct ask {
    struct bw_readers *const *readers; /* NULL once they are closed */
    struct bw_http_req *req;           /* until the reply has begun */
    struct bw_http_stream *stream;
    char folder[PATH_MAX];
    char log_kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    char name[BW_BAG_FILE_MAX + 1]; /* "": the list */
    bool is_signed;
    struct bw_jws jws;
    struct bw_buf scratch;
    int fd;
    bool over;
    int r;
    struct bw_err err;
    struct bw_buf out;
};

static void ask_free(void *owner)
{
    struct ask *a = owner;

    if (a->fd >= 0) {
        (void)close(a->fd);
    }
    bw_buf_done(&a->scratch);
    bw_buf_done(&a->out);
    free(a);
}

/* ---- on a reader's thread ------------------------------------------------------------ */

static int check_signature(struct ask *a, struct bw_catalogue *c)
{
    struct bw_site_key key;
    struct bw_site site;
    int r = c->ops->key_get(c, a->jws.kid, &key, &a->err);

    if (r < 0) {
        return r == -ENOENT
                   ? bw_err_set(&a->err, -BW_EUNKNOWNKEY, "nobody enrolled this key")
                   : r;
    }
    struct bw_pubkey signer = {.alg = (enum bw_alg)key.alg};
    memcpy(signer.raw, key.raw, sizeof(signer.raw));
    memcpy(signer.kid, key.kid, sizeof(signer.kid));
    r = bw_jws_verify(&a->jws, &signer);
    if (r < 0) {
        return bw_err_set(&a->err, r, "the signature does not fit the enrolled key");
    }
    r = c->ops->site_get(c, key.site, &site, &a->err);
    if (r == 0 && (key.revoked_unix_s != BW_UNKNOWN || site.state == BW_SITE_RETIRED)) {
        r = bw_err_set(&a->err, -EACCES, "the key is revoked, or its site retired");
    }
    int64_t retired_unix_s = BW_UNKNOWN;
    r = r < 0 ? r : bw_catalogue_retired(c, &key, &retired_unix_s, NULL, &a->err);
    if (r == 0 && retired_unix_s != BW_UNKNOWN) {
        r = bw_err_set(&a->err, -EACCES, "another box took this one's place");
    }
    memcpy(a->site, key.site, sizeof(a->site));
    return r;
}

static void put_bag(struct bw_jw *w, const char *folder, const char *name)
{
    struct bw_bag_place p;
    char path[PATH_MAX];
    char again[BW_BAG_FILE_MAX + 1];
    struct bw_buf sum;
    struct stat st;

    if (bw_bag_place_parse(name, &p) < 0) {
        return;
    }
    bw_bag_place_name(&p, again);
    bw_bag_place_path(folder, &p, "", path);
    if (stat(path, &st) < 0) {
        return;
    }
    bw_bag_place_path(folder, &p, ".sha256", path);
    bw_buf_init(&sum, 4096);
    if (bw_file_read(path, 4096, &sum, NULL) == 0 && sum.len > BW_SHA256_HEX) {
        sum.data[BW_SHA256_HEX] = '\0';
        bw_jw_obj(w);
        bw_jw_kstr(w, "name", again);
        bw_jw_kstr(w, "circuit", p.circuit);
        bw_jw_ki64(w, "funding_year", p.year);
        bw_jw_ki64(w, "bytes", st.st_size);
        bw_jw_kstr(w, "sha256", sum.data);
        bw_jw_obj_end(w);
    }
    bw_buf_done(&sum);
}

static void list_year(struct ask *a, struct bw_jw *w, const char *path)
{
    struct dirent **names = NULL;
    int n = scandir(path, &names, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        put_bag(w, a->folder, names[i]->d_name);
        free(names[i]);
    }
    free(names);
}

static int list_bags(struct ask *a)
{
    struct dirent **years = NULL;
    char path[PATH_MAX];
    struct bw_jw w;
    int n;

    bw_jw_init(&w, &a->out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "site", a->site);
    bw_jw_karr(&w, "bags");
    (void)snprintf(path, sizeof(path), "%.3700s/%s", a->folder, a->site);
    n = scandir(path, &years, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (strncmp(years[i]->d_name, "FY", 2) == 0) {
            (void)snprintf(path, sizeof(path), "%.3700s/%s/%.16s", a->folder, a->site,
                           years[i]->d_name);
            list_year(a, &w, path);
        }
        free(years[i]);
    }
    free(years);
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    bw_buf_putc(&a->out, '\n');
    return bw_buf_error(&a->out);
}

static int open_bag(struct ask *a)
{
    struct bw_bag_place p;
    char path[PATH_MAX];

    if (bw_bag_place_parse(a->name, &p) < 0 || strcmp(p.site, a->site) != 0) {
        return bw_err_set(&a->err, -ENOENT, "this site has no such bag");
    }
    bw_bag_place_path(a->folder, &p, "", path);
    a->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return a->fd < 0 ? bw_err_set(&a->err, -errno, "this site has no such bag") : 0;
}

static int read_piece(struct ask *a)
{
    char *chunk = malloc(PIECE_BYTES);
    ssize_t n = chunk ? read(a->fd, chunk, PIECE_BYTES) : -1;

    if (n > 0) {
        bw_buf_add(&a->out, chunk, (size_t)n);
    }
    free(chunk);
    a->over = n == 0;
    return n < 0 ? -EIO : bw_buf_error(&a->out);
}

static void work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct ask *a = job;

    if (!r) {
        a->r = -EIO;
        a->err = *err;
        return;
    }
    if (a->fd >= 0) {
        a->r = read_piece(a);
        return;
    }
    a->r = a->is_signed ? check_signature(a, r->catalogue) : 0;
    if (a->r == 0) {
        a->r = a->name[0] ? open_bag(a) : list_bags(a);
    }
}

/* ---- on the loop --------------------------------------------------------------------- */

static void after(void *job, int cancelled);

static void on_more(void *owner, struct bw_http_stream *s)
{
    struct ask *a = owner;

    a->stream = s;
    if (a->out.len > 0) {
        bw_http_stream_put(s, &a->out);
    } else if (a->over) {
        bw_http_stream_end(s, true);
    } else if (bw_readers_run(*a->readers, work, after, a) < 0) {
        bw_http_stream_end(s, false);
    }
}

static const struct bw_http_stream_ops stream_ops = {.more = on_more, .closed = ask_free};

static void refuse(struct ask *a, int r)
{
    struct bw_http_req *req = a->req;

    if (r == -BW_EUNKNOWNKEY) {
        bw_http_problem(req, 401, "unknown-key", "Unknown key", "%s", a->err.text);
    } else if (r == -BW_ESIGNATURE) {
        bw_http_problem(req, 401, "bad-signature", "Wrong signature", "%s", a->err.text);
    } else if (r == -EACCES) {
        bw_http_problem(req, 403, "key-revoked", "Not in force", "%s", a->err.text);
    } else if (r == -ENOENT) {
        bw_http_problem(req, 404, "not-found", "No such bag", "%s", a->err.text);
    } else {
        bw_http_add(req, "Retry-After", "30");
        bw_http_problem(req, 503, "busy", "Not possible now", "%s", a->err.text);
    }
    ask_free(a);
}

static void begin_file(struct ask *a)
{
    struct bw_http_req *req = a->req;
    char text[BW_BAG_FILE_MAX + 40];

    (void)snprintf(text, sizeof(text), "attachment; filename=\"%s\"", a->name);
    bw_http_add(req, "Content-Disposition", text);
    a->req = NULL;
    if (bw_http_reply_stream(req, 200, "application/zstd", &stream_ops, a) < 0) {
        bw_http_problem(req, 503, "busy", "Out of memory", "try again");
        ask_free(a);
    }
}

static void after(void *job, int cancelled)
{
    struct ask *a = job;
    int r = cancelled ? bw_err_set(&a->err, -ESHUTDOWN, "the collector is stopping") : a->r;

    if (!a->req) { /* a piece of a file */
        if (r < 0) {
            bw_http_stream_end(a->stream, false);
        } else {
            on_more(a, a->stream);
        }
    } else if (r < 0) {
        refuse(a, r);
    } else if (a->name[0]) {
        begin_file(a);
    } else {
        bw_http_reply(a->req, 200, "application/json", &a->out);
        ask_free(a);
    }
}

static struct ask *ask_new(struct bw_collector *c, struct bw_http_req *req)
{
    struct ask *a = calloc(1, sizeof(*a));

    if (!a) {
        bw_http_add(req, "Retry-After", "30");
        bw_http_problem(req, 503, "busy", "Out of memory", "try again");
        return NULL;
    }
    a->readers = &c->readers;
    a->req = req;
    a->fd = -1;
    (void)snprintf(a->folder, sizeof(a->folder), "%s", c->bags_folder);
    memcpy(a->log_kid, bw_key_public(c->log_key)->kid, sizeof(a->log_kid));
    bw_buf_init(&a->scratch, BW_JWS_MAX);
    bw_buf_init(&a->out, LIST_MAX > PIECE_BYTES ? LIST_MAX + 1 : PIECE_BYTES + 1);
    return a;
}

static void go(struct ask *a)
{
    if (bw_readers_run(*a->readers, work, after, a) < 0) {
        bw_http_add(a->req, "Retry-After", "10");
        bw_http_problem(a->req, 429, "busy", "Too much at once", "try again in 10 seconds");
        ask_free(a);
    }
}

/* A site's id as a part of a path. */
static bool is_site(const char *id)
{
    return strlen(id) <= BW_SITE_MAX && strncmp(id, "s-", 2) == 0 &&
           strspn(id + 2, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(id + 2);
}

static void get(struct bw_collector *c, struct bw_http_req *req, const char *name)
{
    const char *site = bw_http_param(req, 0);
    struct ask *a;

    if (!is_site(site) || strlen(name) > BW_BAG_FILE_MAX) {
        bw_http_problem(req, 404, "not-found", "No such bag", "this site has no such bag");
        return;
    }
    a = ask_new(c, req);
    if (a) {
        (void)snprintf(a->site, sizeof(a->site), "%s", site);
        (void)snprintf(a->name, sizeof(a->name), "%s", name);
        go(a);
    }
}

void bw_bags_list_get(void *owner, struct bw_http_req *req)
{
    get(owner, req, "");
}

void bw_bags_file_get(void *owner, struct bw_http_req *req)
{
    get(owner, req, bw_http_param(req, 1));
}

/* {"v":1,"aud":KID of the log's key,"at_s":…,"want":NAME}; without `want`: the list. */
static int read_payload(struct ask *a)
{
    static const char *const names[] = {"v", "aud", "at_s", "want", NULL};
    json_t *o = NULL;
    const char *aud = NULL;
    const char *want = NULL;
    int64_t v = 0;
    int64_t at_s = 0;
    int64_t now_s = bw_clock_unix_ms() / 1000;
    int r = bw_json_parse(a->jws.payload, a->jws.payload_len, PAYLOAD_MAX, &o, &a->err);

    r = r < 0 ? r : bw_json_only(o, names, &a->err);
    r = r < 0 ? r : bw_json_get_i64(o, "v", 1, 1, &v, &a->err);
    r = r < 0 ? r : bw_json_get_str(o, "aud", BW_KID_LEN, &aud, &a->err);
    r = r < 0 ? r : bw_json_get_i64(o, "at_s", 0, INT64_MAX, &at_s, &a->err);
    r = r < 0 ? r : bw_json_opt_str(o, "want", BW_BAG_FILE_MAX, &want, &a->err);
    if (r == 0 && (strcmp(aud, a->log_kid) != 0 || at_s < now_s - CLOCK_S ||
                   at_s > now_s + CLOCK_S)) {
        r = bw_err_set(&a->err, -EPERM,
                       "the request is for another collector, or the box's clock is off by "
                       "more than five minutes");
    }
    (void)snprintf(a->name, sizeof(a->name), "%s", r == 0 && want ? want : "");
    json_decref(o);
    return r;
}

void bw_bags_post(void *owner, struct bw_http_req *req)
{
    struct ask *a;
    size_t n = 0;
    const char *body = bw_http_body(req, &n);
    int r;

    if (!bw_http_has_type(req, "application/jose")) {
        bw_http_problem(req, 415, "wrong-content-type", "Wrong Content-Type",
                        "send one compact JWS as application/jose");
        return;
    }
    a = ask_new(owner, req);
    if (!a) {
        return;
    }
    while (n > 0 && (body[n - 1] == '\n' || body[n - 1] == '\r')) {
        n--;
    }
    r = bw_jws_parse(body ? body : "", n, &a->scratch, &a->jws, &a->err);
    if (r == 0 && strcmp(a->jws.typ, BW_TYP_BAGS) != 0) {
        r = bw_err_set(&a->err, -BW_EMALFORMED, "typ must be " BW_TYP_BAGS);
    }
    r = r < 0 ? r : read_payload(a);
    if (r < 0) {
        bw_http_problem(
            req, r == -EPERM ? 403 : 400, r == -EPERM ? "bags-refused" : "malformed",
            r == -EPERM ? "Not for here and now" : "Not readable", "%s", a->err.text);
        ask_free(a);
        return;
    }
    a->is_signed = true;
    go(a);
}
