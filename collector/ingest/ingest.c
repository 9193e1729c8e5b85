/* SPDX-License-Identifier: GPL-3.0-or-later
 * ingest.c - queues and threads of ingest. A post is in exactly one queue, or in the
 * hands of exactly one thread, until its request is answered on the loop. */
#include "ingest_private.h"

#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <http.h>
#include <people.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    LOG_LOOK_MS = 2000, /* whether the catalogue has news for the log */
    QUEUED_BYTES_MAX = 64 * 1024 * 1024,
    CHECKED_BYTES_MAX = 128 * 1024 * 1024, /* then no further post is inflated */
    GROUP_POSTS_MAX = 512,
    EXPIRE_EVERY_MS = 60000, /* at most; oftener where records are held shortly */
    EXPIRE_SOON_MS = 1000,
    EXPIRE_PART = 60, /* of the time they are held */
    SLEW_MS = 2000,   /* more than this between two looks is a step of the clock */
    STOP_LOOK_MS = 1000
};

void bw_queue_push(struct bw_queue *q, struct bw_post *p)
{
    p->next = NULL;
    if (q->tail) {
        q->tail->next = p;
    } else {
        q->head = p;
    }
    q->tail = p;
    q->n++;
}

struct bw_post *bw_queue_pop(struct bw_queue *q)
{
    struct bw_post *p = q->head;
    if (p) {
        q->head = p->next;
        if (!q->head) {
            q->tail = NULL;
        }
        q->n--;
        p->next = NULL;
    }
    return p;
}

void bw_post_free(struct bw_post *p)
{
    if (!p) {
        return;
    }
    for (size_t i = 0; p->lines && i < p->n_lines; i++) {
        bw_summary_done(&p->lines[i].summary);
    }
    free(p->lines);
    free(p->texts);
    free(p->news);
    bw_buf_done(&p->inflated);
    bw_buf_done(&p->answer);
    free(p);
}

void bw_post_problem(struct bw_post *p,
                     unsigned status,
                     const char *word,
                     const char *title,
                     const char *detail)
{
    bw_buf_clear(&p->answer);
    bw_http_problem_begin(&p->answer, status, word, title, detail);
    bw_buf_puts(&p->answer, "}\n");
    p->status = status;
    p->type = "application/problem+json";
    if (status == 429 || status == 503) {
        uint8_t jitter = 0;
        bw_random(&jitter, 1);
        p->retry_after_s = 10 + jitter % 20;
    }
}

/* --- the checker ------------------------------------------------------------------------
 */

static int64_t thread_cpu_us(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* With the lock. The posts that fill the room are answered without the checker's help. */
static bool has_room(const struct bw_ingest *g)
{
    return g->checked_bytes < CHECKED_BYTES_MAX;
}

static size_t bytes_of(const struct bw_post *p)
{
    size_t n = p->inflated.cap + p->n_lines * (sizeof(p->lines[0]) + sizeof(p->texts[0]));
    for (size_t i = 0; p->lines && i < p->n_lines; i++) {
        n += bw_summary_bytes(&p->lines[i].summary);
    }
    return n;
}

static void *checker_main(void *arg)
{
    struct bw_ingest *g = arg;
    (void)pthread_mutex_lock(&g->lock);
    for (;;) {
        while (g->to_check.head ? !has_room(g) : !g->stopping) {
            (void)pthread_cond_wait(&g->check_wake, &g->lock);
        }
        struct bw_post *p = bw_queue_pop(&g->to_check);
        if (!p) {
            break;
        }
        g->in_check++;
        (void)pthread_mutex_unlock(&g->lock);
        int64_t before = thread_cpu_us();
        bw_ingest_check_post(g, p);
        int64_t spent = thread_cpu_us() - before;
        p->checked_bytes = bytes_of(p);
        (void)pthread_mutex_lock(&g->lock);
        g->in_check--;
        g->checked_bytes += p->checked_bytes;
        g->stats.check_us += spent;
        g->stats.lines += (int64_t)p->n_lines;
        if (p->status) {
            bw_queue_push(&g->done, p);
            (void)uv_async_send(&g->wake);
        } else {
            bw_queue_push(&g->to_write, p);
            (void)pthread_cond_signal(&g->write_wake);
        }
    }
    g->checker_done = true;
    (void)pthread_cond_signal(&g->write_wake);
    (void)pthread_mutex_unlock(&g->lock);
    return NULL;
}

/* --- the writer -------------------------------------------------------------------------
 */

static void wait_until(struct bw_ingest *g, int64_t mono_ms)
{
    struct timespec ts = {.tv_sec = mono_ms / 1000,
                          .tv_nsec = (long)(mono_ms % 1000) * 1000000};
    (void)pthread_cond_timedwait(&g->write_wake, &g->lock, &ts);
}

static size_t records_waiting(const struct bw_ingest *g)
{
    size_t n = 0;
    for (const struct bw_post *p = g->to_write.head; p; p = p->next) {
        n += p->n_to_ledger;
    }
    return n;
}

/* Called with the lock: wait for company, but not when nobody can come any more. */
static void gather(struct bw_ingest *g)
{
    int64_t until = bw_clock_mono_ms() + g->opts.commit_delay_ms;
    while (!g->stopping && has_room(g) && g->to_write.n < GROUP_POSTS_MAX &&
           records_waiting(g) < (size_t)g->opts.commit_records &&
           bw_clock_mono_ms() < until) {
        wait_until(g, until);
    }
}

static void commit_group(struct bw_ingest *g)
{
    struct bw_post *posts[GROUP_POSTS_MAX];
    size_t n = 0;
    size_t records = 0;
    while (n < GROUP_POSTS_MAX && records < (size_t)g->opts.commit_records) {
        struct bw_post *p = bw_queue_pop(&g->to_write);
        if (!p) {
            break;
        }
        posts[n++] = p;
        records += p->n_to_ledger;
    }
    (void)pthread_mutex_unlock(&g->lock);
    bw_ingest_commit(g, posts, n);
    (void)pthread_mutex_lock(&g->lock);
    for (size_t i = 0; i < n; i++) {
        bw_queue_push(&g->done, posts[i]);
    }
    (void)uv_async_send(&g->wake);
}

int64_t bw_ingest_cautious_unix_ms(struct bw_ingest *g)
{
    struct bw_cautious *c = &g->cautious;
    int64_t wall = bw_clock_unix_ms();
    int64_t mono = bw_clock_mono_ms();
    int64_t steady = c->unix_ms + (mono - c->mono_ms);
    if (c->mono_ms != 0 && wall - steady > SLEW_MS) {
        c->ahead_since_mono_ms = c->ahead_since_mono_ms ? c->ahead_since_mono_ms : mono;
        if (mono - c->ahead_since_mono_ms < g->opts.hold_s * 1000) {
            return steady;
        }
    }
    c->unix_ms = wall;
    c->mono_ms = mono;
    c->ahead_since_mono_ms = 0;
    return wall;
}

static void *writer_main(void *arg)
{
    struct bw_ingest *g = arg;
    int64_t expire_at = bw_clock_mono_ms();
    int64_t every_ms = g->opts.hold_s * 1000 / EXPIRE_PART;
    every_ms = every_ms < EXPIRE_SOON_MS    ? EXPIRE_SOON_MS
               : every_ms > EXPIRE_EVERY_MS ? EXPIRE_EVERY_MS
                                            : every_ms;
    int64_t seal_at = bw_clock_mono_ms();
    int64_t log_at = bw_clock_mono_ms();
    (void)pthread_mutex_lock(&g->lock);
    for (;;) {
        int64_t next = expire_at < seal_at ? expire_at : seal_at;
        next = log_at < next ? log_at : next;
        while (!g->to_write.head && !(g->stopping && g->checker_done) &&
               (g->stopping || (!g->sealer.built && bw_clock_mono_ms() < next))) {
            wait_until(g, g->stopping ? bw_clock_mono_ms() + STOP_LOOK_MS : next);
        }
        if (g->to_write.head) {
            gather(g);
            commit_group(g);
        } else if (g->stopping && g->checker_done) {
            break;
        }
        int64_t now = bw_clock_mono_ms();
        bool expire = now >= expire_at;
        bool seal = now >= seal_at || g->sealer.built;
        bool log = now >= log_at;
        if ((expire || seal || log) && !g->stopping) {
            (void)pthread_mutex_unlock(&g->lock);
            if (log) {
                bw_ingest_log_turn(g);
                log_at = now + LOG_LOOK_MS;
            }
            if (expire) {
                bw_ingest_expire(g);
                expire_at = now + every_ms;
            }
            if (seal) {
                seal_at = bw_ingest_seal_turn(g);
            }
            (void)pthread_mutex_lock(&g->lock);
        }
    }
    (void)pthread_mutex_unlock(&g->lock);
    bw_ingest_log_turn(g); /* the last checkpoint has all that was said */
    bw_ingest_seal_end(g);
    (void)pthread_mutex_lock(&g->lock);
    g->writer_done = true;
    (void)uv_async_send(&g->wake);
    (void)pthread_mutex_unlock(&g->lock);
    return NULL;
}

/* --- the loop's side --------------------------------------------------------------------
 */

static void ingest_free(struct bw_ingest *g)
{
    if (!g) {
        return;
    }
    bw_keycache_free(g->keys);
    bw_catalogue_close(g->check_catalogue);
    bw_catalogue_close(g->write_catalogue);
    bw_people_close(g->people);
    bw_ledger_close(g->ledger);
    free(g->facts);
    free(g->notes.list);
    free(g->notes.prints);
    (void)pthread_cond_destroy(&g->check_wake);
    (void)pthread_cond_destroy(&g->write_wake);
    (void)pthread_mutex_destroy(&g->lock);
    free(g);
}

static void on_wake_closed(uv_handle_t *handle)
{
    struct bw_ingest *g = handle->data;
    void (*cb)(void *) = g->stopped_cb;
    void *owner = g->stopped_owner;
    ingest_free(g);
    if (cb) {
        cb(owner);
    }
}

static void answer(struct bw_ingest *g, struct bw_post *p)
{
    if (p->retry_after_s > 0) {
        char text[24];
        (void)snprintf(text, sizeof(text), "%lld", (long long)p->retry_after_s);
        bw_http_add(p->req, "Retry-After", text);
    }
    if (p->n_news > 0) {
        bw_http_vouch(
            p->req); /* a record nobody else could have signed, and not seen yet */
    }
    bw_http_reply(p->req, p->status, p->type, &p->answer);
    if (p->n_news > 0) {
        g->on_news(g->owner, p->news, p->n_news);
    }
    bw_post_free(p);
}

static void on_wake(uv_async_t *handle)
{
    struct bw_ingest *g = handle->data;
    (void)pthread_mutex_lock(&g->lock);
    struct bw_queue done = g->done;
    memset(&g->done, 0, sizeof(g->done));
    for (const struct bw_post *p = done.head; p; p = p->next) {
        g->queued_bytes -= p->body_len;
        g->stats.posts++;
    }
    bool over = g->writer_done;
    bool broken = g->broken && !g->broken_told;
    (void)pthread_mutex_unlock(&g->lock);
    size_t freed = 0;
    for (struct bw_post *p = bw_queue_pop(&done); p; p = bw_queue_pop(&done)) {
        freed += p->checked_bytes;
        answer(g, p);
    }
    if (freed > 0) {
        (void)pthread_mutex_lock(&g->lock);
        g->checked_bytes -= freed;
        (void)pthread_cond_signal(&g->check_wake);
        (void)pthread_mutex_unlock(&g->lock);
    }
    if (broken) {
        g->broken_told = true;
        g->on_broken(g->owner, bw_ingest_trouble(g));
    }
    if (over && g->threads) {
        g->threads = false;
        (void)pthread_join(g->checker, NULL);
        (void)pthread_join(g->writer, NULL);
        uv_close((uv_handle_t *)&g->wake, on_wake_closed);
    }
}

/* The refusals that need no look into the body; true when the request is answered. */
static bool refuse(struct bw_ingest *g, struct bw_http_req *req, bool *ret_zstd)
{
    if (!bw_http_has_type(req, "application/jose")) {
        bw_http_problem(req, 415, "wrong-content-type", "Wrong Content-Type",
                        "summaries come as application/jose, one compact JWS a line");
        return true;
    }
    const char *encoding = bw_http_header(req, "Content-Encoding");
    *ret_zstd = encoding && strcasecmp(encoding, "zstd") == 0;
    if (encoding && !*ret_zstd && strcasecmp(encoding, "identity") != 0) {
        bw_http_problem(req, 415, "wrong-content-type", "Unknown Content-Encoding",
                        "Content-Encoding may be zstd or identity");
        return true;
    }
    size_t n = 0;
    (void)bw_http_body(req, &n);
    (void)pthread_mutex_lock(&g->lock);
    bool busy = g->stopping ||
                g->to_check.n + g->to_write.n >= (size_t)g->opts.queue_posts ||
                g->queued_bytes + n > QUEUED_BYTES_MAX;
    if (busy) {
        g->stats.posts_refused_busy++;
    } else {
        g->queued_bytes += n;
        g->stats.bytes += (int64_t)n;
    }
    (void)pthread_mutex_unlock(&g->lock);
    if (busy) {
        uint8_t jitter = 0;
        bw_random(&jitter, 1);
        char text[24];
        int wait_s = 5 + jitter % 30;
        (void)snprintf(text, sizeof(text), "%d", wait_s);
        bw_http_add(req, "Retry-After", text);
        bw_http_problem(req, 429, "busy", "Too much at once",
                        "more posts are waiting than can be kept; nothing of this one was "
                        "kept, send it again in %d seconds",
                        wait_s);
    }
    return busy;
}

void bw_ingest_post(struct bw_ingest *g, struct bw_http_req *req)
{
    bool zstd = false;
    if (refuse(g, req, &zstd)) {
        return;
    }
    struct bw_post *p = calloc(1, sizeof(*p));
    if (!p) {
        (void)pthread_mutex_lock(&g->lock);
        size_t n = 0;
        (void)bw_http_body(req, &n);
        g->queued_bytes -= n;
        (void)pthread_mutex_unlock(&g->lock);
        bw_http_add(req, "Retry-After", "30");
        bw_http_problem(req, 503, "busy", "Out of memory", "try again in 30 seconds");
        return;
    }
    p->req = req;
    p->body = bw_http_body(req, &p->body_len);
    p->zstd = zstd;
    p->received_unix_ms = bw_clock_unix_ms();
    (void)snprintf(p->peer, sizeof(p->peer), "%s", bw_http_peer(req));
    bw_buf_init(&p->inflated, BW_POST_BYTES_MAX + 1);
    bw_buf_init(&p->answer, (size_t)16 * 1024 * 1024);
    (void)pthread_mutex_lock(&g->lock);
    bw_queue_push(&g->to_check, p);
    (void)pthread_cond_signal(&g->check_wake);
    (void)pthread_mutex_unlock(&g->lock);
}

void bw_ingest_stats(struct bw_ingest *g, struct bw_ingest_stats *ret)
{
    (void)pthread_mutex_lock(&g->lock);
    *ret = g->stats;
    ret->queued_now = (int64_t)(g->to_check.n + g->to_write.n + g->in_check);
    (void)pthread_mutex_unlock(&g->lock);
}

const char *bw_ingest_trouble(struct bw_ingest *g)
{
    (void)pthread_mutex_lock(&g->lock);
    memcpy(g->trouble_shown, g->trouble, sizeof(g->trouble_shown));
    (void)pthread_mutex_unlock(&g->lock);
    return g->trouble_shown[0] ? g->trouble_shown : NULL;
}

void bw_ingest_checkpoint(struct bw_ingest *g, const char *note, size_t n)
{
    if (n > BW_INGEST_CHECKPOINT_MAX) {
        return;
    }
    (void)pthread_mutex_lock(&g->lock);
    memcpy(g->checkpoint, note, n);
    g->checkpoint[n] = '\0';
    (void)pthread_mutex_unlock(&g->lock);
}

static int start_threads(struct bw_ingest *g, struct bw_err *reterr)
{
    if (pthread_create(&g->checker, NULL, checker_main, g) != 0) {
        return bw_err_set(reterr, -EAGAIN, "cannot start a thread");
    }
    if (pthread_create(&g->writer, NULL, writer_main, g) != 0) {
        (void)pthread_mutex_lock(&g->lock);
        g->stopping = true;
        (void)pthread_cond_signal(&g->check_wake);
        (void)pthread_mutex_unlock(&g->lock);
        (void)pthread_join(g->checker, NULL);
        return bw_err_set(reterr, -EAGAIN, "cannot start a thread");
    }
    g->threads = true;
    return 0;
}

int bw_ingest_start(struct uv_loop_s *loop,
                    const struct bw_ingest_opts *opts,
                    bw_ingest_news_cb on_news,
                    bw_ingest_broken_cb on_broken,
                    void *owner,
                    struct bw_ingest **ret,
                    struct bw_err *reterr)
{
    struct bw_ingest *g = calloc(1, sizeof(*g));
    if (!g) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    g->opts = *opts;
    g->on_news = on_news;
    g->on_broken = on_broken;
    g->owner = owner;
    g->stats.last_commit_unix_ms = BW_UNKNOWN;
    g->statements_taken = -1;
    g->people_version = -1;
    pthread_condattr_t attr;
    (void)pthread_mutex_init(&g->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&g->check_wake, &attr);
    (void)pthread_cond_init(&g->write_wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    int r = bw_catalogue_open(opts->catalogue_path, &g->check_catalogue, reterr);
    if (r < 0) {
        goto out;
    }
    r = bw_catalogue_open(opts->catalogue_path, &g->write_catalogue, reterr);
    if (r < 0) {
        goto out;
    }
    r = bw_ledger_open(opts->ledger_folder, BW_LEDGER_WRITE, &g->ledger, reterr);
    if (r < 0) {
        goto out;
    }
    r = bw_keycache_new(g->check_catalogue, &g->keys);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
        goto out;
    }
    r = uv_async_init(loop, &g->wake, on_wake);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "uv_async_init: %s", uv_strerror(r));
        goto out;
    }
    g->wake.data = g;
    r = start_threads(g, reterr);
    if (r < 0) {
        uv_close((uv_handle_t *)&g->wake, on_wake_closed); /* frees g on the loop */
        g = NULL;
        goto out;
    }
    *ret = g;
    g = NULL;
out:
    ingest_free(g);
    return r;
}

void bw_ingest_stop(struct bw_ingest *g, void (*cb)(void *owner), void *owner)
{
    if (!g) {
        return;
    }
    g->stopped_cb = cb;
    g->stopped_owner = owner;
    (void)pthread_mutex_lock(&g->lock);
    g->stopping = true;
    (void)pthread_cond_signal(&g->check_wake);
    (void)pthread_cond_signal(&g->write_wake);
    (void)pthread_mutex_unlock(&g->lock);
}
