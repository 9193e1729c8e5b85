/* SPDX-License-Identifier: GPL-3.0-or-later
 * keeper_others.c - asks witnesses (C2SP tlog-witness) and time stampers about the newest
 * checkpoint; who said nothing yet is asked again.
 *
 * Invariant: a witness's line is kept only if the key that the configuration names made it
 * over exactly this checkpoint. */
#include "keeper_private.h"

#include <bw/err.h>
#include <bw/units.h>
#include <checkpoint.h>
#include <clock.h>
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <timestamp.h>

enum {
    ANSWER_BYTES = 32768,
    CONNECT_MS = 8000,
    ALL_MS = 30000,
    TRIES = 3 /* of one witness in a row: it may tell another size first */
};

/* ---- a POST ---------------------------------------------------------------------------
 */

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct bw_buf *b = owner;
    bw_buf_add(b, data, size * n);
    return bw_buf_error(b) < 0 ? 0 : size * n;
}

static int on_progress(void *owner, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return bw_keeper_hurried(owner);
}

int bw_keeper_post(struct bw_keeper *k,
                   const char *url,
                   const char *ca_file,
                   const char *type,
                   const void *body,
                   size_t n,
                   struct bw_buf *answer,
                   long *ret_status,
                   struct bw_err *reterr)
{
    char header[128];
    char error[CURL_ERROR_SIZE] = "";
    CURL *easy = curl_easy_init();
    (void)snprintf(header, sizeof(header), "Content-Type: %s", type);
    struct curl_slist *headers = curl_slist_append(NULL, header);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (easy && headers) {
        (void)curl_easy_setopt(easy, CURLOPT_URL, url);
        (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file[0] ? ca_file : NULL);
        (void)curl_easy_setopt(easy, CURLOPT_CAPATH, ca_file[0] ? NULL : "/etc/ssl/certs");
        (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "bandwitness-collector");
        (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
        (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ALL_MS);
        (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)n);
        (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
        (void)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
        (void)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
        (void)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, k);
        code = curl_easy_perform(easy);
    }
    if (code == CURLE_OK) {
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, ret_status);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return code == CURLE_OK ? 0
                            : bw_err_set(reterr, -EIO, "%.300s",
                                         error[0] ? error : curl_easy_strerror(code));
}

/* ---- witnesses ------------------------------------------------------------------------
 */

struct there {
    const char *who;
    bool found;
};

static int
on_said(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    struct there *t = owner;
    (void)unix_s;
    (void)bytes;
    (void)n;
    t->found = t->found || strcmp(t->who, who) == 0;
    return 0;
}

static int on_note(void *owner, const struct bw_tlog_checkpoint *c)
{
    bw_buf_add(owner, c->note, c->note_len);
    return 0;
}

/* The lines that came, after our own note: is one of them this witness's? */
static int take_lines(struct bw_keeper *k,
                      const struct bw_config_witness *w,
                      const struct bw_buf *ours,
                      const struct bw_buf *lines,
                      struct bw_err *reterr)
{
    struct bw_buf both;
    struct bw_note note;
    int64_t unix_s = 0;
    size_t at = 0;
    bw_buf_init(&both, ANSWER_BYTES + BW_NOTE_MAX);
    bw_buf_add(&both, ours->data, ours->len);
    bw_buf_add(&both, lines->data ? lines->data : "", lines->len);
    int r = bw_buf_error(&both);
    r = r < 0 ? r : bw_note_parse(both.data, both.len, &note, reterr);
    if (r == 0 && bw_note_verify(&note, &w->key, &unix_s, &at) < 0) {
        r = bw_err_set(reterr, -BW_ESIGNATURE, "its answer has no signature of its key");
    }
    if (r == 0) { /* first, so that each line that is there can be checked later */
        char name[BW_NOTE_NAME_MAX + 24];
        char key[BW_NOTE_KEY_TEXT_MAX];
        const uint8_t *id = w->key.id; /* it may get a new key under its old name */
        (void)snprintf(name, sizeof(name), "witness-key.%s+%02x%02x%02x%02x", w->key.name,
                       id[0], id[1], id[2], id[3]);
        bw_note_key_text(&w->key, key);
        r = bw_tlog_meta_set(k->log, name, key, reterr);
    }
    if (r == 0) {
        r = bw_tlog_cosign_add(k->log, k->signed_size, w->key.name, unix_s,
                               note.signature[at].line, note.signature[at].line_len,
                               reterr);
    }
    bw_buf_done(&both);
    return r;
}

static int post_checkpoint(struct bw_keeper *k,
                           const struct bw_config_witness *w,
                           const struct bw_buf *ours,
                           int64_t old_size,
                           struct bw_buf *answer,
                           long *ret_status,
                           struct bw_err *reterr)
{
    struct bw_add_checkpoint a = {
        .old_size = old_size, .note = ours->data, .note_len = ours->len};
    struct bw_buf body;
    char url[600];
    int r = bw_tlog_prove_growth(k->log, old_size, k->signed_size, &a.proof, reterr);
    if (r < 0) {
        return r;
    }
    bw_buf_init(&body, (size_t)2 * BW_NOTE_MAX);
    bw_add_checkpoint_write(&a, &body);
    (void)snprintf(url, sizeof(url), "%s/add-checkpoint", w->url);
    r = bw_buf_error(&body);
    r = r < 0 ? r
              : bw_keeper_post(k, url, w->ca_file, "text/plain; charset=utf-8", body.data,
                               body.len, answer, ret_status, reterr);
    bw_buf_done(&body);
    return r;
}

static int
ask_witness(struct bw_keeper *k, const struct bw_config_witness *w, struct bw_err *reterr)
{
    char name[BW_NOTE_NAME_MAX + 16];
    char size_text[32];
    struct bw_buf ours;
    struct bw_buf answer;
    int64_t old_size = 0;
    long status = 0;
    bw_buf_init(&ours, BW_NOTE_MAX);
    bw_buf_init(&answer, ANSWER_BYTES);
    (void)snprintf(name, sizeof(name), "witness.%s", w->key.name);
    if (bw_tlog_meta_get(k->log, name, &answer, NULL) == 0 && answer.data) {
        old_size = strtoll(answer.data, NULL, 10);
    }
    int r = bw_tlog_checkpoint_at(k->log, k->signed_size, on_note, &ours, reterr);
    for (int i = 0; r == 0 && i < TRIES; i++) {
        bw_buf_clear(&answer);
        if (old_size < 0 || old_size > k->signed_size) {
            r = bw_err_set(reterr, -BW_EFORK,
                           "it has signed %" PRId64
                           " leaves of this log, which has %" PRId64
                           ": was the collector restored from an older copy?",
                           old_size, k->signed_size);
            break;
        }
        r = post_checkpoint(k, w, &ours, old_size, &answer, &status, reterr);
        if (r < 0 || status != 409 || !answer.data) {
            break;
        }
        int64_t size = strtoll(answer.data, NULL, 10);
        if (size == old_size) {
            break; /* the same size, but another head */
        }
        old_size = size;
    }
    if (r == 0 && status != 200) {
        r = bw_err_set(reterr, -BW_EREFUSED, "it answers HTTP %ld%s", status,
                       status == 422 || status == 409
                           ? ": for it this log does not continue what it signed before"
                           : "");
    }
    r = r < 0 ? r : take_lines(k, w, &ours, &answer, reterr);
    if (r == 0) {
        (void)snprintf(size_text, sizeof(size_text), "%" PRId64, k->signed_size);
        r = bw_tlog_meta_set(k->log, name, size_text, reterr);
    }
    bw_buf_done(&ours);
    bw_buf_done(&answer);
    return r;
}

/* ---- time stampers --------------------------------------------------------------------
 */

static int
ask_stamper(struct bw_keeper *k, const struct bw_config_stamper *s, struct bw_err *reterr)
{
    struct bw_buf ours;
    struct bw_buf request;
    struct bw_buf answer;
    long status = 0;
    char signer[200];
    int64_t unix_s = 0;
    bw_buf_init(&ours, BW_NOTE_MAX);
    bw_buf_init(&request, 4096);
    bw_buf_init(&answer, ANSWER_BYTES);
    int r = bw_tlog_checkpoint_at(k->log, k->signed_size, on_note, &ours, reterr);
    r = r < 0 ? r : bw_stamp_request(ours.data, ours.len, &request, reterr);
    r = r < 0 ? r
              : bw_keeper_post(k, s->url, s->ca_file, "application/timestamp-query",
                               request.data, request.len, &answer, &status, reterr);
    if (r == 0 && (status != 200 || !answer.data)) {
        r = bw_err_set(reterr, -BW_EREFUSED, "it answers HTTP %ld", status);
    }
    r = r < 0 ? r
              : bw_stamp_answer(request.data, request.len, answer.data, answer.len, &unix_s,
                                reterr);
    r = r < 0 ? r /* what nobody could check in ten years is none */
              : bw_stamp_check(answer.data, answer.len, ours.data, ours.len, &unix_s,
                               signer, reterr);
    r = r < 0 ? r
              : bw_tlog_stamp_add(k->log, k->signed_size, s->url, unix_s, answer.data,
                                  answer.len, reterr);
    bw_buf_done(&ours);
    bw_buf_done(&request);
    bw_buf_done(&answer);
    return r;
}

/* ---- all of them ----------------------------------------------------------------------
 */

bool bw_keeper_ask_others(struct bw_keeper *k)
{
    struct bw_err err = {.text = ""};
    bool missing = false;
    bool news = false;
    for (size_t i = 0; i < k->conf.n_witnesses && k->signed_size > 0; i++) {
        const struct bw_config_witness *w = &k->conf.witnesses[i];
        struct there t = {.who = w->key.name};
        if (bw_keeper_hurried(k) ||
            bw_tlog_cosigned(k->log, k->signed_size, on_said, &t, NULL) < 0 || t.found) {
            continue;
        }
        if (ask_witness(k, w, &err) == 0) {
            news = true;
            bw_complain_over(&k->witness_complaint, BW_AREA_LEDGER,
                             "witnesses sign the log's checkpoints again");
        } else {
            missing = true;
            bw_complain(&k->witness_complaint, BW_AREA_LEDGER, BW_WARN,
                        "the witness %s at %s did not sign the log's checkpoint: %s; asked "
                        "again soon",
                        w->key.name, w->url, err.text);
        }
    }
    for (size_t i = 0; i < k->conf.n_stampers && k->signed_size > 0; i++) {
        const struct bw_config_stamper *s = &k->conf.stampers[i];
        struct there t = {.who = s->url};
        if (bw_keeper_hurried(k) ||
            bw_tlog_stamps(k->log, k->signed_size, on_said, &t, NULL) < 0 || t.found) {
            continue;
        }
        if (ask_stamper(k, s, &err) == 0) {
            bw_complain_over(&k->stamp_complaint, BW_AREA_LEDGER,
                             "the log's checkpoints are stamped again");
        } else {
            missing = true;
            bw_complain(&k->stamp_complaint, BW_AREA_LEDGER, BW_WARN,
                        "no time stamp on the log's checkpoint by %s: %s; asked again soon",
                        s->url, err.text);
        }
    }
    if (news) {
        (void)bw_keeper_publish(k, k->signed_size, NULL);
    }
    return missing;
}
