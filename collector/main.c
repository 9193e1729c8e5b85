/* SPDX-License-Identifier: GPL-3.0-or-later
 * main.c - bandwitness-collector: arguments, and the life of the program: its parts start
 * (startup.c), the loop runs, they stop (shutdown.c). */
#include "collector.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errand.h>
#include <getopt.h>
#include <graph_worker.h>
#include <hash.h>
#include <log.h>
#include <malloc.h>
#include <measure_worker.h>
#include <notify.h>
#include <open_shelf.h>
#include <packroom.h>
#include <page_worksheet.h>
#include <pricebook.h>
#include <share_http.h>
#include <stdio.h>
#include <string.h>

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

static int run(struct bw_collector *c)
{
    int r = uv_loop_init(&c->loop);
    if (r < 0) {
        bw_log(BW_AREA_MAIN, BW_ERROR, "event loop: %s", uv_strerror(r));
        return 1;
    }
    c->started_unix_ms = bw_clock_unix_ms();
    r = bw_collector_start(c);
    if (r < 0) {
        c->exit_code = 1;
        bw_collector_stop(c);
    } else {
        (void)bw_notify("READY=1");
    }
    (void)uv_run(&c->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&c->loop) < 0) {
        bw_log(BW_AREA_MAIN, BW_WARN, "the event loop had open handles at the end");
    }
    bw_packroom_free(c->packroom);
    bw_pricebook_free(c->pricebook);
    bw_worksheets_free(c->worksheets);
    bw_share_room_free(c->share_room);
    bw_open_shelf_free(c->open_shelf);
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
