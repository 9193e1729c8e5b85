/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_privacy_check.c - `bandwitness privacy-check`: does any file that this box writes
 * hold an address that its configuration does not name?
 *
 * Needs no daemon and asks none: what it says rests on the files alone. */
#include "box_asked.h"
#include "boxconf.h"
#include "privacy_view.h"

#include <bw/err.h>
#include <conf.h>
#include <enrolment.h>
#include <errno.h>
#include <files.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_privacy_check;

enum {
    ALSO_MAX = 32,
    SEEN_FILES_MAX = 32,
    NOT_SCANNED = 2
};

struct asked {
    struct box_asked box;
    const char *also[ALSO_MAX];
    size_t n_also;
    const char *seen[SEEN_FILES_MAX];
    size_t n_seen;
    bool fields;
};

/* ---- what the configuration names
 * --------------------------------------------------------- */

static int except_said(void *owner, const struct bw_conf_said *said)
{
    char where[512];
    if (said->text[0] == '/') {
        return 0; /* a path */
    }
    (void)snprintf(where, sizeof(where), "%.480s:%d", said->file, said->line);
    return bw_excepted_add(owner, said->text, strlen(said->text), said->what, where);
}

/* The collector's address as it was given at enrolment: configuration by another way. */
static int except_enrolment(struct bw_excepted *e, const char *state_dir)
{
    struct bw_enrolment now;
    struct bw_enrolment_try next;
    int r = 0;
    if (bw_enrolment_load(state_dir, &now, NULL) == 0) {
        r = bw_excepted_add(e, now.url, strlen(now.url), "the collector enrolled with",
                            "enrolment.json");
    }
    if (r == 0 && bw_enrolment_try_load(state_dir, &next, NULL) == 0) {
        r = bw_excepted_add(e, next.url, strlen(next.url),
                            "a collector to be enrolled with", "enrolment.pending.json");
    }
    return r;
}

/* ---- the command line
 * --------------------------------------------------------------------- */

static int ask(struct asked *a, int argc, char **argv)
{
    static const struct option longs[] = {
        {"seen", required_argument, NULL, 's'},   {"also", required_argument, NULL, 'a'},
        {"config", required_argument, NULL, 'c'}, {"fields", no_argument, NULL, 'f'},
        {"json", no_argument, NULL, 'j'},         {NULL, 0, NULL, 0}};
    const struct bw_verb *v = &bw_verb_privacy_check;
    int o;
    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        switch (o) {
        case 's':
            if (a->n_seen == SEEN_FILES_MAX) {
                return bw_cli_usage(v, "--seen: %d files are the most", SEEN_FILES_MAX);
            }
            a->seen[a->n_seen++] = optarg;
            break;
        case 'a':
            if (a->n_also == ALSO_MAX) {
                return bw_cli_usage(v, "--also: %d are the most", ALSO_MAX);
            }
            a->also[a->n_also++] = optarg;
            break;
        case 'c':
            a->box.config = optarg;
            break;
        case 'f':
            a->fields = true;
            break;
        case 'j':
            a->box.as_json = true;
            break;
        default:
            return BW_EXIT_USAGE;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "what is \"%s\"?", argv[optind]);
    }
    if (a->fields && (a->n_seen > 0 || a->n_also > 0)) {
        return bw_cli_usage(v, "--fields looks at no file: leave --seen and --also out");
    }
    return 0;
}

static int read_seen(const struct asked *a, struct bw_seen **ret)
{
    const struct bw_verb *v = &bw_verb_privacy_check;
    struct bw_err err = {.text = ""};
    if (a->n_seen == 0) {
        return 0;
    }
    struct bw_seen *s = bw_seen_new();
    int r = s ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < a->n_seen; i++) {
        r = bw_seen_read(s, a->seen[i], &err);
    }
    if (r == 0 && bw_seen_count(s, BW_SHAPE_V4) + bw_seen_count(s, BW_SHAPE_V6) +
                          bw_seen_count(s, BW_SHAPE_MAC) +
                          bw_seen_count(s, BW_SHAPE_HOST) ==
                      0) {
        r = bw_err_set(&err, -ENODATA, "%s holds no address to look for", a->seen[0]);
    }
    if (r < 0) {
        bw_seen_free(s);
        (void)bw_cli_failed(v, "%s", err.text[0] ? err.text : bw_strerror(r));
        return NOT_SCANNED;
    }
    *ret = s;
    return 0;
}

static int
check(const struct asked *a, const struct bw_boxconf *c, const struct bw_seen *seen)
{
    const struct bw_verb *v = &bw_verb_privacy_check;
    struct bw_excepted excepted = {0};
    struct bw_privacy_report report = {0};
    int r = bw_conf_each_text(c->conf, except_said, &excepted);
    r = r < 0 ? r : except_enrolment(&excepted, c->state_dir);
    if (r < 0) {
        bw_excepted_done(&excepted);
        (void)bw_cli_failed(v, "%s", bw_strerror(r));
        return NOT_SCANNED;
    }
    const struct bw_privacy_params p = {.state_dir = c->state_dir,
                                        .control_path = c->control_path,
                                        .also = a->also,
                                        .n_also = a->n_also,
                                        .seen = seen,
                                        .excepted = &excepted};
    bw_privacy_check(&p, &report);
    const struct privacy_view view = {
        .config = c->path, .seen = seen, .excepted = &excepted, .report = &report};
    if (a->box.as_json) {
        privacy_view_json(&view);
    } else {
        privacy_view_print(&view);
    }
    int status = report.n_found > 0 || report.found_beyond > 0 ? BW_EXIT_FAILED
                 : report.n_troubles > 0 || bw_report_not_judged(&report) > 0 ? NOT_SCANNED
                                                                              : BW_EXIT_OK;
    bw_report_done(&report);
    bw_excepted_done(&excepted);
    return status;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_privacy_check;
    struct asked a = {0};
    struct bw_seen *seen = NULL;
    int status = ask(&a, argc, argv);
    if (status != 0) {
        return status;
    }
    if (a.fields) {
        privacy_view_fields(a.box.as_json);
        return bw_cli_flush(v, BW_EXIT_OK);
    }
    status = read_seen(&a, &seen);
    if (status == 0) {
        struct bw_boxconf *c = box_asked_config(v, &a.box, &status);
        status = c ? check(&a, c, seen) : NOT_SCANNED;
        bw_boxconf_unref(c);
    }
    bw_seen_free(seen);
    return bw_cli_flush(v, status);
}

const struct bw_verb bw_verb_privacy_check = {
    .name = "privacy-check",
    .summary = "does any file of this box hold somebody's address?",
    .help =
        "[--seen FILE]… [--also PATH]… [--config FILE] [--json]\n"
        "       bandwitness privacy-check --fields [--json]\n"
        "\n"
        "Searches every file that the box writes (journal, its log and free pages, "
        "pictures,\n"
        "keys, runtime folder, core files) for anything shaped like an IPv4, IPv6, MAC or\n"
        "e-mail address, and records for host names. What the configuration itself names\n"
        "is the only exception, and is printed. Run it as root or as the daemon's user;\n"
        "the daemon may run or not.\n"
        "\n"
        "  --seen FILE    look for these addresses above all, in every spelling and as "
        "bare\n"
        "                 bytes: a capture file (pcap, pcapng), every address in its "
        "headers\n"
        "                 and every name asked for by DNS; or a text, every address and "
        "host\n"
        "                 name in it; may be given again\n"
        "  --also PATH    a further file or folder, as a log the daemon writes to; may be\n"
        "                 given again\n"
        "  --config FILE  the box's configuration\n"
        "                 (default /etc/bandwitness/bandwitness.conf)\n"
        "  --fields       print what is collected, every field of a record, and nothing "
        "else\n"
        "  --json         one JSON document on standard output\n"
        "\n"
        "What it can find and what it cannot: docs/privacy.md, "
        "bandwitness-privacy-check(1).\n"
        "\n"
        "Exit status: 0 no finding, 1 at least one, 2 something could not be searched or\n"
        "told from chance (it says what), or wrong command line.\n"
        "\n"
        "Example: tcpdump -i eth0 -w /tmp/an-hour.pcap; then\n"
        "         bandwitness privacy-check --seen /tmp/an-hour.pcap\n",
    .run = run,
};
