/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier_said.c - what the end of a request means, and who is told.
 *
 * The collector is not trusted: nothing counts as acknowledged without a receipt that
 * holds, and whatever it answers, the box neither spins nor grows. */
#include "courier_private.h"

#include <bw/err.h>
#include <clock.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* Each fork costs a key. A copied disk forks once; a collector that says so all day long
 * is wrong or lies, and is waited out. The last one is told again while the journal cannot
 * take it. */
static bool forks_too_often(struct bw_courier *c, const struct bw_courier_ref *at)
{
    size_t slot = c->n_forks % BW_COURIER_FORKS_MAX;
    int64_t now_ms = bw_clock_mono_ms();
    if (at->seq == c->fork.seq && strcmp(at->kid, c->fork.kid) == 0) {
        return false;
    }
    if (c->n_forks >= BW_COURIER_FORKS_MAX &&
        now_ms - c->forks_mono_ms[slot] < BW_COURIER_FORKS_SPAN_MS) {
        return true;
    }
    c->forks_mono_ms[slot] = now_ms;
    c->n_forks++;
    c->fork = *at;
    return false;
}

/* Does the collector lack more than what was sent? Then it was set back, or a record in
 * between was refused for good; the journal knows. */
static bool lacks_more(struct bw_courier *c, const struct bw_courier_chain *k)
{
    int64_t now_ms = bw_clock_mono_ms();
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < c->batch.n_refs; i++) {
        const struct bw_courier_ref *ref = &c->batch.refs[i];
        if (ref->seq < first && strcmp(ref->kid, k->kid) == 0) {
            first = ref->seq;
        }
    }
    if (k->said_through >= first - 1 || (k->said_through > 0 && !k->receipt) ||
        (c->rewind_mono_ms > 0 && now_ms - c->rewind_mono_ms < BW_COURIER_REWIND_SPAN_MS)) {
        return false;
    }
    c->rewind_mono_ms = now_ms;
    return true;
}

/* What an answer did, as far as it has been gone through. */
struct said {
    const struct bw_courier_refused *waits; /* the first line that waits; NULL: none */
    const char *forked_kid;   /* its rows from there on are settled already; "": none */
    const char *not_followed; /* a fork that is waited out; "": none */
    size_t settled;           /* lines that need not be sent again */
    bool progress;
};

/* A record that it goes on putting off, half a day and longer, while it goes past it,
 * holds up all that comes behind: it stays here, and is told as a gap. */
static void give_up(const struct bw_courier *c, struct bw_courier_answer *a)
{
    for (size_t i = 0; i < a->n_chains; i++) {
        const struct bw_courier_chain *k = &a->chains[i];
        bool worn = bw_courier_aside_worn(c, k->kid);
        for (size_t n = 0; worn && n < a->n_refused; n++) {
            struct bw_courier_refused *f = &a->refused[n];
            if (f->what == BW_REFUSED_FOR_NOW && f->ref->seq <= k->acked_through &&
                strcmp(f->ref->kid, k->kid) == 0) {
                f->what = BW_REFUSED_FOR_GOOD;
            }
        }
    }
}

static void take_refused(struct bw_courier *c,
                         const struct bw_courier_refused *f,
                         const char *detail,
                         struct said *s)
{
    char type[64];
    (void)snprintf(type, sizeof(type), "%.63s", f->type);
    bw_courier_tame(type, sizeof(type));
    c->ops.refused(c->owner, f->ref->kid, f->ref->seq, type, detail);
    c->said = *f->ref;
    s->settled++;
    s->progress = true;
}

/* One that comes too often waits like what may be taken later. */
static void take_fork(struct bw_courier *c,
                      struct bw_courier_refused *f,
                      const char *detail,
                      struct said *s)
{
    if (strcmp(f->ref->kid, s->forked_kid) == 0) {
        return; /* another line of the same fork */
    }
    if (strcmp(f->ref->kid, s->not_followed) == 0 || forks_too_often(c, f->ref)) {
        s->waits = s->waits ? s->waits : f;
        s->not_followed = f->ref->kid;
        f->what = BW_REFUSED_FOR_NOW;
        return;
    }
    s->forked_kid = f->ref->kid;
    bw_log(BW_AREA_COURIER, BW_ERROR,
           "the collector holds another record %" PRId64 " of this key (%s): was this "
           "box's disk copied or restored? Going on under a new key",
           f->ref->seq, f->type);
    c->ops.forked(c->owner, f->ref->kid, f->ref->seq, detail);
    c->said = *f->ref;
    s->progress = true;
}

static void take_refusals(struct bw_courier *c, struct bw_courier_answer *a, struct said *s)
{
    for (size_t i = 0; i < a->n_refused; i++) {
        struct bw_courier_refused *f = &a->refused[i];
        char detail[BW_COURIER_DETAIL_MAX + 1];
        (void)snprintf(detail, sizeof(detail), "%s", f->detail);
        bw_courier_tame(detail,
                        sizeof(detail)); /* it goes to the journal, the log, and people */
        switch (f->what) {
        case BW_REFUSED_FOR_GOOD:
            take_refused(c, f, detail, s);
            break;
        case BW_REFUSED_FORK:
            take_fork(c, f, detail, s);
            break;
        case BW_REFUSED_FOR_NOW:
            s->waits = s->waits ? s->waits : f;
            break;
        }
    }
}

/* Where the answer covers a record that the collector has not got, what comes before that
 * is settled, and its receipt is about what stands further on. */
static int take_chain(struct bw_courier *c,
                      const struct bw_courier_answer *a,
                      const struct bw_courier_chain *k,
                      struct said *s,
                      struct bw_err *reterr)
{
    struct bw_courier_chain ours = *k;
    const struct bw_courier_ref *last = k->acked_through > 0 ? k->ref : NULL;
    const struct bw_courier_ref *untaken = bw_courier_untaken(a, k);
    size_t n = 0;
    if (untaken) {
        ours.acked_through = untaken->seq - 1;
        last = bw_courier_taken(a, &ours, c->batch.refs, c->batch.n_refs, &n);
    }
    if (last) {
        int r = apply_chain(c, a, &ours, &s->settled, reterr);
        if (r == 0) {
            c->said = *last;
            s->progress = true;
            bw_courier_aside_forget(c, k->kid);
        }
        return r;
    }
    if (!untaken && lacks_more(c, k)) {
        return c->ops.rewind(c->owner, k->kid, k->said_through,
                             k->said_through > 0 ? k->receipt : NULL, reterr);
    }
    return 0;
}

/* Records that wait for people or time hold up none of another key. False: not all of
 * these keys could be left out. */
static bool set_aside(struct bw_courier *c, const struct bw_courier_answer *a)
{
    bool all = true;
    for (size_t i = 0; i < a->n_refused; i++) {
        if (a->refused[i].what == BW_REFUSED_FOR_NOW) {
            all = bw_courier_aside_put(c, &a->refused[i]) && all;
        }
    }
    return all;
}

static void
wait_for_some(struct bw_courier *c, const struct bw_courier_answer *a, const struct said *s)
{
    char why[256];
    bool aside = set_aside(c, a);
    if (s->progress) {
        bw_courier_settle(c, c->batch.more);
        return;
    }
    if (aside && c->batch.more) {
        c->status.failures_in_a_row = 0; /* a short pause: the others are next */
    }
    (void)snprintf(why, sizeof(why), "%.60s: %.160s", s->waits->type, s->waits->detail);
    bw_courier_back_off(c, aside ? 0 : c->backoff_max_ms, why);
}

/* Everything the answer says, in an order that loses nothing when we are killed in
 * between: refusals first, because an acknowledgement covers them. Only a refused record
 * may be settled without a receipt. */
static void apply(struct bw_courier *c, struct bw_courier_answer *a)
{
    struct bw_err err = {0};
    struct said s = {.forked_kid = "", .not_followed = ""};

    give_up(c, a);
    take_refusals(c, a, &s);
    for (size_t i = 0; i < a->n_chains; i++) {
        if (take_chain(c, a, &a->chains[i], &s, &err) < 0) {
            bw_courier_back_off(c, c->backoff_max_ms, err.text);
            return;
        }
    }
    if (s.waits) {
        wait_for_some(c, a, &s);
    } else if (!s.progress) {
        bw_courier_back_off(c, 0, "it acknowledged nothing of what was sent");
    } else {
        bw_courier_settle(c, c->batch.more || s.settled < c->batch.n_refs);
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
            bw_courier_back_off(c, 0, why);
            return;
        }
        apply(c, &a);
        if (a.checkpoint && c->ops.checkpoint) {
            c->ops.checkpoint(c->owner, a.checkpoint);
        }
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
    bw_courier_back_off(c, after_ms, why);
}

static void on_key_status(struct bw_courier *c, long status)
{
    char problem[256];
    char why[512];
    if (status == 200) {
        c->ops.key_known(c->owner, c->batch.key_kid);
        bw_courier_post(c);
        return;
    }
    bw_courier_problem(c->answer.data ? c->answer.data : "", c->answer.len, problem,
                       sizeof(problem));
    (void)snprintf(why, sizeof(why), "the new key was not taken, HTTP %ld%s%s", status,
                   problem[0] ? ", " : "", problem);
    bw_courier_back_off(
        c, status >= 400 && status < 500 && status != 429 ? c->backoff_max_ms : 0, why);
}

/* The body did not get over in the time there is, or before the line broke. */
static bool too_much_for_the_line(const struct bw_courier *c, CURLcode code)
{
    curl_off_t sent = 0;
    if (c->state != STATE_POSTING ||
        (code != CURLE_OPERATION_TIMEDOUT && code != CURLE_SEND_ERROR &&
         code != CURLE_RECV_ERROR)) {
        return false;
    }
    (void)curl_easy_getinfo(c->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return sent > 0; /* else it never came to the body */
}

void bw_courier_done(struct bw_courier *c, CURLcode code)
{
    char why[512];
    long status = 0;
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
        /* Too long: perhaps it has much to say of each. */
        if ((c->answer_too_long || too_much_for_the_line(c, code)) && c->batch.n_refs > 1) {
            c->max_lines = c->batch.n_refs / 2;
        }
        bw_courier_back_off(c, 0, why);
        return;
    }
    (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    if (c->state == STATE_TELLING_KEY) {
        on_key_status(c, status);
    } else {
        on_post_status(c, status);
    }
}
