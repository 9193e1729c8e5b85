/* SPDX-License-Identifier: GPL-3.0-or-later
 * alert_asked.h - what the verbs about alerts are asked with, and where alerts are kept. */
#ifndef BW_CLI_ALERT_ASKED_H
#define BW_CLI_ALERT_ASKED_H

#include <alertstore.h>
#include <stdbool.h>

struct bw_verb;

struct bw_alert_asked {
    const char *data;
    const char *config;
    bool json;
    struct bw_alertstore *store;
};

/* From 0x1000 on, as cli.h has it. */
#define BW_ALERT_OPTIONS                                                                   \
    {"data", required_argument, NULL, 0x1001},                                             \
        {"config", required_argument, NULL, 0x1002},                                       \
    {                                                                                      \
        "json", no_argument, NULL, 0x1003                                                  \
    }

/* One option; 0, or BW_EXIT_USAGE. */
int bw_alert_take(const struct bw_verb *v, int option, struct bw_alert_asked *a);
/* Open alerts.db (write: beside the running collector). 0, or tells and gives
 * BW_EXIT_FAILED; where there is none yet and it is only read, store stays NULL. */
int bw_alert_open(const struct bw_verb *v, struct bw_alert_asked *a, bool write);

#endif
