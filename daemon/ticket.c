/* SPDX-License-Identifier: GPL-3.0-or-later
 * ticket.c - asking the collector for the right to test.
 *
 * Idle, signing, posting: whatever happens ends in finish(), once, and what comes after
 * that of an older request is known by its number and dropped. */
#include "ticket.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/probe.h>
#include <clock.h>
#include <curl/curl.h>
#include <errno.h>
#include <hash.h>
#include <json.h>
#include <log.h>
#include <scrub.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <writer.h>

enum {
    URL_BYTES = 640,
    JWS_BYTES = 2048,
    ANSWER_BYTES = 16384,
    WORD_BYTES = 40,
    PATH_BYTES = 4096,
    CONNECT_MS = 8000
};

/* A post on its way: self-contained, freed by whoever is last. */
struct post {
    uv_work_t work;
    struct bw_ticketer *t;
    int64_t number;
    atomic_bool cancelled;
    char url[URL_BYTES];
    char ca_file[PATH_BYTES];
    char agent[128];
    char jws[JWS_BYTES];
    struct bw_buf answer;
    long status;
    int64_t wait_ms;
    char error[CURL_ERROR_SIZE];
};

struct bw_ticketer {
    uv_loop_t *loop;
    struct bw_writer *writer;
    uv_timer_t timer; /* the end of patience, or of a cancelled request */
    char url[512];
    char ca_file[PATH_BYTES];
    char agent[128];
    char aud[BW_KID_LEN + 1];
    int64_t number; /* of the request under way; 0: none */
    int64_t last_number;
    bool cancelled;
    bw_ticket_cb cb;
    void *owner;
    struct post *post; /* under way, perhaps of an older request */
    bool closing;
    void (*closed)(void *owner);
    void *closed_owner;
};

int bw_ticketer_new(uv_loop_t *loop,
                    struct bw_writer *writer,
                    struct bw_ticketer **ret,
                    struct bw_err *reterr)
{
    struct bw_ticketer *t = calloc(1, sizeof(*t));
    if (!t) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    t->loop = loop;
    t->writer = writer;
    (void)uv_timer_init(loop, &t->timer);
    t->timer.data = t;
    *ret = t;
    return 0;
}

void bw_ticketer_set(struct bw_ticketer *t, const struct bw_ticket_where *where)
{
    (void)snprintf(t->url, sizeof(t->url), "%s", where->url);
    (void)snprintf(t->ca_file, sizeof(t->ca_file), "%s", where->ca_file);
    (void)snprintf(t->agent, sizeof(t->agent), "%s", where->agent);
    (void)snprintf(t->aud, sizeof(t->aud), "%s", where->aud);
}

static void finish(struct bw_ticketer *t, int status, const char *text, int64_t wait_ms)
{
    bw_ticket_cb cb = t->cb;
    if (t->number == 0) {
        return;
    }
    (void)uv_timer_stop(&t->timer);
    t->number = 0;
    t->cb = NULL;
    cb(t->owner, status, text, wait_ms);
}

static void on_timer(uv_timer_t *timer)
{
    struct bw_ticketer *t = timer->data;
    if (t->post) {
        atomic_store(&t->post->cancelled, true);
    }
    if (t->cancelled) {
        finish(t, -ECANCELED, "cancelled", 0);
    } else {
        finish(t, -ETIMEDOUT, "no ticket in time", 0);
    }
}

/* ---- what an answer means */

static const struct {
    const char *word;
    int code;
    const char *text;
} refusals[] = {
    {"server-busy", -EBUSY, "server busy"},
    {"day-used-up", -EBUSY, "this site's day at the server is used up"},
    {"busy", -EBUSY, "collector busy"},
    {"not-testable", -BW_EREFUSED, "the claim is above what the server carries"},
    {"no-measurement-server", -BW_EREFUSED, "the collector has no measurement server"},
    {"unknown-key", -BW_EREFUSED, "the collector does not know this key"},
    {"key-revoked", -BW_EREFUSED, "the key is not in force"},
    {"ticket-refused", -BW_EREFUSED, "no ticket: is the clock right?"},
};

/* The last word of "/problems/WORD". */
static void read_word(const char *body, size_t n, char ret[WORD_BYTES])
{
    json_t *o = NULL;
    const char *type = NULL;
    ret[0] = '\0';
    if (bw_json_parse(body, n, ANSWER_BYTES, &o, NULL) == 0 &&
        bw_json_get_str(o, "type", 200, &type, NULL) == 0) {
        const char *slash = strrchr(type, '/');
        const char *word = slash ? slash + 1 : type;
        if (strspn(word, "abcdefghijklmnopqrstuvwxyz-") == strlen(word)) {
            (void)snprintf(ret, WORD_BYTES, "%s", word);
        }
    }
    json_decref(o);
}

int bw_ticket_said(long http_status, const char *body, size_t n, char *ret_text, size_t cap)
{
    char word[WORD_BYTES];
    json_t *o = NULL;
    const json_t *results = NULL;
    if (http_status == 200) {
        while (n > 0 && (body[n - 1] == '\n' || body[n - 1] == '\r')) {
            n--;
        }
        int r =
            n < cap && n <= BW_TICKET_MAX ? bw_json_parse(body, n, n, &o, NULL) : -E2BIG;
        r = r < 0 ? r : bw_json_get_arr(o, "results", 16, &results, NULL);
        json_decref(o);
        if (r < 0) {
            (void)snprintf(ret_text, cap, "the collector's answer is no ticket");
            return -EBADMSG;
        }
        memcpy(ret_text, body, n);
        ret_text[n] = '\0';
        return 0;
    }
    read_word(body, n, word);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (strcmp(refusals[i].word, word) == 0) {
            (void)snprintf(ret_text, cap, "%s", refusals[i].text);
            return refusals[i].code;
        }
    }
    (void)snprintf(ret_text, cap, "no ticket: the collector says %ld%s%s", http_status,
                   word[0] ? " " : "", word);
    /* What stands before a collector that is just restarted answers 502 or 504. */
    return http_status == 429 || http_status >= 500 ? -EBUSY : -BW_EREFUSED;
}

/* ---- posting, on a thread of the pool */

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct post *p = owner;
    bw_buf_add(&p->answer, data, size * n);
    return bw_buf_error(&p->answer) < 0 ? 0 : size * n;
}

static int on_progress(void *owner, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct post *p = owner;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return atomic_load(&p->cancelled);
}

static void set_up(CURL *easy, struct post *p, struct curl_slist *headers)
{
    (void)curl_easy_setopt(easy, CURLOPT_URL, p->url);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (p->ca_file[0]) {
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, p->ca_file);
        (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    } else {
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_CAPATH, "/etc/ssl/certs");
    }
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, p->agent);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)BW_TICKET_POST_MS);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, p->jws);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, p->error);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, p);
    (void)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, p);
}

static void post_work(uv_work_t *work)
{
    struct post *p = work->data;
    curl_off_t wait_s = 0;
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/jose");
    p->status = -1;
    if (easy && headers && !atomic_load(&p->cancelled)) {
        set_up(easy, p, headers);
        CURLcode code = curl_easy_perform(easy);
        if (code == CURLE_OK) {
            (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &p->status);
            (void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait_s);
        } else if (!p->error[0]) {
            (void)snprintf(p->error, sizeof(p->error), "%s", curl_easy_strerror(code));
        }
    }
    p->wait_ms = wait_s > BW_TICKET_WAIT_MAX_MS / 1000 ? BW_TICKET_WAIT_MAX_MS
                                                       : (int64_t)wait_s * 1000;
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
}

static void maybe_closed(struct bw_ticketer *t);

static void post_after(uv_work_t *work, int cancelled)
{
    struct post *p = work->data;
    struct bw_ticketer *t = p->t;
    char text[BW_TICKET_MAX + 1];
    t->post = NULL;
    if (t->number == p->number) {
        int r = -EIO;
        if (cancelled < 0 || p->status < 0) {
            (void)snprintf(text, sizeof(text),
                           "the collector cannot be asked for a ticket");
            bw_scrub_addresses(p->error,
                               sizeof(p->error)); /* it goes by its configured name */
            bw_log(BW_AREA_SCHED, BW_WARN,
                   "no ticket from %s: %s; `bandwitness status` says whether records reach "
                   "it",
                   t->url, p->error[0] ? p->error : "the request was not made");
        } else {
            r = bw_ticket_said(p->status, p->answer.data ? p->answer.data : "",
                               p->answer.len, text, sizeof(text));
        }
        finish(t, r, text, p->wait_ms);
    }
    bw_buf_done(&p->answer);
    free(p);
    maybe_closed(t);
}

void bw_ticketer_signed(struct bw_ticketer *t, int64_t number, const char *jws)
{
    if (number != t->number || t->post) {
        return;
    }
    struct post *p = calloc(1, sizeof(*p));
    if (!p || !jws || strlen(jws) >= sizeof(p->jws)) {
        free(p);
        finish(t, -EIO, "the request for a ticket could not be signed", 0);
        return;
    }
    p->t = t;
    p->number = number;
    p->work.data = p;
    bw_buf_init(&p->answer, ANSWER_BYTES);
    (void)snprintf(p->url, sizeof(p->url), "%s/api/v1/tickets", t->url);
    (void)snprintf(p->ca_file, sizeof(p->ca_file), "%s", t->ca_file);
    (void)snprintf(p->agent, sizeof(p->agent), "%s", t->agent);
    (void)snprintf(p->jws, sizeof(p->jws), "%s", jws);
    t->post = p;
    int r = uv_queue_work(t->loop, &p->work, post_work, post_after);
    if (r < 0) {
        t->post = NULL;
        free(p);
        finish(t, r, "the request for a ticket could not be made", 0);
    }
}

/* ---- asking */

static int make_payload(const struct bw_ticketer *t,
                        const struct bw_ticket_want *want,
                        struct bw_buf *out,
                        struct bw_err *reterr)
{
    uint8_t raw[BW_NONCE_BYTES];
    struct bw_ticket_request q = {.at_unix_ms = bw_clock_unix_ms(),
                                  .kind = want->kind,
                                  .directions = want->directions};
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), q.nonce);
    (void)snprintf(q.aud, sizeof(q.aud), "%s", t->aud);
    (void)snprintf(q.circuit, sizeof(q.circuit), "%s", want->circuit);
    return bw_ticket_request_encode(&q, out, reterr);
}

int bw_ticketer_ask(struct bw_ticketer *t,
                    const struct bw_ticket_want *want,
                    bw_ticket_cb cb,
                    void *owner,
                    struct bw_err *reterr)
{
    struct bw_buf payload;
    if (t->number != 0 || t->post || t->closing) {
        return bw_err_set(reterr, -EBUSY, "a ticket is being asked for");
    }
    if (!t->url[0] || !t->aud[0]) {
        return bw_err_set(reterr, -BW_EREFUSED,
                          "no ticket: this box is not enrolled at a collector");
    }
    bw_buf_init(&payload, JWS_BYTES);
    int64_t number = t->last_number + 1;
    int r = make_payload(t, want, &payload, reterr);
    if (r == 0) {
        r = bw_writer_sign(t->writer, number, BW_TYP_TICKET_REQUEST, payload.data);
        if (r < 0) {
            (void)bw_err_set(reterr, r, "the request for a ticket cannot be signed: %s",
                             bw_strerror(r));
        }
    }
    bw_buf_done(&payload);
    if (r < 0) {
        return r;
    }
    t->last_number = number;
    t->number = number;
    t->cancelled = false;
    t->cb = cb;
    t->owner = owner;
    uv_update_time(t->loop);
    (void)uv_timer_start(&t->timer, on_timer, BW_TICKET_ALL_MS, 0);
    return 0;
}

void bw_ticketer_cancel(struct bw_ticketer *t)
{
    if (t->number != 0) {
        t->cancelled = true;
        (void)uv_timer_start(&t->timer, on_timer, 0, 0);
    }
}

/* ---- the end */

static void on_closed(uv_handle_t *handle)
{
    struct bw_ticketer *t = handle->data;
    void (*cb)(void *) = t->closed;
    void *owner = t->closed_owner;
    free(t);
    if (cb) {
        cb(owner);
    }
}

static void maybe_closed(struct bw_ticketer *t)
{
    if (t->closing && !t->post && !uv_is_closing((uv_handle_t *)&t->timer)) {
        uv_close((uv_handle_t *)&t->timer, on_closed);
    }
}

void bw_ticketer_close(struct bw_ticketer *t, void (*cb)(void *owner), void *owner)
{
    t->closing = true;
    t->closed = cb;
    t->closed_owner = owner;
    t->number = 0;
    if (t->post) {
        atomic_store(&t->post->cancelled, true);
    }
    maybe_closed(t);
}
