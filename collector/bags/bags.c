/* SPDX-License-Identifier: GPL-3.0-or-later
 * bags.c - yearly bags made in the background: look for one that is due, have the command
 * make it, put it in its place, tell the hook; then the next.
 *
 * Invariant: that a bag's file is there is all that is remembered; so a kill at any moment
 * costs the run under way and nothing is made twice. What cannot be made (no record of the
 * year names the circuit, or a failure) leaves a note beside it and is tried again after a
 * week; where even the note cannot be written, the others come first, and it waits. */
#include "bags.h"

#include "bag_place.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <clock.h>
#include <errand.h>
#include <errno.h>
#include <file.h>
#include <inttypes.h>
#include <ledger.h>
#include <log.h>
#include <readers.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum {
    YEARS_BACK = 10,
    LIMIT_MS = 3600 * 1000,
    HOOK_MS = 600 * 1000,
    DAY_S = 86400,
    AGAIN_S = 7 * DAY_S,
    HOUR_MIN = 60,
    MODE = 0750
};

struct bw_bags {
    struct bw_bags_opts opts;
    uv_timer_t timer;
    bool busy;
    bool closing;
    void (*closed_cb)(void *owner);
    void *closed_owner;
    int64_t made;
    int64_t failed;
    /* the one under way */
    struct bw_bag_place place;
    bool found;
    bool none; /* no record of the year, or none that counts: no failure */
    bool noted;
    int status;
    char said[512];
    /* the last that failed and has no note: none up to it is looked at in this round */
    struct bw_bag_place stuck;
    bool is_stuck;
    bool passed; /* it, in this round */
    /* of the job on a reader's thread */
    int r;
    struct bw_err err;
    int year; /* that is looked at */
    int64_t now_s;
};

static void look(struct bw_bags *b);

static void on_timer(uv_timer_t *timer)
{
    look(timer->data);
}

static void on_closed(uv_handle_t *handle)
{
    struct bw_bags *b = handle->data;
    void (*cb)(void *) = b->closed_cb;
    void *owner = b->closed_owner;

    free(b);
    if (cb) {
        cb(owner);
    }
}

/* What was under way is over; after one that was made the next follows soon. */
static void rest(struct bw_bags *b, bool soon)
{
    b->busy = false;
    if (b->closing) {
        uv_close((uv_handle_t *)&b->timer, on_closed);
    } else {
        (void)uv_timer_start(&b->timer, on_timer, soon ? 1 : (uint64_t)b->opts.every_ms, 0);
    }
}

/* Why there is no bag; without such a note it would be the next again. */
static void write_note(struct bw_bags *b, const char *text)
{
    char path[PATH_MAX];

    bw_bag_place_path(b->opts.folder, &b->place, ".not-made", path);
    b->noted = bw_file_write(path, text, strlen(text), 0640, NULL) == 0;
    if (!b->noted) {
        b->stuck = b->place;
        b->is_stuck = true;
    }
}

/* ---- the hook ----------------------------------------------------------------------- */

static void on_hooked(void *owner, const struct bw_errand_end *end)
{
    struct bw_bags *b = owner;

    if (end->status != 0) {
        bw_log(BW_AREA_EVIDENCE, BW_WARN, "the hook for a bag of %s.%s: status %d: %s",
               b->place.site, b->place.circuit, end->status, end->said);
    }
    rest(b, true);
}

static void run_hook(struct bw_bags *b)
{
    char path[PATH_MAX];
    const char *const words[] = {path, NULL};

    bw_bag_place_path(b->opts.folder, &b->place, "", path);
    if (!b->opts.hook[0] || bw_errands_run_other(b->opts.errands, b->opts.hook, words,
                                                 HOOK_MS, true, on_hooked, b) < 0) {
        rest(b, true);
    }
}

/* ---- making ------------------------------------------------------------------------- */

/* A bag with faults in its chain is one too, and says so itself: the command ends with 1
 * then, and leaves no file where it failed. */
static bool is_made(const struct bw_bags *b)
{
    char path[PATH_MAX];

    bw_bag_place_making(b->opts.folder, &b->place, path);
    return b->status == 0 || (b->status == 1 && access(path, F_OK) == 0);
}

static void put_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct bw_bags *b = job;
    char path[PATH_MAX];

    (void)r;
    (void)err;
    b->noted = true;
    if (is_made(b)) {
        b->none = false;
        b->r = bw_bag_place_put(b->opts.folder, &b->place, &b->err);
    } else {
        b->r = bw_err_set(&b->err, -EIO, "%s", b->said);
    }
    if (b->r == 0) {
        bw_bag_place_path(b->opts.folder, &b->place, ".not-made", path);
        (void)unlink(path);
    } else if (b->r != -EEXIST) {
        bw_bag_place_sweep(b->opts.folder, &b->place);
        write_note(b, b->err.text);
    }
}

static void put_after(void *job, int cancelled)
{
    struct bw_bags *b = job;

    if (cancelled || b->closing) { /* nobody runs a hook any more */
        rest(b, false);
    } else if (b->r == 0) {
        b->made++;
        bw_log(BW_AREA_EVIDENCE, b->status == 0 ? BW_NOTICE : BW_WARN,
               "made the bag of %s.%s for funding year %d%s%s", b->place.site,
               b->place.circuit, b->place.year, b->said[0] ? ": " : "", b->said);
        run_hook(b);
    } else {
        if (!b->none) {
            b->failed++;
            bw_log(BW_AREA_EVIDENCE, BW_WARN, "no bag of %s.%s for funding year %d: %s",
                   b->place.site, b->place.circuit, b->place.year, b->err.text);
        }
        rest(b, b->noted);
    }
}

static void on_made(void *owner, const struct bw_errand_end *end)
{
    struct bw_bags *b = owner;

    if (b->closing || end->stopping) { /* nothing is known against this bag */
        rest(b, false);
        return;
    }
    b->status = end->status;
    (void)snprintf(b->said, sizeof(b->said), "%s", end->said);
    b->none =
        strstr(end->said, ": no record") || strstr(end->said, ": every record of this");
    if (bw_readers_run(b->opts.readers, put_work, put_after, b) < 0) {
        rest(b, false);
    }
}

static void make(struct bw_bags *b)
{
    char making[PATH_MAX];
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    char year[16];
    const char *const words[] = {
        "bundle", "--ledger", b->opts.data_dir, "--circuit", id, "--year",
        year,     "-o",       making,           NULL};

    bw_bag_place_making(b->opts.folder, &b->place, making);
    (void)snprintf(id, sizeof(id), "%s.%s", b->place.site, b->place.circuit);
    (void)snprintf(year, sizeof(year), "FY%d", b->place.year);
    if (bw_errands_run(b->opts.errands, words, LIMIT_MS, true, on_made, b) < 0) {
        rest(b, false);
    }
}

/* ---- looking ------------------------------------------------------------------------ */

static bool there(const struct bw_bags *b, const struct bw_bag_place *p)
{
    char path[PATH_MAX];
    struct stat st;

    bw_bag_place_path(b->opts.folder, p, "", path);
    if (stat(path, &st) == 0) {
        return true;
    }
    bw_bag_place_path(b->opts.folder, p, ".not-made", path);
    return stat(path, &st) == 0 && st.st_mtim.tv_sec > b->now_s - AGAIN_S;
}

static int on_circuit(void *owner, const struct bw_ledger_circuit *c)
{
    struct bw_bags *b = owner;
    struct bw_bag_place p = {.year = b->year};

    if (c->first_start_unix_s >= bw_bag_year_begin(b->year + 1) + DAY_S ||
        c->end_unix_s <= bw_bag_year_begin(b->year) - DAY_S) {
        return 0;
    }
    (void)snprintf(p.site, sizeof(p.site), "%s", c->site);
    (void)snprintf(p.circuit, sizeof(p.circuit), "%s", c->facts.id);
    if (b->is_stuck && !b->passed) {
        b->passed = p.year == b->stuck.year && strcmp(p.site, b->stuck.site) == 0 &&
                    strcmp(p.circuit, b->stuck.circuit) == 0;
        return 0;
    }
    if (there(b, &p)) {
        return 0;
    }
    b->place = p;
    b->found = true;
    return 1;
}

static void look_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct bw_bags *b = job;
    char path[PATH_MAX];
    int last = bw_bag_year_due(b->now_s, b->opts.after_s);

    if (!r) {
        b->r = -EIO;
        b->err = *err;
        return;
    }
    b->r = 0;
    for (b->year = last; b->r == 0 && b->year > last - YEARS_BACK; b->year--) {
        b->r = r->ledger->ops->circuits(r->ledger, NULL, on_circuit, b, &b->err);
    }
    b->is_stuck = b->is_stuck && b->found; /* the next round begins with the first again */
    if (b->r < 0 || !b->found) {
        return;
    }
    bw_bag_place_sweep(b->opts.folder, &b->place);
    bw_bag_place_making(b->opts.folder, &b->place, path);
    *strrchr(path, '/') = '\0';
    b->r = bw_dir_make(path, MODE, &b->err);
    if (b->r < 0) {
        b->stuck = b->place;
        b->is_stuck = true;
    }
}

static void look_after(void *job, int cancelled)
{
    struct bw_bags *b = job;

    if (!cancelled && b->r < 0) {
        bw_log(BW_AREA_EVIDENCE, BW_WARN, "yearly bags: %s", b->err.text);
    }
    if (cancelled || b->r < 0 || !b->found || b->closing) {
        rest(b, false);
    } else {
        make(b);
    }
}

static bool is_quiet(const struct bw_bags *b)
{
    time_t now = (time_t)(bw_clock_unix_ms() / 1000);
    struct tm tm;

    return localtime_r(&now, &tm) &&
           bw_bag_quiet(tm.tm_hour * HOUR_MIN + tm.tm_min, b->opts.quiet_from_min,
                        b->opts.quiet_to_min);
}

static void look(struct bw_bags *b)
{
    b->found = false;
    b->passed = false;
    b->said[0] = '\0';
    b->now_s = bw_clock_unix_ms() / 1000;
    b->busy = true;
    if (!is_quiet(b) || bw_readers_run(b->opts.readers, look_work, look_after, b) < 0) {
        rest(b, false);
    }
}

/* ---- the interface ------------------------------------------------------------------ */

int bw_bags_new(struct uv_loop_s *loop,
                const struct bw_bags_opts *opts,
                struct bw_bags **ret,
                struct bw_err *reterr)
{
    int r = bw_dir_make(opts->folder, MODE, reterr);
    struct bw_bags *b = r < 0 ? NULL : calloc(1, sizeof(*b));

    if (!b) {
        return r < 0 ? r : bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    b->opts = *opts;
    (void)uv_timer_init(loop, &b->timer);
    b->timer.data = b;
    rest(b, false);
    *ret = b;
    return 0;
}

const char *bw_bags_folder(const struct bw_bags *b)
{
    return b->opts.folder;
}

void bw_bags_metrics(const struct bw_bags *b, struct bw_buf *out)
{
    bw_buf_printf(
        out,
        "# TYPE bandwitness_bags_made counter\n# HELP bandwitness_bags_made Yearly "
        "bags made.\nbandwitness_bags_made_total %" PRId64
        "\n# TYPE bandwitness_bags_failed counter\n# HELP bandwitness_bags_failed "
        "Yearly bags that could not be made.\nbandwitness_bags_failed_total %" PRId64 "\n",
        b->made, b->failed);
}

void bw_bags_close(struct bw_bags *b, void (*cb)(void *owner), void *owner)
{
    if (!b) {
        return;
    }
    b->closing = true;
    b->closed_cb = cb;
    b->closed_owner = owner;
    (void)uv_timer_stop(&b->timer);
    if (!b->busy) {
        uv_close((uv_handle_t *)&b->timer, on_closed);
    }
}
