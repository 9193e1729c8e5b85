/* SPDX-License-Identifier: GPL-3.0-or-later
 * startup.c - the parts of the collector, started in order by a table. */
#include "collector.h"

#include <bags.h>
#include <buf.h>
#include <bw/err.h>
#include <cosigner.h>
#include <door.h>
#include <errand.h>
#include <file.h>
#include <graphs.h>
#include <http.h>
#include <ingest.h>
#include <keeper.h>
#include <log.h>
#include <logkey.h>
#include <measure.h>
#include <notify.h>
#include <packmail.h>
#include <packroom.h>
#include <page_opendata.h>
#include <page_worksheet.h>
#include <pricebook.h>
#include <readers.h>
#include <room.h>
#include <roomkeeper.h>
#include <share_http.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum {
    PEM_MAX = 256 * 1024,
    READERS = 3,
    PACKS_MAILED_MS = 3600 * 1000, /* of a whole state, nice'd */
    DESCRIPTORS_BESIDE = 256       /* data bases, segments, pipes */
};

/* --- signals and what parts say ------------------------------------------------------- */

static void reload(struct bw_collector *c)
{
    struct bw_err err = {.text = ""};
    struct bw_collector_config *next = NULL;
    bw_roomkeeper_conf_lock(c->roomkeeper);
    int r = bw_collector_config_read(c->conf_path, &next, &err);
    bw_roomkeeper_conf_unlock(c->roomkeeper);
    if (r < 0) {
        bw_log(BW_AREA_CONFIG, BW_ERROR, "%s; the old configuration stays in force",
               err.text);
        return;
    }
    const char *restart = bw_collector_config_restart_needed(c->conf, next);
    if (restart) {
        bw_log(BW_AREA_CONFIG, BW_WARN,
               "%s: restart needed; until then the old configuration stays in force",
               restart);
        bw_collector_config_free(next);
        return;
    }
    struct bw_collector_config *old = c->conf;
    c->conf = next;
    bw_collector_config_free(old);
    bw_reflection_reload(c->reflection, &next->reflector);
    bw_log_set_level((enum bw_log_level)c->conf->log_level);
    bw_log(BW_AREA_CONFIG, BW_NOTICE, "configuration read again");
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct bw_collector *c = handle->data;
    if (signum == SIGHUP) {
        reload(c);
        return;
    }
    if (c->stopping > 0) {
        _exit(1);
    }
    bw_log(BW_AREA_MAIN, BW_NOTICE, "stopping; a second signal ends at once");
    bw_collector_stop(c);
}

static void on_broken(void *owner, const char *why)
{
    struct bw_collector *c = owner;
    if (c->stopping > 0) {
        return;
    }
    bw_log(BW_AREA_LEDGER, BW_ERROR, "giving up on the ledger: %s", why ? why : "broken");
    c->exit_code = 1;
    bw_collector_stop(c);
}

static void on_news(void *owner, const struct bw_ingest_news *news, size_t n)
{
    struct bw_collector *c = owner;
    if (c->graphs) {
        bw_graphs_news(c->graphs, news, n);
    }
    bw_roomkeeper_news(c->roomkeeper);
}

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    (void)bw_notify("WATCHDOG=1");
}

/* --- start-up ---------------------------------------------------------------------------
 */

static int start_handles(struct bw_collector *c, struct bw_err *reterr)
{
    (void)reterr;
    static const int numbers[3] = {SIGTERM, SIGINT, SIGHUP};
    /* A peer or a drawing process that goes while it is written to is an EPIPE. */
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    for (size_t i = 0; i < 3; i++) {
        (void)uv_signal_init(&c->loop, &c->signals[i]);
        c->signals[i].data = c;
        (void)uv_signal_start(&c->signals[i], on_signal, numbers[i]);
    }
    (void)uv_timer_init(&c->loop, &c->watchdog);
    (void)uv_timer_init(&c->loop, &c->patience);
    c->watchdog.data = c;
    c->patience.data = c;
    c->n_handles = 5;
    int64_t every_ms = bw_notify_watchdog_ms();
    if (every_ms > 0) {
        (void)uv_timer_start(&c->watchdog, on_watchdog, (uint64_t)every_ms,
                             (uint64_t)every_ms);
    }
    return 0;
}

static int start_data(struct bw_collector *c, struct bw_err *reterr)
{
    int r = bw_dir_make(c->conf->data_dir, 0750, reterr);
    if (r < 0) {
        return r;
    }
    const char *dir = c->conf->data_dir;
    (void)snprintf(c->catalogue_path, sizeof(c->catalogue_path), "%s/catalogue.db", dir);
    (void)snprintf(c->people_path, sizeof(c->people_path), "%s/people.db", dir);
    (void)snprintf(c->ledger_folder, sizeof(c->ledger_folder), "%s/ledger", dir);
    (void)snprintf(c->log_folder, sizeof(c->log_folder), "%s/log", dir);
    (void)snprintf(c->series_folder, sizeof(c->series_folder), "%s/series", dir);
    (void)snprintf(c->data_folder, sizeof(c->data_folder), "%s", dir);
    (void)snprintf(c->packs_folder, sizeof(c->packs_folder), "%s/packs", dir);
    return bw_logkey_open(dir, c->catalogue_path, &c->log_key, reterr);
}

static int start_ingest(struct bw_collector *c, struct bw_err *reterr)
{
    struct bw_ingest_opts opts = {
        .catalogue_path = c->catalogue_path,
        .people_path = c->people_path,
        .ledger_folder = c->ledger_folder,
        .log_key = c->log_key,
        .commit_delay_ms = c->conf->commit_delay_ms,
        .commit_records = c->conf->commit_records,
        .queue_posts = c->conf->queue_posts,
        .hold_s = c->conf->hold_ms / 1000,
        .keep_hot_days = c->conf->keep_hot_ms / 86400000,
        .seal_every_ms = c->conf->seal_every_ms,
    };
    return bw_ingest_start(&c->loop, &opts, on_news, on_broken, c, &c->ingest, reterr);
}

static void on_checkpoint(void *owner, const char *note, size_t n)
{
    struct bw_collector *c = owner;
    if (c->ingest) {
        bw_ingest_checkpoint(c->ingest, note, n);
    }
}

static int start_log(struct bw_collector *c, struct bw_err *reterr)
{
    struct bw_keeper_opts opts = {
        .ledger_folder = c->ledger_folder,
        .log_folder = c->log_folder,
        .log_key = c->log_key,
        .conf = &c->conf->log,
    };
    int r = bw_keeper_start(&c->loop, &opts, on_checkpoint, c, &c->keeper, reterr);
    return r < 0 ? r
                 : bw_cosigner_start(&c->loop, c->conf->data_dir, &c->conf->log,
                                     &c->cosigner, reterr);
}

static int start_readers(struct bw_collector *c, struct bw_err *reterr)
{
    int r = bw_readers_new(&c->loop, c->catalogue_path, c->ledger_folder, c->log_folder,
                           READERS, &c->readers);
    return r < 0 ? bw_err_set(reterr, r, "out of memory") : 0;
}

static int start_prices(struct bw_collector *c, struct bw_err *reterr)
{
    c->pricebook = bw_pricebook_new();
    c->worksheets = bw_worksheets_new();
    return c->pricebook && c->worksheets ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
}

static int start_room(struct bw_collector *c, struct bw_err *reterr)
{
    const struct bw_roomkeeper_opts opts = {
        .data_dir = c->data_folder,
        .log_folder = c->log_folder,
        .rules = c->conf->rules,
        .conf = c->conf,
    };
    return bw_roomkeeper_start(&c->loop, &opts, &c->roomkeeper, reterr);
}

const struct bw_room *bw_room_take(struct bw_collector *c)
{
    return bw_roomkeeper_take(c->roomkeeper);
}

static int start_graphs(struct bw_collector *c, struct bw_err *reterr)
{
    char room_db[PATH_MAX];
    (void)snprintf(room_db, sizeof(room_db), "%.4000s/room.db", c->data_folder);
    struct bw_graphs_opts opts = {
        .folder = c->series_folder,
        .room_db = room_db,
        .n_workers = (size_t)c->conf->graph_workers,
        .keep_s = c->conf->graph_keep_ms / 1000,
        .cache_bytes = (size_t)c->conf->graph_cache_bytes,
    };
    return bw_graphs_new(&c->loop, &opts, c->readers, &c->graphs, reterr);
}

/* At most two processes work beside the collector: while an errand is run one drawing
 * process less does. */
static void on_errand(void *owner, bool on)
{
    struct bw_collector *c = owner;
    if (c->graphs) {
        bw_graphs_yield(c->graphs, on ? 1 : 0);
    }
}

static int start_packs(struct bw_collector *c, struct bw_err *reterr)
{
    (void)snprintf(c->command, sizeof(c->command), "%s",
                   c->conf->packs_command[0] ? c->conf->packs_command
                                             : BW_BINDIR "/bandwitness");
    const struct bw_errands_opts errands = {
        .program = c->command,
        .busy = on_errand,
        .owner = c,
    };
    int r = bw_errands_new(&c->loop, &errands, &c->errands);
    if (r < 0) {
        return bw_err_set(reterr, r, "out of memory");
    }
    const struct bw_packroom_opts opts = {
        .data_dir = c->data_folder,
        .shelf = c->packs_folder,
        .readers = c->readers,
        .errands = c->errands,
        .limit_ms = c->conf->packs_ms,
        .keep_bytes = c->conf->packs_keep_bytes,
    };
    (void)snprintf(c->bags_folder, sizeof(c->bags_folder), "%.3500s%s",
                   c->conf->bags_folder[0] ? c->conf->bags_folder : c->data_folder,
                   c->conf->bags_folder[0] ? "" : "/bags");
    (void)snprintf(c->bags_hook, sizeof(c->bags_hook), "%s", c->conf->bags_hook);
    const struct bw_bags_opts bags = {
        .data_dir = c->data_folder,
        .folder = c->bags_folder,
        .hook = c->bags_hook,
        .readers = c->readers,
        .errands = c->errands,
        .after_s = c->conf->bags_after_ms / 1000,
        .every_ms = c->conf->bags_every_ms,
        .quiet_from_min = c->conf->bags_quiet_min[0],
        .quiet_to_min = c->conf->bags_quiet_min[1],
    };
    r = bw_bags_new(&c->loop, &bags, &c->bags, reterr);
    if (r < 0) {
        return r;
    }
    const struct bw_packmail_opts mailed = {
        .data_dir = c->data_folder,
        .conf = &c->conf->alerts,
        .title = c->conf->title,
        .url = c->conf->door.url,
        .readers = c->readers,
        .errands = c->errands,
        .limit_ms = PACKS_MAILED_MS,
    };
    r = bw_packmail_new(&c->loop, &mailed, &c->packmail, reterr);
    if (r < 0) {
        return r;
    }
    r = bw_share_room_new(&c->readers, c->data_folder, &c->share_room);
    r = r < 0 ? r : bw_page_opendata_start(c);
    return r < 0 ? bw_err_set(reterr, r, "out of memory")
                 : bw_packroom_new(&opts, &c->packroom, reterr);
}

static int
listen_one(struct bw_collector *c, const struct bw_config_listen *l, struct bw_err *reterr)
{
    struct bw_buf cert;
    struct bw_buf key;
    bw_buf_init(&cert, PEM_MAX);
    bw_buf_init(&key, PEM_MAX);
    struct bw_http_where where = {
        .address = l->address,
        .port = (uint16_t)l->port,
        .mode = l->mode,
        .proxied = l->proxied,
    };
    int r = 0;
    if (l->tls_certificate[0]) {
        r = bw_file_read(l->tls_certificate, PEM_MAX, &cert, reterr);
        r = r < 0 ? r : bw_file_read(l->tls_key, PEM_MAX, &key, reterr);
        where.tls_cert_pem = cert.data;
        where.tls_key_pem = key.data;
    }
    if (r == 0) {
        r = bw_http_listen(c->http, &where, reterr);
    }
    explicit_bzero(key.data ? key.data : (char[1]){0}, key.data ? key.len : 1);
    bw_buf_done(&cert);
    bw_buf_done(&key);
    return r;
}

static int start_http(struct bw_collector *c, struct bw_err *reterr)
{
    struct rlimit files;
    rlim_t want =
        (rlim_t)bw_http_descriptors((unsigned)c->conf->connections) * c->conf->n_listen +
        DESCRIPTORS_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < want) {
        files.rlim_cur = files.rlim_max < want ? files.rlim_max : want;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    struct bw_http_limits limits = bw_http_limits_default;
    limits.connections = (unsigned)c->conf->connections;
    limits.per_address = (unsigned)c->conf->connections_per_address;
    limits.header_ms = c->conf->header_ms;
    limits.body_ms = c->conf->body_ms;
    limits.send_ms = c->conf->send_ms;
    limits.idle_ms = c->conf->idle_ms;
    if (files.rlim_cur < want) {
        rlim_t beside = files.rlim_cur / 2 < DESCRIPTORS_BESIDE ? files.rlim_cur / 2
                                                                : DESCRIPTORS_BESIDE;
        rlim_t fit = (files.rlim_cur - beside) / c->conf->n_listen;
        fit -= bw_http_descriptors((unsigned)fit) - fit < fit
                   ? bw_http_descriptors((unsigned)fit) - fit
                   : fit / 2;
        bw_log(BW_AREA_HTTP, BW_WARN,
               "only %llu connections: the limit of open files is %llu (LimitNOFILE=)",
               (unsigned long long)fit, (unsigned long long)files.rlim_cur);
        limits.connections = (unsigned)fit;
    }
    int r = bw_http_new(&c->loop, &limits, bw_collector_routes, bw_door_guard, c, &c->http,
                        reterr);
    for (size_t i = 0; r == 0 && i < c->conf->n_listen; i++) {
        const struct bw_config_listen *l = &c->conf->listen[i];
        r = listen_one(c, l, reterr);
        if (r == 0 && l->address[0] == '/') {
            bw_log(BW_AREA_HTTP, BW_NOTICE, "listening at %s", l->address);
        } else if (r == 0) {
            bw_log(BW_AREA_HTTP, BW_NOTICE, "listening at %s port %u%s", l->address,
                   bw_http_port(c->http, i), l->tls_certificate[0] ? " (TLS)" : "");
        }
    }
    return r;
}

static int start_measure(struct bw_collector *c, struct bw_err *reterr)
{
    return bw_measure_new(&c->loop, c->conf, c->log_key, &c->measure, reterr);
}

static const struct {
    const char *name;
    int (*start)(struct bw_collector *c, struct bw_err *reterr);
} parts[] = {
    {"signals", start_handles},
    {"data", start_data},
    {"ledger", start_ingest},
    {"log", start_log},
    {"readers", start_readers},
    {"prices", start_prices},
    {"room", start_room},
    {"alerts", bw_collector_start_alerts},
    {"graphs", start_graphs},
    {"packs", start_packs},
    {"measure", start_measure},
    {"reflector", bw_reflection_start},
    {"door", bw_collector_start_door},
    {"http", start_http},
};

int bw_collector_start(struct bw_collector *c)
{
    struct bw_err err = {.text = ""};
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
        r = parts[i].start(c, &err);
        if (r < 0) {
            bw_log(BW_AREA_MAIN, BW_ERROR, "%s: %s", parts[i].name, err.text);
        }
    }
    return r;
}
