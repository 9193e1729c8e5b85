/* SPDX-License-Identifier: GPL-3.0-or-later
 * logask.c - a GET by libcurl, blocking, on a thread of the pool. */
#include "logask.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ANSWER_BYTES = 16384, /* a proof has at most 63 lines of 45 bytes */
    CONNECT_MS = 8000,
    ALL_MS = 30000
};

struct bw_logask *bw_logask_new(void)
{
    struct bw_logask *a = calloc(1, sizeof(*a));
    if (a) {
        bw_buf_init(&a->answer, ANSWER_BYTES);
    }
    return a;
}

void bw_logask_free(struct bw_logask *a)
{
    if (a) {
        bw_buf_done(&a->answer);
        free(a);
    }
}

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct bw_logask *a = owner;
    bw_buf_add(&a->answer, data, size * n);
    return bw_buf_error(&a->answer) < 0 ? 0 : size * n;
}

static int on_progress(void *owner, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct bw_logask *ask = owner;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return atomic_load(&ask->cancelled);
}

static void on_work(uv_work_t *work)
{
    struct bw_logask *a = work->data;
    char error[CURL_ERROR_SIZE] = "";
    CURL *easy = curl_easy_init();
    a->status = -1;
    if (!easy || atomic_load(&a->cancelled)) {
        curl_easy_cleanup(easy);
        return;
    }
    (void)curl_easy_setopt(easy, CURLOPT_URL, a->url);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(easy, CURLOPT_CAINFO, a->ca_file[0] ? a->ca_file : NULL);
    (void)curl_easy_setopt(easy, CURLOPT_CAPATH, a->ca_file[0] ? NULL : "/etc/ssl/certs");
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, a->agent);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ALL_MS);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, a);
    (void)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, a);
    CURLcode code = curl_easy_perform(easy);
    if (code == CURLE_OK) {
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &a->status);
    } else {
        (void)snprintf(a->error, sizeof(a->error), "%.200s",
                       error[0] ? error : curl_easy_strerror(code));
    }
    curl_easy_cleanup(easy);
}

static void on_after(uv_work_t *work, int status)
{
    struct bw_logask *a = work->data;
    if (status < 0) {
        a->status = -1;
    }
    a->after(a);
}

int bw_logask_start(struct bw_logask *a, uv_loop_t *loop)
{
    a->work.data = a;
    return uv_queue_work(loop, &a->work, on_work, on_after);
}
