/* SPDX-License-Identifier: GPL-3.0-or-later
 * graphs.c - from a request for a picture to the picture: bring the circuit's files up to
 * date, look into the cache, else have it drawn.
 *
 * One refresh a circuit at a time; requests that come meanwhile wait for it. A circuit's
 * files are trusted only while every late record since was seen by this process. */
#include "graphs.h"

#include "graph_marks.h"
#include "graph_pool.h"
#include "graphs_private.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <collector.h>
#include <errno.h>
#include <graph_worker.h>
#include <http.h>
#include <ingest.h>
#include <log.h>
#include <overview.h>
#include <readers.h>
#include <room.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRESH_MS = 2000, /* what is on file is not looked up more often than that */
    STEPS_HELD = 12, /* of a circuit somebody watches, before they are written */
    VIEWS_MAX = 1000,
    FILLED_ANEW_MS = 600 * 1000, /* while the room fills its days, pictures are this old */
    SWEEP_EVERY_MS = 3600 * 1000,
    EARLIEST_UNIX_S = 3600 * 24 * 365 * 10 /* librrd draws nothing from before */
};

#define SPAN_MAX_S (INT64_C(11) * 366 * 86400)

/* --- the table of circuits --------------------------------------------------------------
 */

static struct circuit **bucket_of(struct bw_graphs *g, const char *site)
{
    uint32_t h = 2166136261U;
    for (; *site; site++) {
        h = (h ^ (uint8_t)*site) * 16777619U;
    }
    return &g->circuits[h % CIRCUIT_BUCKETS];
}

struct circuit *
bw_graphs_circuit(struct bw_graphs *g, const char *site, const char *circuit)
{
    struct circuit **bucket = bucket_of(g, site);
    for (struct circuit *c = *bucket; c; c = c->next) {
        if (strcmp(c->site, site) == 0 && strcmp(c->circuit, circuit) == 0) {
            return c;
        }
    }
    struct circuit *c = calloc(1, sizeof(*c));
    if (c) {
        (void)snprintf(c->site, sizeof(c->site), "%s", site);
        (void)snprintf(c->circuit, sizeof(c->circuit), "%s", circuit);
        (void)snprintf(c->id, sizeof(c->id), "%s.%s", site, circuit);
        c->graphs = g;
        c->state.step_s = BW_UNKNOWN;
        c->state.last_unix_s = BW_UNKNOWN;
        c->next = *bucket;
        *bucket = c;
    }
    return c;
}

/* An entry that nothing hangs on: anybody may ask for circuits that never were. */
static void forget(struct circuit *c)
{
    struct circuit **at = bucket_of(c->graphs, c->site);
    if (c->refreshing || c->waiting || c->rebuild || c->state.last_unix_s != BW_UNKNOWN) {
        return;
    }
    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
    free(c);
}

/* --- one request ------------------------------------------------------------------------
 */

static void view_free(struct view *v)
{
    v->graphs->n_views--;
    free(v);
}

static void view_fail(struct view *v, unsigned status, const char *word, const char *detail)
{
    if (status == 503 || status == 429) {
        bw_http_add(v->req, "Retry-After", "10");
    }
    bw_http_problem(v->req, status, word,
                    status == 404 ? "No such picture" : "Not possible now", "%s", detail);
    view_free(v);
}

static void view_reply(struct view *v, const char *picture, size_t n)
{
    bw_http_add(v->req, "Cache-Control", "private, max-age=20");
    if (v->job.format == BW_GRAPH_SVG) {
        bw_http_add(v->req, "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; sandbox");
        bw_http_reply_packed(v->req, 200, "image/svg+xml", picture, n);
    } else {
        struct bw_buf out;
        bw_buf_init(&out, n + 1);
        bw_buf_add(&out, picture, n);
        bool csv = v->job.format == BW_GRAPH_CSV;
        bw_http_reply(v->req, 200, csv ? "text/csv; charset=utf-8" : "image/png", &out);
    }
    view_free(v);
}

static void on_drawn(void *owner, const char *picture, size_t n, const char *error)
{
    struct view *v = owner;
    if (!picture) {
        bw_log(BW_AREA_PAGES, BW_WARN, "graph %s of %s: %s", v->series, v->circuit->id,
               error);
        view_fail(v, 503, "busy", error);
        return;
    }
    bw_picture_put(v->graphs, v->key, picture, n);
    view_reply(v, picture, n);
}

/* Times are moved to whole intervals, so that everybody who looks within one interval
 * shares a picture. */
static void settle_range(struct view *v)
{
    const struct bw_rrd_state *s = &v->circuit->state;
    int64_t step = s->step_s;
    int64_t now = bw_clock_unix_ms() / 1000;
    if (v->job.to_unix_s == BW_UNKNOWN) {
        v->job.to_unix_s = (now + step - 1) / step * step;
    }
    if (v->job.to_unix_s > now + SPAN_MAX_S) { /* librrd takes minutes for ages */
        v->job.to_unix_s = now + SPAN_MAX_S;
    }
    if (v->job.from_unix_s == BW_UNKNOWN) {
        v->job.from_unix_s = v->job.to_unix_s - v->span_s;
    }
    if (v->job.from_unix_s < v->job.to_unix_s - SPAN_MAX_S) {
        v->job.from_unix_s = v->job.to_unix_s - SPAN_MAX_S;
    }
    if (v->job.from_unix_s < EARLIEST_UNIX_S + step) {
        v->job.from_unix_s = EARLIEST_UNIX_S + step;
    }
    v->job.from_unix_s -= v->job.from_unix_s % step;
    if (v->job.from_unix_s >= v->job.to_unix_s) {
        v->job.from_unix_s = v->job.to_unix_s - step;
    }
}

static void fill_job(struct view *v)
{
    const struct bw_rrd_facts *f = &v->circuit->facts;
    struct bw_graph_job *j = &v->job;
    const char *probe = strchr(v->series, '-');
    size_t topic = probe ? (size_t)(probe - v->series) : strlen(v->series);
    (void)snprintf(j->topic, sizeof(j->topic), "%.*s", (int)topic, v->series);
    static const struct {
        const char *topic;
        const char *words;
    } words[] = {{"link", "use of the line"},
                 {"latency", "round trip to "},
                 {"throughput", "throughput tests"},
                 {"traffic", "what the line is full of"},
                 {"rtt", "round trips of users and of probes"},
                 {"resent", "TCP payload sent again"},
                 {"saturated", "round trip while the line is full"}};
    const char *what = "";
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        what = strcmp(words[i].topic, j->topic) == 0 ? words[i].words : what;
    }
    (void)snprintf(j->title, sizeof(j->title), "%s%s%s: %s%s", f->site_name,
                   f->site_name[0] ? ", " : "", v->circuit->id, what,
                   probe ? probe + 1 : "");
    (void)snprintf(j->layer, sizeof(j->layer), "%s", f->layer);
    j->step_s = v->circuit->state.step_s;
    (void)snprintf(j->zone, sizeof(j->zone), "%s", v->zone);
    (void)snprintf(j->seen, sizeof(j->seen), "%s", f->seen);
    settle_range(v);
    const struct bw_rrd_state *state = &v->circuit->state;
    j->at_least = state->mirror_from_unix_s < j->to_unix_s &&
                  state->mirror_to_unix_s > j->from_unix_s;
    (void)snprintf(
        v->key, sizeof(v->key),
        "%s|%s|%d|%d|%d|%lld|%lld|%lld|%lld|%lldx%lld|%lld|%016llx|%lld|%lld|%s|%s|%s|%s",
        v->circuit->id, v->series, (int)j->format, j->dark ? 1 : 0, j->at_least ? 1 : 0,
        (long long)j->from_unix_s, (long long)j->to_unix_s, (long long)state->last_unix_s,
        (long long)state->made_mono_ns, (long long)j->width, (long long)j->height,
        (long long)f->n_said, (unsigned long long)f->claims_mark,
        (long long)v->folded_unix_s, (long long)v->filling, f->layer, f->seen, v->zone,
        f->site_name);
}

static void send_off(struct view *v)
{
    if (bw_graph_pool_draw(v->graphs->pool, &v->job, on_drawn, v) < 0) {
        view_fail(v, 429, "busy",
                  "too many graphs are being drawn; try again in 10 seconds");
    }
}

/* What stands beside the series, which only a picture that is not there yet needs. */
static void marks_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct view *v = job;
    (void)err;
    if (r) {
        bw_graph_marks(r, v->graphs->room_db, v->circuit->site, v->circuit->circuit,
                       &v->job);
    }
}

static void marks_after(void *job, int cancelled)
{
    struct view *v = job;
    struct bw_graphs *g = v->graphs;
    g->n_marking--;
    if (cancelled || g->closing) {
        view_fail(v, 503, "busy", "the collector is stopping");
    } else {
        send_off(v);
    }
    bw_graphs_maybe_closed(g);
}

static void view_draw(struct view *v)
{
    if (bw_rrdcache_path(v->graphs->folder, v->circuit->site, v->circuit->circuit,
                         bw_graph_file(v->series), v->job.rrd) < 0) {
        view_fail(v, 404, "not-found", "nothing of this series was ever recorded");
        return;
    }
    fill_job(v);
    size_t n = 0;
    const char *picture = bw_picture_get(v->graphs, v->key, &n);
    if (picture) {
        v->graphs->cache_hits++;
        view_reply(v, picture, n);
        return;
    }
    if (v->job.format == BW_GRAPH_CSV) {
        send_off(v);
    } else if (bw_readers_run(v->graphs->readers, marks_work, marks_after, v) < 0) {
        view_fail(v, 429, "busy", "too much at once; try again in 10 seconds");
    } else {
        v->graphs->n_marking++;
    }
}

/* --- bringing a circuit up to date ------------------------------------------------------
 */

static void refresh_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct circuit *c = job;
    if (!r) {
        c->refresh_r = -EIO;
        c->refresh_err = *err;
        return;
    }
    c->refresh_r =
        bw_rrdcache_refresh(r, c->graphs->folder, c->site, c->circuit, c->refresh_rebuild,
                            &c->next_state, &c->next_facts, &c->refresh_err);
    if (c->refresh_r == 0 && c->refresh_for_view) {
        bw_rrdcache_touch(c->graphs->folder, c->id);
    }
}

static void refresh_after(void *job, int cancelled)
{
    struct circuit *c = job;
    struct bw_graphs *g = c->graphs;
    c->refreshing = false;
    g->n_refreshing--;
    g->refreshes++;
    int r = cancelled ? -ESHUTDOWN : c->refresh_r;
    if (r == 0) {
        c->state = c->next_state;
        c->facts = c->next_facts;
        bool missed = c->news_end_unix_s != INT64_MAX;
        c->looked_mono_ms = missed ? 0 : c->asked_mono_ms;
        /* What came meanwhile and is older than the newest written may have been missed. */
        c->rebuild = c->rebuild || c->news_end_unix_s < c->state.last_unix_s;
    } else if (c->refresh_rebuild) {
        c->rebuild = true; /* not done yet */
    }
    struct view *waiting = c->waiting;
    c->waiting = NULL;
    while (waiting) {
        struct view *v = waiting;
        waiting = v->next;
        if (r == 0) {
            view_draw(v);
        } else if (r == -ENOENT) {
            view_fail(v, 404, "not-found", c->refresh_err.text);
        } else {
            bw_log(BW_AREA_PAGES, BW_WARN, "series of %s: %s", c->id, c->refresh_err.text);
            view_fail(v, 503, "busy",
                      cancelled ? "the collector is stopping" : c->refresh_err.text);
        }
    }
    if (r == -ENOENT) {
        forget(c);
    }
    bw_graphs_maybe_closed(g);
}

/* Nothing came since somebody looked, a moment ago. */
static bool is_fresh(const struct circuit *c)
{
    return !c->refreshing && !c->rebuild && c->pending == 0 && c->looked_mono_ms > 0 &&
           c->state.last_unix_s != BW_UNKNOWN &&
           bw_clock_mono_ms() - c->looked_mono_ms < FRESH_MS;
}

static int refresh(struct circuit *c, bool for_view)
{
    struct bw_graphs *g = c->graphs;
    if (c->refreshing) {
        return 0; /* the job belongs to its thread; the next look counts as one */
    }
    if (g->closing) {
        return -EBUSY;
    }
    c->refresh_rebuild = c->rebuild;
    c->rebuild = false;
    c->pending = 0;
    c->refresh_for_view = for_view;
    c->asked_mono_ms = bw_clock_mono_ms();
    c->news_end_unix_s = INT64_MAX;
    c->next_state = c->state;
    int r = bw_readers_run(g->readers, refresh_work, refresh_after, c);
    if (r < 0) {
        c->rebuild = c->refresh_rebuild;
        return r;
    }
    c->refreshing = true;
    g->n_refreshing++;
    return 0;
}

void bw_graphs_news(struct bw_graphs *g, const struct bw_ingest_news *news, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (struct circuit *c = *bucket_of(g, news[i].site); c; c = c->next) {
            if (strcmp(c->site, news[i].site) != 0) {
                continue;
            }
            if (c->refreshing) { /* judged when it is over */
                c->news_end_unix_s = news[i].end_unix_s < c->news_end_unix_s
                                         ? news[i].end_unix_s
                                         : c->news_end_unix_s;
                continue;
            }
            if (c->state.last_unix_s == BW_UNKNOWN) {
                continue;
            }
            if (news[i].start_unix_s < c->state.last_unix_s) {
                c->rebuild = true;
                continue;
            }
            c->pending++;
            if (c->pending >= STEPS_HELD) {
                (void)refresh(c, false);
            }
        }
    }
}

/* --- the handler ------------------------------------------------------------------------
 */

static int
read_size(struct bw_http_req *req, const char *name, int64_t min, int64_t max, int64_t *io)
{
    const char *text = bw_http_query(req, name);
    if (!text) {
        return 0;
    }
    char *end = NULL;
    long long v = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || v < min || v > max) {
        return -EINVAL;
    }
    *io = v;
    return 0;
}

static int read_times(struct bw_http_req *req, struct view *v)
{
    const char *from = bw_http_query(req, "from");
    const char *to = bw_http_query(req, "to");
    v->job.from_unix_s = BW_UNKNOWN;
    v->job.to_unix_s = BW_UNKNOWN;
    v->span_s = 86400;
    if (read_size(req, "last", 60, SPAN_MAX_S, &v->span_s) < 0 ||
        (from && bw_when_parse(from, &v->job.from_unix_s) < 0) ||
        (to && bw_when_parse(to, &v->job.to_unix_s) < 0)) {
        return -EINVAL;
    }
    if (v->job.to_unix_s == BW_UNKNOWN) {
        return 0;
    }
    int64_t begin = from ? v->job.from_unix_s : EARLIEST_UNIX_S;
    return begin < v->job.to_unix_s && v->job.to_unix_s > EARLIEST_UNIX_S + 86400 ? 0
                                                                                  : -EINVAL;
}

/* "link.svg" into series and format. */
static int read_name(const char *name, struct view *v)
{
    const char *dot = strrchr(name, '.');
    if (!dot || (size_t)(dot - name) >= sizeof(v->series) || strchr(name, '/')) {
        return -ENOENT;
    }
    (void)snprintf(v->series, sizeof(v->series), "%.*s", (int)(dot - name), name);
    static const char *const plain[] = {"link", "throughput", "traffic",
                                        "rtt",  "resent",     "saturated"};
    bool known = false;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        known = known || strcmp(v->series, plain[i]) == 0;
    }
    known = known || (strncmp(v->series, "latency-", 8) == 0 && v->series[8] != '\0');
    static const char *const forms[] = {
        [BW_GRAPH_SVG] = ".svg", [BW_GRAPH_PNG] = ".png", [BW_GRAPH_CSV] = ".csv"};
    for (int i = 0; known && i <= BW_GRAPH_CSV; i++) {
        if (strcmp(dot, forms[i]) == 0) {
            v->job.format = (enum bw_graph_format)i;
            return 0;
        }
    }
    return -ENOENT;
}

/* Whose clock the axis has, and until when the days are worked out whose P95 it shows. */
static void look_up(struct bw_collector *c, const char *id, struct view *v)
{
    const struct bw_room *room = bw_room_take(c);
    uint32_t at = room ? bw_room_circuit_find(room, id) : BW_ROOM_NONE;
    if (at != BW_ROOM_NONE) {
        const struct bw_room_circuit *x = &room->circuits[at];
        (void)snprintf(v->zone, sizeof(v->zone), "%s", room->sites[x->site].zone);
        v->folded_unix_s = x->has_today       ? x->today.to_unix_s
                           : x->has_yesterday ? x->yesterday.to_unix_s
                                              : 0;
        v->filling = room->days_to_fill > 0 ? bw_clock_unix_ms() / FILLED_ANEW_MS : 0;
    }
    bw_room_drop(room);
}

void bw_graphs_get(void *owner, struct bw_http_req *req)
{
    struct bw_collector *collector = owner;
    struct bw_graphs *g = collector->graphs;
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    struct view *v = g->n_views < VIEWS_MAX ? bw_graphs_view_new(g, req) : NULL;
    if (!v) {
        bw_http_add(req, "Retry-After", "10");
        bw_http_problem(req, 429, "busy", "Too much at once", "try again in 10 seconds");
        return;
    }
    const char *theme = bw_http_query(req, "theme");
    v->job.dark = theme && strcmp(theme, "dark") == 0;
    if (bw_circuit_id_parse(bw_http_param(req, 0), site, circuit) < 0 ||
        read_name(bw_http_param(req, 1), v) < 0) {
        view_fail(
            v, 404, "not-found",
            "a picture is SITE.CIRCUIT/graph/SERIES.svg (or .png, .csv); SERIES is link, "
            "throughput, traffic, rtt, resent, saturated or latency-TARGET");
        return;
    }
    if (read_times(req, v) < 0 || read_size(req, "width", 300, 2400, &v->job.width) < 0 ||
        read_size(req, "height", 120, 1200, &v->job.height) < 0) {
        view_fail(
            v, 400, "bad-query",
            "from, to: RFC 3339, a date or Unix seconds after 1980, from before to; last: "
            "seconds; "
            "width 300 to 2400, height 120 to 1200");
        return;
    }
    look_up(collector, bw_http_param(req, 0), v);
    struct circuit *c = bw_graphs_circuit(g, site, circuit);
    v->circuit = c;
    if (c && is_fresh(c) &&
        bw_rrdcache_path(g->folder, site, circuit, bw_graph_file(v->series), v->job.rrd) ==
            0) {
        view_draw(v);
        return;
    }
    if (!c || refresh(c, true) < 0) {
        if (c) {
            forget(c);
        }
        view_fail(v, 429, "busy", "too much at once; try again in 10 seconds");
        return;
    }
    v->next = c->waiting;
    c->waiting = v;
}
