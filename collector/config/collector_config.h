/* SPDX-License-Identifier: GPL-3.0-or-later
 * collector_config.h - the collector's configuration: read whole, checked, then constant.
 */
#ifndef BW_COLLECTOR_CONFIG_H
#define BW_COLLECTOR_CONFIG_H

#include <alerts_config.h>
#include <conf.h>
#include <door_config.h>
#include <limits.h>
#include <log_config.h>
#include <opendata_config.h>
#include <reflector.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bw_buf;
struct bw_err;

enum {
    BW_LISTEN_MAX = 8,
    BW_DATA_DIR_MAX = 2048
};

struct bw_config_listen {
    char name[64];
    char address[108];
    int64_t port;
    mode_t mode;
    bool proxied;
    char tls_certificate[PATH_MAX]; /* "": plain HTTP */
    char tls_key[PATH_MAX];
};

/* The measurement server; `on` only where the file has its section. */
struct bw_config_measure {
    bool on;
    char name[64];
    char address[108];
    int64_t port;
    char host[256];
    int64_t public_port; /* 0: the one it listens at */
    char tls_certificate[PATH_MAX];
    char tls_key[PATH_MAX];
    int64_t tests;
    int64_t rate_bps;
    int64_t unclaimed_bps;
    int64_t test_bytes;
    int64_t site_bytes;
    int64_t site_tests;
    int64_t connections;
};

struct bw_collector_config {
    struct bw_conf *conf;
    char title[128]; /* shown on the pages */
    char data_dir[BW_DATA_DIR_MAX];
    char rules[BW_DATA_DIR_MAX]; /* folder of rules; "" none */
    struct bw_config_listen listen[BW_LISTEN_MAX];
    size_t n_listen;
    int64_t log_level; /* enum bw_log_level */
    int64_t connections;
    int64_t connections_per_address;
    int64_t queue_posts;
    int64_t header_ms;
    int64_t body_ms;
    int64_t send_ms;
    int64_t idle_ms;
    int64_t commit_delay_ms;
    int64_t commit_records;
    int64_t hold_ms;
    int64_t keep_hot_ms;
    int64_t seal_every_ms;
    struct bw_config_log log;
    struct bw_config_door door;
    int64_t graph_workers;
    int64_t graph_keep_ms;
    int64_t graph_cache_bytes;
    char packs_command[PATH_MAX];
    int64_t packs_ms; /* for one */
    int64_t packs_keep_bytes;
    char bags_folder[PATH_MAX]; /* "": bags in data_dir */
    char bags_hook[PATH_MAX];   /* "": none */
    int64_t bags_after_ms;
    int64_t bags_every_ms;
    int bags_quiet_min[2]; /* of the day */
    struct bw_config_measure measure;
    struct bw_config_alerts alerts;
    struct bw_config_opendata opendata;
    struct bw_reflector_conf reflector; /* not `on`: none */
};

/* Read and check; nothing but the file is touched. *ret is freed with
 * bw_collector_config_free(). */
int bw_collector_config_read(const char *path,
                             struct bw_collector_config **ret,
                             struct bw_err *reterr);
void bw_collector_config_free(struct bw_collector_config *c); /* NULL is fine */

/* Append the effective configuration, as a file that reads back to the same. */
int bw_collector_config_print(const struct bw_collector_config *c, struct bw_buf *out);

/* What of `next` cannot be taken over while running, as a sentence; NULL: everything can.
 */
const char *bw_collector_config_restart_needed(const struct bw_collector_config *now,
                                               const struct bw_collector_config *next);

/* For the manual page. */
extern const struct bw_conf_section bw_collector_schema;

#endif
