/* SPDX-License-Identifier: GPL-3.0-or-later
 * shutdown.c - the end in order: one part after the other, each ends by calling
 * next_step(). Whatever did start is stopped. */
#include "collector.h"

#include <bags.h>
#include <cosigner.h>
#include <door.h>
#include <errand.h>
#include <graphs.h>
#include <http.h>
#include <ingest.h>
#include <keeper.h>
#include <log.h>
#include <measure.h>
#include <notify.h>
#include <packmail.h>
#include <packroom.h>
#include <page_worksheet.h>
#include <readers.h>
#include <roomkeeper.h>
#include <unistd.h>

enum {
    SHUTDOWN_MS = 10000
};

enum step {
    STEP_RUNNING,
    STEP_INGEST,
    STEP_LOG, /* after the ledger: its last checkpoint has everything */
    STEP_WITNESS,
    STEP_GRAPHS,
    STEP_ERRANDS,
    STEP_BAGS,
    STEP_PACKMAIL,
    STEP_REFLECTION,
    STEP_READERS,
    STEP_DOOR,
    STEP_MEASURE, /* look-ups for tickets, which use it, are over */
    STEP_HTTP,    /* what the others owed is answered by now */
    STEP_ALERTS,
    STEP_ROOM, /* nobody reads it any more */
    STEP_HANDLES
};

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
    case STEP_PACKMAIL:
        if (c->packmail) {
            struct bw_packmail *m = c->packmail;
            c->packmail = NULL;
            bw_packmail_close(m, next_step, c);
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
        bw_worksheets_stop(c->worksheets);
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

static void on_patience(uv_timer_t *timer)
{
    (void)timer;
    bw_log(BW_AREA_MAIN, BW_ERROR, "stopping took more than %d s; ending at once",
           SHUTDOWN_MS / 1000);
    _exit(1);
}

void bw_collector_stop(struct bw_collector *c)
{
    if (c->stopping > 0) {
        return;
    }
    (void)uv_timer_start(&c->patience, on_patience, SHUTDOWN_MS, 0);
    (void)bw_notify("STOPPING=1");
    if (c->http) {
        bw_http_quiesce(c->http);
    }
    next_step(c);
}
