/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier.c - carries signed summaries from the journal to the collector over HTTPS.
 *
 * A state machine with one thing under way at a time: idle, fetching a batch, telling a
 * new key, posting. Whatever fails ends in bw_courier_back_off(), whatever succeeds in
 * bw_courier_settle(); there is no third way out, so no batch is forgotten and none is
 * posted twice at once. */
#include "courier_private.h"
#include "plural.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void bw_courier_back_off(struct bw_courier *c, int64_t at_least_ms, const char *why)
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
    bw_courier_tame(c->status.last_error,
                    sizeof(c->status.last_error)); /* people read it on a terminal */
    bw_complain(&c->complaint, BW_AREA_COURIER, BW_WARN,
                "%s: %s; %" PRId64 " %s in the journal, next try in %" PRId64 " s", c->url,
                c->status.last_error, c->ops.pending(c->owner),
                bw_plural(c->ops.pending(c->owner), "record stays", "records stay"),
                (ms + 999) / 1000);
    arm(c, ms);
}

static void is_well(struct bw_courier *c)
{
    const struct bw_courier_aside *aside = bw_courier_aside_first(c);
    c->untaken = false;
    c->status.failures_in_a_row = 0;
    (void)snprintf(c->status.last_error, sizeof(c->status.last_error), "%s",
                   aside ? aside->why : "");
    if (aside) {
        bw_complain(&c->complaint, BW_AREA_COURIER, BW_WARN,
                    "%s: %s; the records of key %s stay in the journal, the others go on",
                    c->url, aside->why, aside->kid);
    } else {
        bw_complain_over(&c->complaint, BW_AREA_COURIER,
                         "%s takes records again, delivery goes on", c->url);
    }
}

void bw_courier_settle(struct bw_courier *c, bool more)
{
    c->state = STATE_IDLE;
    c->backing = false;
    c->status.posts++;
    c->status.last_ok_unix_ms = bw_clock_unix_ms();
    /* In small steps: what did not go over a slow line is not tried after every success. */
    c->max_lines += c->max_lines / 8 + 1;
    if (c->max_lines > BW_POST_LINES_MAX) {
        c->max_lines = BW_POST_LINES_MAX;
    }
    bw_courier_batch_done(&c->batch);
    if (!c->untaken) { /* else the next batch tells */
        is_well(c);
    }
    if (more) {
        c->wanted = false;
        arm(c, 0);
    } else if (c->wanted) {
        c->wanted = false;
        arm(c, cadence_ms(c));
    }
}

void bw_courier_post(struct bw_courier *c)
{
    c->state = STATE_POSTING;
    if (bw_courier_request(c, "/api/v1/summaries", c->batch.body, c->batch.n_body,
                           c->batch.zstd) < 0) {
        bw_courier_back_off(c, 0, "the request could not be made");
    }
}

static bool holds(const struct bw_courier_batch *b, const struct bw_courier_ref *ref)
{
    for (size_t i = 0; i < b->n_refs; i++) {
        if (b->refs[i].seq == ref->seq && strcmp(b->refs[i].kid, ref->kid) == 0) {
            return true;
        }
    }
    return false;
}

/* What the last answer settled comes again when the journal could not write that down:
 * then it is no use to post without a pause. */
static bool took_the_answer(struct bw_courier *c)
{
    if (c->said.seq == 0) {
        return true;
    }
    bool again = holds(&c->batch, &c->said);
    memset(&c->said, 0, sizeof(c->said));
    if (again) {
        c->untaken = true;
    } else if (c->untaken) {
        is_well(c);
    }
    return !again;
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
    if (!took_the_answer(c)) {
        bw_courier_back_off(c, 0, "the journal did not take the last answer");
        return;
    }
    if (c->batch.n_refs == 0) {
        const struct bw_courier_aside *aside = bw_courier_aside_first(c);
        c->state = STATE_IDLE;
        bw_courier_batch_done(&c->batch);
        if (c->wanted) {
            c->wanted = false;
            arm(c, cadence_ms(c));
        } else if (aside) {
            int64_t ms = aside->until_mono_ms - bw_clock_mono_ms();
            arm(c, ms > 0 ? ms : 0);
        }
        return;
    }
    if (c->batch.key_jws) {
        c->state = STATE_TELLING_KEY;
        if (bw_courier_request(c, "/api/v1/keys", c->batch.key_jws,
                               strlen(c->batch.key_jws), false) < 0) {
            bw_courier_back_off(c, 0, "the request could not be made");
        }
        return;
    }
    bw_courier_post(c);
}

static void on_beat(uv_timer_t *t)
{
    struct bw_courier *c = t->data;
    char without_kids[BW_COURIER_WITHOUT_MAX];
    if (c->closing || c->state != STATE_IDLE) {
        return;
    }
    c->backing = false;
    bw_courier_aside_return(c);
    bw_courier_aside_kids(c, without_kids);
    c->state = STATE_FETCHING;
    c->ops.fetch(c->owner, c->max_lines, c->zstd, without_kids);
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
    } else if (!uv_is_active((uv_handle_t *)&c->beat) ||
               c->beat_mono_ms - bw_clock_mono_ms() > c->every_ms * 2) {
        arm(c, (int64_t)((uint64_t)c->every_ms * random32() >> 32));
    }
}

/* The last one frees. */
static void one_closed(void *closed)
{
    struct bw_courier *c = closed;
    if (--c->n_open > 0) {
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

static void over(void *owner, CURL *easy, CURLcode code)
{
    struct bw_courier *c = owner;
    bw_curlloop_remove(c->curl, easy);
    c->in_curl = false;
    bw_courier_done(c, code);
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
    c->post_ms = p->post_ms ? p->post_ms : BW_COURIER_POST_MS;
    c->aside_max_ms = p->aside_max_ms ? p->aside_max_ms : BW_COURIER_ASIDE_MAX_MS;
    c->max_lines = BW_POST_LINES_MAX;
    c->zstd = true;
    c->status.last_ok_unix_ms = BW_UNKNOWN;
    bw_buf_init(&c->answer, BW_COURIER_ANSWER_MAX);
    c->easy = curl_easy_init();
    if (!c->easy || bw_curlloop_new(loop, 1, over, c, &c->curl) < 0) {
        curl_easy_cleanup(c->easy);
        free(c);
        return bw_err_set(reterr, -ENOMEM, "libcurl could not be set up");
    }
    bw_courier_set_up(c);
    (void)uv_timer_init(loop, &c->beat);
    c->beat.data = c;
    c->n_open = 2;
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

static void on_beat_closed(uv_handle_t *h)
{
    one_closed(h->data);
}

void bw_courier_close(struct bw_courier *c, void (*cb)(void *owner), void *owner)
{
    c->closed = cb;
    c->closed_owner = owner;
    c->closing = true;
    if (c->in_curl) {
        bw_curlloop_remove(c->curl, c->easy);
        c->in_curl = false;
    }
    curl_easy_cleanup(c->easy);
    bw_curlloop_close(c->curl, one_closed, c);
    curl_slist_free_all(c->headers);
    uv_close((uv_handle_t *)&c->beat, on_beat_closed);
}
