/* SPDX-License-Identifier: GPL-3.0-or-later
 * watch.h - a room as the engine of alerts looks at it: one circuit's newest stretch after
 * the other, who hangs on which hub, where work is known.
 *
 * A stretch is what became known of a circuit since the last look; its loss is that of the
 * packets that came with it. One thread. */
#ifndef BW_WATCH_H
#define BW_WATCH_H

#include <alerts.h>
#include <alerts_config.h>
#include <room.h>
#include <stddef.h>
#include <stdint.h>

struct bw_tz;
struct bw_watcher;

/* Work that somebody annotated as planned. */
struct bw_planned {
    char circuit[BW_ALERT_SCOPE_MAX + 1];
    int64_t from_unix_s;
    int64_t to_unix_s;
};

/* conf and tz are lent for good. NULL without memory. */
struct bw_watcher *bw_watcher_new(const struct bw_config_alerts *conf,
                                  const struct bw_tz *tz);
void bw_watcher_free(struct bw_watcher *w); /* NULL is fine */

/* The view of a room; lent until the next call, and while the room is kept. planned[n] may
 * be NULL. -ENOMEM. */
int bw_watcher_look(struct bw_watcher *w,
                    const struct bw_room *r,
                    const struct bw_planned *planned,
                    size_t n_planned,
                    int64_t now_unix_s,
                    int64_t listening_unix_s,
                    struct bw_watch *ret);

/* The place in the room of a site of the view. */
uint32_t bw_watcher_site(const struct bw_watcher *w, size_t i);

/* Is this a time of quiet hours, by the minute of the day? From is in it, to is not. */
bool bw_watch_quiet(const struct bw_config_alerts *conf, int minute);
/* Is this window open at this local time (day: since 1970-01-01)? */
bool bw_watch_maintained(const struct bw_config_maintenance *m, int64_t day, int minute);
/* The rules as the engine has them. */
void bw_watch_rules(const struct bw_config_alerts *conf, struct bw_alerts_conf *ret);

#endif
