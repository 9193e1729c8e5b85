/* SPDX-License-Identifier: GPL-3.0-or-later
 * collector.h - the running program: what its parts are called. Everything belongs to the
 * loop's thread. */
#ifndef BW_COLLECTOR_H
#define BW_COLLECTOR_H

#include <collector_config.h>
#include <http.h>
#include <jws.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct bw_buf;
struct bw_err;
struct bw_graphs;
struct bw_ingest;
struct bw_keeper;
struct bw_measure;
struct bw_open_shelf;
struct bw_readers;
struct bw_reflection;
struct bw_roomkeeper;
struct bw_alertkeeper;
struct bw_cosigner;
struct bw_door;
struct bw_errands;
struct bw_bags;
struct bw_packmail;
struct bw_packroom;
struct bw_pricebook;
struct bw_worksheets;
struct bw_share_room;

struct bw_collector {
    uv_loop_t loop;
    struct bw_collector_config *conf;
    const char *conf_path;
    struct bw_key *log_key;
    char catalogue_path[PATH_MAX];
    char people_path[PATH_MAX];
    char ledger_folder[PATH_MAX];
    char log_folder[PATH_MAX];
    char series_folder[PATH_MAX];
    char packs_folder[PATH_MAX];
    char data_folder[PATH_MAX];
    char bags_folder[PATH_MAX];
    char bags_hook[PATH_MAX];
    char command[PATH_MAX]; /* what makes packs */
    struct bw_ingest *ingest;
    struct bw_keeper *keeper;     /* of the log */
    struct bw_cosigner *cosigner; /* of others' logs; NULL: of none */
    struct bw_readers *readers;
    struct bw_roomkeeper *roomkeeper; /* of the state's room */
    struct bw_alertkeeper *alertkeeper;
    struct bw_graphs *graphs;
    struct bw_errands *errands; /* the command, run for packs */
    struct bw_packroom *packroom;
    struct bw_worksheets *worksheets;
    struct bw_pricebook *pricebook; /* of all claims, for pages */
    struct bw_bags *bags;           /* of funding years */
    struct bw_packmail *packmail;   /* NULL: none is asked for */
    struct bw_share_room *share_room;
    struct bw_open_shelf *open_shelf; /* files for everybody */
    struct bw_measure *measure;       /* NULL: no measurement server here */
    struct bw_reflection *reflection; /* NULL: none is asked for */
    struct bw_door *door;             /* who may look */
    struct bw_http *http;
    uv_signal_t signals[3];
    uv_timer_t watchdog;
    uv_timer_t patience; /* of an orderly shutdown */
    size_t n_handles;
    int64_t started_unix_ms;
    int stopping; /* the step of shutdown that has begun; 0: running */
    int exit_code;
};

/* The routes, for bw_http_new(); the owner handed to handlers is the bw_collector. */
extern const struct bw_http_route bw_collector_routes[];

/* The parts, in order (startup.c): 0, or the log has said which one could not. */
int bw_collector_start(struct bw_collector *c);
/* Their end, in order (shutdown.c), of whatever did start; once begun it goes on. Ends the
 * process when it takes too long. */
void bw_collector_stop(struct bw_collector *c);

/* The guard before them (doorstep.c), and the table as text, for --routes. */
int bw_collector_start_door(struct bw_collector *c, struct bw_err *reterr);
int bw_collector_print_routes(void);

/* The alerts' thread (alertstart.c); stop: was there one? cb(c) follows then. */
int bw_collector_start_alerts(struct bw_collector *c, struct bw_err *reterr);
bool bw_collector_stop_alerts(struct bw_collector *c, void (*cb)(void *owner));

void bw_metrics_get(void *owner, struct bw_http_req *req);
/* The answers to latency probes (reflect.c): into c->reflection, where the file asks for
 * it; with sources and secret of another file; closed, later cb(owner); as metrics (NULL:
 * none). */
int bw_reflection_start(struct bw_collector *c, struct bw_err *reterr);
void bw_reflection_reload(struct bw_reflection *f, const struct bw_reflector_conf *conf);
void bw_reflection_close(struct bw_reflection *f, void (*cb)(void *owner), void *owner);
void bw_reflection_metrics(const struct bw_reflection *f, struct bw_buf *b);

void bw_health_get(void *owner, struct bw_http_req *req);

#endif
