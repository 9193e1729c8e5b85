/* SPDX-License-Identifier: GPL-3.0-or-later
 * control.c - the control socket: one JSON object a line, each way.
 *
 * A peer's requests are answered one at a time and in order; while one is being worked on
 * nothing more is read from it, nor while it leaves answers lying. A peer that sends a line
 * without end is cut off, and at the limit whoever has waited longest without a request. So
 * memory is bounded by peers times a line, what may lie, and one answer. Memory of a peer
 * lives until its handle is closed and nobody holds it for a later answer. */
#include "control.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <grp.h>
#include <json.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct bw_control_peer {
    uv_pipe_t pipe;
    struct bw_control *control;
    struct bw_control_peer *next;
    char *in;
    size_t n_in;
    bool busy;    /* a request is being worked on */
    bool feeding; /* feed() is on the stack */
    bool gone;    /* closing or closed */
    bool closed;
    int holds;
};

struct bw_control {
    uv_loop_t *loop;
    uv_pipe_t listener;
    char path[108];
    bw_control_request_cb cb;
    void *owner;
    struct bw_control_peer *peers;
    bool closing;
    bool listener_closed;
    void (*closed)(void *owner);
    void *closed_owner;
};

struct send {
    uv_write_t req;
    uv_buf_t buf;
};

static void feed(struct bw_control_peer *p);

static void maybe_closed(struct bw_control *c)
{
    if (!c->closing || !c->listener_closed || c->peers) {
        return;
    }
    void (*cb)(void *) = c->closed;
    void *owner = c->closed_owner;
    free(c);
    if (cb) {
        cb(owner);
    }
}

static void peer_free(struct bw_control_peer *p)
{
    struct bw_control *c = p->control;
    struct bw_control_peer **at = &c->peers;
    if (!p->closed || p->holds > 0) {
        return;
    }
    while (*at != p) {
        at = &(*at)->next;
    }
    *at = p->next;
    free(p->in);
    free(p);
    maybe_closed(c);
}

static void on_peer_closed(uv_handle_t *h)
{
    struct bw_control_peer *p = h->data;
    p->closed = true;
    peer_free(p);
}

static void peer_close(struct bw_control_peer *p)
{
    if (!p->gone) {
        p->gone = true;
        uv_close((uv_handle_t *)&p->pipe, on_peer_closed);
    }
}

static void on_sent(uv_write_t *req, int status)
{
    struct send *s = req->data;
    struct bw_control_peer *p = req->handle->data;
    free(s->buf.base);
    free(s);
    if (status < 0) {
        peer_close(p);
    } else if (!p->feeding && !p->gone) {
        feed(p); /* it takes its answers: there may be requests that waited for that */
    }
}

static bool takes_answers(const struct bw_control_peer *p)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&p->pipe) <
           BW_CONTROL_LYING_MAX;
}

static void send_line(struct bw_control_peer *p, const json_t *line)
{
    if (p->gone) {
        return;
    }
    char *text = json_dumps(line, JSON_COMPACT);
    struct send *s = calloc(1, sizeof(*s));
    if (!text || !s ||
        uv_stream_get_write_queue_size((uv_stream_t *)&p->pipe) > BW_CONTROL_UNSENT_MAX) {
        free(text);
        free(s);
        peer_close(p);
        return;
    }
    size_t n = strlen(text);
    text[n] = '\n'; /* the NUL's place: lengths count from here on */
    s->buf = uv_buf_init(text, (unsigned)(n + 1));
    s->req.data = s;
    if (uv_write(&s->req, (uv_stream_t *)&p->pipe, &s->buf, 1, on_sent) < 0) {
        free(text);
        free(s);
        peer_close(p);
    }
}

void bw_control_progress(struct bw_control_peer *p, const json_t *line)
{
    send_line(p, line);
}

void bw_control_answer(struct bw_control_peer *p, json_t *result, const char *error)
{
    json_t *line = result ? result : json_object();
    p->busy = false;
    if (!line) {
        peer_close(p);
        return;
    }
    (void)json_object_set_new(line, "ok", json_boolean(error == NULL));
    if (error) {
        (void)json_object_set_new(line, "error", json_string(error));
    }
    send_line(p, line);
    json_decref(line);
    if (!p->feeding) {
        feed(p);
    }
}

void bw_control_hold(struct bw_control_peer *p)
{
    p->holds++;
}

void bw_control_drop(struct bw_control_peer *p)
{
    p->holds--;
    peer_free(p);
}

static void on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *buf)
{
    struct bw_control_peer *p = h->data;
    (void)hint;
    *buf = uv_buf_init(p->in + p->n_in, (unsigned)(BW_CONTROL_LINE_MAX - p->n_in));
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct bw_control_peer *p = s->data;
    (void)buf;
    if (n < 0) {
        peer_close(p); /* its end; a later answer to it goes nowhere */
        return;
    }
    p->n_in += (size_t)n;
    feed(p);
}

static void take_line(struct bw_control_peer *p, size_t n)
{
    json_t *request = NULL;
    struct bw_err err = {0};
    int r = bw_json_parse(p->in, n, BW_CONTROL_LINE_MAX, &request, &err);
    memmove(p->in, p->in + n + 1, p->n_in - n - 1);
    p->n_in -= n + 1;
    p->busy = true;
    if (r < 0 || !json_is_object(request)) {
        bw_control_answer(p, NULL, r < 0 ? err.text : "a request is a JSON object");
    } else {
        p->control->cb(p->control->owner, p, request);
    }
    json_decref(request);
}

/* Work on what has come, until a request takes longer. */
static void feed(struct bw_control_peer *p)
{
    p->feeding = true;
    while (!p->busy && !p->gone && !p->control->closing && takes_answers(p)) {
        const char *nl = memchr(p->in, '\n', p->n_in);
        if (!nl) {
            if (p->n_in == BW_CONTROL_LINE_MAX) {
                peer_close(p);
            }
            break;
        }
        take_line(p, (size_t)(nl - p->in));
    }
    p->feeding = false;
    if (p->gone) {
        return;
    }
    if ((p->busy || !takes_answers(p)) && p->n_in == BW_CONTROL_LINE_MAX) {
        (void)uv_read_stop((uv_stream_t *)&p->pipe);
    } else {
        (void)uv_read_start((uv_stream_t *)&p->pipe, on_alloc, on_read);
    }
}

/* The peers are listed from the newest to the oldest. */
static void make_room(struct bw_control *c, struct bw_control_peer *newest)
{
    size_t open = 0;
    struct bw_control_peer *oldest = newest;
    for (struct bw_control_peer *p = c->peers; p; p = p->next) {
        open += p->gone ? 0 : 1;
        oldest = !p->gone && !p->busy ? p : oldest;
    }
    if (open > BW_CONTROL_PEERS_MAX) {
        peer_close(oldest);
    }
}

static void on_connection(uv_stream_t *s, int status)
{
    struct bw_control *c = s->data;
    if (status < 0 || c->closing) {
        return;
    }
    struct bw_control_peer *p = calloc(1, sizeof(*p));
    char *in = malloc(BW_CONTROL_LINE_MAX);
    if (!p || !in) {
        free(p);
        free(in);
        return;
    }
    p->control = c;
    p->in = in;
    (void)uv_pipe_init(c->loop, &p->pipe, 0);
    p->pipe.data = p;
    p->next = c->peers;
    c->peers = p;
    if (uv_accept(s, (uv_stream_t *)&p->pipe) < 0) {
        peer_close(p);
        return;
    }
    make_room(c, p);
    if (!p->gone) {
        feed(p);
    }
}

static void on_listener_closed(uv_handle_t *h)
{
    struct bw_control *c = h->data;
    c->listener_closed = true;
    maybe_closed(c);
}

/* Does somebody listen there? */
static bool alive(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    bool yes =
        connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 || errno == EAGAIN;
    (void)close(fd);
    return yes;
}

static int set_group(const char *path, const char *group, struct bw_err *reterr)
{
    if (!group[0]) {
        return 0;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): before the loop runs, one thread */
    const struct group *g = getgrnam(group);
    if (!g) {
        return bw_err_set(reterr, -EINVAL, "control_group: there is no group \"%s\"",
                          group);
    }
    if (chown(path, (uid_t)-1, g->gr_gid) < 0) {
        return bw_err_set(
            reterr, -errno,
            "control_group: %s: %s; make the daemon's user a member of \"%s\"", path,
            bw_strerror(-errno), group);
    }
    return 0;
}

int bw_control_start(uv_loop_t *loop,
                     const char *path,
                     const char *group,
                     bw_control_request_cb cb,
                     void *owner,
                     struct bw_control **ret,
                     struct bw_err *reterr)
{
    struct bw_control *c = calloc(1, sizeof(*c));
    int r = 0;
    if (!c) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    c->loop = loop;
    c->cb = cb;
    c->owner = owner;
    if (alive(path)) {
        free(c);
        return bw_err_set(reterr, -EADDRINUSE,
                          "%s: another bandwitnessd answers there; stop it first", path);
    }
    (void)unlink(path);
    (void)uv_pipe_init(loop, &c->listener, 0);
    c->listener.data = c;
    r = uv_pipe_bind(&c->listener, path);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s: %s", path, bw_strerror(r));
        goto fail;
    }
    (void)snprintf(c->path, sizeof(c->path), "%s", path);
    if (chmod(path, 0660) < 0) {
        r = bw_err_set(reterr, -errno, "%s: %s", path, bw_strerror(-errno));
        goto fail;
    }
    r = set_group(path, group, reterr);
    if (r < 0) {
        goto fail;
    }
    r = uv_listen((uv_stream_t *)&c->listener, BW_CONTROL_PEERS_MAX, on_connection);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s: %s", path, bw_strerror(r));
        goto fail;
    }
    *ret = c;
    return 0;
fail:
    bw_control_close(c, NULL, NULL);
    return r;
}

void bw_control_close(struct bw_control *c, void (*cb)(void *owner), void *owner)
{
    c->closing = true;
    c->closed = cb;
    c->closed_owner = owner;
    uv_close((uv_handle_t *)&c->listener, on_listener_closed);
    if (c->path[0]) {
        (void)unlink(c->path);
    }
    for (struct bw_control_peer *p = c->peers; p; p = p->next) {
        peer_close(p);
    }
}
