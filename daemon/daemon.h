/* SPDX-License-Identifier: GPL-3.0-or-later
 * daemon.h - the box's parts tied together: what main() starts and the control socket
 * shows. Inside daemon/ only. Everything here belongs to the loop's thread. */
#ifndef BW_DAEMON_H
#define BW_DAEMON_H

#include "boxconf.h"

#include <bw/summary.h>
#include <enrolment.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>
#include <writer.h>

struct bw_control;
struct bw_control_peer;
struct bw_courier;
struct bw_err;
struct bw_heavy;
struct bw_logwatch;
struct bw_reflector;
struct bw_site;
struct bw_ticketer;

enum {
    BW_DAEMON_FLUSH_MS = 5000 /* storage may take this long at the end */
};

/* The newest finished interval, for people. */
struct bw_daemon_last {
    int64_t start_unix_s; /* unknown: none yet */
    int64_t end_unix_s;
    size_t n_circuits;
    struct bw_circuit_summary circuits[BW_CIRCUITS_MAX];
    size_t n_latency;
    struct bw_latency latency[2 * BW_TARGETS_MAX]; /* by both families; no text, no array */
};

struct bw_daemon {
    uv_loop_t loop;
    struct bw_boxconf *config;
    struct bw_writer *writer;
    struct bw_site *site;
    struct bw_heavy *heavy;
    struct bw_control *control;
    struct bw_courier *courier;     /* NULL: nobody to send to */
    struct bw_reflector *reflector; /* NULL: none is asked for */
    struct bw_ticketer *ticketer;
    struct bw_logwatch *logwatch;
    struct bw_enrolment enrolment;
    bool enrolled;
    uv_signal_t signals[4];
    uv_timer_t watchdog;
    int64_t started_unix_ms;
    struct bw_daemon_last last;
    char restart_needed[256]; /* "" or what waits for one */
    bool stopping;
    int exit_code;
};

/* Read the configuration again and swap; on failure, or while the daemon ends, nothing
 * changes. */
int bw_daemon_reload(struct bw_daemon *d, struct bw_err *reterr);

/* Keep the configuration in force in the journal, under its hash. */
void bw_daemon_keep_config(struct bw_daemon *d);

/* Where the site's summaries and the writer's news go (wire.c). */
extern const struct bw_site_events bw_daemon_site_events;
extern const struct bw_writer_events bw_daemon_writer_events;

/* (Re-)make the courier for the configuration and enrolment in force. */
int bw_daemon_start_courier(struct bw_daemon *d, struct bw_err *reterr);

/* Answer others' STAMP packets where the configuration says so (reflect.c); once more when
 * it was read again; and what became of them, for people: NULL without a reflector. */
int bw_daemon_start_reflector(struct bw_daemon *d, struct bw_err *reterr);
void bw_daemon_reload_reflector(struct bw_daemon *d);
json_t *bw_daemon_reflector_json(const struct bw_daemon *d);

/* Read enrolment.json; a missing one is no fault. */
void bw_daemon_load_enrolment(struct bw_daemon *d);

/* The control socket's requests (status.c). */
void bw_daemon_request(void *owner, struct bw_control_peer *peer, const json_t *request);

/* End the loop; main() unwinds. Any number of times. */
void bw_daemon_stop(struct bw_daemon *d, int exit_code);

/* Close an asynchronous part and run the loop until it is closed. */
#define BW_DAEMON_CLOSE(d, call, part, ...)                                                \
    do {                                                                                   \
        bool closed_ = false;                                                              \
        call(part, __VA_ARGS__ bw_daemon_flag, &closed_);                                  \
        bw_daemon_wait(d, &closed_);                                                       \
    } while (0)
void bw_daemon_flag(void *flag);
void bw_daemon_wait(struct bw_daemon *d, const bool *flag);

#endif
