/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_alert_ack.c - somebody knows of an alert. */
#include "alert_asked.h"
#include "cli.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct bw_verb bw_verb_alert_ack;

enum {
    BY_MAX = 64,
    NOTE_MAX = 400
};

static void who(char ret[BY_MAX + 1])
{
    const char *sudo = getenv("SUDO_USER"); /* NOLINT(concurrency-mt-unsafe): one thread */
    const struct passwd *p = sudo && *sudo ? NULL : getpwuid(getuid()); /* NOLINT */

    (void)snprintf(ret, BY_MAX + 1, "%s",
                   sudo && *sudo ? sudo
                   : p           ? p->pw_name
                                 : "somebody");
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_ALERT_OPTIONS,
        {"note", required_argument, NULL, 'n'},
        {"by", required_argument, NULL, 'b'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_alert_ack;
    struct bw_alert_asked a = {.data = NULL};
    struct bw_err err = {.text = ""};
    char by[BY_MAX + 1];
    const char *note = "";
    int64_t id = 0;
    int status = 0;

    who(by);
    for (int o; status == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == 'n') {
            status = bw_cli_label(v, "--note", optarg, NOTE_MAX);
            note = optarg;
        } else if (o == 'b') {
            status = bw_cli_label(v, "--by", optarg, BY_MAX);
            (void)snprintf(by, sizeof(by), "%s", optarg);
        } else {
            status = bw_alert_take(v, o, &a);
        }
    }
    if (status == 0 && argc - optind != 1) {
        status = bw_cli_usage(v, "one alert's number is needed");
    }
    status = status ? status
                    : bw_cli_int(v, "the alert's number", argv[optind], 1, INT64_C(1) << 50,
                                 &id);
    status = status ? status : bw_alert_open(v, &a, true);
    if (status == 0) {
        int r = bw_alertstore_ack(a.store, id, bw_clock_unix_ms() / 1000, by, note, &err);
        status = r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
    }
    if (status == 0 && a.json) {
        (void)printf("{\"alert\":%" PRId64 ",\"acknowledged\":true}\n", id);
    } else if (status == 0) {
        (void)printf("Alert %" PRId64 " is known to %s.\n", id, by);
    }
    bw_alertstore_close(a.store);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_alert_ack = {
    .name = "alert ack",
    .summary = "say that somebody knows of an alert",
    .help =
        "[OPTION]... ALERT\n"
        "\n"
        "The alert with this number is known to somebody: that stands beside it, and\n"
        "digests count it as known. It stays open until its cause is over. The first word\n"
        "counts; another is refused.\n"
        "\n"
        "      --note TEXT    what is known, what is done about it\n"
        "      --by NAME      who knows (your own name)\n"
        "      --json         the outcome as JSON\n"
        "      --config FILE  the collector's configuration "
        "(/etc/bandwitness/collector.conf)\n"
        "      --data FOLDER  the collector's data folder instead\n"
        "\n"
        "Exit status: 0 it is known now, 1 it failed, or it was acknowledged before, 2\n"
        "wrong usage.\n"
        "\n"
        "Example: bandwitness alert ack 12 --note 'provider called, ticket 4711'\n",
    .run = run,
};
