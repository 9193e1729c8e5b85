/* SPDX-License-Identifier: GPL-3.0-or-later
 * door.c - the door's life: the store is opened, who is known is read again whenever
 * somebody changed it, acts are told.
 *
 * Invariant: what is known is one book, made whole on another thread and put in the place
 * of an older one on the loop; a newer one is never replaced by an older. */
#include "dir_sessions.h"
#include "directory.h"
#include "door_private.h"

#include <buf.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <http.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TURN_MS = 1000,
    SEEN_MS = 60000, /* how exactly the store knows when a session was seen */
    AUDIT_AGAIN_MS = 60000,
    OUT_MAX = 4 << 20,
    POOL = 2
};

int bw_door_reread(struct door_job *job)
{
    struct bw_book *b = NULL;
    int r = bw_book_read(job->d->people, &b, &job->err);
    if (r == 0) {
        bw_book_free(job->book);
        job->book = b;
        job->serial = ++job->d->serial;
    }
    return r;
}

void bw_door_known(struct door_job *job)
{
    struct bw_door *d = job->d;
    if (!job->book || job->serial <= d->book_serial) {
        bw_book_free(job->book);
        job->book = NULL;
        return;
    }
    bw_book_carry(job->book, d->book);
    bw_book_free(d->book);
    d->book = job->book;
    d->book_serial = job->serial;
    job->book = NULL;
}

void bw_door_tell(struct bw_door *d,
                  const struct bw_http_req *req,
                  const char *event,
                  const char *outcome,
                  const char *who,
                  const char *detail)
{
    const struct bw_audit_event e = {.at_unix_ms = bw_clock_unix_ms(),
                                     .event = event,
                                     .outcome = outcome,
                                     .who = who,
                                     .from = req ? bw_http_peer(req) : NULL,
                                     .detail = detail};
    bw_audit_tell(d->audit, &e);
}

void bw_door_said(struct bw_door *d,
                  const struct bw_http_req *req,
                  const char *event,
                  const char *who,
                  const char *detail)
{
    if (d) {
        bw_door_tell(d, req, event, "ok", who, detail);
    }
}

int bw_door_act(struct bw_door *d, const struct bw_act_said *act, struct bw_err *reterr)
{
    int r;
    if (!d || !d->people) {
        return bw_err_set(reterr, -EPERM, "nobody is known here");
    }
    uv_mutex_lock(&d->lock);
    r = d->people->ops->act_add(d->people, act, reterr);
    uv_mutex_unlock(&d->lock);
    return r;
}

void bw_door_acted(struct bw_door *d)
{
    if (d && d->people) {
        bw_door_turn(d);
    }
}

/* --- a turn: is there anything new? ------------------------------------------------------
 */

struct turn {
    struct door_job job;
    struct bw_map *map; /* a new one */
    struct bw_session *seen;
    size_t n_seen;
    struct bw_buf lines;
    struct bw_buf packets;
    int64_t told;
    bool acts; /* some are among the lines */
    bool all;  /* look at the acts though nothing changed */
    int audit_r;
};

static int on_act(void *owner, const struct bw_act *a)
{
    struct turn *t = owner;
    const struct bw_door *d = t->job.d;
    bw_audit_act(&d->conf, a, a->position > d->filed ? &t->lines : NULL,
                 a->position > d->sent ? &t->packets : NULL);
    t->told = a->position;
    t->acts = true;
    return t->lines.len + t->packets.len > OUT_MAX / 2 ? 1 : 0; /* the rest next time */
}

static int read_map(struct turn *t, struct bw_reader *r)
{
    struct bw_door *d = t->job.d;
    int64_t version = 0;
    int e = r->catalogue->ops->version(r->catalogue, &version, &t->job.err);
    if (e < 0 || (version == d->catalogue_version && r->catalogue == d->catalogue)) {
        return e;
    }
    e = bw_map_read(r->catalogue, &t->map, &t->job.err);
    if (e == 0) { /* one turn at a time looks at these */
        d->catalogue_version = version;
        d->catalogue = r->catalogue;
    }
    return e;
}

static int read_people(struct turn *t)
{
    struct bw_door *d = t->job.d;
    const struct bw_people_ops *ops = d->people->ops;
    int64_t version = 0;
    int r =
        t->n_seen > 0 ? ops->sessions_seen(d->people, t->seen, t->n_seen, &t->job.err) : 0;
    r = r < 0 ? r : ops->version(d->people, &version, &t->job.err);
    if (r < 0 || (version == d->people_version && !t->all)) {
        return r;
    }
    r = bw_door_reread(&t->job);
    r = r < 0 ? r : ops->told_get(d->people, &t->told, &t->job.err);
    r = r < 0 ? r : ops->acts(d->people, t->told + 1, on_act, t, &t->job.err);
    if (r == 0) {
        d->people_version = version;
    }
    return r > 0 ? 0 : r;
}

static void turn_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct turn *t = job;
    struct bw_door *d = t->job.d;
    uv_mutex_lock(&d->lock);
    t->job.r = read_people(t);
    uv_mutex_unlock(&d->lock);
    if (t->job.r == 0 && r) {
        t->job.r = read_map(t, r);
    } else if (!r) {
        t->job.r = -EIO;
        t->job.err = *err;
    }
    struct bw_audit_done done;
    t->audit_r = bw_audit_write(&d->conf, &t->lines, &t->packets, &done);
    d->filed = t->acts && done.file ? t->told : d->filed;
    d->sent = t->acts && done.socket ? t->told : d->sent;
    if (t->acts && t->audit_r == 0) {
        uv_mutex_lock(&d->lock);
        int e = d->people->ops->told_set(d->people, t->told, &t->job.err);
        t->job.r = t->job.r < 0 ? t->job.r : e;
        uv_mutex_unlock(&d->lock);
    }
}

static void turn_after(void *job, int cancelled)
{
    struct turn *t = job;
    struct bw_door *d = t->job.d;
    d->turning = false;
    bw_door_known(&t->job);
    if (t->map) {
        bw_map_drop(d->map);
        d->map = t->map;
    }
    if (!cancelled && t->job.r < 0) {
        bw_complain(&d->turn_complaint, BW_AREA_HTTP, BW_WARN,
                    "who may look could not be read again: %s; what was known stays",
                    t->job.err.text);
    } else if (!cancelled) {
        bw_complain_over(&d->turn_complaint, BW_AREA_HTTP, "who may look is read again");
    }
    if (!cancelled && t->audit_r < 0) {
        d->audit_again_mono_ms = bw_clock_mono_ms() + AUDIT_AGAIN_MS;
        bw_complain(&d->audit_complaint, BW_AREA_HTTP, BW_WARN,
                    "the audit trail cannot be written: %s; acts are told again later, "
                    "events at the door are in this log only",
                    bw_strerror(t->audit_r));
    } else if (!cancelled) {
        bw_complain_over(&d->audit_complaint, BW_AREA_HTTP, "the audit trail is written");
    }
    bw_buf_done(&t->lines);
    bw_buf_done(&t->packets);
    free(t->seen);
    free(t);
}

/* Sessions that were seen since the store was last told. */
static void take_seen(struct bw_door *d, struct turn *t)
{
    int64_t now = bw_clock_mono_ms();
    if (now - d->seen_told_mono_ms < SEEN_MS || !d->book || d->book->n_sessions == 0) {
        return;
    }
    d->seen_told_mono_ms = now;
    t->seen = calloc(d->book->n_sessions, sizeof(*t->seen));
    for (size_t i = 0; t->seen && i < d->book->n_sessions; i++) {
        if (d->book->sessions[i].seen_unix_s >
            bw_clock_unix_ms() / 1000 - 2 * SEEN_MS / 1000) {
            t->seen[t->n_seen++] = d->book->sessions[i];
        }
    }
}

void bw_door_turn(struct bw_door *d)
{
    if (!d->people || d->turning || d->closing) {
        return;
    }
    struct turn *t = calloc(1, sizeof(*t));
    if (!t) {
        return;
    }
    t->job.d = d;
    t->told = -1;
    if (d->audit_again_mono_ms > 0 && bw_clock_mono_ms() >= d->audit_again_mono_ms) {
        d->audit_again_mono_ms = 0;
        t->all = true;
    }
    bw_buf_init(&t->lines, OUT_MAX);
    bw_buf_init(&t->packets, OUT_MAX);
    take_seen(d, t);
    bw_audit_take(d->audit, &t->lines, &t->packets);
    d->turning = true;
    if (bw_readers_run(d->pool, turn_work, turn_after, t) < 0) {
        turn_after(t, 1);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct bw_door *d = timer->data;
    if (d->dir_sessions) {
        bw_dir_sessions_tidy(d->dir_sessions, bw_clock_unix_ms() / 1000,
                             d->conf.idle_ms / 1000);
    }
    bw_door_turn(d);
}

/* --- the first administrator
 * -------------------------------------------------------------- */

static int on_any(void *owner, const struct bw_person *p)
{
    (void)p;
    *(bool *)owner = true;
    return 1;
}

/* Nobody is known: the log gets a link, and nobody else. */
static int invite_first(struct bw_door *d, struct bw_err *reterr)
{
    const struct bw_act_said act = {.act = "first-link",
                                    .by = "collector",
                                    .via = "collector",
                                    .detail = "good for 24 h"};
    struct bw_link l = {.kind = BW_LINK_FIRST};
    uint8_t raw[LINK_RAW];
    char token[LINK_LEN + 1];
    bool any = false;
    int r = d->people->ops->persons(d->people, on_any, &any, reterr);
    if (r < 0 || any) {
        return r < 0 ? r : 0;
    }
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), token);
    bw_sha256(token, LINK_LEN, l.sha256);
    l.created_unix_s = bw_clock_unix_ms() / 1000;
    l.expires_unix_s = l.created_unix_s + LINK_S;
    r = d->people->ops->link_add(d->people, &l, &act, reterr);
    if (r == 0) {
        bw_log(BW_AREA_MAIN, BW_NOTICE,
               "nobody has an account yet: make the first administrator's within 24 hours "
               "at %s/set-up/%s",
               d->conf.url[0] ? d->conf.url : d->address, token);
    }
    return r;
}

/* --- life
 * --------------------------------------------------------------------------------- */

static int
open_store(struct bw_door *d, const struct bw_door_opts *o, struct bw_err *reterr)
{
    struct door_job job = {.d = d};
    struct bw_catalogue *c = NULL;
    int r = bw_people_open(o->people_path, &d->people, reterr);
    r = r < 0 ? r : bw_catalogue_open(o->catalogue_path, &c, reterr);
    r = r < 0 ? r : bw_map_read(c, &d->map, reterr);
    bw_catalogue_close(c);
    r = r < 0 ? r : d->people->ops->secret(d->people, d->secret, reterr);
    r = r < 0 ? r : invite_first(d, reterr);
    r = r < 0 ? r : bw_door_reread(&job);
    if (r == 0) {
        bw_door_known(&job);
        r = bw_readers_new(d->loop, o->catalogue_path, o->ledger_folder, o->log_folder,
                           POOL, &d->pool);
        r = r < 0 ? bw_err_set(reterr, r, "out of memory") : 0;
    } else if (job.err.text[0]) {
        *reterr = job.err;
    }
    return r;
}

int bw_door_new(struct uv_loop_s *loop,
                const struct bw_door_opts *opts,
                struct bw_door **ret,
                struct bw_err *reterr)
{
    struct bw_door *d = calloc(1, sizeof(*d));
    if (!d) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    d->loop = loop;
    d->conf = *opts->conf;
    d->filed = d->sent = -1;
    (void)snprintf(d->address, sizeof(d->address), "%s", opts->address);
    (void)uv_mutex_init(&d->lock);
    (void)uv_timer_init(loop, &d->timer);
    d->timer.data = d;
    *ret = d; /* closed by its owner, whole or not */
    if (d->conf.open) {
        bw_log(BW_AREA_MAIN, BW_WARN,
               "access is open: whoever reaches this collector's address reads everything, "
               "and nobody signs in");
        return 0;
    }
    int r = bw_audit_new(&d->conf, &d->audit);
    if (r == 0 && d->conf.oidc.on) {
        r = bw_dir_sessions_new(&d->dir_sessions);
    }
    r = r < 0 ? r : bw_throttle_new(&d->throttle);
    r = r < 0 ? bw_err_set(reterr, r, "out of memory") : open_store(d, opts, reterr);
    if (r == 0 && d->conf.oidc.on) {
        r = bw_directory_new(loop, &d->conf.oidc, &d->directory, reterr);
    }
    if (r == 0) {
        (void)uv_timer_start(&d->timer, on_timer, 0, TURN_MS);
    }
    return r;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct bw_door *d = handle->data;
    void (*cb)(void *) = d->closed_cb;
    void *owner = d->closed_owner;
    if (d->audit) { /* what nobody wrote yet */
        struct bw_buf lines;
        struct bw_buf packets;
        bw_buf_init(&lines, OUT_MAX);
        bw_buf_init(&packets, OUT_MAX);
        bw_audit_take(d->audit, &lines, &packets);
        struct bw_audit_done done;
        (void)bw_audit_write(&d->conf, &lines, &packets, &done);
        bw_buf_done(&lines);
        bw_buf_done(&packets);
    }
    bw_people_close(d->people);
    bw_book_free(d->book);
    bw_map_drop(d->map);
    bw_audit_free(d->audit);
    bw_throttle_free(d->throttle);
    bw_dir_sessions_free(d->dir_sessions);
    uv_mutex_destroy(&d->lock);
    explicit_bzero(d->secret, sizeof(d->secret));
    free(d);
    if (cb) {
        cb(owner);
    }
}

static void on_directory_closed(void *owner)
{
    struct bw_door *d = owner;
    d->directory = NULL;
    uv_close((uv_handle_t *)&d->timer, on_timer_closed);
}

static void on_pool_closed(void *owner)
{
    struct bw_door *d = owner;
    if (d->directory) {
        bw_directory_close(d->directory, on_directory_closed, d);
    } else {
        on_directory_closed(d);
    }
}

void bw_door_close(struct bw_door *d, void (*cb)(void *owner), void *owner)
{
    if (!d) {
        return;
    }
    d->closing = true;
    d->closed_cb = cb;
    d->closed_owner = owner;
    (void)uv_timer_stop(&d->timer);
    if (d->pool) {
        bw_readers_close(d->pool, on_pool_closed, d);
        d->pool = NULL;
    } else {
        on_pool_closed(d);
    }
}

void bw_door_metrics(const struct bw_door *d, struct bw_buf *b)
{
    const struct {
        const char *name;
        const char *help;
        int64_t n;
    } rows[] = {{"signed_in", "People who signed in.", d->signed_in},
                {"sign_ins_refused", "Tries to sign in that were refused.", d->refused},
                {"forms_forged", "Forms without the token of their session.", d->forged},
                {"unseen", "Requests for what the asker may not see.", d->unseen}};

    for (size_t i = 0; !d->conf.open && i < sizeof(rows) / sizeof(rows[0]); i++) {
        bw_buf_printf(b,
                      "# TYPE bandwitness_%s counter\n# HELP bandwitness_%s %s\n"
                      "bandwitness_%s_total %" PRId64 "\n",
                      rows[i].name, rows[i].name, rows[i].help, rows[i].name, rows[i].n);
    }
}
