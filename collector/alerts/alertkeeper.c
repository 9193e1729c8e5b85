/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertkeeper.c - the thread: a loop that is woken by rooms, sends what is due, and ends.
 *
 * Invariant: a message is taken from alerts.db, tried once at a time, and what came of it
 * is written before it can be tried again. */
#include "alertkeeper_private.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <file.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>

enum {
    TICK_MS = 1000,
    LOOK_MS = 20000, /* at least so often, for time goes on without records, too */
    BACK_OFF_S = 60, /* doubling */
    BACK_OFF_MAX_S = 3 * 3600,
    GIVE_UP_S = 4 * 86400
};

/* ---- sending ---------------------------------------------------------------------------
 */

static int place_of(const struct bw_alertkeeper *k, int64_t id)
{
    for (int i = 0; i < BW_POST_AT_ONCE; i++) {
        if (k->under_way[i] == id) {
            return i;
        }
    }
    return -1;
}

static void on_done(void *owner, int64_t id, enum bw_post_outcome outcome, const char *said)
{
    struct bw_alertkeeper *k = owner;
    struct bw_err err = {.text = ""};
    int64_t now_s = bw_clock_unix_ms() / 1000;
    int at = place_of(k, id);
    int64_t tries = at < 0 ? 0 : k->tries[at];
    int64_t pause = (int64_t)BACK_OFF_S << (tries < 8 ? tries : 8);
    enum bw_post_state state = outcome == BW_POST_DELIVERED ? BW_POST_TAKEN
                               : outcome == BW_POST_NEVER   ? BW_POST_REFUSED
                                                            : BW_POST_WAITING;

    if (at >= 0) {
        k->under_way[at] = 0;
        if (state == BW_POST_WAITING && now_s - k->made[at] > GIVE_UP_S) {
            state = BW_POST_REFUSED;
        }
    }
    pause = pause < BACK_OFF_MAX_S ? pause : BACK_OFF_MAX_S;
    if (!k->store ||
        bw_alertstore_tried(k->store, id, state, now_s, now_s + pause, said, &err) < 0) {
        bw_complain(&k->complaint, BW_AREA_MAIN, BW_ERROR,
                    "alerts: %s; a message may be sent again", err.text);
    }
    if (state == BW_POST_TAKEN) {
        bw_complain_over(&k->post_complaint, BW_AREA_MAIN, "messages are taken again");
    } else {
        bw_complain(
            &k->post_complaint, BW_AREA_MAIN, BW_WARN, "a message %s: %s",
            state == BW_POST_REFUSED ? "was given up" : "was not taken, again later", said);
    }
}

static int on_due(void *owner, const struct bw_post_row *p)
{
    struct bw_alertkeeper *k = owner;
    struct bw_letter l = {.id = p->id,
                          .from = k->conf.from,
                          .to = p->recipient,
                          .message_id = p->message_id,
                          .bytes = p->bytes,
                          .n_bytes = p->n_bytes,
                          .secret = "",
                          .ca_file = ""};
    int at = place_of(k, 0);
    bool known = strcmp(p->channel, "mail") == 0 && k->conf.mail;

    if (place_of(k, p->id) >= 0) {
        return 0;
    }
    if (at < 0) {
        return 1;
    }
    for (size_t i = 0; i < k->conf.n_webhooks; i++) {
        const struct bw_config_webhook *w = &k->conf.webhooks[i];
        if (strncmp(p->channel, "hook:", 5) == 0 && strcmp(p->channel + 5, w->name) == 0) {
            l.hook = known = true;
            l.to = w->url;
            l.secret = k->secrets[i];
            l.ca_file = w->ca_file;
            l.local = w->allow_local;
        }
    }
    k->under_way[at] = p->id;
    k->tries[at] = p->tries;
    k->made[at] = p->made_unix_s;
    if (!known || !p->bytes || bw_post_send(k->post, &l) < 0) {
        k->under_way[at] = 0;
        return known ? 1 : 0; /* a way that was taken out of the file: it waits for it */
    }
    return 0;
}

static void send_due(struct bw_alertkeeper *k)
{
    struct bw_err err = {.text = ""};

    if (k->store && bw_alertstore_due(k->store, bw_clock_unix_ms() / 1000,
                                      INT64_C(4) * BW_POST_AT_ONCE, on_due, k, &err) < 0) {
        bw_complain(&k->complaint, BW_AREA_MAIN, BW_ERROR, "alerts: %s", err.text);
    }
}

/* ---- the thread ------------------------------------------------------------------------
 */

static void count(struct bw_alertkeeper *k, int r, const struct bw_err *err)
{
    struct bw_alertstore_counts counts = k->counts;

    if (k->store && bw_alertstore_count(k->store, &counts, NULL) < 0) {
        counts = k->counts;
    }
    (void)pthread_mutex_lock(&k->lock);
    k->counts = counts;
    k->steps += r == 0;
    k->failures += r < 0;
    (void)pthread_mutex_unlock(&k->lock);
    if (r < 0) {
        bw_complain(&k->complaint, BW_AREA_MAIN, BW_ERROR,
                    "alerts: %s; what was not kept is judged again", err->text);
    } else {
        bw_complain_over(&k->complaint, BW_AREA_MAIN, "alerts go on");
    }
}

static void on_post_closed(void *owner)
{
    struct bw_alertkeeper *k = owner;

    uv_close((uv_handle_t *)&k->timer, NULL);
    uv_close((uv_handle_t *)&k->wake, NULL);
}

static void on_wake(uv_async_t *async)
{
    struct bw_alertkeeper *k = async->data;
    struct bw_err err = {.text = ""};
    struct bw_post *post = k->post;

    (void)pthread_mutex_lock(&k->lock);
    const struct bw_room *room = k->waiting;
    bool stopping = k->stopping;
    k->waiting = NULL;
    (void)pthread_mutex_unlock(&k->lock);
    if (room && !stopping) {
        int r = bw_alert_step(k, room, &err);
        count(k, r, &err);
        send_due(k);
    }
    bw_room_drop(room);
    if (stopping && post) {
        bw_post_close(post, on_post_closed, k); /* it tells of what was under way */
        k->post = NULL;
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct bw_alertkeeper *k = timer->data;

    if (k->post) {
        send_due(k);
    }
}

static void thread_main(void *arg)
{
    struct bw_alertkeeper *k = arg;

    (void)uv_run(&k->loop, UV_RUN_DEFAULT);
    bw_alerts_free(k->engine);
    bw_watcher_free(k->watcher);
    bw_alertstore_close(k->store);
    bw_catalogue_close(k->catalogue);
    bw_records_close(k->records);
    (void)uv_async_send(&k->ended);
}

/* ---- from outside ----------------------------------------------------------------------
 */

static void free_all(struct bw_alertkeeper *k)
{
    explicit_bzero(k->password, sizeof(k->password));
    explicit_bzero(k->secrets, sizeof(k->secrets));
    bw_tz_free(k->tz);
    free(k->planned);
    free(k->seen);
    free(k->news);
    (void)pthread_mutex_destroy(&k->lock);
    free(k);
}

/* The next room, if there is one or it is time. */
static void on_feed(uv_timer_t *timer)
{
    struct bw_alertkeeper *k = timer->data;
    const struct bw_room *room = k->take(k->take_owner);
    int64_t now_ms = bw_clock_mono_ms();

    if (!room ||
        (room->made_unix_ms == k->fed_room_ms && now_ms - k->fed_mono_ms < LOOK_MS)) {
        bw_room_drop(room);
        return;
    }
    k->fed_room_ms = room->made_unix_ms;
    k->fed_mono_ms = now_ms;
    (void)pthread_mutex_lock(&k->lock);
    const struct bw_room *old = k->waiting;
    k->waiting = room;
    (void)pthread_mutex_unlock(&k->lock);
    bw_room_drop(old);
    (void)uv_async_send(&k->wake);
}

static void on_ended_closed(uv_handle_t *handle)
{
    struct bw_alertkeeper *k = handle->data;
    void (*cb)(void *owner) = k->stopped;
    void *owner = k->stopped_owner;

    if (--k->n_handles > 0) {
        return;
    }
    free_all(k);
    if (cb) {
        cb(owner);
    }
}

static void on_ended(uv_async_t *async)
{
    struct bw_alertkeeper *k = async->data;

    (void)uv_thread_join(&k->thread);
    (void)uv_loop_close(&k->loop);
    bw_room_drop(k->waiting);
    uv_close((uv_handle_t *)&k->ended, on_ended_closed);
    uv_close((uv_handle_t *)&k->feed, on_ended_closed);
}

/* The first line of a file. */
static int read_secret(const char *path, char *ret, struct bw_err *reterr)
{
    struct bw_buf b;
    size_t n;

    ret[0] = '\0';
    if (!path[0]) {
        return 0;
    }
    bw_buf_init(&b, 65536);
    int r = bw_file_read(path, 65536, &b, reterr);
    n = r < 0 || !b.data ? 0 : strcspn(b.data, "\r\n");
    if (r == 0 && (n == 0 || n >= BW_SECRET_TEXT)) {
        r = bw_err_set(reterr, -EINVAL, "%s: its first line is no secret", path);
    }
    if (r == 0 && b.data) {
        memcpy(ret, b.data, n);
        ret[n] = '\0';
    }
    if (b.data) {
        explicit_bzero(b.data, b.len);
    }
    bw_buf_done(&b);
    return r;
}

static int prepare(struct bw_alertkeeper *k, struct bw_err *reterr)
{
    char zone[64];
    int r = read_secret(k->conf.password_file, k->password, reterr);

    for (size_t i = 0; r == 0 && i < k->conf.n_webhooks; i++) {
        r = read_secret(k->conf.webhooks[i].secret_file, k->secrets[i], reterr);
    }
    (void)snprintf(zone, sizeof(zone), "%s", k->conf.zone);
    if (!zone[0]) {
        bw_tz_host_name(zone, sizeof(zone));
    }
    r = r < 0 ? r : bw_tz_load(zone, &k->tz, reterr);
    k->voice = (struct bw_alert_voice){.title = k->title, .url = k->url, .tz = k->tz};
    k->server = (struct bw_post_server){.host = k->conf.server,
                                        .port = k->conf.port,
                                        .tls = k->conf.tls == 1   ? BW_POST_TLS
                                               : k->conf.tls == 2 ? BW_POST_CLEAR
                                                                  : BW_POST_STARTTLS,
                                        .ca_file = k->conf.ca_file,
                                        .user = k->conf.user,
                                        .password = k->password};
    bw_watch_rules(&k->conf, &k->rules);
    return r;
}

int bw_alertkeeper_start(struct uv_loop_s *loop,
                         const struct bw_alertkeeper_opts *opts,
                         struct bw_alertkeeper **ret,
                         struct bw_err *reterr)
{
    struct bw_alertkeeper *k = calloc(1, sizeof(*k));
    int r;

    if (!k) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    (void)pthread_mutex_init(&k->lock, NULL);
    (void)snprintf(k->data_dir, sizeof(k->data_dir), "%s", opts->data_dir);
    (void)snprintf(k->title, sizeof(k->title), "%s", opts->title);
    (void)snprintf(k->url, sizeof(k->url), "%s", opts->url);
    k->conf = *opts->conf;
    k->take = opts->take;
    k->take_owner = opts->owner;
    k->counts.oldest_waiting_unix_s = BW_UNKNOWN;
    k->started_unix_s = bw_clock_unix_ms() / 1000;
    k->planned_unix_s = k->dated_unix_s = k->forgot_unix_s = INT64_MIN / 2;
    r = prepare(k, reterr);
    if (r < 0) {
        free_all(k);
        return r;
    }
    r = uv_loop_init(&k->loop);
    if (r < 0) {
        free_all(k);
        return bw_err_set(reterr, r, "event loop: %s", uv_strerror(r));
    }
    (void)uv_async_init(&k->loop, &k->wake, on_wake);
    (void)uv_timer_init(&k->loop, &k->timer);
    (void)uv_timer_start(&k->timer, on_tick, TICK_MS, TICK_MS);
    k->wake.data = k;
    k->timer.data = k;
    r = bw_post_new(&k->loop, k->conf.mail ? &k->server : NULL, on_done, k, &k->post);
    if (r == 0) {
        (void)uv_async_init(loop, &k->ended, on_ended);
        k->ended.data = k;
        (void)uv_timer_init(loop, &k->feed);
        (void)uv_timer_start(&k->feed, on_feed, TICK_MS, TICK_MS);
        k->feed.data = k;
        k->n_handles = 2;
        r = uv_thread_create(&k->thread, thread_main, k);
    }
    if (r < 0) { /* the program ends without it; what is left goes with it */
        return bw_err_set(reterr, r, "thread: %s", uv_strerror(r));
    }
    *ret = k;
    return 0;
}

static void
metric(struct bw_buf *b, const char *name, const char *type, const char *help, int64_t v)
{
    bool counter = strcmp(type, "counter") == 0;

    bw_buf_printf(b,
                  "# TYPE bandwitness_alerts_%s %s\n# HELP bandwitness_alerts_%s %s\n"
                  "bandwitness_alerts_%s%s %" PRId64 "\n",
                  name, type, name, help, name, counter ? "_total" : "", v);
}

void bw_alertkeeper_metrics(struct bw_alertkeeper *k, struct bw_buf *b)
{
    if (!k) {
        return;
    }
    (void)pthread_mutex_lock(&k->lock);
    struct bw_alertstore_counts c = k->counts;
    int64_t steps = k->steps;
    int64_t failures = k->failures;
    (void)pthread_mutex_unlock(&k->lock);
    metric(b, "steps", "counter", "Looks at the state's room for alerts.", steps);
    metric(b, "failures", "counter", "Looks that ended in trouble.", failures);
    metric(b, "open", "gauge", "Alerts that are open, told or held.", c.open);
    metric(b, "messages_waiting", "gauge", "Messages that wait to be taken.", c.waiting);
    metric(b, "messages_taken", "gauge", "Messages that were taken, of all time.", c.taken);
    metric(b, "messages_refused", "gauge", "Messages that were given up, of all time.",
           c.refused);
}

void bw_alertkeeper_stop(struct bw_alertkeeper *k, void (*cb)(void *owner), void *owner)
{
    k->stopped = cb;
    k->stopped_owner = owner;
    (void)uv_timer_stop(&k->feed);
    (void)pthread_mutex_lock(&k->lock);
    k->stopping = true;
    (void)pthread_mutex_unlock(&k->lock);
    (void)uv_async_send(&k->wake);
}
