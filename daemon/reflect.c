/* SPDX-License-Identifier: GPL-3.0-or-later
 * reflect.c - the box answers others' latency probes, where its file says so. It is opened
 * while there are rights (port 862), and only a restart moves it to another place. */
#include "daemon.h"

#include <bw/err.h>
#include <json.h>
#include <log.h>
#include <reflector.h>

int bw_daemon_start_reflector(struct bw_daemon *d, struct bw_err *reterr)
{
    const struct bw_reflector_conf *c = &d->config->reflector;
    int r;
    if (!c->on) {
        return 0;
    }
    r = bw_reflector_open(&d->loop, c, &d->reflector, reterr);
    if (r == 0) {
        bw_log(BW_AREA_MAIN, BW_NOTICE,
               "answering latency probes (STAMP) at UDP port %u%s for %zu named sources",
               (unsigned)bw_reflector_port(d->reflector),
               c->key_file[0] ? ", signed ones only," : "", c->n_sources);
    }
    return r;
}

void bw_daemon_reload_reflector(struct bw_daemon *d)
{
    struct bw_err err = {0};
    if (d->reflector &&
        bw_reflector_change(d->reflector, &d->config->reflector, &err) < 0) {
        bw_log(BW_AREA_CONFIG, BW_ERROR,
               "reflector: %s; it goes on with sources and secret as they were", err.text);
    }
}

json_t *bw_daemon_reflector_json(const struct bw_daemon *d)
{
    struct bw_reflector_stats s;
    if (!d->reflector) {
        return NULL;
    }
    bw_reflector_stats(d->reflector, &s);
    return json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "port",
                     (int)bw_reflector_port(d->reflector), "received",
                     (json_int_t)s.received, "answered", (json_int_t)s.answered, "foreign",
                     (json_int_t)s.foreign, "malformed", (json_int_t)s.malformed,
                     "bad_digest", (json_int_t)s.bad_digest, "limited",
                     (json_int_t)s.limited, "looped", (json_int_t)s.looped, "failed",
                     (json_int_t)s.failed, "uncounted", (json_int_t)s.uncounted, "sessions",
                     (json_int_t)s.sessions);
}
