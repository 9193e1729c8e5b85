/* SPDX-License-Identifier: GPL-3.0-or-later
 * open_shelf.c - making, keeping and sending. */
#include "open_shelf.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <file.h>
#include <hasher.h>
#include <http.h>
#include <limits.h>
#include <log.h>
#include <opendata.h>
#include <page_parts.h>
#include <readers.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    VISITS_MAX = 32,    /* at once, answers under way included */
    FILES_MAX = 900,    /* remembered: two forms of a year of days and months, and more */
    FRESH_MS = 20000,   /* so old may be what is given without looking again */
    ANSWER_MS = 600000, /* what is not read by then is cut */
    PIECE_BYTES = 64 * 1024,
    ETAG_MAX = BW_SHA256_HEX + 3
};
#define KEEP_BYTES INT64_C(500000000) /* of the folder; one more goes then */

struct made {
    char name[24];
    char etag[ETAG_MAX];
    int64_t made_mono_ms;
    int64_t bytes;
};

struct visit {
    struct bw_open_shelf *shelf;
    struct visit *next; /* of those that wait for the maker */
    struct bw_http_req *req;
    struct bw_http_stream *stream;
    struct bw_open_asked asked;
    int64_t begun_mono_ms;
    unsigned said;  /* how often it was stale when this was begun to be made */
    bool first_one; /* of this run: what the folder has goes */
    char gone[24];  /* this one goes, too; "" none */
    char etag[ETAG_MAX];
    int64_t bytes;
    int fd;
    struct bw_hasher *hasher;
    struct bw_buf out;
    int r;
    struct bw_err err;
};

struct bw_open_shelf {
    struct bw_readers *const *readers; /* NULL once they are closed */
    char folder[PATH_MAX];
    char room_path[PATH_MAX];
    bw_open_make_cb make;
    struct made files[FILES_MAX];
    size_t n_files;
    size_t n_visits;
    bool making;
    bool begun;          /* something was made in this run */
    unsigned said;       /* so often it became stale */
    struct visit *first; /* who waits */
    struct visit **last;
};

static const char *const types[] = {
    [BW_OPEN_PAGE] = "text/html; charset=utf-8",
    [BW_OPEN_PACKAGE] = "application/json",
    [BW_OPEN_SCHEMA] = "application/json",
    [BW_OPEN_CSV] = "text/csv; charset=utf-8; header=present",
    [BW_OPEN_JSON] = "application/json",
};

/* ---- on a reader's thread ---------------------------------------------------------------
 */

static void
path_of(const struct visit *v, const char *name, const char *end, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%.3800s/%.255s%s", v->shelf->folder, name, end);
}

/* Files of an earlier run, which nobody remembers. */
static void clear(const struct visit *v)
{
    char path[PATH_MAX];
    DIR *d = opendir(v->shelf->folder);

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of its own */
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        if (e->d_name[0] != '.') {
            path_of(v, e->d_name, "", path);
            (void)unlink(path);
        }
    }
    if (d) {
        (void)closedir(d);
    }
}

static int put(void *owner, const char *data, size_t n)
{
    struct visit *v = owner;

    bw_hasher_add(v->hasher, data, n);
    v->bytes += (int64_t)n;
    while (n > 0) {
        ssize_t done = write(v->fd, data, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return done < 0 ? -errno : -EIO;
        }
        data += done;
        n -= (size_t)done;
    }
    return 0;
}

static int make(struct visit *v, struct bw_reader *reader)
{
    struct bw_opendata *o = NULL;
    char tmp[PATH_MAX];
    char path[PATH_MAX];
    uint8_t hash[32];
    char hex[BW_SHA256_HEX + 1];
    int r = bw_opendata_open(reader->catalogue, v->shelf->room_path, &o, &v->err);

    if (r < 0) {
        return r == -ENOENT ? -EAGAIN : r; /* no room yet */
    }
    r = bw_dir_make(v->shelf->folder, 0750, &v->err);
    if (r == 0 && v->first_one) {
        clear(v);
    }
    if (v->gone[0]) {
        path_of(v, v->gone, "", path);
        (void)unlink(path);
    }
    path_of(v, v->asked.name, ".tmp", tmp);
    path_of(v, v->asked.name, "", path);
    if (r == 0) {
        v->fd = open(tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
        v->hasher = bw_hasher_new();
        r = v->fd < 0 || !v->hasher ? bw_err_set(&v->err, -EIO, "%s cannot be written", tmp)
                                    : 0;
    }
    r = r < 0 ? r : v->shelf->make(&v->asked, o, put, v, &v->err);
    r = r < 0 ? r : bw_hasher_end(v->hasher, hash);
    if (r == 0) {
        bw_sha256_hex(hash, hex);
        (void)snprintf(v->etag, sizeof(v->etag), "\"%s\"", hex);
        r = rename(tmp, path) < 0 || lseek(v->fd, 0, SEEK_SET) < 0
                ? bw_err_set(&v->err, -EIO, "%s cannot be written", path)
                : 0;
    }
    if (r < 0) {
        (void)unlink(tmp);
    }
    bw_opendata_close(o);
    bw_hasher_free(v->hasher);
    v->hasher = NULL;
    return r;
}

static void make_work(void *job, struct bw_reader *reader, const struct bw_err *err)
{
    struct visit *v = job;

    if (!reader) {
        v->r = -EIO;
        v->err = *err;
        return;
    }
    v->r = make(v, reader);
}

static void piece_work(void *job, struct bw_reader *reader, const struct bw_err *err)
{
    struct visit *v = job;
    char path[PATH_MAX];
    char *piece = malloc(PIECE_BYTES);
    ssize_t n = -1;

    (void)reader;
    (void)err;
    if (v->fd < 0) {
        path_of(v, v->asked.name, "", path);
        v->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    if (piece && v->fd >= 0) {
        n = read(v->fd, piece, PIECE_BYTES);
    }
    v->r = n < 0 ? -EIO : 0;
    if (n > 0) {
        bw_buf_add(&v->out, piece, (size_t)n);
        v->r = bw_buf_error(&v->out);
    }
    free(piece);
}

/* ---- on the loop ------------------------------------------------------------------------
 */

static void visit_free(void *owner)
{
    struct visit *v = owner;

    v->shelf->n_visits--;
    if (v->fd >= 0) {
        (void)close(v->fd);
    }
    bw_buf_done(&v->out);
    free(v);
}

static void busy(struct bw_http_req *req)
{
    bw_http_add(req, "Retry-After", "10");
    bw_http_problem(req, 503, "busy", "Not possible now", "try again in 10 seconds");
}

static void none(const struct bw_open_asked *asked, struct bw_http_req *req)
{
    if (asked->what == BW_OPEN_PAGE) {
        bw_page_sorry(req, 404, "this collector publishes nothing");
    } else {
        bw_http_problem(req, 404, "not-found", "No such file",
                        "nothing of this time is published, or there is no such file; "
                        "/open-data lists them");
    }
}

static struct made *find(struct bw_open_shelf *s, const char *name)
{
    for (size_t i = 0; i < s->n_files; i++) {
        if (strcmp(s->files[i].name, name) == 0) {
            return &s->files[i];
        }
    }
    return NULL;
}

/* The one that was made first; NULL: there is none. */
static struct made *oldest(struct bw_open_shelf *s)
{
    struct made *m = s->n_files > 0 ? &s->files[0] : NULL;

    for (size_t i = 1; i < s->n_files; i++) {
        m = s->files[i].made_mono_ms < m->made_mono_ms ? &s->files[i] : m;
    }
    return m;
}

/* When there is too much, one file goes before another is made. */
static void make_room(struct bw_open_shelf *s, struct visit *v)
{
    struct made *m = oldest(s);
    int64_t bytes = 0;

    for (size_t i = 0; i < s->n_files; i++) {
        bytes += s->files[i].bytes;
    }
    if (m && (bytes > KEEP_BYTES || s->n_files == FILES_MAX) &&
        strcmp(m->name, v->asked.name) != 0) {
        memcpy(v->gone, m->name, sizeof(v->gone));
        *m = s->files[--s->n_files];
    }
}

static void note(struct bw_open_shelf *s, const struct visit *v)
{
    struct made *m = find(s, v->asked.name);

    if (!m && s->n_files < FILES_MAX) {
        m = &s->files[s->n_files++];
    }
    if (m) {
        (void)snprintf(m->name, sizeof(m->name), "%s", v->asked.name);
        memcpy(m->etag, v->etag, sizeof(m->etag));
        m->bytes = v->bytes;
        m->made_mono_ms = v->said == s->said ? bw_clock_mono_ms() : INT64_MIN / 2;
    }
}

static void headers(const struct visit *v)
{
    bw_http_add(v->req, "ETag", v->etag);
    bw_http_add(v->req, "Cache-Control", "public, max-age=600");
    if (v->asked.what != BW_OPEN_PAGE) {
        bw_http_add(v->req, "Access-Control-Allow-Origin", "*");
        bw_http_add(v->req, "X-Content-Type-Options", "nosniff");
    }
}

static void piece_after(void *job, int cancelled)
{
    struct visit *v = job;

    if (cancelled || v->r < 0) {
        bw_http_stream_end(v->stream, false);
    } else {
        bw_http_stream_put(v->stream, &v->out);
    }
}

static void on_more(void *owner, struct bw_http_stream *stream)
{
    struct visit *v = owner;

    v->stream = stream;
    if (bw_clock_mono_ms() - v->begun_mono_ms > ANSWER_MS ||
        bw_readers_run(*v->shelf->readers, piece_work, piece_after, v) < 0) {
        bw_http_stream_end(stream, false);
    }
}

static const struct bw_http_stream_ops stream_ops = {.more = on_more, .closed = visit_free};

/* Does one of the tags that the client has fit? */
static bool has_it(const struct bw_http_req *req, const char *etag)
{
    const char *tags = bw_http_header(req, "If-None-Match");

    return tags && (strcmp(tags, "*") == 0 || strstr(tags, etag));
}

static void send_it(struct visit *v)
{
    struct bw_http_req *req = v->req;

    headers(v);
    if (has_it(req, v->etag)) {
        bw_http_reply_const(req, 304, types[v->asked.what], "", 0);
        visit_free(v);
        return;
    }
    if (v->asked.what == BW_OPEN_CSV || v->asked.what == BW_OPEN_JSON) {
        char text[80];
        (void)snprintf(text, sizeof(text), "inline; filename=\"open-data-%s\"",
                       v->asked.name);
        bw_http_add(req, "Content-Disposition", text);
    }
    v->req = NULL;
    if (bw_http_reply_stream(req, 200, types[v->asked.what], &stream_ops, v) < 0) {
        busy(req);
        visit_free(v);
    }
}

static void go(struct visit *v);

/* Who waits: those whose file is fresh now go at once, then one more makes. */
static void next(struct bw_open_shelf *s)
{
    struct visit *v = s->first;

    s->first = NULL;
    s->last = &s->first;
    while (v) {
        struct visit *then = v->next;
        v->next = NULL;
        go(v);
        v = then;
    }
}

static void make_after(void *job, int cancelled)
{
    struct visit *v = job;
    struct bw_open_shelf *s = v->shelf;

    s->making = false;
    if (cancelled || (v->r < 0 && v->r != -ENOENT)) {
        if (!cancelled && v->r != -EAGAIN) {
            bw_log(BW_AREA_EVIDENCE, BW_WARN, "open data, %s: %s", v->asked.name,
                   v->err.text);
        }
        busy(v->req);
        visit_free(v);
    } else if (v->r == -ENOENT) {
        none(&v->asked, v->req);
        visit_free(v);
    } else {
        note(s, v);
        send_it(v);
    }
    next(s);
}

static void go(struct visit *v)
{
    struct bw_open_shelf *s = v->shelf;
    const struct made *m = find(s, v->asked.name);

    if (m && bw_clock_mono_ms() - m->made_mono_ms < FRESH_MS) {
        memcpy(v->etag, m->etag, sizeof(v->etag));
        send_it(v);
        return;
    }
    if (s->making) {
        *s->last = v;
        s->last = &v->next;
        return;
    }
    v->said = s->said;
    v->first_one = !s->begun;
    make_room(s, v);
    if (bw_readers_run(*s->readers, make_work, make_after, v) < 0) {
        busy(v->req);
        visit_free(v);
        return;
    }
    s->making = true;
    s->begun = true;
}

void bw_open_shelf_get(struct bw_open_shelf *s,
                       const struct bw_open_asked *asked,
                       struct bw_http_req *req)
{
    struct visit *v = NULL;

    if (!asked->conf.on) {
        none(asked, req);
        return;
    }
    v = s->n_visits < VISITS_MAX ? calloc(1, sizeof(*v)) : NULL;
    if (!v) {
        busy(req);
        return;
    }
    s->n_visits++;
    v->shelf = s;
    v->req = req;
    v->asked = *asked;
    v->begun_mono_ms = bw_clock_mono_ms();
    v->fd = -1;
    bw_buf_init(&v->out, PIECE_BYTES + 1);
    go(v);
}

void bw_open_shelf_stale(struct bw_open_shelf *s)
{
    s->said++;
    for (size_t i = 0; i < s->n_files; i++) {
        s->files[i].made_mono_ms = INT64_MIN / 2;
    }
}

int bw_open_shelf_new(struct bw_readers *const *readers,
                      const char *data_dir,
                      bw_open_make_cb make_cb,
                      struct bw_open_shelf **ret)
{
    struct bw_open_shelf *s = calloc(1, sizeof(*s));

    if (!s) {
        return -ENOMEM;
    }
    s->readers = readers;
    s->make = make_cb;
    s->last = &s->first;
    (void)snprintf(s->folder, sizeof(s->folder), "%.4000s/open-data", data_dir);
    (void)snprintf(s->room_path, sizeof(s->room_path), "%.4000s/room.db", data_dir);
    *ret = s;
    return 0;
}

void bw_open_shelf_free(struct bw_open_shelf *s)
{
    free(s);
}
