/* SPDX-License-Identifier: GPL-3.0-or-later
 * advice.c - what is wrong with this box, in plain words, and what mends it.
 *
 * Only what a person can do something about is here; a figure that is unknown is no
 * fault. Sentences name the file, the key or the command that mends it. */
#include "advice.h"

#include "daemon.h"
#include "heavy.h"
#include "judge.h"
#include "logwatch.h"
#include "plural.h"
#include "site.h"

#include <bw/counter.h>
#include <bw/err.h>
#include <clock.h>
#include <courier.h>
#include <errno.h>
#include <interval.h>
#include <inttypes.h>
#include <snmpline.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tap.h>

static void add(json_t *list, const char *mend, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void add(json_t *list, const char *mend, const char *fmt, ...)
{
    char what[640];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    (void)json_array_append_new(list, json_pack("{s:s, s:s}", "what", what, "mend", mend));
}

struct case_of {
    const char *word; /* NULL: any other */
    const char *mend;
};

static const char *find_case(const struct case_of *cases, const char *text)
{
    while (cases->word && !strstr(text, cases->word)) {
        cases++;
    }
    return cases->mend;
}

/* libcurl's sentences, the problem words of docs/openapi.yaml, our own. */
const char *bw_advice_delivery(const char *error)
{
    static const struct case_of cases[] = {
        {"esolv", "the collector's name is not known here: check name service "
                  "(getent hosts NAME) and "
                  "collector { url } in the configuration"},
        {"certificate",
         "check this box's clock first; if it is right, have the certificate's authority "
         "installed or named as collector { ca_file }, or ask who runs the collector"},
        {"SSL",
         "something between this box and the collector does not speak TLS: ask who runs "
         "the collector, or whether a filter stands between"},
        {"Connection refused", "the collector does not run at that address, or a firewall "
                               "says no: check collector "
                               "{ url }, then ask who runs it"},
        {"timed out", "check that a firewall lets this box out to the collector's port"},
        {"onnect", "check that a firewall lets this box out to the collector's port"},
        {"unknown-key",
         "the collector does not know this box's key: get a new token from who runs it and "
         "run `bandwitness enroll`"},
        {"key-revoked",
         "this box's key was revoked: ask who runs the collector, and enrol again"},
        {"key-replaced",
         "another box took this one's place: take this one away; if it is to stand here, "
         "enrol it with a token of `bandwitness token create --replaces SITE`"},
        {"receipt", "another key than the one learnt at enrolment signed the answer: tell "
                    "who runs the "
                    "collector; if it was set up anew, enrol again"},
        {"too-far-ahead", "the collector misses earlier records: it is sent them by itself "
                          "within a day; else "
                          "tell who runs it"},
        {"HTTP 429", "the collector is busy and asks to wait: nothing to do here"},
        {"HTTP 5",
         "the collector is in trouble: nothing to do here; tell who runs it if it lasts"},
        {"HTTP 3", "the collector moved: ask who runs it for the new address, and set "
                   "collector { url }"},
        {"HTTP 4", "what answers there is not the collector, or another version of it: "
                   "check collector { "
                   "url } in the configuration"},
        {"no JSON",
         "what answers there is not the collector: check collector { url }, and whether a "
         "filter or a captive portal stands between"},
        {NULL,
         "try again later; if it lasts a day, send this line to who runs the collector"}};
    return find_case(cases, error);
}

const char *bw_advice_storage(int code)
{
    switch (code < 0 ? -code : code) {
    case ENOSPC:
    case EDQUOT:
        return "free some space on that disk; what waits in memory is written by itself";
    case EROFS:
        return "the disk is read-only, often because it is failing: look at `dmesg`, check "
               "the "
               "disk, mount it writable again";
    case EBUSY:
    case EAGAIN:
        return "another program keeps the journal locked: close it (a backup? sqlite3?)";
    case EACCES:
    case EPERM:
        return "the daemon's user may not write there: chown the state directory back to "
               "it";
    default:
        return "look at `journalctl -u bandwitness` and `dmesg`: the disk may be failing";
    }
}

const char *bw_advice_left_out(const char *why)
{
    static const struct case_of cases[] = {
        {"busy", "the line is in use whenever a test is due: choose hours when it is not "
                 "(window), or raise tests { share } or { give_up }"},
        {"no counter", "`ip link` lists the interfaces of this box: put the right one as "
                       "interface of that circuit, or say source = none to test without a "
                       "gate"},
        {"of the month's", "raise tests { month_bytes }, or test less often (every)"},
        {"budget", "raise tests { day_bytes }, or test less often (every)"},
        {"class hours", "leave more time between class_hours and window, or raise tests { "
                        "give_up }"},
        {"another test", "test less often (every), so that tests do not queue up"},
        {"outage", "the line is down whenever a test is due: see to the line first"},
        {NULL, "see `journalctl -u bandwitness`"}};
    return find_case(cases, why);
}

const char *bw_advice_unsent(int code)
{
    switch (code < 0 ? -code : code) {
    case BW_ENOSOURCE:
        return "give the circuit the source_address that this box has (`ip addr`), or see "
               "why it is gone: is the cable in, does DHCP answer?";
    case ENETUNREACH:
    case EHOSTUNREACH:
        return "this box has no address or no way there: `ip addr` and `ip route` on that "
               "interface; is the cable in, does DHCP answer?";
    case BW_ENOLOOKUP:
        return "no name server answers, or none did yet: check name service (getent hosts "
               "NAME), or give the target's address";
    case EADDRNOTAVAIL:
        return "the target's name has no address: check name service (getent hosts NAME), "
               "or "
               "give its address";
    case EPERM:
    case EACCES:
        return "a firewall on this box itself forbids ping: `nft list ruleset` shows it; "
               "allow "
               "outgoing ICMP echo";
    case ENODEV:
        return "the circuit's interface is not there: `ip link` lists those that are";
    case EAFNOSUPPORT:
        return "this box has no IP of that family: give a target of the other one";
    case EMSGSIZE:
        return "the packet is larger than the line takes: make `size` smaller";
    default:
        return "see `journalctl -u bandwitness`";
    }
}

/* Targets that nothing can be sent to: says nothing about the line, but is no measuring. */
static void advise_unsent(json_t *list, const struct bw_daemon *d, size_t circuit)
{
    for (size_t i = 0; i < d->config->n_probes; i++) {
        const struct bw_boxconf_probe *p = &d->config->probes[i];
        for (size_t k = 0; p->circuit == circuit && k < bw_opts_n_targets(p->opts); k++) {
            int family;
            int r = bw_site_unsent(d->site, i, k, &family);
            if (r < 0) {
                add(list, bw_advice_unsent(r),
                    "Nothing can be sent%s to the target \"%s\" of circuit \"%s\": %s.",
                    family == 6   ? " any more over IPv6"
                    : family == 4 ? " any more over IPv4"
                                  : "",
                    bw_opts_target(p->opts, k)->name, d->config->circuits[circuit].id,
                    bw_strerror(r));
            }
        }
    }
}

static void advise_clock(json_t *list, bool synced)
{
    if (!synced) {
        add(list,
            "run an NTP client (`apt install systemd-timesyncd`, then `timedatectl` says "
            "\"synchronized: yes\") and let UDP port 123 out",
            "The clock is not synchronised: every record says so, and outages and tests "
            "cannot "
            "be dated for sure.");
    }
}

static void advise_storage(json_t *list, const struct bw_daemon *d)
{
    const struct bw_writer_status *w = bw_writer_status(d->writer);
    if (w->trouble[0]) {
        add(list, bw_advice_storage(w->storage_error),
            "Records cannot be written (%s): %" PRId64 " %s in memory.", w->trouble,
            w->held, bw_plural(w->held, "waits", "wait"));
    }
    if (w->dropped > 0) {
        add(list,
            "nothing brings them back; see to the disk, so that it does not happen again",
            "%" PRId64 " %s lost since the start for want of room; the records say so.",
            w->dropped, bw_plural(w->dropped, "interval was", "intervals were"));
    }
    if (w->disk_free_bytes != BW_UNKNOWN && w->disk_free_bytes < BW_ADVICE_DISK_BYTES) {
        add(list, "free some space, or shorten `keep`: a box writes about 300 MB a year",
            "The disk of %s is nearly full: %" PRId64 " MB are left.", d->config->state_dir,
            w->disk_free_bytes / 1000000);
    }
}

static void advise_collector(json_t *list, const struct bw_daemon *d)
{
    const struct bw_writer_status *w = bw_writer_status(d->writer);
    struct bw_courier_status c;
    const char *url =
        d->config->collector.url[0] ? d->config->collector.url : d->enrolment.url;
    if (!d->enrolled && url[0]) {
        add(list,
            "get a token from who runs the collector and run `bandwitness enroll`; nothing "
            "is "
            "lost meanwhile",
            "This box is not enrolled at %s: its records stay here.", url);
    }
    if (d->courier) {
        bw_courier_status(d->courier, &c);
        if (c.failures_in_a_row > 0) {
            add(list, bw_advice_delivery(c.last_error),
                "Records do not reach %s (%s; tried %" PRId64 " %s): %" PRId64
                " %s in the journal, none is lost.",
                url, c.last_error, c.failures_in_a_row,
                bw_plural(c.failures_in_a_row, "time", "times"), w->pending,
                bw_plural(w->pending, "waits", "wait"));
        } else if (c.last_error[0] && w->pending > 0) {
            add(list, bw_advice_delivery(c.last_error),
                "Some records do not reach %s (%s): %" PRId64
                " %s in the journal, none is lost.",
                url, c.last_error, w->pending, bw_plural(w->pending, "waits", "wait"));
        }
    }
    if (d->logwatch && bw_logwatch_refused(d->logwatch)[0]) {
        add(list,
            "tell who runs the collector, and the state's auditor: records that were taken "
            "in "
            "may have been changed there; this box keeps its own and what it was shown",
            "The log of %s is refused: %s.", url, bw_logwatch_refused(d->logwatch));
    } else if (d->logwatch && bw_logwatch_began_anew(d->logwatch)) {
        add(list,
            "ask who runs the collector whether it was restored or moved; this box keeps "
            "the "
            "last checkpoint of the log before",
            "The log of %s began anew under another name.", url);
    }
    if (w->refused > 0) {
        add(list,
            "tell who runs the collector; `journalctl -u bandwitness` has its reason for "
            "each",
            "The collector refused %" PRId64 " %s for good: the times are named as gaps.",
            w->refused, bw_plural(w->refused, "record", "records"));
    }
}

/* Does a target that is silent over one IP answer over the other? */
static bool other_answers(const struct bw_daemon_last *l, const struct bw_latency *t)
{
    for (size_t i = 0; i < l->n_latency; i++) {
        const struct bw_latency *o = &l->latency[i];
        if (o->family != t->family && o->sent > o->lost &&
            strcmp(o->probe, t->probe) == 0 && strcmp(o->kind, t->kind) == 0 &&
            strcmp(o->circuit, t->circuit) == 0) {
            return true;
        }
    }
    return false;
}

static void advise_family(json_t *list, const struct bw_latency *t)
{
    add(list,
        t->family == 6
            ? "programs try IPv6 first and wait for it: ask the provider why, or "
              "whether this line has IPv6 at all"
            : "most of the Internet is reached by IPv4: ask the provider why",
        "The target \"%s\" of circuit \"%s\" answers over IPv%d and not over IPv%d.",
        t->probe, t->circuit, t->family == 6 ? 4 : 6, t->family == 6 ? 6 : 4);
}

/* Targets of the last finished interval that gave no answer at all. */
static void advise_targets(json_t *list, const struct bw_daemon *d, size_t circuit)
{
    const struct bw_daemon_last *l = &d->last;
    const char *id = d->config->circuits[circuit].id;
    char names[256] = "";
    size_t n = 0;
    size_t silent = 0;
    size_t len = 0;
    if (l->start_unix_s == BW_UNKNOWN) {
        return;
    }
    for (size_t i = 0; i < l->n_latency; i++) {
        const struct bw_latency *t = &l->latency[i];
        if (strcmp(t->circuit, id) != 0 || t->sent <= 0) {
            continue;
        }
        n++;
        if (t->lost == t->sent && other_answers(l, t)) {
            advise_family(list, t);
        } else if (t->lost == t->sent && len < sizeof(names)) {
            silent++;
            len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
                                    len ? ", " : "", t->probe);
        }
    }
    if (silent > 0 && silent == n) {
        add(list,
            "is the cable in, the modem on, the provider up? If the Internet works from "
            "here, "
            "a firewall drops ping: choose targets that answer",
            "No target of circuit \"%s\" answered in the last interval (%s).", id, names);
    } else if (silent > 0) {
        add(list,
            "ping it by hand; if it never answers, put another address in its place (an "
            "outage "
            "is told only by two targets that answer)",
            "A target of circuit \"%s\" did not answer in the last interval: %s.", id,
            names);
    }
}

/* An edge device that is not counted, or only in coarse steps. */
static void advise_snmp(json_t *list, const char *id, const struct bw_snmp_status *s)
{
    static const char *const mends[BW_SNMP_STATES] = {
        [BW_SNMP_SILENT] =
            "is the device's SNMP service on, does its access list name this "
            "box, is the address right? With version = v2c a wrong "
            "community looks the same",
        [BW_SNMP_WRONG_KEY] =
            "compare user, both passphrases, `auth` and `privacy` with the "
            "device; after a change `systemctl reload bandwitness`",
        [BW_SNMP_NO_INTERFACE] = "`snmpwalk … ifName` and `… ifAlias` list what the device "
                                 "has: put one of them as `interface` or `alias`",
        [BW_SNMP_AMBIGUOUS] = "give the interface a description of its own at the device, "
                              "or name it by `interface`",
        [BW_SNMP_NO_COUNTERS] = "let the user's view at the device include ifTable and "
                                "ifXTable (1.3.6.1.2.1.2 and 1.3.6.1.2.1.31)",
        [BW_SNMP_TOO_FAST] = "let the user's view include ifXTable, where its 64-bit "
                             "counters are; a device without them can only be counted at "
                             "lower speeds",
        [BW_SNMP_FAULTY] = "ask it by hand (`snmpget … 1.3.6.1.2.1.1.3.0`); its own log or "
                           "a newer firmware may tell more",
        [BW_SNMP_NOT_RUNNING] =
            "is the package bandwitness-snmp installed, and the file of "
            "`secrets` the daemon's own (chown bandwitness, chmod 600)?",
    };
    if (mends[s->state]) {
        add(list, mends[s->state], "Circuit \"%s\": %s; nothing is counted.", id,
            s->text[0] ? s->text : bw_snmp_state_word(s->state));
    } else if (s->state == BW_SNMP_COUNTING && s->text[0]) {
        add(list,
            "put the interface's true speed at the device (on many a `bandwidth` line), or "
            "leave it as it is: the bytes are right",
            "Circuit \"%s\": %s.", id, s->text);
    }
}

/* An interface that is there, and does not see what the circuit carries. */
static void advise_link(json_t *list,
                        const struct bw_boxconf_circuit *c,
                        const struct bw_counter_link *l)
{
    if (strcmp(l->kind, "bridge") == 0 && c->vantage == BW_VANTAGE_BRIDGE) {
        add(list,
            "put the bridge's port towards the line as interface of that circuit; "
            "`bridge link` lists the ports",
            "Circuit \"%s\": %s counts only what is for this box itself, and nothing that "
            "passes through the bridge.",
            c->id, c->interface);
    }
    if (strcmp(l->leg_of_kind, "bond") == 0 || strcmp(l->leg_of_kind, "team") == 0) {
        char mend[96];
        (void)snprintf(mend, sizeof(mend), "put interface = \"%s\" into that circuit",
                       l->leg_of[0] ? l->leg_of : "the bond's name");
        add(list, mend,
            "Circuit \"%s\": %s is one leg of a %s, and the other legs' bytes are not "
            "counted.",
            c->id, c->interface, l->leg_of_kind);
    }
}

/* A capture that was asked for and tells nothing. */
static void advise_capture(json_t *list, const struct bw_daemon *d, size_t i)
{
    static const char *const mends[] = {
        [BW_TAP_NO_RIGHTS] =
            "start the daemon by `systemctl start bandwitness`, whose unit gives it "
            "CAP_NET_RAW; or say capture = off",
        [BW_TAP_INTERFACE_GONE] =
            "`ip link` lists the interfaces of this box: put the right one as "
            "capture_interface, or give this one its name back (ip link set … name …)",
        [BW_TAP_INTERFACE_DOWN] = "`ip link set INTERFACE up`",
        [BW_TAP_REFUSED] = "`dmesg` may tell why; a bridge or a virtual machine must allow "
                           "its port to listen to all that passes",
        [BW_TAP_FAILED] = "capture at an interface of Ethernet, PPP or a tunnel of IP; if "
                          "it is one, restart the daemon and send this line to who "
                          "maintains it",
    };
    const struct bw_boxconf_circuit *c = &d->config->circuits[i];
    struct bw_tap_status st;
    if (!bw_site_tap_status(d->site, i, &st)) {
        return;
    }
    if (bw_tap_state_word(st.state)[0]) {
        add(list, mends[st.state], "Circuit \"%s\": %s; nothing is told of its packets.",
            c->id, st.detail);
    } else if (st.untold) {
        add(list,
            "behind address translation, capture on the school's side (capture_interface, "
            "capture_side = school); check `inside` and `router`, which tell the way of a "
            "packet. At night it is as it should be",
            "Circuit \"%s\": fewer than %d devices were seen in the last interval, so "
            "nothing is told of its packets.",
            c->id, c->capture.smallest_group);
    }
}

static void advise_mirror(json_t *list,
                          const struct bw_boxconf_circuit *c,
                          const struct bw_site_mirror *m)
{
    if (m->link == 0) {
        add(list, "is the cable in, and is the mirror session of the switch on?",
            "Circuit \"%s\": the port of the mirror has no link, so nothing of the line is "
            "seen.",
            c->id);
    }
    if (m->full_s != BW_UNKNOWN && m->full_s > 0) {
        add(list,
            "let the switch mirror to a faster port, or have the edge device asked (source "
            "= snmp)",
            "Circuit \"%s\": the port of the mirror was nearly full in %" PRId64
            " %s of the newest interval: the line may have carried more than it showed.",
            c->id, m->full_s, bw_plural(m->full_s, "second", "seconds"));
    }
    if (m->no_way) {
        add(list,
            "give the MAC address of the line's router as `router`, or the school's own "
            "prefixes as `inside`",
            "Circuit \"%s\": which way the mirror's packets go cannot be told, so none of "
            "them "
            "are counted.",
            c->id);
    }
    if (m->compared == BW_MIRROR_LACKS) {
        add(list,
            "look which ports and directions the switch mirrors, and whether the mirror's "
            "port drops",
            "Circuit \"%s\": the mirror shows less than 90 %% of what the edge device "
            "counts.",
            c->id);
    }
    if (m->compared == BW_MIRROR_EXCEEDS) {
        add(list,
            "let the switch mirror the port of the line alone, and look at `router` and "
            "`inside`",
            "Circuit \"%s\": the mirror shows more than the edge device counts: traffic of "
            "others, or twice the same.",
            c->id);
    }
}

static void advise_circuit(json_t *list, const struct bw_daemon *d, size_t i)
{
    const struct bw_boxconf_circuit *c = &d->config->circuits[i];
    struct bw_interval *iv = bw_site_interval(d->site);
    int64_t since_ms = BW_UNKNOWN;
    size_t n_targets = 0;
    char since[32] = "an unknown time";
    if (!iv) {
        return;
    }
    if (c->source == BW_SOURCE_KERNEL && !bw_interval_last_reading(iv, (uint32_t)i)) {
        add(list,
            "`ip link` lists the interfaces of this box: put the right one as interface of "
            "that circuit",
            "Circuit \"%s\": the interface %s cannot be read, so nothing is counted.",
            c->id, c->interface);
    }
    if (bw_site_link(d->site, i)) {
        advise_link(list, c, bw_site_link(d->site, i));
    }
    if (bw_site_mirror(d->site, i)) {
        advise_mirror(list, c, bw_site_mirror(d->site, i));
    }
    if (bw_site_snmp(d->site, i)) {
        advise_snmp(list, c->id, bw_site_snmp(d->site, i));
    }
    advise_capture(list, d, i);
    if (bw_interval_out_now(iv, (uint32_t)i, bw_clock_mono_ns(), &since_ms)) {
        if (since_ms != BW_UNKNOWN) {
            bw_time_format_s(since_ms / 1000, since);
        }
        add(list,
            "is the cable in, the modem on, the provider up? The outage is on record; "
            "nothing "
            "to do here",
            "Circuit \"%s\" is out since %s.", c->id, since);
    } else {
        advise_targets(list, d, i);
    }
    for (size_t k = 0; k < d->config->n_probes; k++) {
        const struct bw_boxconf_probe *p = &d->config->probes[k];
        if (p->circuit == i && p->ops->klass == BW_CLASS_LATENCY) {
            n_targets += bw_opts_n_targets(p->opts);
        }
    }
    if (bw_heavy_other_in_row(d->heavy, i) >= BW_JUDGE_EGRESS_RUNS) {
        add(list,
            "has the line failed over to another one, or the box moved? If this line has "
            "new "
            "addresses, have them registered at the collector; until then no test counts",
            "The last %" PRId64
            " tests of circuit \"%s\" left by another line: it has moved "
            "or failed over.",
            bw_heavy_other_in_row(d->heavy, i), c->id);
    }
    advise_unsent(list, d, i);
    if (n_targets == 1) {
        add(list, "add a second target that does not depend on the first",
            "Circuit \"%s\" has one target only: outages of the line cannot be told.",
            c->id);
    }
}

static void advise_tests(json_t *list, const struct bw_daemon *d)
{
    struct bw_heavy_next n;
    for (size_t i = 0; bw_heavy_next(d->heavy, i, &n); i++) {
        if (n.left_out >= BW_ADVICE_LEFT_OUT) {
            add(list, bw_advice_left_out(n.left_why),
                "The test \"%s\" was left out %" PRId64
                " times in a row; the last time: %s.",
                n.probe, n.left_out, n.left_why);
        }
        if (n.failed[0]) {
            add(list,
                "is its server up, and does it give or take the file? Try `bandwitness "
                "probe "
                "http URL`",
                "The last run of the test \"%s\" failed: %s.", n.probe, n.failed);
        }
        for (int k = 0; k < BW_DIRECTIONS; k++) {
            if (n.untestable[k]) {
                add(list,
                    "a faster port or cable, or servers that carry more; until then read "
                    "these figures as \"at least\"",
                    "The claim of circuit \"%s\" (%s) is not testable by this box with the "
                    "test \"%s\": port or servers carry less than was claimed.",
                    n.circuit, k == BW_DOWN ? "down" : "up", n.probe);
            }
        }
        if (n.equal_in_row >= BW_JUDGE_EQUAL_RUNS) {
            add(list,
                "is the line shaped to one rate in both directions, or does the server "
                "limit "
                "the rate? Test against another server; the runs are flagged",
                "The test \"%s\" gave the same upload as download, to 0.1 %%, %" PRId64
                " times in a row.",
                n.probe, n.equal_in_row);
        }
        if (n.no_second) {
            add(list,
                "name a second target in the test's section, at another place; where it "
                "says ticket = collector, in a section of its own",
                "The test \"%s\" was below the claim, and there is no second server to "
                "test "
                "again at.",
                n.probe);
        }
        if (n.never) {
            add(list,
                "leave more time between class_hours and window, set tests { in_class }, "
                "or test more often: a start needs more than a tenth of its every of "
                "open hours in one day (UTC)",
                "The test \"%s\" never runs today: class hours and windows leave too "
                "little time for its every.",
                n.probe);
        }
    }
}

json_t *bw_advice_json(const struct bw_daemon *d, bool clock_synced)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->config->n_circuits; i++) {
        advise_circuit(list, d, i);
    }
    advise_storage(list, d);
    advise_collector(list, d);
    advise_clock(list, clock_synced);
    advise_tests(list, d);
    if (d->restart_needed[0]) {
        add(list, "`systemctl restart bandwitness`",
            "A part of the new configuration waits for a restart: %s.", d->restart_needed);
    }
    return list;
}
