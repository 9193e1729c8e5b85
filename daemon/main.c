/* SPDX-License-Identifier: GPL-3.0-or-later
 * main.c - bandwitnessd: start-up as a table, the loop, and the table run backwards.
 *
 * The order of the table is the order of trust: storage is open before anything is
 * measured, sockets are open before rights are given up, and rights are given up before
 * anybody can talk to us. Going down, what measures stops first and storage last, so
 * that the last interval is still written. */
#include "control.h"
#include "daemon.h"
#include "heavy.h"
#include "logwatch.h"
#include "notify.h"
#include "plural.h"
#include "rights.h"
#include "site.h"
#include "ticket.h"

#include <buf.h>
#include <bw/err.h>
#include <child.h>
#include <clock.h>
#include <courier.h>
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <hash.h>
#include <log.h>
#include <malloc.h>
#include <reflector.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONFIG_PATH "/etc/bandwitness/bandwitness.conf"

enum {
    PRINT_MAX = 4 * 1024 * 1024
};

/* ---- the parts */

void bw_daemon_flag(void *flag)
{
    *(bool *)flag = true;
}

void bw_daemon_wait(struct bw_daemon *d, const bool *flag)
{
    while (!*flag) {
        (void)uv_run(&d->loop, UV_RUN_ONCE);
    }
}

void bw_daemon_stop(struct bw_daemon *d, int exit_code)
{
    if (!d->stopping) {
        d->stopping = true;
        d->exit_code = exit_code;
        uv_stop(&d->loop);
    }
}

static int init_loop(struct bw_daemon *d, struct bw_err *reterr)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return bw_err_set(reterr, -EIO, "libcurl could not be set up");
    }
    int r = uv_loop_init(&d->loop);
    return r < 0 ? bw_err_set(reterr, r, "%s", bw_strerror(r)) : 0;
}

static void done_loop(struct bw_daemon *d)
{
    /* What was closed without waiting (an old courier, an old site) ends here. */
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    int r = uv_loop_close(&d->loop);
    if (r < 0) {
        bw_log(BW_AREA_MAIN, BW_ERROR, "the loop still has handles: %s", bw_strerror(r));
    }
    curl_global_cleanup();
}

static void on_signal(uv_signal_t *h, int number)
{
    struct bw_daemon *d = h->data;
    struct bw_err err = {0};
    if (number == SIGHUP) {
        if (!d->stopping && d->heavy) {
            (void)bw_daemon_reload(d, &err);
        }
        return;
    }
    if (d->stopping) {
        _exit(1); /* asked twice: now */
    }
    bw_log(BW_AREA_MAIN, BW_NOTICE, "ending: probes stop, then the journal is written out");
    bw_daemon_stop(d, 0);
}

static int init_signals(struct bw_daemon *d, struct bw_err *reterr)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        (void)uv_signal_init(&d->loop, &d->signals[i]);
        d->signals[i].data = d;
        int r = uv_signal_start(&d->signals[i], on_signal, numbers[i]);
        if (r < 0) {
            return bw_err_set(reterr, r, "%s", bw_strerror(r));
        }
    }
    return 0;
}

static void done_signals(struct bw_daemon *d)
{
    for (size_t i = 0; i < sizeof(d->signals) / sizeof(d->signals[0]); i++) {
        if (d->signals[i].data) {
            uv_close((uv_handle_t *)&d->signals[i], NULL);
        }
    }
}

static int init_storage(struct bw_daemon *d, struct bw_err *reterr)
{
    const struct bw_writer_params p = {.state_dir = d->config->state_dir,
                                       .interval_s = d->config->interval_s,
                                       .keep_s = d->config->keep_s};
    int r = bw_writer_open(&d->loop, &p, &bw_daemon_writer_events, d, &d->writer, reterr);
    if (r == -EACCES || r == -EPERM) {
        struct bw_err why = *reterr;
        (void)bw_err_set(reterr, r,
                         "%s; the user that runs the daemon must own %s (start it by "
                         "`systemctl start bandwitness`, or chown that folder)",
                         why.text, d->config->state_dir);
    }
    return r;
}

static void done_storage(struct bw_daemon *d)
{
    if (d->writer) {
        BW_DAEMON_CLOSE(d, bw_writer_close, d->writer, BW_DAEMON_FLUSH_MS, );
        d->writer = NULL;
    }
}

/* The key of the hashes of hops: drawn once, kept in the journal, told to nobody. Before
 * the writer runs. */
static void give_path_key(struct bw_daemon *d)
{
    static const char name[] = "path.key";
    uint8_t key[BW_PATH_KEY_LEN];
    char text[2 * BW_PATH_KEY_LEN];
    struct bw_buf b;
    bw_buf_init(&b, sizeof(text));
    if (bw_writer_get(d->writer, name, &b) != 0 || !b.data ||
        bw_b64_decode(b.data, b.len, key, sizeof(key)) != (long)sizeof(key)) {
        bw_random(key, sizeof(key));
        (void)bw_b64_encode(key, sizeof(key), text);
        if (bw_writer_set(d->writer, name, text) < 0) {
            bw_log(BW_AREA_MAIN, BW_WARN,
                   "the key of hop hashes could not be kept: paths look changed after a "
                   "restart");
        }
    }
    bw_site_set_path_key(d->site, key);
    bw_buf_done(&b);
}

static int init_probes(struct bw_daemon *d, struct bw_err *reterr)
{
    int r = bw_site_new(&d->loop, d->config, &bw_daemon_site_events, d, &d->site, reterr);
    if (r == 0) {
        give_path_key(d);
    }
    return r < 0 ? r
                 : bw_site_start(d->site, bw_writer_status(d->writer)->last_end_unix_s,
                                 reterr);
}

static void done_probes(struct bw_daemon *d)
{
    if (d->site) {
        bw_site_stop(d->site);
        BW_DAEMON_CLOSE(d, bw_site_close, d->site, );
        d->site = NULL;
    }
}

static int init_tests(struct bw_daemon *d, struct bw_err *reterr)
{
    int r = bw_ticketer_new(&d->loop, d->writer, &d->ticketer, reterr);
    if (r == 0) {
        r = bw_logwatch_new(&d->loop, d->writer, &d->logwatch, reterr);
    }
    r = r < 0 ? r
              : bw_heavy_new(&d->loop, d->config, d->site, d->writer, &d->heavy, reterr);
    if (r == 0) {
        bw_heavy_use_tickets(d->heavy, d->ticketer);
    }
    return r;
}

static void stop_tests(struct bw_daemon *d)
{
    if (d->heavy) {
        BW_DAEMON_CLOSE(d, bw_heavy_stop, d->heavy, );
    }
}

static void done_tests(struct bw_daemon *d)
{
    stop_tests(d);
    if (d->heavy) {
        bw_heavy_free(d->heavy);
        d->heavy = NULL;
    }
    if (d->logwatch) {
        BW_DAEMON_CLOSE(d, bw_logwatch_close, d->logwatch, );
        d->logwatch = NULL;
    }
    if (d->ticketer) {
        BW_DAEMON_CLOSE(d, bw_ticketer_close, d->ticketer, );
        d->ticketer = NULL;
    }
}

static void done_reflector(struct bw_daemon *d)
{
    if (d->reflector) {
        BW_DAEMON_CLOSE(d, bw_reflector_close, d->reflector, );
        d->reflector = NULL;
    }
}

static int init_rights(struct bw_daemon *d, struct bw_err *reterr)
{
    (void)d;
    return bw_rights_drop(reterr);
}

static int init_thread(struct bw_daemon *d, struct bw_err *reterr)
{
    int r = bw_writer_run(d->writer, reterr);
    if (r == 0) {
        bw_daemon_keep_config(d);
    }
    return r;
}

static int init_control(struct bw_daemon *d, struct bw_err *reterr)
{
    return bw_control_start(&d->loop, d->config->control_path, d->config->control_group,
                            bw_daemon_request, d, &d->control, reterr);
}

static void done_control(struct bw_daemon *d)
{
    stop_tests(d); /* whoever asked for one is held until it is over */
    if (d->control) {
        BW_DAEMON_CLOSE(d, bw_control_close, d->control, );
        d->control = NULL;
    }
}

static int init_courier(struct bw_daemon *d, struct bw_err *reterr)
{
    bw_daemon_load_enrolment(d);
    return bw_daemon_start_courier(d, reterr);
}

static void done_courier(struct bw_daemon *d)
{
    if (d->courier) {
        BW_DAEMON_CLOSE(d, bw_courier_close, d->courier, );
        d->courier = NULL;
    }
}

static void on_watchdog(uv_timer_t *t)
{
    (void)t;
    (void)bw_notify("WATCHDOG=1");
}

static int init_ready(struct bw_daemon *d, struct bw_err *reterr)
{
    int64_t ms = bw_notify_watchdog_ms();
    (void)uv_timer_init(&d->loop, &d->watchdog);
    d->watchdog.data = d;
    if (ms > 0) {
        (void)uv_timer_start(&d->watchdog, on_watchdog, (uint64_t)ms, (uint64_t)ms);
    }
    int r = bw_notify("READY=1");
    return r < 0 ? bw_err_set(reterr, r, "$NOTIFY_SOCKET: %s", bw_strerror(r)) : 0;
}

static void done_ready(struct bw_daemon *d)
{
    (void)bw_notify("STOPPING=1");
    if (d->watchdog.data) {
        uv_close((uv_handle_t *)&d->watchdog, NULL);
    }
}

static const struct {
    const char *name;
    int (*init)(struct bw_daemon *d, struct bw_err *reterr);
    void (*done)(struct bw_daemon *d); /* fine after a failed or half-done init */
} parts[] = {
    {.name = "event loop", .init = init_loop, .done = done_loop},
    {.name = "signals", .init = init_signals, .done = done_signals},
    {.name = "storage", .init = init_storage, .done = done_storage},
    {.name = "probes", .init = init_probes, .done = done_probes},
    {.name = "tests", .init = init_tests, .done = done_tests},
    {.name = "reflector", .init = bw_daemon_start_reflector, .done = done_reflector},
    {.name = "rights", .init = init_rights},
    {.name = "storage thread", .init = init_thread},
    {.name = "control socket", .init = init_control, .done = done_control},
    {.name = "courier", .init = init_courier, .done = done_courier},
    {.name = "readiness", .init = init_ready, .done = done_ready},
};

static int run(struct bw_boxconf *config)
{
    struct bw_daemon *d = calloc(1, sizeof(*d));
    struct bw_err err = {0};
    size_t n = 0;
    if (!d) {
        bw_boxconf_unref(config);
        return 1;
    }
    if (config->old_name[0]) {
        bw_log(BW_AREA_CONFIG, BW_WARN, "%s", config->old_name);
    }
    d->config = config;
    d->started_unix_ms = bw_clock_unix_ms();
    d->last.start_unix_s = BW_UNKNOWN;
    for (n = 0; n < sizeof(parts) / sizeof(parts[0]); n++) {
        if (parts[n].init(d, &err) < 0) {
            bw_log(BW_AREA_MAIN, BW_ERROR, "%s: %s", parts[n].name, err.text);
            d->exit_code = 1;
            d->stopping = true;
            n += parts[n].init != init_loop; /* its done() tidies what was begun */
            break;
        }
    }
    if (d->exit_code == 0) {
        bw_log(BW_AREA_MAIN, BW_NOTICE,
               "bandwitnessd %s measures %zu %s, a record every %lld s", BW_VERSION,
               config->n_circuits,
               bw_plural((int64_t)config->n_circuits, "circuit", "circuits"),
               (long long)config->interval_s);
        (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    }
    while (n-- > 0) {
        if (parts[n].done) {
            parts[n].done(d);
        }
    }
    int code = d->exit_code;
    bw_boxconf_unref(d->config);
    free(d);
    bw_rights_end();
    return code;
}

/* ---- the command line */

static const char usage[] =
    "Usage: bandwitnessd [-c FILE] [-t | -T] [-d]\n"
    "\n"
    "Measures the circuits of a site all year and keeps signed records of them.\n"
    "\n"
    "  -c FILE    configuration (default " CONFIG_PATH ")\n"
    "  -t         check the configuration and exit: 0 fine, 1 not\n"
    "  -T         print the effective configuration, defaults included, and exit\n"
    "  -d         log more, for finding faults\n"
    "  -V         print the version and exit\n"
    "  -h         print this and exit\n"
    "\n"
    "Signals: HUP reads the configuration again, TERM ends in order, a second TERM at "
    "once.\n"
    "See bandwitnessd(8), bandwitness.conf(5).\n";

static int print(const struct bw_boxconf *config)
{
    struct bw_buf out;
    bw_buf_init(&out, PRINT_MAX);
    int r = bw_boxconf_print(config, &out);
    if (r == 0 && out.len > 0 && fwrite(out.data, 1, out.len, stdout) != out.len) {
        r = -EIO;
    }
    bw_buf_done(&out);
    return fflush(stdout) == 0 && r == 0 ? 0 : 1;
}

static void set_up_process(const struct bw_boxconf *config)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)umask(0027);
    /* NOLINTBEGIN(concurrency-mt-unsafe): no other thread yet */
    (void)mallopt(M_ARENA_MAX, 1); /* two threads, but a small box */
    if (config->timezone[0]) {
        (void)setenv("TZ", config->timezone, 1);
    }
    /* NOLINTEND(concurrency-mt-unsafe) */
    tzset();
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"check", no_argument, NULL, 't'},
                                          {"print", no_argument, NULL, 'T'},
                                          {"debug", no_argument, NULL, 'd'},
                                          {"version", no_argument, NULL, 'V'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    const char *path = CONFIG_PATH;
    struct bw_boxconf *config = NULL;
    struct bw_err err = {0};
    bool check = false;
    bool show = false;
    int o;

    if (argc > 1 && strcmp(argv[1], "--run-child") == 0) {
        return bw_child_main();
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread yet */
    while ((o = getopt_long(argc, argv, "c:tTdVh", longs, NULL)) != -1) {
        switch (o) {
        case 'c':
            path = optarg;
            break;
        case 't':
            check = true;
            break;
        case 'T':
            show = true;
            break;
        case 'd':
            bw_log_set_level(BW_DEBUG);
            break;
        case 'V':
            return puts("bandwitnessd " BW_VERSION) < 0;
        case 'h':
            return fputs(usage, stdout) < 0;
        default:
            (void)fputs(usage, stderr);
            return 2;
        }
    }
    if (optind < argc) {
        (void)fputs(usage, stderr);
        return 2;
    }
    if (bw_crypto_init() < 0) {
        (void)fprintf(stderr, "bandwitnessd: cryptography could not be set up\n");
        return 1;
    }
    int r = bw_boxconf_load(path, &config, &err);
    if (r < 0) {
        (void)fprintf(stderr, "bandwitnessd: %s%s\n", err.text,
                      r == -EACCES ? "; use sudo, or make it readable (chmod 644)" : "");
        return 1;
    }
    if (check && config->old_name[0]) {
        (void)fprintf(stderr, "bandwitnessd: %s\n", config->old_name);
    }
    if (check || show) {
        int code = show ? print(config) : 0;
        bw_boxconf_unref(config);
        return code;
    }
    set_up_process(config);
    r = bw_rights_guard(&err);
    if (r < 0) {
        (void)fprintf(stderr, "bandwitnessd: %s\n", err.text);
        bw_boxconf_unref(config);
        return 1;
    }
    return run(config);
}
