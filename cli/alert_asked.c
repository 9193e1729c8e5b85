/* SPDX-License-Identifier: GPL-3.0-or-later
 * alert_asked.c - where alerts are kept. */
#include "alert_asked.h"

#include "admin.h"
#include "cli.h"

#include <bw/err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

int bw_alert_take(const struct bw_verb *v, int option, struct bw_alert_asked *a)
{
    (void)v;
    switch (option) {
    case 0x1001:
        a->data = optarg;
        return 0;
    case 0x1002:
        a->config = optarg;
        return 0;
    case 0x1003:
        a->json = true;
        return 0;
    default:
        return BW_EXIT_USAGE;
    }
}

int bw_alert_open(const struct bw_verb *v, struct bw_alert_asked *a, bool write)
{
    struct bw_err err = {.text = ""};
    char folder[PATH_MAX];
    char path[PATH_MAX + 16];
    int r = bw_admin_folder(a->data, a->config, folder, sizeof(folder), &err);

    if (r == 0) {
        (void)snprintf(path, sizeof(path), "%s/alerts.db", folder);
        r = write ? bw_alertstore_open(path, false, &a->store, &err)
                  : bw_alertstore_open_read(path, &a->store, &err);
        r = r == -ENOENT && !write ? 0 : r;
    }
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
}
