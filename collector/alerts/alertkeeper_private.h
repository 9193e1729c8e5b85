/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertkeeper_private.h - what the files of the alerts' thread share. */
#ifndef BW_ALERTKEEPER_PRIVATE_H
#define BW_ALERTKEEPER_PRIVATE_H

#include "alertkeeper.h"

#include <alerts.h>
#include <alerts_config.h>
#include <alertstore.h>
#include <alertwords.h>
#include <limits.h>
#include <log.h>
#include <post.h>
#include <pthread.h>
#include <room.h>
#include <stdbool.h>
#include <uv.h>
#include <watch.h>

struct bw_catalogue;
struct bw_records;
struct bw_tz;

enum {
    BW_SECRET_TEXT = 512
};

/* Something that is to be told. */
struct alert_news {
    enum bw_alert_news what;
    bool quiet;    /* quiet hours held it */
    uint32_t site; /* in the room; BW_ROOM_NONE: of none */
    struct bw_alert_row row;
};

struct alert_seen { /* an event, as it came */
    struct bw_alert_event event;
    struct bw_alert alert;
    struct bw_alert_shared shared;
};

struct bw_alertkeeper {
    /* of both threads; the lock is held for assignments only */
    pthread_mutex_t lock;
    const struct bw_room *waiting;
    bool stopping;
    struct bw_alertstore_counts counts;
    int64_t steps;
    int64_t failures;
    uv_async_t wake; /* of the thread's loop */
    /* the starter's */
    uv_async_t ended;
    uv_timer_t feed;
    int n_handles; /* of these two */
    int64_t fed_room_ms, fed_mono_ms;
    const struct bw_room *(*take)(void *owner);
    void *take_owner;
    uv_thread_t thread;
    void (*stopped)(void *owner);
    void *stopped_owner;
    /* the thread's */
    uv_loop_t loop;
    uv_timer_t timer;
    char data_dir[PATH_MAX];
    char title[128];
    char url[512];
    struct bw_config_alerts conf;
    char password[BW_SECRET_TEXT];
    char secrets[BW_WEBHOOKS_MAX][BW_SECRET_TEXT];
    struct bw_tz *tz;
    struct bw_alert_voice voice;
    struct bw_alerts_conf rules;
    struct bw_post_server server;
    struct bw_post *post;
    struct bw_alertstore *store;
    struct bw_alerts *engine;
    struct bw_watcher *watcher;
    struct bw_catalogue *catalogue;
    struct bw_records *records;
    struct bw_planned *planned;
    size_t n_planned, cap_planned;
    int64_t planned_unix_s; /* read then */
    int64_t started_unix_s;
    int64_t dated_unix_s; /* dates were looked at then */
    int64_t forgot_unix_s;
    int64_t under_way[BW_POST_AT_ONCE]; /* ids of messages; 0: none */
    int64_t tries[BW_POST_AT_ONCE];
    int64_t made[BW_POST_AT_ONCE];
    int64_t next_kept;
    bool fresh; /* nothing was kept before */
    struct alert_seen *seen;
    size_t n_seen, cap_seen;
    struct alert_news *news;
    size_t n_news, cap_news;
    struct bw_complaint complaint;
    struct bw_complaint post_complaint;
};

/* One look at a room: states, alerts and their messages, in one transaction. */
int bw_alert_step(struct bw_alertkeeper *k, const struct bw_room *r, struct bw_err *reterr);
/* Messages about k->news, made in the transaction that is open. */
int bw_alert_post_news(struct bw_alertkeeper *k,
                       const struct bw_room *r,
                       int64_t now_unix_s,
                       struct bw_err *reterr);
/* One mail into the outbox; key: without the address, which is added. first: the key of the
 * thread's first mail; NULL: it is one. */
int bw_alert_post_mail(struct bw_alertkeeper *k,
                       const char *key,
                       const char *first,
                       const char *address,
                       const char *subject,
                       const char *text,
                       const char *html,
                       int64_t now_unix_s,
                       struct bw_err *reterr);
/* Digests and reminders that are due. */
int bw_alert_dates(struct bw_alertkeeper *k,
                   const struct bw_room *r,
                   int64_t now_unix_s,
                   struct bw_err *reterr);
/* Fill in why boxes were silent, where their journals have arrived. */
int bw_alert_causes(struct bw_alertkeeper *k,
                    const struct bw_room *r,
                    int64_t now_unix_s,
                    struct bw_err *reterr);
struct alert_news *bw_alert_news_add(struct bw_alertkeeper *k);

#endif
