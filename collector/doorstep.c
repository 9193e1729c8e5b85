/* SPDX-License-Identifier: GPL-3.0-or-later
 * doorstep.c - the door of this program: where it stands, and its addresses told. */
#include "collector.h"

#include <buf.h>
#include <door.h>
#include <stdio.h>
#include <string.h>

/* The first address that a browser on this machine can open, for a link in the log. */
static void local_address(const struct bw_collector_config *conf, char *out, size_t cap)
{
    out[0] = '\0';
    for (size_t i = 0; i < conf->n_listen && !out[0]; i++) {
        const struct bw_config_listen *l = &conf->listen[i];
        if (l->address[0] != '/' && !l->proxied && l->port > 0) {
            bool six = strchr(l->address, ':') != NULL;
            (void)snprintf(out, cap, "%s://%s%s%s:%lld",
                           l->tls_certificate[0] ? "https" : "http", six ? "[" : "",
                           l->address, six ? "]" : "", (long long)l->port);
        }
    }
}

int bw_collector_start_door(struct bw_collector *c, struct bw_err *reterr)
{
    char address[300];
    local_address(c->conf, address, sizeof(address));
    const struct bw_door_opts opts = {
        .conf = &c->conf->door,
        .people_path = c->people_path,
        .catalogue_path = c->catalogue_path,
        .ledger_folder = c->ledger_folder,
        .log_folder = c->log_folder,
        .address = address,
    };
    int r = bw_door_routes_check(bw_collector_routes, reterr);
    return r < 0 ? r : bw_door_new(&c->loop, &opts, &c->door, reterr);
}

int bw_collector_print_routes(void)
{
    struct bw_buf out;
    bw_buf_init(&out, 1 << 20);
    bw_door_routes_print(bw_collector_routes, &out);
    (void)fwrite(out.data, 1, out.len, stdout);
    bw_buf_done(&out);
    return fflush(stdout) != 0 ? 1 : 0;
}
