/* SPDX-License-Identifier: GPL-3.0-or-later
 * roomkeeper.c - the keeper's thread, and what the loop sees of it.
 *
 * A pass looks what is new, says what began and ended, makes a room, and then folds days
 * until the next one is due. Passes come so often that they take a hundredth of their
 * time at most, and between a quarter of a second and a minute apart; all together rests
 * until the CPU used is below a twelfth.
 *
 * Invariant: the lock is held for a few assignments only: who takes a room never waits for
 * the making of one. */
#include "roomkeeper_private.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <collector_config.h>
#include <errno.h>
#include <grow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
    NICE = 10,
    PASS_MIN_MS = 250,
    IDLE_MS = 5000, /* without news: somebody falls silent all the same */
    FILED_MS = 250, /* so often it is looked whether somebody put something on file */
    PASS_MAX_MS = 60000,
    PASS_TIMES = 100,
    SHARE = 12,           /* one part of so many is the most CPU it takes */
    BURST_US = 2000000,   /* that may be used at once */
    FOLD_FIRST_US = 4000, /* until it is known */
    REST_US = 2000,       /* less is not worth a rest */
    REST_MAX_MS = 60000,
    AGAIN_MS = 30000 /* after a pass that failed */
};

/* ---- time ------------------------------------------------------------------------------
 */

int64_t bw_keep_cpu_us(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

bool bw_keep_stopping(struct bw_roomkeeper *k)
{
    (void)pthread_mutex_lock(&k->lock);
    bool stopping = k->stopping;
    (void)pthread_mutex_unlock(&k->lock);
    return stopping;
}

/* True: it is to stop. for_news: not longer than until some come. */
static bool wait_for(struct bw_roomkeeper *k, int64_t ms, bool for_news)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&k->lock);
    int r = 0;
    while (!k->stopping && !(for_news && k->news) && r == 0) {
        r = pthread_cond_timedwait(&k->wake, &k->lock, &until);
    }
    bool stopping = k->stopping;
    (void)pthread_mutex_unlock(&k->lock);
    return stopping;
}

bool bw_keep_rest(struct bw_roomkeeper *k)
{
    int64_t cpu_us = bw_keep_cpu_us();
    int64_t now_ms = bw_clock_mono_ms();

    k->budget_us += (now_ms - k->budget_mono_ms) * 1000 / SHARE;
    k->budget_us -= cpu_us - k->cpu_mark_us;
    k->budget_us = k->budget_us > BURST_US ? BURST_US : k->budget_us;
    k->budget_mono_ms = now_ms;
    k->cpu_mark_us = cpu_us;
    (void)pthread_mutex_lock(&k->lock);
    k->stats.cpu_us = cpu_us;
    bool stopping = k->stopping;
    (void)pthread_mutex_unlock(&k->lock);
    if (stopping || k->budget_us > -REST_US) {
        return !stopping;
    }
    int64_t ms = -k->budget_us * SHARE / 1000;
    return !wait_for(k, ms < REST_MAX_MS ? ms : REST_MAX_MS, false);
}

/* ---- what all its files look up ---------------------------------------------------------
 */

struct keep_site *bw_keep_site(struct bw_roomkeeper *k, const char *id)
{
    size_t low = 0;
    size_t high = k->n_sites;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = strcmp(k->sites[mid]->id, id);
        if (c == 0) {
            return k->sites[mid];
        }
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

struct keep_circuit **
bw_keep_circuits_of(struct bw_roomkeeper *k, const char *site, size_t *ret_n)
{
    size_t low = 0;
    size_t high = k->n_circuits;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(k->circuits[mid]->site_id, site) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *ret_n = 0;
    while (low + *ret_n < k->n_circuits &&
           strcmp(k->circuits[low + *ret_n]->site_id, site) == 0) {
        (*ret_n)++;
    }
    return k->circuits + low;
}

uint16_t bw_keep_server(struct bw_roomkeeper *k, const char *name)
{
    void *room;

    for (size_t i = 0; i < k->n_servers; i++) {
        if (strcmp(k->servers[i], name) == 0) {
            return (uint16_t)i;
        }
    }
    if (!name[0] || k->n_servers >= BW_KEEP_SERVERS_MAX) {
        return BW_SERVER_NONE;
    }
    room = bw_grow(k->servers, k->n_servers, &k->cap_servers, sizeof(*k->servers));
    if (!room) {
        return BW_SERVER_NONE;
    }
    k->servers = room;
    (void)snprintf(k->servers[k->n_servers], sizeof(*k->servers), "%s", name);
    return (uint16_t)k->n_servers++;
}

uint8_t bw_keep_reason(struct bw_roomkeeper *k, const char *words)
{
    void *room;

    for (size_t i = 0; words[0] && i < k->n_reasons; i++) {
        if (strcmp(k->reasons[i], words) == 0) {
            return (uint8_t)(i + 1);
        }
    }
    if (!words[0] || k->n_reasons >= BW_KEEP_REASONS_MAX) {
        return 0;
    }
    room = bw_grow(k->reasons, k->n_reasons, &k->cap_reasons, sizeof(*k->reasons));
    if (!room) {
        return 0;
    }
    k->reasons = room;
    (void)snprintf(k->reasons[k->n_reasons], sizeof(*k->reasons), "%s", words);
    return (uint8_t)++k->n_reasons;
}

/* ---- a pass -----------------------------------------------------------------------------
 */

static int open_all(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    char path[PATH_MAX + 16];
    int r = 0;

    if (!k->known) {
        const struct bw_known_opts o = {
            .data_dir = k->data_dir, .rules = k->rules, .conf = &k->conf};
        r = bw_known_open(&o, &k->known, reterr);
    }
    if (r == 0 && !k->store) {
        (void)snprintf(path, sizeof(path), "%s/room.db", k->data_dir);
        r = bw_roomstore_open(path, &k->store, NULL, reterr);
    }
    return r;
}

static void publish(struct bw_roomkeeper *k, struct bw_room *room, int64_t make_us)
{
    struct bw_room *old;

    (void)pthread_mutex_lock(&k->lock);
    old = k->room;
    k->room = room;
    room->refs = 1;
    k->stats.made_unix_ms = room->made_unix_ms;
    k->stats.room_bytes = (int64_t)room->bytes;
    k->stats.make_us = make_us;
    bool free_it = old && --old->refs == 0;
    (void)pthread_mutex_unlock(&k->lock);
    if (free_it) {
        bw_keep_room_free(old);
    }
}

static int pass(struct bw_roomkeeper *k, struct bw_err *reterr)
{
    int r = open_all(k, reterr);

    k->now_unix_ms = bw_clock_unix_ms();
    r = r < 0 ? r : bw_keep_look(k, reterr);
    r = r < 0 ? r : bw_keep_spells(k, reterr);
    if (r < 0) {
        return r;
    }
    bw_keep_health(k);
    bw_keep_count(k);
    int64_t before_us = bw_keep_cpu_us();
    struct bw_room *room = bw_keep_make(k);
    if (!room) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    publish(k, room, bw_keep_cpu_us() - before_us);
    return 0;
}

static void tell(struct bw_roomkeeper *k, int r, const struct bw_err *err)
{
    (void)pthread_mutex_lock(&k->lock);
    k->stats.passes += r == 0;
    k->stats.failures += r < 0;
    (void)pthread_mutex_unlock(&k->lock);
    if (r < 0) {
        bw_complain(&k->complaint, BW_AREA_PAGES, BW_ERROR,
                    "the state's room: %s; pages show what was known before", err->text);
    } else {
        bw_complain_over(&k->complaint, BW_AREA_PAGES, "the state's room goes on");
    }
}

/* Until records come, something is put on file, or the time is over. True: it is to stop.
 */
static bool wait_idle(struct bw_roomkeeper *k)
{
    int64_t until_ms = bw_clock_mono_ms() + IDLE_MS;

    while (bw_clock_mono_ms() < until_ms) {
        (void)pthread_mutex_lock(&k->lock);
        bool news = k->news;
        (void)pthread_mutex_unlock(&k->lock);
        if (news || bw_known_changed(k->known)) {
            break;
        }
        if (wait_for(k, FILED_MS, true)) {
            return true;
        }
    }
    return bw_keep_stopping(k);
}

/* One pass, and folding until the next one is due. */
static bool turn(struct bw_roomkeeper *k)
{
    struct bw_err err = {.text = ""};
    int64_t begun_ms = bw_clock_mono_ms();
    int64_t cpu_us = bw_keep_cpu_us();
    int64_t folded = k->stats.days_folded; /* written by this thread alone */
    bool more = true;
    (void)pthread_mutex_lock(&k->lock);
    k->news = false;
    (void)pthread_mutex_unlock(&k->lock);
    int r = pass(k, &err);

    tell(k, r, &err);
    if (r < 0) {
        return !wait_for(k, AGAIN_MS, false);
    }
    int64_t every_ms = (bw_keep_cpu_us() - cpu_us) * PASS_TIMES / 1000;
    every_ms = every_ms < PASS_MIN_MS ? PASS_MIN_MS : every_ms;
    every_ms = every_ms > PASS_MAX_MS ? PASS_MAX_MS : every_ms;
    if (!bw_keep_rest(k)) {
        return false;
    }
    r = bw_keep_fold(k, begun_ms + every_ms, &more, &err);
    if (r < 0) {
        tell(k, r, &err);
        return !wait_for(k, AGAIN_MS, false);
    }
    int64_t left_ms = begun_ms + every_ms - bw_clock_mono_ms();
    if (left_ms > 0 && wait_for(k, left_ms, false)) {
        return false;
    }
    bool idle = !more && folded == k->stats.days_folded;
    return idle ? !wait_idle(k) : !bw_keep_stopping(k);
}

static void *keeper_main(void *arg)
{
    struct bw_roomkeeper *k = arg;

    (void)setpriority(PRIO_PROCESS, 0, NICE); /* Linux: of this thread */
    k->budget_mono_ms = bw_clock_mono_ms();
    k->budget_us = BURST_US;
    k->fold_us = FOLD_FIRST_US;
    while (turn(k)) {
    }
    (void)pthread_mutex_lock(&k->lock);
    k->ended = true;
    (void)pthread_mutex_unlock(&k->lock);
    (void)uv_async_send(&k->async);
    return NULL;
}

/* ---- the loop's side --------------------------------------------------------------------
 */

static void keeper_free(struct bw_roomkeeper *k)
{
    if (!k) {
        return;
    }
    for (size_t i = 0; i < k->n_circuits; i++) {
        free(k->circuits[i]->runs);
        free(k->circuits[i]->claims);
        free(k->circuits[i]);
    }
    for (size_t i = 0; i < k->n_sites; i++) {
        free(k->sites[i]);
    }
    free(k->circuits);
    free(k->sites);
    free(k->servers);
    free(k->reasons);
    free(k->facts);
    bw_server_hours_free(k->server_hours);
    bw_known_close(k->known);
    bw_roomstore_close(k->store);
    if (k->room) {
        bw_keep_room_free(k->room);
    }
    (void)pthread_cond_destroy(&k->wake);
    (void)pthread_mutex_destroy(&k->lock);
    (void)pthread_mutex_destroy(&k->conf);
    free(k);
}

static void on_closed(uv_handle_t *handle)
{
    struct bw_roomkeeper *k = handle->data;
    void (*cb)(void *) = k->stopped_cb;
    void *owner = k->stopped_owner;

    keeper_free(k);
    if (cb) {
        cb(owner);
    }
}

static void on_async(uv_async_t *async)
{
    struct bw_roomkeeper *k = async->data;

    (void)pthread_mutex_lock(&k->lock);
    bool ended = k->ended;
    (void)pthread_mutex_unlock(&k->lock);
    if (ended && k->stopped_cb) {
        (void)pthread_join(k->thread, NULL);
        uv_close((uv_handle_t *)&k->async, on_closed);
    }
}

static struct bw_roomkeeper *keeper_new(const struct bw_roomkeeper_opts *opts)
{
    struct bw_roomkeeper *k = calloc(1, sizeof(*k));
    pthread_condattr_t attr;

    if (!k) {
        return NULL;
    }
    k->facts = calloc(1, sizeof(*k->facts));
    if (!k->facts) {
        free(k);
        return NULL;
    }
    (void)snprintf(k->data_dir, sizeof(k->data_dir), "%s", opts->data_dir);
    (void)snprintf(k->log_folder, sizeof(k->log_folder), "%s", opts->log_folder);
    (void)snprintf(k->rules, sizeof(k->rules), "%s", opts->rules);
    for (size_t i = 0; i < opts->conf->n_listen; i++) {
        if (opts->conf->listen[i].tls_certificate[0] &&
            k->n_certificates < BW_KEEP_CERTIFICATES_MAX) {
            (void)snprintf(k->certificates[k->n_certificates++], PATH_MAX, "%s",
                           opts->conf->listen[i].tls_certificate);
        }
    }
    k->n_witnesses = (int32_t)opts->conf->log.n_witnesses;
    k->said = BW_UNKNOWN;
    k->cursor = BW_UNKNOWN;
    k->forks_seen = -1;
    k->holes_seen = -1;
    k->stats = (struct bw_roomkeeper_stats){.days_to_fill = BW_UNKNOWN,
                                            .made_unix_ms = BW_UNKNOWN};
    (void)pthread_mutex_init(&k->lock, NULL);
    (void)pthread_mutex_init(&k->conf, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&k->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    return k;
}

int bw_roomkeeper_start(struct uv_loop_s *loop,
                        const struct bw_roomkeeper_opts *opts,
                        struct bw_roomkeeper **ret,
                        struct bw_err *reterr)
{
    struct bw_roomkeeper *k = keeper_new(opts);
    int r;

    if (!k) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    r = uv_async_init(loop, &k->async, on_async);
    k->async.data = k;
    if (r < 0) {
        keeper_free(k);
        return bw_err_set(reterr, r, "event loop: %s", uv_strerror(r));
    }
    r = pthread_create(&k->thread, NULL, keeper_main, k);
    if (r != 0) {
        uv_close((uv_handle_t *)&k->async, on_closed);
        return bw_err_set(reterr, -r, "no thread for the state's room: %s",
                          bw_strerror(-r));
    }
    *ret = k;
    return 0;
}

const struct bw_room *bw_roomkeeper_take(struct bw_roomkeeper *k)
{
    struct bw_room *room = NULL;

    if (k) {
        (void)pthread_mutex_lock(&k->lock);
        room = k->room;
        if (room) {
            room->refs++;
        }
        (void)pthread_mutex_unlock(&k->lock);
    }
    return room;
}

void bw_room_drop(const struct bw_room *r)
{
    struct bw_roomkeeper *k = r ? r->keeper : NULL;

    if (k) {
        union {
            const struct bw_room *given;
            struct bw_room *own;
        } room = {.given = r};
        (void)pthread_mutex_lock(&k->lock);
        bool last = --room.own->refs == 0;
        (void)pthread_mutex_unlock(&k->lock);
        if (last) {
            bw_keep_room_free(room.own);
        }
    }
}

void bw_roomkeeper_stats(struct bw_roomkeeper *k, struct bw_roomkeeper_stats *ret)
{
    (void)pthread_mutex_lock(&k->lock);
    *ret = k->stats;
    (void)pthread_mutex_unlock(&k->lock);
}

void bw_roomkeeper_news(struct bw_roomkeeper *k)
{
    if (k) {
        (void)pthread_mutex_lock(&k->lock);
        k->news = true;
        (void)pthread_cond_signal(&k->wake);
        (void)pthread_mutex_unlock(&k->lock);
    }
}

void bw_roomkeeper_conf_lock(struct bw_roomkeeper *k)
{
    if (k) {
        (void)pthread_mutex_lock(&k->conf);
    }
}

void bw_roomkeeper_conf_unlock(struct bw_roomkeeper *k)
{
    if (k) {
        (void)pthread_mutex_unlock(&k->conf);
    }
}

void bw_roomkeeper_stop(struct bw_roomkeeper *k, void (*cb)(void *owner), void *owner)
{
    k->stopped_cb = cb;
    k->stopped_owner = owner;
    (void)pthread_mutex_lock(&k->lock);
    k->stopping = true;
    (void)pthread_cond_signal(&k->wake);
    bool ended = k->ended;
    (void)pthread_mutex_unlock(&k->lock);
    if (ended) {
        (void)uv_async_send(&k->async);
    }
}
