/* SPDX-License-Identifier: GPL-3.0-or-later
 * main.c - bandwitness-collector: arguments, start-up in order, signals, shutdown in the
 * reverse order. Parts are started by a table; whatever did start is stopped. */
#include "collector.h"

#include <bags.h>
#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <cosigner.h>
#include <door.h>
#include <errand.h>
#include <errno.h>
#include <file.h>
#include <getopt.h>
#include <graph_worker.h>
#include <graphs.h>
#include <hash.h>
#include <http.h>
#include <ingest.h>
#include <keeper.h>
#include <log.h>
#include <logkey.h>
#include <malloc.h>
#include <measure.h>
#include <measure_worker.h>
#include <notify.h>
#include <packroom.h>
#include <readers.h>
#include <room.h>
#include <roomkeeper.h>
#include <share_http.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PEM_MAX = 256 * 1024,
    SHUTDOWN_MS = 10000,
    READERS = 3,
    DESCRIPTORS_BESIDE = 256 /* data bases, segments, pipes */
};

enum step {
    STEP_RUNNING,
    STEP_INGEST,
    STEP_LOG, /* after the ledger: its last checkpoint has everything */
    STEP_WITNESS,
    STEP_GRAPHS,
    STEP_ERRANDS,
    STEP_BAGS,
    STEP_REFLECTION,
    STEP_READERS,
    STEP_DOOR,
    STEP_MEASURE, /* look-ups for tickets, which use it, are over */
    STEP_HTTP,    /* what the others owed is answered by now */
    STEP_ALERTS,
    STEP_ROOM, /* nobody reads it any more */
    STEP_HANDLES
};

static const char usage[] =
    "Usage: bandwitness-collector [OPTION]...\n"
    "Keeps what the boxes of Bandwitness saw, and shows it.\n"
    "\n"
    "  -c, --config FILE  configuration (/etc/bandwitness/collector.conf)\n"
    "  -t, --check        check the configuration, then exit: 0 good, 1 not\n"
    "  -T, --print        print the effective configuration, then exit\n"
    "      --routes       print every address and what it takes to get in, then exit\n"
    "  -h, --help         this text\n"
    "  -V, --version      version, then exit\n"
    "\n"
    "SIGHUP reads the configuration again, SIGTERM ends in order, a second SIGTERM at "
    "once.\n";

/* --- shutdown: one step after the other, each ends by calling next_step() ------------ */

static void next_step(void *owner);

static void on_handle_closed(uv_handle_t *handle)
{
    struct bw_collector *c = handle->data;
    c->n_handles--;
}

static void close_handles(struct bw_collector *c)
{
    for (size_t i = 0; i < 3; i++) {
        uv_close((uv_handle_t *)&c->signals[i], on_handle_closed);
    }
    uv_close((uv_handle_t *)&c->watchdog, on_handle_closed);
    uv_close((uv_handle_t *)&c->patience, on_handle_closed);
}

static void next_step(void *owner)
{
    struct bw_collector *c = owner;
    c->stopping++;
    switch ((enum step)c->stopping) {
    case STEP_INGEST:
        if (c->ingest) {
            bw_ingest_stop(c->ingest, next_step, c);
            c->ingest = NULL;
            return;
        }
        break;
    case STEP_LOG:
        if (c->keeper) {
            struct bw_keeper *k = c->keeper;
            c->keeper = NULL;
            bw_keeper_stop(k, next_step, c);
            return;
        }
        break;
    case STEP_WITNESS:
        if (c->cosigner) {
            struct bw_cosigner *w = c->cosigner;
            c->cosigner = NULL;
            bw_cosigner_close(w, next_step, c);
            return;
        }
        break;
    case STEP_GRAPHS:
        if (c->graphs) {
            bw_graphs_close(c->graphs, next_step, c);
            c->graphs = NULL;
            return;
        }
        break;
    case STEP_ERRANDS:
        if (c->errands) {
            struct bw_errands *e = c->errands;
            c->errands = NULL;
            if (c->packroom) { /* a look on a reader's thread may end after them */
                bw_packroom_stop(c->packroom);
            }
            bw_errands_close(e, next_step, c);
            return;
        }
        break;
    case STEP_BAGS:
        if (c->bags) {
            struct bw_bags *b = c->bags;
            c->bags = NULL;
            bw_bags_close(b, next_step, c);
            return;
        }
        break;
    case STEP_REFLECTION:
        if (c->reflection) {
            struct bw_reflection *f = c->reflection;
            c->reflection = NULL;
            bw_reflection_close(f, next_step, c);
            return;
        }
        break;
    case STEP_READERS:
        if (c->readers) {
            bw_readers_close(c->readers, next_step, c);
            c->readers = NULL;
            return;
        }
        break;
    case STEP_DOOR:
        if (c->door) {
            struct bw_door *d = c->door;
            c->door = NULL;
            bw_door_close(d, next_step, c);
            return;
        }
        break;
    case STEP_MEASURE:
        if (c->measure) {
            bw_measure_close(c->measure, next_step, c);
            c->measure = NULL;
            return;
        }
        break;
    case STEP_HTTP:
        if (c->http) {
            bw_http_close(c->http, next_step, c);
            c->http = NULL;
            return;
        }
        break;
    case STEP_ALERTS:
        if (bw_collector_stop_alerts(c, next_step)) {
            return;
        }
        break;
    case STEP_ROOM:
        if (c->roomkeeper) {
            struct bw_roomkeeper *k = c->roomkeeper;
            c->roomkeeper = NULL;
            bw_roomkeeper_stop(k, next_step, c);
            return;
        }
        break;
    case STEP_HANDLES:
        close_handles(c);
        return;
    case STEP_RUNNING:
    default:
        return;
    }
    next_step(c);
}

static void begin_stop(struct bw_collector *c)
{
    (void)bw_notify("STOPPING=1");
    if (c->http) {
        bw_http_quiesce(c->http);
    }
    next_step(c);
}

static void on_patience(uv_timer_t *timer)
{
    (void)timer;
    bw_log(BW_AREA_MAIN, BW_ERROR, "stopping took more than %d s; ending at once",
           SHUTDOWN_MS / 1000);
    _exit(1);
}

/* --- signals ----------------------------------------------------------------------------
 */

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
    (void)uv_timer_start(&c->patience, on_patience, SHUTDOWN_MS, 0);
    begin_stop(c);
}

static void on_broken(void *owner, const char *why)
{
    struct bw_collector *c = owner;
    if (c->stopping > 0) {
        return;
    }
    bw_log(BW_AREA_LEDGER, BW_ERROR, "giving up on the ledger: %s", why ? why : "broken");
    c->exit_code = 1;
    (void)uv_timer_start(&c->patience, on_patience, SHUTDOWN_MS, 0);
    begin_stop(c);
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
    struct bw_graphs_opts opts = {
        .folder = c->series_folder,
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
    r = bw_share_room_new(&c->readers, c->data_folder, &c->share_room);
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
    {"room", start_room},
    {"alerts", bw_collector_start_alerts},
    {"graphs", start_graphs},
    {"packs", start_packs},
    {"measure", start_measure},
    {"reflector", bw_reflection_start},
    {"door", bw_collector_start_door},
    {"http", start_http},
};

static int run(struct bw_collector *c)
{
    struct bw_err err = {.text = ""};
    int r = uv_loop_init(&c->loop);
    if (r < 0) {
        bw_log(BW_AREA_MAIN, BW_ERROR, "event loop: %s", uv_strerror(r));
        return 1;
    }
    c->started_unix_ms = bw_clock_unix_ms();
    for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
        r = parts[i].start(c, &err);
        if (r < 0) {
            bw_log(BW_AREA_MAIN, BW_ERROR, "%s: %s", parts[i].name, err.text);
        }
    }
    if (r < 0) {
        c->exit_code = 1;
        begin_stop(c);
    } else {
        (void)bw_notify("READY=1");
    }
    (void)uv_run(&c->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&c->loop) < 0) {
        bw_log(BW_AREA_MAIN, BW_WARN, "the event loop had open handles at the end");
    }
    bw_packroom_free(c->packroom);
    bw_share_room_free(c->share_room);
    bw_key_free(c->log_key);
    bw_collector_config_free(c->conf);
    return c->exit_code;
}

/* --- arguments --------------------------------------------------------------------------
 */

static int print_config(const struct bw_collector_config *conf)
{
    struct bw_buf out;
    bw_buf_init(&out, BW_CONF_BYTES_MAX);
    int r = bw_collector_config_print(conf, &out);
    if (r == 0) {
        (void)fwrite(out.data, 1, out.len, stdout);
    }
    bw_buf_done(&out);
    return r < 0 || fflush(stdout) != 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 't'},
        {"print", no_argument, NULL, 'T'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {"routes", no_argument, NULL, 'R'},
        {NULL, 0, NULL, 0},
    };
    struct bw_collector c = {.conf_path = BW_SYSCONFDIR "/bandwitness/collector.conf"};
    bool test = false;
    bool print = false;
    if (argc == 2 && strcmp(argv[1], "--graph-worker") == 0) {
        return bw_graph_worker_main();
    }
    if (argc > 2 && strcmp(argv[1], "--errand") == 0) {
        return bw_errand_child_main(argc - 2, argv + 2);
    }
    if (argc == 2 && strcmp(argv[1], "--measure") == 0) {
        return bw_measure_worker_main();
    }
    for (;;) {
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): no threads yet */
        int o = getopt_long(argc, argv, "c:tThV", longs, NULL);
        if (o == -1) {
            break;
        }
        switch (o) {
        case 'c':
            c.conf_path = optarg;
            break;
        case 't':
            test = true;
            break;
        case 'T':
            print = true;
            break;
        case 'R':
            return bw_collector_print_routes();
        case 'h':
            (void)fputs(usage, stdout);
            return 0;
        case 'V':
            (void)printf("bandwitness-collector %s\n", BW_VERSION);
            return 0;
        default:
            (void)fputs(usage, stderr);
            return 2;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "bandwitness-collector: %s is not understood\n%s",
                      argv[optind], usage);
        return 2;
    }
    struct bw_err err = {.text = ""};
    if (bw_collector_config_read(c.conf_path, &c.conf, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (test || print) {
        int status = print ? print_config(c.conf) : 0;
        if (test && !print) {
            (void)printf("%s: good\n", c.conf_path);
        }
        bw_collector_config_free(c.conf);
        return status;
    }
    bw_log_set_level((enum bw_log_level)c.conf->log_level);
    /* One heap for all threads: a dozen of them would each keep its own peak. */
    (void)mallopt(M_ARENA_MAX, 1); /* NOLINT(concurrency-mt-unsafe): no threads yet */
    if (bw_crypto_init() < 0) {
        (void)fprintf(stderr, "bandwitness-collector: no source of random numbers\n");
        return 1;
    }
    return run(&c);
}
