/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertstart.c - the alerts' thread among the parts of the collector. */
#include "collector.h"

#include <alertkeeper.h>
#include <room.h>

static const struct bw_room *take_room(void *owner)
{
    return bw_room_take(owner);
}

int bw_collector_start_alerts(struct bw_collector *c, struct bw_err *reterr)
{
    const struct bw_alertkeeper_opts opts = {
        .data_dir = c->data_folder,
        .conf = &c->conf->alerts,
        .title = c->conf->title,
        .url = c->conf->door.url,
        .take = take_room,
        .owner = c,
    };
    return bw_alertkeeper_start(&c->loop, &opts, &c->alertkeeper, reterr);
}

bool bw_collector_stop_alerts(struct bw_collector *c, void (*cb)(void *owner))
{
    struct bw_alertkeeper *k = c->alertkeeper;

    c->alertkeeper = NULL;
    if (k) {
        bw_alertkeeper_stop(k, cb, c);
    }
    return k != NULL;
}
