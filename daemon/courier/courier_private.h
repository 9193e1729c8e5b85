/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier_private.h - what the parts of the courier share: courier.c (what is under way,
 * and when next), courier_said.c (what an answer means), courier_aside.c (keys that
 * wait), courier_curl.c (its requests). Loop thread. */
#ifndef BW_COURIER_PRIVATE_H
#define BW_COURIER_PRIVATE_H

#include "courier.h"

#include <buf.h>
#include <curl/curl.h>
#include <curlloop.h>
#include <log.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum state {
    STATE_IDLE,
    STATE_FETCHING,
    STATE_TELLING_KEY,
    STATE_POSTING
};

/* A key whose records wait for people or time. */
struct bw_courier_aside {
    char kid[BW_KID_LEN + 1]; /* "": the place is free */
    char why[256];
    int64_t pause_ms;
    int64_t until_mono_ms;
    bool out; /* left out of posts until then; else it is known for its next pause only */
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
    int64_t post_ms;
    int64_t aside_max_ms;

    struct bw_curlloop *curl;
    CURL *easy;
    struct curl_slist *headers;
    char curl_error[CURL_ERROR_SIZE];
    uv_timer_t beat; /* the next post */
    int64_t beat_mono_ms;
    bool in_curl; /* a request is under way */

    enum state state;
    struct bw_courier_batch batch;
    struct bw_buf answer;
    bool answer_too_long;
    size_t header_bytes;
    size_t max_lines;
    bool zstd;
    bool wanted;                                 /* woken while something was under way */
    int64_t forks_mono_ms[BW_COURIER_FORKS_MAX]; /* when it last said "fork" */
    size_t n_forks;                              /* ever */
    struct bw_courier_ref fork;                  /* the last of these; seq 0: none */
    int64_t rewind_mono_ms;     /* when it last lacked what it had acknowledged; 0: never */
    struct bw_courier_ref said; /* settled by the last answer; seq 0: none */
    bool untaken;               /* but the journal did not keep it */
    struct bw_courier_aside aside[BW_COURIER_ASIDE_KEYS];
    bool backing; /* the beat is a back-off: never cut short */
    struct bw_courier_status status;
    struct bw_complaint complaint;

    bool closing;
    size_t n_open; /* handles and the curlloop, as far as they are not closed yet */
    void (*closed)(void *owner);
    void *closed_owner;
};

/* The two ways out of whatever was under way. */
void bw_courier_back_off(struct bw_courier *c, int64_t at_least_ms, const char *why);
void bw_courier_settle(struct bw_courier *c, bool more);

/* Leave the key of a refused line out for a while; false: too many wait already. */
bool bw_courier_aside_put(struct bw_courier *c, const struct bw_courier_refused *f);
/* Records of this key, which is not left out, were settled. */
void bw_courier_aside_forget(struct bw_courier *c, const char *kid);
/* Was it refused until its pause grew no longer? */
bool bw_courier_aside_worn(const struct bw_courier *c, const char *kid);
/* Those whose pause is over come back. */
void bw_courier_aside_return(struct bw_courier *c);
/* The next to come back, NULL: none is left out; all that are, for ops.fetch. */
const struct bw_courier_aside *bw_courier_aside_first(const struct bw_courier *c);
void bw_courier_aside_kids(const struct bw_courier *c, char out[BW_COURIER_WITHOUT_MAX]);

/* Post the batch at hand. */
void bw_courier_post(struct bw_courier *c);
/* Begin a request, body lent until bw_courier_done(). */
int bw_courier_request(
    struct bw_courier *c, const char *path, const char *body, size_t n, bool zstd);
void bw_courier_set_up(struct bw_courier *c);

/* The request has ended. */
void bw_courier_done(struct bw_courier *c, CURLcode code);

#endif
