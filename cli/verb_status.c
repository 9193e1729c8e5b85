/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_status.c - `bandwitness status`: what this box sees and does, for a person.
 *
 * Everything shown comes from the daemon's answer; what it does not say was not measured,
 * and is said to be so. */
#include "bags_kept.h"
#include "box.h"
#include "boxconf.h"
#include "cli.h"
#include "clock.h"
#include "hash.h"
#include "plural.h"

#include <bw/err.h>
#include <bw/units.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_status;

static int64_t number(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    return json_is_integer(v) ? json_integer_value(v) : BW_UNKNOWN;
}

static const char *text(const json_t *o, const char *name)
{
    const char *t = json_string_value(json_object_get(o, name));
    return t ? t : "";
}

/* "93.4 Mbit/s"; unknown says so. */
static const char *rate(int64_t bps, char out[32])
{
    if (bps == BW_UNKNOWN) {
        (void)snprintf(out, 32, "not measured");
    } else if (bps < 1000000) {
        (void)snprintf(out, 32, "%" PRId64 ".%" PRId64 " kbit/s", bps / 1000,
                       bps % 1000 / 100);
    } else {
        (void)snprintf(out, 32, "%" PRId64 ".%" PRId64 " Mbit/s", bps / 1000000,
                       bps % 1000000 / 100000);
    }
    return out;
}

static const char *size(int64_t bytes, char out[32])
{
    if (bytes == BW_UNKNOWN) {
        (void)snprintf(out, 32, "unknown");
    } else if (bytes < 1000000000) {
        (void)snprintf(out, 32, "%" PRId64 ".%" PRId64 " MB", bytes / 1000000,
                       bytes % 1000000 / 100000);
    } else {
        (void)snprintf(out, 32, "%" PRId64 ".%" PRId64 " GB", bytes / 1000000000,
                       bytes % 1000000000 / 100000000);
    }
    return out;
}

static const char *millis(int64_t us, char out[32])
{
    if (us == BW_UNKNOWN) {
        (void)snprintf(out, 32, "none");
    } else {
        (void)snprintf(out, 32, "%" PRId64 ".%02" PRId64 " ms", us / 1000, us % 1000 / 10);
    }
    return out;
}

/* What stands before a known figure of traffic that a mirror port counted. */
static const char *bound(const json_t *o, int64_t figure)
{
    return figure != BW_UNKNOWN && strcmp(text(o, "source"), "mirror") == 0 ? "at least "
                                                                            : "";
}

/* "2026-11-22T02:30:00Z (12 s ago)" or "(in 5 min)". */
static const char *moment(int64_t unix_ms, int64_t now_ms, char out[96])
{
    char at[32];
    if (unix_ms == BW_UNKNOWN) {
        (void)snprintf(out, 96, "never");
        return out;
    }
    bw_time_format_s(unix_ms / 1000, at);
    int64_t s = (now_ms - unix_ms) / 1000;
    int64_t away = s < 0 ? -s : s;
    const char *unit = away < 120      ? "s"
                       : away < 7200   ? "min"
                       : away < 172800 ? "h"
                                       : "days";
    int64_t n = away < 120      ? away
                : away < 7200   ? away / 60
                : away < 172800 ? away / 3600
                                : away / 86400;
    (void)snprintf(out, 96, "%s (%s%" PRId64 " %s%s)", at, s < 0 ? "in " : "", n, unit,
                   s < 0 ? "" : " ago");
    return out;
}

/* The newest trace to a target. */
static void print_way(const json_t *t)
{
    int64_t hops = number(t, "hops");
    if (hops == BW_UNKNOWN) {
        (void)printf("  not traced yet\n");
        return;
    }
    (void)printf("  %" PRId64 " %s, %s", hops, bw_plural(hops, "hop", "hops"),
                 json_is_true(json_object_get(t, "reached")) ? "reached"
                                                             : "the target did not answer");
    if (number(t, "mtu") != BW_UNKNOWN) {
        (void)printf(", MTU %" PRId64, number(t, "mtu"));
    }
    (void)printf("%s%s\n", text(t, "flag")[0] ? ", " : "", text(t, "flag"));
}

static void print_target(const json_t *t)
{
    char a[32];
    char b[32];
    int64_t sent = number(t, "sent");
    int64_t lost = number(t, "lost");
    (void)printf("    %-20s %s", text(t, "target"), text(t, "kind"));
    if (number(t, "family") != BW_UNKNOWN) {
        (void)printf(" over IPv%" PRId64, number(t, "family"));
    }
    if (text(t, "not_sent")[0]) {
        (void)printf("  cannot be sent to: %s\n", text(t, "not_sent"));
        return;
    }
    if (strcmp(text(t, "kind"), "path") == 0) {
        print_way(t);
        return;
    }
    if (sent == BW_UNKNOWN || sent == 0) {
        (void)printf("  nothing sent yet in this interval\n");
        return;
    }
    (void)printf("  median %s, P95 %s, lost %" PRId64 " of %" PRId64 "\n",
                 millis(number(t, "p50_us"), a), millis(number(t, "p95_us"), b), lost,
                 sent);
}

/* The edge device that counts: how it stands, or how fresh its counts are. */
static void print_snmp(const json_t *s)
{
    int64_t ms = number(s, "refresh_ms");
    if (strcmp(text(s, "state"), "counting") != 0) {
        (void)printf("  TROUBLE    edge device: %s%s%s\n", text(s, "state"),
                     text(s, "text")[0] ? ": " : "", text(s, "text"));
    } else if (ms == BW_UNKNOWN) {
        (void)printf("  edge       %" PRId64 "-bit counters; how often they change is not "
                     "known yet\n",
                     number(s, "bits"));
    } else {
        (void)printf("  edge       %" PRId64 "-bit counters, new every %" PRId64 ".%" PRId64
                     " s\n",
                     number(s, "bits"), ms / 1000, ms % 1000 / 100);
    }
}

/* What its counters count of a frame, where that is not the whole of it or not known. */
static void print_link(const json_t *l)
{
    const char *frames = text(l, "frames");
    int64_t down = number(l, "down_offset_bytes");
    int64_t up = number(l, "up_offset_bytes");
    if (strcmp(frames, "no rights") == 0) {
        (void)printf("  counter    what it counts of a frame was not measured (that needs "
                     "CAP_NET_RAW)\n");
    } else if ((down != BW_UNKNOWN && down != 0) || (up != BW_UNKNOWN && up != 0)) {
        (void)printf("  counter    of each frame it counts %+" PRId64
                     " bytes down, %+" PRId64 " up (%s); made up for\n",
                     down == BW_UNKNOWN ? 0 : down, up == BW_UNKNOWN ? 0 : up, frames);
    }
}

static void print_mirror(const json_t *m)
{
    int64_t full = number(m, "port_full_s");
    if (json_is_false(json_object_get(m, "link"))) {
        (void)printf("  TROUBLE    mirror: its port has no link, so nothing is seen\n");
    } else if (full == BW_UNKNOWN && number(m, "port_bps") != BW_UNKNOWN) {
        (void)printf("  mirror     how full its port was in the last interval is not known "
                     "(yet)\n");
    } else if (full == BW_UNKNOWN) {
        (void)printf("  mirror     how full its port is is not known: it does not tell its "
                     "speed (port_speed)\n");
    } else {
        (void)printf("  mirror     its port was nearly full in %" PRId64
                     " s of the last interval\n",
                     full);
    }
    if (text(m, "compared")[0]) {
        (void)printf("  mirror     held against the edge device's counts: %s\n",
                     text(m, "compared"));
    }
}

/* How its packets are looked at. */
static void print_capture(const json_t *k)
{
    int64_t one_in = number(k, "sampled_1_in");
    int64_t flows_one_in = number(k, "flows_1_in");
    int64_t drops = number(k, "drops");
    const char *state = text(k, "state");
    bool well = strcmp(state, "running") == 0;
    if (!well) {
        bool trouble = strcmp(state, "paused") != 0 && strcmp(state, "starting") != 0;
        (void)printf("  %s   packets on %s: %s%s%s\n", trouble ? "TROUBLE " : "packets ",
                     text(k, "interface"), state, text(k, "detail")[0] ? ": " : "",
                     text(k, "detail"));
        return;
    }
    (void)printf("  packets    headers on %s, one packet in %" PRId64, text(k, "interface"),
                 one_in);
    if (flows_one_in != BW_UNKNOWN) {
        (void)printf(" and one flow in %" PRId64, flows_one_in);
    }
    if (drops > 0) {
        (void)printf("; %" PRId64 " lost to a full ring since the start", drops);
    }
    (void)printf("\n");
}

static void print_circuit(const json_t *c, int64_t now_ms)
{
    char a[96];
    char b[32];
    size_t i;
    const json_t *t;
    const json_t *claim = json_object_get(c, "claim");
    const json_t *now = json_object_get(c, "now");
    const json_t *snmp = json_object_get(c, "snmp");
    (void)printf("\nCircuit %s (%s, counted by: %s%s%s)\n", text(c, "id"),
                 text(c, "vantage"), text(c, "source"),
                 text(c, "interface")[0] ? " on " : "", text(c, "interface"));
    if (claim) {
        (void)printf("  claimed    %s down", rate(number(claim, "down_bps"), a));
        (void)printf(", %s up (%s)\n", rate(number(claim, "up_bps"), b),
                     text(claim, "layer")[0] ? text(claim, "layer")
                                             : "the claim names no layer");
    }
    if (now) {
        int64_t down = number(now, "down_bps");
        int64_t up = number(now, "up_bps");
        (void)printf("  now        %s%s down", bound(c, down), rate(down, a));
        (void)printf(", %s%s up (%s, last %" PRId64 " s)\n", bound(c, up), rate(up, b),
                     text(now, "layer")[0] ? text(now, "layer") : "layer not known",
                     number(now, "span_s"));
    } else if (strcmp(text(c, "source"), "none") == 0) {
        (void)printf(
            "  now        not measured: nothing counts this circuit (source = none)\n");
    } else {
        (void)printf("  now        not measured: %s\n",
                     snmp ? "the edge device gave no counts lately"
                          : "the interface cannot be read");
    }
    if (json_object_get(c, "link")) {
        print_link(json_object_get(c, "link"));
    }
    if (json_object_get(c, "mirror")) {
        print_mirror(json_object_get(c, "mirror"));
    }
    if (snmp) {
        print_snmp(snmp);
    }
    if (json_object_get(c, "capture")) {
        print_capture(json_object_get(c, "capture"));
    }
    if (json_is_true(json_object_get(c, "out"))) {
        (void)printf("  OUT        since %s\n",
                     moment(number(c, "out_since_ms"), now_ms, a));
    }
    json_array_foreach(json_object_get(c, "latency"), i, t)
    {
        (void)printf("%s", i == 0 ? "  latency in the open interval\n" : "");
        print_target(t);
    }
}

/* A mirror port can miss traffic: there is no P95 of it. */
static void print_last_mirror(const json_t *c, int64_t down_bytes, int64_t up_bytes)
{
    char a[32];
    (void)printf("  %-10s down %s%s", text(c, "id"), bound(c, down_bytes),
                 size(down_bytes, a));
    (void)printf("; up %s%s", bound(c, up_bytes), size(up_bytes, a));
    (void)printf(" (%s, %" PRId64 " s covered, at a mirror port)\n",
                 text(c, "layer")[0] ? text(c, "layer") : "layer not known",
                 number(c, "covered_s"));
}

static void print_last(const json_t *o, int64_t now_ms)
{
    char a[96];
    char b[32];
    size_t i;
    const json_t *c;
    (void)printf("\nLast interval ended %s\n",
                 moment(number(o, "end_s") * 1000, now_ms, a));
    json_array_foreach(json_object_get(o, "circuits"), i, c)
    {
        const json_t *down = json_object_get(c, "down");
        if (!down || number(c, "covered_s") == 0) {
            (void)printf("  %-10s no counters\n", text(c, "id"));
            continue;
        }
        const json_t *up = json_object_get(c, "up");
        if (strcmp(text(c, "source"), "mirror") == 0) {
            print_last_mirror(c, number(down, "bytes"), number(up, "bytes"));
            continue;
        }
        (void)printf("  %-10s down %s", text(c, "id"), size(number(down, "bytes"), b));
        (void)printf(", P95 of seconds %s", rate(number(down, "p95_1s_bps"), a));
        (void)printf("; up %s", size(number(up, "bytes"), b));
        (void)printf(", P95 %s (%s, %" PRId64 " s covered)\n",
                     rate(number(up, "p95_1s_bps"), a),
                     text(c, "layer")[0] ? text(c, "layer") : "layer not known",
                     number(c, "covered_s"));
    }
}

static void print_records(const json_t *o, int64_t now_ms)
{
    char a[96];
    const json_t *j = json_object_get(o, "journal");
    const json_t *c = json_object_get(o, "collector");
    (void)printf("\nRecords\n  signed     %" PRId64 " under the current key\n",
                 number(j, "last_seq"));
    if (!json_is_true(json_object_get(c, "enrolled"))) {
        (void)printf(
            "  collector  none: records stay here (`bandwitness enroll` changes that)\n");
    } else {
        (void)printf("  collector  %s: acknowledged through %" PRId64 ", waiting %" PRId64
                     "\n",
                     text(c, "url"), number(j, "acked_seq"), number(j, "pending"));
        (void)printf("             last answer %s\n",
                     moment(number(c, "last_ok_ms"), now_ms, a));
        if (text(c, "last_error")[0]) {
            int64_t n = number(c, "failures_in_a_row");
            (void)printf("  TROUBLE    %s", text(c, "last_error"));
            if (n > 0) {
                (void)printf(" (%" PRId64 " %s)", n, bw_plural(n, "time", "times"));
            }
            (void)printf("\n");
        }
    }
    const json_t *r = json_object_get(o, "reflector");
    if (r) {
        (void)printf("  reflector  UDP port %" PRId64 ": %" PRId64 " of %" PRId64
                     " probes answered (%" PRId64 " from sources not named, %" PRId64
                     " over an allowance)\n",
                     number(r, "port"), number(r, "answered"), number(r, "received"),
                     number(r, "foreign"), number(r, "limited"));
    }
    if (number(j, "refused") > 0) {
        (void)printf("  refused    %" PRId64 " for good, told as gaps\n",
                     number(j, "refused"));
    }
    if (text(j, "trouble")[0]) {
        (void)printf("  TROUBLE    storage: %s; %" PRId64 " %s in memory\n",
                     text(j, "trouble"), number(j, "held"),
                     bw_plural(number(j, "held"), "record", "records"));
    }
    if (number(j, "dropped") > 0) {
        (void)printf("  LOST       %" PRId64 " %s: memory was full\n", number(j, "dropped"),
                     bw_plural(number(j, "dropped"), "interval", "intervals"));
    }
}

static void print_tests(const json_t *o)
{
    char b[32];
    size_t i;
    const json_t *p;
    const json_t *t = json_object_get(o, "tests");
    (void)printf("\nThroughput tests: moved today %s",
                 size(number(t, "moved_today_bytes"), b));
    (void)printf(" of %s", size(number(t, "day_bytes"), b));
    (void)printf(", this month %s", size(number(t, "moved_month_bytes"), b));
    if (number(t, "month_bytes") != BW_UNKNOWN) {
        (void)printf(" of %s", size(number(t, "month_bytes"), b));
    }
    (void)printf(" (all probes)\n");
    json_array_foreach(json_object_get(t, "probes"), i, p)
    {
        (void)printf("  %-10s %s  ", text(p, "probe"), text(p, "kind"));
        if (json_is_true(json_object_get(p, "running"))) {
            (void)printf("running\n");
        } else if (text(p, "deferred")[0]) {
            (void)printf("put off: %s\n", text(p, "deferred"));
        } else if (json_is_true(json_object_get(p, "planned"))) {
            (void)printf("today, at a time nobody is told (`bandwitness schedule`)\n");
        } else {
            (void)printf("none any more today\n");
        }
    }
    json_array_foreach(json_object_get(t, "campaigns"), i, p)
    {
        if (strcmp(text(p, "state"), "on") == 0) {
            (void)printf("  campaign %s: %" PRId64 " of %" PRId64 " tests made, %" PRId64
                         " left out or missed\n",
                         text(p, "name"), number(p, "done"), number(p, "tests"),
                         number(p, "given_up") + number(p, "missed") + number(p, "failed"));
        }
    }
}

/* First of all: is anything wrong, and what mends it. */
static void print_problems(const json_t *list)
{
    size_t i;
    const json_t *p;
    if (json_array_size(list) == 0) {
        (void)printf("\nEverything works.\n");
        return;
    }
    (void)printf("\nNeeds attention:\n");
    json_array_foreach(list, i, p)
    {
        (void)printf("%3zu. %s\n     Mend: %s\n", i + 1, text(p, "what"), text(p, "mend"));
    }
}

static void print(const json_t *o)
{
    char a[96];
    char b[32];
    size_t i;
    const json_t *c;
    const json_t *clock = json_object_get(o, "clock");
    int64_t now_ms = number(o, "now_ms");
    const char *name = text(o, "name");
    (void)printf("%s%s%s%s  %s\n", name[0] ? name : "This box",
                 text(o, "entity")[0] ? ", " : "", text(o, "entity"),
                 name[0] ? "" : " (not enrolled)", text(o, "site"));
    (void)printf("%s, running since %s, a record every %" PRId64 " s\n", text(o, "agent"),
                 moment(number(o, "started_ms"), now_ms, a), number(o, "interval_s"));
    if (json_is_true(json_object_get(clock, "synced"))) {
        (void)printf("clock synchronised, off by at most %s\n",
                     millis(number(clock, "max_error_us"), b));
    } else {
        (void)printf("clock not synchronised\n");
    }
    print_problems(json_object_get(o, "problems"));
    json_array_foreach(json_object_get(o, "circuits"), i, c)
    {
        print_circuit(c, now_ms);
    }
    if (json_object_get(o, "last")) {
        print_last(json_object_get(o, "last"), now_ms);
    }
    print_records(o, now_ms);
    print_tests(o);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"socket", required_argument, NULL, 's'},
                                          {"json", no_argument, NULL, 'j'},
                                          {0}};
    const struct bw_verb *v = &bw_verb_status;
    const char *path = BW_CLI_BOX_CONFIG;
    const char *socket = NULL;
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    json_t *answer = NULL;
    bool as_json = false;
    int o;
    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        switch (o) {
        case 'c':
            path = optarg;
            break;
        case 's':
            socket = optarg;
            break;
        case 'j':
            as_json = true;
            break;
        default:
            return BW_EXIT_USAGE;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "what is \"%s\"?", argv[optind]);
    }
    if (!socket) {
        if (bw_crypto_init() < 0 || bw_boxconf_load(path, &c, &err) < 0) {
            return bw_cli_failed(v, "%s", err.text);
        }
        socket = c->control_path;
    }
    json_t *request = json_pack("{s:s}", "verb", "status");
    int r = bw_cli_ask(socket, request, NULL, NULL, &answer, &err);
    json_decref(request);
    if (r < 0) {
        bw_boxconf_unref(c);
        return bw_cli_failed(v, "%s", err.text);
    }
    if (as_json) {
        (void)json_object_del(answer, "ok");
        if (c) {
            (void)json_object_set_new(answer, "bags", bags_kept_list(c->state_dir));
        }
        (void)json_dumpf(answer, stdout, JSON_INDENT(2));
        (void)putchar('\n');
    } else {
        print(answer);
        if (c) {
            bags_kept_print(c->state_dir);
        }
    }
    bw_boxconf_unref(c);
    json_decref(answer);
    return bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_status = {
    .name = "status",
    .summary = "what this box sees and does now",
    .help =
        "[--json] [--config FILE | --socket PATH]\n"
        "\n"
        "Asks the running daemon. First comes what is wrong and what mends it, or that\n"
        "everything works; then each circuit's rate with its layer, latency and outage,\n"
        "the last interval, what the collector acknowledged and what waits, the clock,\n"
        "whether a throughput test is still to come today or why one was put off, and the\n"
        "bytes that all probes moved today and this month.\n"
        "\n"
        "  --json           the whole answer as one JSON object\n"
        "  --config FILE    tells the socket (default " BW_CLI_BOX_CONFIG ")\n"
        "  --socket PATH    the daemon's control socket\n"
        "\n"
        "Exit status: 0 shown, whatever it says, 1 no daemon answers, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness status\n",
    .run = run,
};
