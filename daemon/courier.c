/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier.c - carries signed summaries from the journal to the collector over HTTPS.
 *
 * A state machine with one thing under way at a time: idle, fetching a batch, telling a
 * new key, posting. Whatever fails ends in back_off(), whatever succeeds in settle();
 * there is no third way out, so no batch is forgotten and none is posted twice at once.
 * libcurl's multi interface runs on the loop by its socket and timer callbacks. */
#include "courier.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <curl/curl.h>
#include <errno.h>
#include <hash.h>
#include <inttypes.h>
#include <json.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATH_MAX_BYTES = 640,
    CONNECTION_AGE_S = 900, /* kept between two posts: a handshake costs more than a post */
    RECEIVE_BUFFER_BYTES = 16384
};

enum state {
    STATE_IDLE,
    STATE_FETCHING,
    STATE_TELLING_KEY,
    STATE_POSTING
};

struct sock {
    uv_poll_t poll;
    struct bw_courier *courier;
    curl_socket_t fd;
};

struct bw_courier {
    uv_loop_t *loop;
    struct bw_courier_ops ops;
    void *owner;
    char url[512];
    char ca_file[4096];
    char agent[128];
    int64_t every_ms;
    int64_t backoff_min_ms;
    int64_t backoff_max_ms;

    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    char curl_error[CURL_ERROR_SIZE];
    uv_timer_t curl_timer;
    uv_timer_t beat; /* the next post */
    int64_t beat_mono_ms;
    bool in_curl;

    enum state state;
    struct bw_courier_batch batch;
    struct bw_buf answer;
    bool answer_too_long;
    size_t max_lines;
    bool zstd;
    bool wanted;  /* woken while something was under way */
    bool backing; /* the beat is a back-off: never cut short */
    struct bw_courier_status status;
    struct bw_complaint complaint;

    bool closing;
    size_t open_handles;
    void (*closed)(void *owner);
    void *closed_owner;
};

void bw_courier_batch_done(struct bw_courier_batch *b)
{
    free(b->refs);
    free(b->body);
    free(b->key_jws);
    memset(b, 0, sizeof(*b));
}

int64_t bw_courier_backoff_ms(int64_t n, int64_t min_ms, int64_t max_ms, uint32_t random)
{
    int64_t ms = min_ms;
    for (int64_t i = 1; i < n && ms < max_ms; i++) {
        ms *= 2;
    }
    if (ms > max_ms) {
        ms = max_ms;
    }
    return ms - (int64_t)((uint64_t)(ms / 2) * random >> 32);
}

static uint32_t random32(void)
{
    uint32_t r;
    bw_random(&r, sizeof(r));
    return r;
}

static void on_beat(uv_timer_t *t);

static void arm(struct bw_courier *c, int64_t ms)
{
    if (c->closing) {
        return;
    }
    uv_update_time(c->loop);
    c->beat_mono_ms = bw_clock_mono_ms() + ms;
    (void)uv_timer_start(&c->beat, on_beat, (uint64_t)ms, 0);
}

/* The cadence, 10 % to either side, so that boxes that were started together part. */
static int64_t cadence_ms(const struct bw_courier *c)
{
    int64_t spread = c->every_ms / 5;
    return c->every_ms - c->every_ms / 10 + (int64_t)((uint64_t)spread * random32() >> 32);
}

/* ---- the two ways out */

static void back_off(struct bw_courier *c, int64_t at_least_ms, const char *why)
{
    int64_t ms = bw_courier_backoff_ms(++c->status.failures_in_a_row, c->backoff_min_ms,
                                       c->backoff_max_ms, random32());
    if (ms < at_least_ms) {
        ms = at_least_ms;
    }
    c->state = STATE_IDLE;
    c->backing = true;
    bw_courier_batch_done(&c->batch);
    (void)snprintf(c->status.last_error, sizeof(c->status.last_error), "%s", why);
    bw_courier_tame(c->status.last_error); /* people read it on a terminal */
    bw_complain(&c->complaint, BW_AREA_COURIER, BW_WARN,
                "%s: %s; %" PRId64 " records stay in the journal, next try in %" PRId64
                " s",
                c->url, c->status.last_error, c->ops.pending(c->owner), (ms + 999) / 1000);
    arm(c, ms);
}

static void settle(struct bw_courier *c, bool more)
{
    c->state = STATE_IDLE;
    c->backing = false;
    c->status.failures_in_a_row = 0;
    c->status.posts++;
    c->status.last_error[0] = '\0';
    c->status.last_ok_unix_ms = bw_clock_unix_ms();
    c->max_lines = BW_POST_LINES_MAX;
    bw_courier_batch_done(&c->batch);
    bw_complain_over(&c->complaint, BW_AREA_COURIER,
                     "%s takes records again, delivery goes on", c->url);
    if (more) {
        c->wanted = false;
        arm(c, 0);
    } else if (c->wanted) {
        c->wanted = false;
        arm(c, cadence_ms(c));
    }
}

/* ---- requests */

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct bw_courier *c = owner;
    bw_buf_add(&c->answer, data, size * n);
    if (bw_buf_error(&c->answer) < 0) {
        c->answer_too_long = true;
        return 0; /* libcurl ends the transfer */
    }
    return size * n;
}

static int
request(struct bw_courier *c, const char *path, const char *body, size_t n, bool zstd)
{
    char url[PATH_MAX_BYTES];
    curl_slist_free_all(c->headers);
    c->headers = curl_slist_append(NULL, "Content-Type: application/jose");
    if (c->headers) {
        struct curl_slist *l = curl_slist_append(c->headers, "Expect:");
        l = l && zstd ? curl_slist_append(l, "Content-Encoding: zstd") : l;
        if (!l) {
            curl_slist_free_all(c->headers);
            c->headers = NULL;
        }
    }
    if (!c->headers) {
        return -ENOMEM;
    }
    (void)snprintf(url, sizeof(url), "%s%s", c->url, path);
    bw_buf_clear(&c->answer);
    c->answer_too_long = false;
    c->curl_error[0] = '\0';
    (void)curl_easy_setopt(c->easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
    (void)curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
    (void)curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, body);
    c->status.sent_bytes += (int64_t)n;
    c->in_curl = true;
    return curl_multi_add_handle(c->multi, c->easy) == CURLM_OK ? 0 : -EIO;
}

static void post_batch(struct bw_courier *c)
{
    c->state = STATE_POSTING;
    if (request(c, "/api/v1/summaries", c->batch.body, c->batch.n_body, c->batch.zstd) <
        0) {
        c->in_curl = false;
        back_off(c, 0, "the request could not be made");
    }
}

void bw_courier_batch(struct bw_courier *c, struct bw_courier_batch *b)
{
    if (c->state != STATE_FETCHING || c->closing) {
        bw_courier_batch_done(b);
        return;
    }
    bw_courier_batch_done(&c->batch);
    c->batch = *b;
    memset(b, 0, sizeof(*b));
    if (c->batch.n_refs == 0) {
        c->state = STATE_IDLE;
        bw_courier_batch_done(&c->batch);
        if (c->wanted) {
            c->wanted = false;
            arm(c, cadence_ms(c));
        }
        return;
    }
    if (c->batch.key_jws) {
        c->state = STATE_TELLING_KEY;
        if (request(c, "/api/v1/keys", c->batch.key_jws, strlen(c->batch.key_jws), false) <
            0) {
            c->in_curl = false;
            back_off(c, 0, "the request could not be made");
        }
        return;
    }
    post_batch(c);
}

static void on_beat(uv_timer_t *t)
{
    struct bw_courier *c = t->data;
    if (c->closing || c->state != STATE_IDLE) {
        return;
    }
    c->backing = false;
    c->state = STATE_FETCHING;
    c->ops.fetch(c->owner, c->max_lines, c->zstd);
}

void bw_courier_wake(struct bw_courier *c, bool now)
{
    if (c->closing) {
        return;
    }
    if (c->state != STATE_IDLE) {
        c->wanted = true;
        return;
    }
    if (c->backing) {
        return;
    }
    if (now) {
        arm(c, 0);
    } else if (!uv_is_active((uv_handle_t *)&c->beat)) {
        arm(c, (int64_t)((uint64_t)c->every_ms * random32() >> 32));
    }
}

/* ---- answers */

static int apply_chain(struct bw_courier *c,
                       const struct bw_courier_answer *a,
                       const struct bw_courier_chain *k,
                       size_t *settled,
                       struct bw_err *reterr)
{
    size_t n = 0;
    int r = 0;
    const struct bw_courier_ref *ref =
        bw_courier_taken(a, k, c->batch.refs, c->batch.n_refs, &n);
    *settled += n;
    if (ref && !k->receipt) {
        return bw_err_set(reterr, -BW_ESIGNATURE,
                          "it acknowledged records without a receipt");
    }
    if (k->said_through > k->acked_through && k->receipt) {
        return c->ops.acked(c->owner, k->kid, k->acked_through, k->said_through, "",
                            k->receipt, reterr);
    }
    if (ref) {
        r = c->ops.acked(c->owner, k->kid, ref->seq, ref->seq, ref->hash, k->receipt,
                         reterr);
    }
    if (r == 0 && (!ref || ref->seq < k->acked_through)) { /* the refused ones behind it */
        r = c->ops.acked(c->owner, k->kid, k->acked_through, k->acked_through, "", NULL,
                         reterr);
    }
    return r;
}

/* Everything the answer says, in an order that loses nothing when we are killed in
 * between: refusals first, because an acknowledgement covers them. Only a refused record
 * may be settled without a receipt. */
static void apply(struct bw_courier *c, const struct bw_courier_answer *a)
{
    struct bw_err err = {0};
    const struct bw_courier_refused *waits = NULL;
    size_t settled = 0; /* lines that need not be sent again */
    bool progress = false;

    for (size_t i = 0; i < a->n_refused; i++) {
        const struct bw_courier_refused *f = &a->refused[i];
        switch (f->what) {
        case BW_REFUSED_FOR_GOOD:
            c->ops.refused(c->owner, f->ref->kid, f->ref->seq, f->type, f->detail);
            settled++;
            progress = true;
            break;
        case BW_REFUSED_FORK:
            bw_log(BW_AREA_COURIER, BW_ERROR,
                   "the collector holds another record %" PRId64
                   " of this key (%s): was this "
                   "box's disk copied or restored? Going on under a new key",
                   f->ref->seq, f->type);
            c->ops.forked(c->owner, f->ref->kid, f->ref->seq, f->detail);
            progress = true;
            break;
        case BW_REFUSED_FOR_NOW:
            waits = waits ? waits : f;
            break;
        }
    }
    for (size_t i = 0; i < a->n_chains; i++) {
        const struct bw_courier_chain *k = &a->chains[i];
        if (k->acked_through > 0 && k->ref) {
            if (apply_chain(c, a, k, &settled, &err) < 0) {
                back_off(c, c->backoff_max_ms, err.text);
                return;
            }
            progress = true;
        }
    }
    if (waits) {
        char why[256];
        (void)snprintf(why, sizeof(why), "%.60s: %.160s", waits->type, waits->detail);
        back_off(c, c->backoff_max_ms, why);
    } else if (!progress) {
        back_off(c, 0, "it acknowledged nothing of what was sent");
    } else {
        settle(c, c->batch.more || settled < c->batch.n_refs);
    }
}

static void on_post_status(struct bw_courier *c, long status)
{
    struct bw_courier_answer a;
    struct bw_err err = {0};
    char problem[256];
    char why[512];
    curl_off_t after_s = 0;

    if (status == 200 || status == 409 || status == 422) {
        int r = bw_courier_answer_read(c->answer.data ? c->answer.data : "", c->answer.len,
                                       c->batch.refs, c->batch.n_refs, &a, &err);
        if (r < 0) {
            (void)snprintf(why, sizeof(why), "HTTP %ld with %s", status, err.text);
            back_off(c, 0, why);
            return;
        }
        apply(c, &a);
        bw_courier_answer_done(&a);
        return;
    }
    bw_courier_problem(c->answer.data ? c->answer.data : "", c->answer.len, problem,
                       sizeof(problem));
    (void)snprintf(why, sizeof(why), "HTTP %ld%s%s", status, problem[0] ? ", " : "",
                   problem);
    if (status == 413 || status == 400) {
        /* In other form, then: fewer lines, and not compressed. */
        c->max_lines = c->batch.n_refs > 1 ? c->batch.n_refs / 2 : 1;
    }
    if (status == 415 || (status == 400 && c->batch.n_refs == 1)) {
        c->zstd = false;
    }
    (void)curl_easy_getinfo(c->easy, CURLINFO_RETRY_AFTER, &after_s);
    int64_t after_ms = after_s > 0 ? (int64_t)after_s * 1000 : 0;
    if (after_ms > BW_COURIER_RETRY_AFTER_MAX_MS) {
        after_ms = BW_COURIER_RETRY_AFTER_MAX_MS;
    }
    back_off(c, after_ms, why);
}

static void on_key_status(struct bw_courier *c, long status)
{
    char problem[256];
    char why[512];
    if (status == 200) {
        c->ops.key_known(c->owner, c->batch.key_kid);
        post_batch(c);
        return;
    }
    bw_courier_problem(c->answer.data ? c->answer.data : "", c->answer.len, problem,
                       sizeof(problem));
    (void)snprintf(why, sizeof(why), "the new key was not taken, HTTP %ld%s%s", status,
                   problem[0] ? ", " : "", problem);
    back_off(c, status >= 400 && status < 500 && status != 429 ? c->backoff_max_ms : 0,
             why);
}

static void on_done(struct bw_courier *c, CURLcode code)
{
    char why[512];
    long status = 0;
    (void)curl_multi_remove_handle(c->multi, c->easy);
    c->in_curl = false;
    if (c->closing) {
        return;
    }
    if (code != CURLE_OK) {
        const char *text = c->curl_error[0] ? c->curl_error : curl_easy_strerror(code);
        if (c->answer_too_long) {
            text = "an answer that does not end";
        }
        /* OpenSSL's own words may say nothing of a certificate. */
        bool secret = strncmp(text, "OpenSSL", 7) == 0;
        (void)snprintf(why, sizeof(why), "%s%s%s",
                       secret ? "no secure connection, is it the right certificate? (" : "",
                       text, secret ? ")" : "");
        back_off(c, 0, why);
        return;
    }
    (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    if (c->state == STATE_TELLING_KEY) {
        on_key_status(c, status);
    } else {
        on_post_status(c, status);
    }
}

/* ---- libcurl on the loop */

static void check_done(struct bw_courier *c)
{
    CURLMsg *m;
    int left = 0;
    while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
        if (m->msg == CURLMSG_DONE) {
            on_done(c, m->data.result);
        }
    }
}

static void on_curl_timeout(uv_timer_t *t)
{
    struct bw_courier *c = t->data;
    int running = 0;
    if (!c->closing) {
        (void)curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        check_done(c);
    }
}

static int on_curl_timer(CURLM *multi, long ms, void *owner)
{
    struct bw_courier *c = owner;
    (void)multi;
    if (c->closing) {
        return 0;
    }
    if (ms < 0) {
        (void)uv_timer_stop(&c->curl_timer);
    } else {
        uv_update_time(c->loop);
        (void)uv_timer_start(&c->curl_timer, on_curl_timeout, ms > 0 ? (uint64_t)ms : 1, 0);
    }
    return 0;
}

static void maybe_closed(struct bw_courier *c)
{
    if (c->open_handles > 0) {
        return;
    }
    void (*cb)(void *) = c->closed;
    void *owner = c->closed_owner;
    bw_courier_batch_done(&c->batch);
    bw_buf_done(&c->answer);
    free(c);
    if (cb) {
        cb(owner);
    }
}

static void on_sock_closed(uv_handle_t *h)
{
    struct sock *s = h->data;
    struct bw_courier *c = s->courier;
    free(s);
    c->open_handles--;
    if (c->closing) {
        maybe_closed(c);
    }
}

static void on_sock(uv_poll_t *p, int status, int events)
{
    struct sock *s = p->data;
    struct bw_courier *c = s->courier;
    int what = 0;
    int running = 0;
    if (c->closing) {
        return;
    }
    what |= status < 0 ? CURL_CSELECT_ERR : 0;
    what |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    what |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    (void)curl_multi_socket_action(c->multi, s->fd, what, &running);
    check_done(c);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *sock)
{
    struct bw_courier *c = owner;
    struct sock *s = sock;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s) {
            (void)curl_multi_assign(c->multi, fd, NULL);
            (void)uv_poll_stop(&s->poll);
            uv_close((uv_handle_t *)&s->poll, on_sock_closed);
        }
        return 0;
    }
    if (!s) {
        s = calloc(1, sizeof(*s));
        if (!s) {
            return -1;
        }
        if (uv_poll_init_socket(c->loop, &s->poll, fd) < 0) {
            free(s);
            return -1;
        }
        s->courier = c;
        s->fd = fd;
        s->poll.data = s;
        c->open_handles++;
        (void)curl_multi_assign(c->multi, fd, s);
    }
    int events =
        (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&s->poll, events, on_sock) < 0 ? -1 : 0;
}

static void set_up(struct bw_courier *c)
{
    (void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    (void)curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    (void)curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    (void)curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    (void)curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, 1L);

    (void)curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(c->easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    (void)curl_easy_setopt(c->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (c->ca_file[0]) {
        (void)curl_easy_setopt(c->easy, CURLOPT_CAINFO, c->ca_file);
        (void)curl_easy_setopt(c->easy, CURLOPT_CAPATH, NULL);
    } else {
        /* Looked up by hash: reading the whole bundle takes megabytes for one name. */
        (void)curl_easy_setopt(c->easy, CURLOPT_CAINFO, NULL);
        (void)curl_easy_setopt(c->easy, CURLOPT_CAPATH, "/etc/ssl/certs");
    }
    (void)curl_easy_setopt(c->easy, CURLOPT_USERAGENT, c->agent);
    (void)curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)BW_COURIER_CONNECT_MS);
    (void)curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)BW_COURIER_POST_MS);
    (void)curl_easy_setopt(c->easy, CURLOPT_MAXAGE_CONN, (long)CONNECTION_AGE_S);
    (void)curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(c->easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER_BYTES);
    (void)curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->curl_error);
    (void)curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
}

int bw_courier_new(uv_loop_t *loop,
                   const struct bw_courier_params *p,
                   const struct bw_courier_ops *ops,
                   void *owner,
                   struct bw_courier **ret,
                   struct bw_err *reterr)
{
    struct bw_courier *c = calloc(1, sizeof(*c));
    if (!c) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    c->loop = loop;
    c->ops = *ops;
    c->owner = owner;
    (void)snprintf(c->url, sizeof(c->url), "%s", p->url);
    (void)snprintf(c->ca_file, sizeof(c->ca_file), "%s", p->ca_file);
    (void)snprintf(c->agent, sizeof(c->agent), "%s", p->agent);
    c->every_ms = p->every_ms;
    c->backoff_min_ms = p->backoff_min_ms ? p->backoff_min_ms : BW_COURIER_BACKOFF_MIN_MS;
    c->backoff_max_ms = p->backoff_max_ms ? p->backoff_max_ms : BW_COURIER_BACKOFF_MAX_MS;
    c->max_lines = BW_POST_LINES_MAX;
    c->zstd = true;
    c->status.last_ok_unix_ms = BW_UNKNOWN;
    bw_buf_init(&c->answer, BW_COURIER_ANSWER_MAX);
    c->multi = curl_multi_init();
    c->easy = c->multi ? curl_easy_init() : NULL;
    if (!c->easy) {
        if (c->multi) {
            (void)curl_multi_cleanup(c->multi);
        }
        free(c);
        return bw_err_set(reterr, -ENOMEM, "libcurl could not be set up");
    }
    set_up(c);
    (void)uv_timer_init(loop, &c->curl_timer);
    (void)uv_timer_init(loop, &c->beat);
    c->curl_timer.data = c;
    c->beat.data = c;
    c->open_handles = 2;
    *ret = c;
    return 0;
}

void bw_courier_status(const struct bw_courier *c, struct bw_courier_status *ret)
{
    *ret = c->status;
    ret->next_in_ms = BW_UNKNOWN;
    if (c->state == STATE_IDLE && uv_is_active((const uv_handle_t *)&c->beat)) {
        int64_t ms = c->beat_mono_ms - bw_clock_mono_ms();
        ret->next_in_ms = ms > 0 ? ms : 0;
    }
}

static void on_timer_closed(uv_handle_t *h)
{
    struct bw_courier *c = h->data;
    c->open_handles--;
    maybe_closed(c);
}

void bw_courier_close(struct bw_courier *c, void (*cb)(void *owner), void *owner)
{
    c->closed = cb;
    c->closed_owner = owner;
    if (c->in_curl) {
        (void)curl_multi_remove_handle(c->multi, c->easy);
        c->in_curl = false;
    }
    curl_easy_cleanup(c->easy);
    (void)curl_multi_cleanup(c->multi); /* its connections say so by the socket callback */
    curl_slist_free_all(c->headers);
    c->closing = true;
    uv_close((uv_handle_t *)&c->curl_timer, on_timer_closed);
    uv_close((uv_handle_t *)&c->beat, on_timer_closed);
}
