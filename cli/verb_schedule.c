/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_schedule.c - `bandwitness schedule`: what will run in the next 24 hours and why, and
 * which routes several circuits need. */
#include "box_asked.h"
#include "plural.h"

#include <arpa/inet.h>
#include <bw/units.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_schedule;

enum {
    TABLE_FIRST = 101, /* routing tables and priorities: one a circuit */
    PRIORITY_FIRST = 1001,
    METRIC_FIRST = 2001
};

/* ---- policy routes */

/* The IPv4 gateway of the default route over an interface, as the kernel lists it: fields
 * are little-endian hexadecimal on every machine that this runs on. */
static bool default_gateway(const char *device, char ret[INET_ADDRSTRLEN])
{
    FILE *f = fopen("/proc/net/route", "re");
    char line[256];
    bool found = false;
    while (f && !found && fgets(line, sizeof(line), f)) {
        size_t n = strcspn(line, "\t ");
        char *at = line + n;
        if (strlen(device) != n || strncmp(line, device, n) != 0) {
            continue;
        }
        unsigned long destination = strtoul(at, &at, 16);
        unsigned long gateway = strtoul(at, &at, 16);
        if (destination == 0 && gateway != 0 && gateway <= UINT32_MAX) {
            const struct in_addr a = {.s_addr = (in_addr_t)gateway};
            found = inet_ntop(AF_INET, &a, ret, INET_ADDRSTRLEN) != NULL;
        }
    }
    if (f) {
        (void)fclose(f);
    }
    return found;
}

static void explain_source(const struct bw_boxconf_circuit *c, size_t i, int family)
{
    const char *source = family == 4 ? c->source4 : c->source6;
    const char *ip = family == 4 ? "ip" : "ip -6";
    char gateway[INET_ADDRSTRLEN] = "GATEWAY";
    const char *device = c->device[0]      ? c->device
                         : c->interface[0] ? c->interface
                                           : "INTERFACE";
    if (!source[0]) {
        return;
    }
    if (family == 4) {
        (void)default_gateway(device, gateway);
    }
    (void)printf("  %s rule add from %s table %zu priority %zu\n", ip, source,
                 TABLE_FIRST + i, PRIORITY_FIRST + i);
    (void)printf("  %s route add default via %s dev %s table %zu\n", ip, gateway, device,
                 TABLE_FIRST + i);
}

static void explain(const struct bw_boxconf *c)
{
    for (size_t i = 0; i < c->n_circuits; i++) {
        const struct bw_boxconf_circuit *k = &c->circuits[i];
        char gateway[INET_ADDRSTRLEN] = "GATEWAY";
        (void)printf("# Circuit %s", k->id);
        if (k->source4[0] || k->source6[0]) {
            (void)printf(": its probes send from %s%s%s; a route of their own:\n",
                         k->source4, k->source4[0] && k->source6[0] ? " and " : "",
                         k->source6);
            explain_source(k, i, 4);
            explain_source(k, i, 6);
        } else if (k->device[0]) {
            (void)default_gateway(k->device, gateway);
            (void)printf(
                ": its probes are bound to %s; a default route over it, which others "
                "do not take:\n",
                k->device);
            (void)printf("  ip route add default via %s dev %s metric %zu\n", gateway,
                         k->device, METRIC_FIRST + i);
        } else {
            (void)printf(
                ": routing decides which line its probes take.%s\n",
                c->n_circuits > 1
                    ? "\n#   With several circuits say device or source_address, so "
                      "that each probe takes its own."
                    : " One circuit needs no more.");
        }
    }
    (void)printf(
        "# GATEWAY is the next hop of that line, from its provider's papers or from "
        "`ip route`.\n# A firewall that routes by source does the same on its side: "
        "there, match the\n# source address. Put the lines where they are run at "
        "boot.\n");
}

/* ---- the next 24 hours */

static const char *size(int64_t bytes, char out[32])
{
    if (bytes < 1000000000) {
        (void)snprintf(out, 32, "%" PRId64 " MB", (bytes + 500000) / 1000000);
    } else {
        (void)snprintf(out, 32, "%" PRId64 ".%" PRId64 " GB", bytes / 1000000000,
                       bytes % 1000000000 / 100000000);
    }
    return out;
}

static void print_spans(const json_t *list, const char *indent)
{
    size_t i;
    const json_t *s;
    json_array_foreach(list, i, s)
    {
        char a[64];
        char b[64];
        (void)printf("%s%s to %s", indent, box_local(box_number(s, "from"), a),
                     box_local(box_number(s, "to"), b));
        if (box_number(s, "tests") != BW_UNKNOWN) {
            (void)printf(": %" PRId64 " %s, one in each of as many slots",
                         box_number(s, "tests"),
                         bw_plural(box_number(s, "tests"), "test", "tests"));
        }
        (void)printf("\n");
    }
}

static void print_budgets(const json_t *o)
{
    char a[32];
    char b[32];
    (void)printf("Budgets: %s", size(box_number(o, "moved_today_bytes"), a));
    (void)printf(" of %s moved today (UTC)", size(box_number(o, "day_bytes"), b));
    (void)printf(", %s", size(box_number(o, "moved_month_bytes"), a));
    if (box_number(o, "month_bytes") != BW_UNKNOWN) {
        (void)printf(" of %s", size(box_number(o, "month_bytes"), b));
    }
    (void)printf(" this month; all probes together.\n");
}

static void print_test(const json_t *t)
{
    char at[64];
    char b[32];
    size_t i;
    const json_t *v;
    const char *what = box_text(t, "what");
    int64_t milli = box_number(t, "expected_milli");
    (void)printf("\n%s \"%s\" on %s", box_text(t, "kind"), box_text(t, "probe"),
                 box_text(t, "circuit"));
    if (strcmp(what, "campaign") == 0) {
        (void)printf(", campaign %s\n", box_text(t, "campaign"));
        print_spans(json_object_get(t, "sessions"), "  ");
        if (json_array_size(json_object_get(t, "sessions")) == 0) {
            (void)printf("  no session in these hours\n");
        }
    } else if (strcmp(what, "retest") == 0) {
        (void)printf(", once more at another server: a figure was below the claim\n"
                     "  until %s\n",
                     box_local(box_number(t, "until_ms") / 1000, at));
    } else if (box_number(t, "every_ms") == BW_UNKNOWN) {
        (void)printf("\n  only when asked: its section has no `every`\n");
    } else if (json_is_true(json_object_get(t, "never"))) {
        (void)printf(
            "\n  never in these hours: a start needs more than a tenth of its `every`\n"
            "  of open hours in one day (UTC)\n");
    } else {
        (void)printf("\n  about %" PRId64 ".%" PRId64
                     " tests in the open hours, at most %s each\n",
                     milli / 1000, milli % 1000 / 100, size(box_number(t, "run_bytes"), b));
    }
    if (json_object_get(t, "outside")) {
        (void)printf("  one in eight goes to a server outside the usual list\n");
    }
    if (box_text(t, "waits")[0]) {
        (void)printf("  one waits: %s\n", box_text(t, "waits"));
    } else if (box_text(t, "now")[0]) {
        (void)printf("  one that was due now would be put off or left out: %s\n",
                     box_text(t, "now"));
    }
    json_array_foreach(json_object_get(t, "starts_ms"), i, v)
    {
        (void)printf("%s%s%s", i == 0 ? "  drawn today: " : ", ",
                     box_local(json_integer_value(v) / 1000, at), "");
    }
    if (i > 0) {
        (void)printf("\n");
    }
}

static void print(const json_t *o)
{
    size_t i;
    const json_t *t;
    (void)printf("Tests may start in the next 24 hours (outside class hours, in the test "
                 "windows; local time):\n");
    print_spans(json_object_get(o, "open"), "  ");
    if (box_number(o, "open_s") == 0) {
        (void)printf("  never: class hours and windows leave no minute\n");
    }
    print_budgets(o);
    json_array_foreach(json_object_get(o, "tests"), i, t)
    {
        print_test(t);
    }
    if (i == 0) {
        (void)printf("\nNo throughput test is configured.\n");
    }
    (void)printf(
        json_is_true(json_object_get(o, "foreseen"))
            ? "\nThe drawn times of today were shown to somebody, or can be known since "
              "the clock was\nahead: every later run of today is marked \"foreseen\" on "
              "record.\n"
            : "\nWhen exactly a test starts is drawn by a secret of the day, and "
              "nobody is told before it\nhas come.\n");
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"explain", no_argument, NULL, 'e'},      {"starts", no_argument, NULL, 't'},
        {"config", required_argument, NULL, 'c'}, {"socket", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},         {0}};
    const struct bw_verb *v = &bw_verb_schedule;
    struct box_asked a = {0};
    json_t *answer = NULL;
    bool routes = false;
    bool starts = false;
    int status = BW_EXIT_OK;
    int o;
    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        switch (o) {
        case 'e':
            routes = true;
            break;
        case 't':
            starts = true;
            break;
        case 'c':
            a.config = optarg;
            break;
        case 's':
            a.socket = optarg;
            break;
        case 'j':
            a.as_json = true;
            break;
        default:
            return BW_EXIT_USAGE;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "what is \"%s\"?", argv[optind]);
    }
    if (routes && (starts || a.as_json)) {
        return bw_cli_usage(
            v, "--explain prints commands only: leave --starts and --json out");
    }
    struct bw_boxconf *c = box_asked_config(v, &a, &status);
    if (!c) {
        return status;
    }
    if (routes) {
        explain(c);
    } else {
        status = box_asked(v, &a, c,
                           json_pack("{s:s, s:b}", "verb", "schedule", "starts", starts),
                           &answer);
        if (status == BW_EXIT_OK && a.as_json) {
            box_print_json(answer);
        } else if (status == BW_EXIT_OK) {
            print(answer);
        }
    }
    json_decref(answer);
    bw_boxconf_unref(c);
    return bw_cli_flush(v, status);
}

const struct bw_verb bw_verb_schedule = {
    .name = "schedule",
    .summary = "what will run in the next 24 hours, and why",
    .help =
        "[--starts | --explain] [--config FILE] [--socket PATH] [--json]\n"
        "\n"
        "Shows the hours in which throughput tests may start, how many to expect, "
        "budgets,\n"
        "campaigns, and what waits with its reason. The drawn times themselves are shown "
        "to\n"
        "nobody, so that no provider, district or state can prepare for a test.\n"
        "\n"
        "  --starts       show the drawn times of the rest of today, too: every later run\n"
        "                 and deferral of this UTC day is then marked \"foreseen\" on "
        "record\n"
        "  --explain      print the policy routes (ip rule, ip route) that keep each\n"
        "                 circuit's probes on their own line; asks no daemon\n"
        "  --config FILE  the box's configuration\n"
        "                 (default /etc/bandwitness/bandwitness.conf)\n"
        "  --socket PATH  control socket (default: as the configuration says)\n"
        "  --json         one JSON document on standard output\n"
        "\n"
        "Exit status: 0 shown, 1 the daemon does not answer, 2 wrong command line.\n"
        "\n"
        "Example: bandwitness schedule\n",
    .run = run,
};
