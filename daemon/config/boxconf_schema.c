/* SPDX-License-Identifier: GPL-3.0-or-later
 * boxconf_schema.c - which sections and options the box's configuration file has.
 *
 * bandwitness.conf(5) is written from these tables, so the sentences are for the reader
 * of the manual. */
#include "boxconf_schema.h"

#include <bw/probe.h>
#include <reflector.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

static const char *const vantage_words[] = {"unknown",  "router", "bridge", "wan-side",
                                            "lan-side", "mirror", NULL};
static const char *const behind_words[] = {"nat", "filter", "proxy", NULL};
static const char *const source_words[] = {"none", "kernel", "snmp", "mirror", NULL};
static const char *const peaks_words[] = {"sliding", "seconds", NULL};
static const char *const side_words[] = {"line", "school", NULL};
static const char *const layer_words[] = {"ethernet", "ip", NULL};
static const char *const gate_words[] = {"share", "fcc", "off", NULL};

static const struct bw_optspec top_opts[] = {
    {.name = "interval",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 3600000,
     .def = "5min",
     .doc =
         "Length of one record, in whole seconds that divide a day; shorter than 5min is "
         "for tests and demonstrations."},
    {.name = "state_dir",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 3072,
     .def = "/var/lib/bandwitness",
     .doc =
         "Where keys, journal and pictures are kept, on storage that survives a reboot."},
    {.name = "control",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 107,
     .def = "/run/bandwitness/control.sock",
     .doc =
         "The control socket; who may write to it may ask for status, tests and reload."},
    {.name = "control_group",
     .type = BW_OPT_STRING,
     .max = 32,
     .def = "",
     .doc = "Group of the control socket; the daemon must be a member. Not set: its own."},
    {.name = "timezone",
     .type = BW_OPT_STRING,
     .max = 63,
     .def = "",
     .doc = "Time zone of class hours and windows, as in America/Chicago; the package "
            "tzdata has them. Not set: the machine's."},
    {.name = "keep",
     .type = BW_OPT_DURATION,
     .min = DAY_MS,
     .max = 4000 * DAY_MS,
     .def = "400d",
     .doc = "How long signed records stay here after the collector's receipt."},
    {.name = "campaigns",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 3072,
     .def = BW_BOXCONF_CAMPAIGNS_DIR,
     .doc = "Where the rule files of campaigns are, one NAME.conf a rule "
            "(bandwitness-campaign(1))."},
    {.name = "rules",
     .type = BW_OPT_STRING,
     .max = 3072,
     .def = "",
     .doc = "The old name of `campaigns`: still read, with a warning."},
    {.name = "instruction_calendar",
     .type = BW_OPT_STRING,
     .max = 3072,
     .def = "",
     .doc = "A file of days without lessons and half days, one date or range a line "
            "(see INSTRUCTIONAL CALENDAR). Not set: class hours apply on all their days."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec collector_opts[] = {
    {.name = "url",
     .type = BW_OPT_STRING,
     .min = 8,
     .max = 511,
     .def = NULL,
     .flags = BW_OPT_ADDRESS,
     .doc = "Base address of the collector, https:// (http:// is taken, with a warning: "
            "records are signed, but anybody on the way can read them)."},
    {.name = "ca_file",
     .type = BW_OPT_STRING,
     .max = 3072,
     .def = "",
     .doc = "Certificates (PEM) that may vouch for the collector. Not set: the system's."},
    {.name = "every",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = DAY_MS,
     .def = "",
     .doc = "Mean gap between two posts. Not set: the interval."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec tests_opts[] = {
    {.name = "day_bytes",
     .type = BW_OPT_SIZE,
     .min = 0,
     .max = INT64_C(1000000000000000),
     .def = "20GB",
     .doc = "All probes of one UTC day together move at most this, the latency probes' "
            "packets included; a throughput test that might go over it is not run."},
    {.name = "month_bytes",
     .type = BW_OPT_SIZE,
     .min = 0,
     .max = INT64_C(1000000000000000),
     .def = "",
     .doc = "The same for a calendar month (UTC). Not set: no limit but the day's."},
    {.name = "gate",
     .type = BW_OPT_ENUM,
     .words = gate_words,
     .def = "share",
     .doc =
         "What users may carry while a test starts: a share of the claim (of the link "
         "where nothing is claimed); fcc, the rule of the FCC's performance testing "
         "(DA 18-710): 64 kbit/s down for a download, 32 kbit/s up for an upload, looked "
         "at again every minute, left out when the hour is over; or off, anything."},
    {.name = "share",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 100,
     .def = "10",
     .doc = "The share for gate = share, in percent."},
    {.name = "in_class",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc = "Whether tests may start during class hours."},
    {.name = "retry",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = DAY_MS,
     .def = "",
     .doc = "A deferred test is looked at again after this; every deferral is recorded. "
            "Not set: 5min, and 1min with gate = fcc."},
    {.name = "give_up",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = DAY_MS,
     .def = "",
     .doc =
         "A test deferred for longer than this is left out. Not set: 1h, and with gate = "
         "fcc when the hour (UTC) of its start is over."},
    {.name = "retest_below",
     .type = BW_OPT_INT,
     .min = 0,
     .max = 100,
     .def = "90",
     .doc =
         "A test that finds less than this share of the claim, in percent, is made again "
         "within the hour at another server of its section, where there is one and port "
         "and servers carry the claim; both stand on record and both count. 0: never."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec hours_opts[] = {
    {.name = "days",
     .type = BW_OPT_STRING,
     .min = 3,
     .max = 63,
     .def = "mon-fri",
     .doc = "Days of the week: mon-fri, or sat,sun."},
    {.name = "from",
     .type = BW_OPT_STRING,
     .min = 5,
     .max = 5,
     .def = NULL,
     .doc = "First minute, as in \"07:00\", local time."},
    {.name = "to",
     .type = BW_OPT_STRING,
     .min = 5,
     .max = 5,
     .def = NULL,
     .doc = "The minute after the last one; not after `from` means on the next day."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec circuit_opts[] = {
    {.name = "vantage",
     .type = BW_OPT_ENUM,
     .words = vantage_words,
     .def = NULL,
     .doc = "Where this box stands: router (all traffic goes through it), bridge, wan-side "
            "or lan-side of the edge device, mirror. It is said beside every figure; "
            "unknown is refused."},
    {.name = "behind",
     .type = BW_OPT_SET,
     .words = behind_words,
     .def = "none",
     .doc = "What lies between this box and the line."},
    {.name = "source",
     .type = BW_OPT_ENUM,
     .words = source_words,
     .def = NULL,
     .doc =
         "Who counts the circuit's bytes: the kernel of this box on `interface`, the edge "
         "device that the section snmp names, the port that a mirror of the line comes in "
         "by "
         "(see MIRROR PORTS), or none. With none there is no used, no concurrent, no "
         "capacity and no busy gate."},
    {.name = "interface",
     .type = BW_OPT_STRING,
     .max = 15,
     .def = "",
     .doc =
         "The interface that carries exactly this circuit's traffic (source = kernel). A "
         "line in a VLAN, over PPPoE or a bond: that device (eth0.120, ppp0, bond0), not "
         "what it stands on. A bridge in the line: the bridge's port towards the line, "
         "as the bridge itself counts only what is for this box."},
    {.name = "port_speed",
     .type = BW_OPT_RATE,
     .min = 1000,
     .max = INT64_C(10000000000000),
     .def = "",
     .doc =
         "With vantage = mirror: the speed of the port that the mirror comes in by, where "
         "the port itself does not say (a virtual machine's)."},
    {.name = "side",
     .type = BW_OPT_ENUM,
     .words = side_words,
     .def = "line",
     .doc = "Which side of the box (with source = snmp: of the edge device) the interface "
            "is on: the line's (received bytes are down) or the school's (sent bytes are "
            "down)."},
    {.name = "device",
     .type = BW_OPT_STRING,
     .max = 15,
     .def = "",
     .doc = "Bind this circuit's probes to an interface. Not set: routing decides."},
    {.name = "source_address",
     .type = BW_OPT_STRING,
     .max = 45,
     .def = "",
     .doc =
         "Send this circuit's probes from this IPv4 address of the box, where a firewall "
         "chooses the line by it; `bandwitness schedule --explain` prints the routes to "
         "add. Not set: routing decides."},
    {.name = "source_address6",
     .type = BW_OPT_STRING,
     .max = 45,
     .def = "",
     .doc = "The same for IPv6."},
    {.name = "peaks",
     .type = BW_OPT_ENUM,
     .words = peaks_words,
     .def = "sliding",
     .doc = "With source = kernel: sliding reads the counters four times a second and "
            "records the most in any second, wherever it begins; seconds reads them once, "
            "which spares the box three wake-ups a second, and records the most in a whole "
            "second of the clock only."},
    {.name = "capture",
     .type = BW_OPT_ENUM,
     .words = bw_boxconf_capture_words,
     .def = "off",
     .doc = "What is told of the packets on the line, from their headers alone (see "
            "CAPTURE): off; mix, which share of the bytes is what, from a few packets "
            "drawn by chance; flows, the same and the round trips and repeats of TCP, from "
            "one connection in 16. Only this file switches it on."},
    {.name = "capture_interface",
     .type = BW_OPT_STRING,
     .max = 15,
     .def = "",
     .doc = "Where packets are captured. Behind address translation on this box take the "
            "school's side: on the line's, all traffic has one address, and nothing is "
            "told of so few devices. Not set: `interface`."},
    {.name = "capture_side",
     .type = BW_OPT_ENUM,
     .words = side_words,
     .def = "",
     .doc = "Which side of the box `capture_interface` is on. Not set: as `side` says."},
    {.name = "router",
     .type = BW_OPT_STRING,
     .max = 127,
     .def = "",
     .doc = "MAC address of the router towards the line, as in \"02:00:00:00:00:01\": "
            "frames from it come down, frames to it go up. Of several that share a virtual "
            "one all are named, with blanks between. For a box that is not the router "
            "itself. Not set: `inside` tells the way, and on the line's side of a router "
            "the interface's own address."},
    {.name = "inside",
     .type = BW_OPT_STRING,
     .max = 1023,
     .def = "",
     .doc = "Prefixes of the school, as in \"10.0.0.0/8 2001:db8::/48\": they tell which "
            "way a captured packet goes. Not set: private addresses; where there is IPv6, "
            "name the school's own too."},
    {.name = "devices",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc = "Whether records say how many devices were active, at least."},
    {.name = "smallest_group",
     .type = BW_OPT_INT,
     .min = 5,
     .max = 64,
     .def = "5",
     .doc = "What fewer devices than this did is told only as part of something larger, or "
            "not at all."},
    {.name = "flows_one_in",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 1024,
     .def = "16",
     .doc = "With capture = flows: one connection in so many, a power of two, is "
            "followed."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec claim_opts[] = {
    {.name = "down",
     .type = BW_OPT_RATE,
     .min = 1000,
     .max = INT64_C(10000000000000),
     .def = NULL,
     .doc = "Contracted rate towards the school."},
    {.name = "up",
     .type = BW_OPT_RATE,
     .min = 1000,
     .max = INT64_C(10000000000000),
     .def = NULL,
     .doc = "Contracted rate from the school."},
    {.name = "layer",
     .type = BW_OPT_ENUM,
     .words = layer_words,
     .def = "",
     .doc = "The layer the contract means. Not set: it does not say."},
    {.type = BW_OPT_END},
};

#define CIRCUIT_OPT                                                                        \
    {                                                                                      \
        .name = "circuit", .type = BW_OPT_STRING, .max = BW_NAME_MAX, .def = "",           \
        .doc = "The circuit it measures. Not set: the only one there is."                  \
    }

const struct bw_optspec bw_boxconf_light_opts[] = {
    CIRCUIT_OPT,
    {.type = BW_OPT_END},
};

const struct bw_optspec bw_boxconf_heavy_opts[] = {
    CIRCUIT_OPT,
    {.name = "every",
     .type = BW_OPT_DURATION,
     .min = 10000,
     .max = 9 * DAY_MS,
     .def = "",
     .doc = "Mean gap between two starts, counted over the hours in which tests may start; "
            "the starts themselves nobody can foresee. They are drawn for each day (UTC) "
            "by itself, and none comes before a tenth of this has passed in its open "
            "hours. Not set: only when asked."},
    {.name = "server_rate",
     .type = BW_OPT_RATE,
     .min = 1000,
     .max = INT64_C(10000000000000),
     .def = "",
     .doc = "What its servers can carry; a claim beyond it is said to be not testable by "
            "this box. Not set: nobody said."},
    {.type = BW_OPT_END},
};

static const struct bw_conf_section circuit_sections[] = {
    {.keyword = "claim", .opts = claim_opts, .doc = "What was contracted for the circuit."},
    {.keyword = "snmp",
     .opts = bw_boxconf_snmp_opts,
     .doc = "The edge device that counts the circuit's bytes (source = snmp). It has no "
            "figures of single seconds, and says how old its counts may be; see EDGE "
            "DEVICES."},
    {.keyword = NULL},
};

/* Of a throughput section. */
static const struct bw_conf_section server_sections[] = {
    {.keyword = "target",
     .flags = BW_CONF_TITLED,
     .opts = bw_conf_target_opts,
     .doc = "A usual server; they take turns."},
    {.keyword = "outside",
     .flags = BW_CONF_TITLED,
     .opts = bw_conf_target_opts,
     .doc = "A server outside the usual list: one test in eight goes to one of these, and "
            "the day's secret says which."},
    {.keyword = NULL},
};

static const struct bw_conf_section fixed_sections[] = {
    {.keyword = "collector",
     .opts = collector_opts,
     .doc = "Where signed records are sent; without this section they stay here."},
    {.keyword = "circuit",
     .flags = BW_CONF_TITLED | BW_CONF_REQUIRED,
     .opts = circuit_opts,
     .subs = circuit_sections,
     .doc = "One line of the school."},
    {.keyword = "tests",
     .flags = BW_CONF_ALWAYS,
     .opts = tests_opts,
     .doc = "Manners of all throughput tests together."},
    {.keyword = "class_hours",
     .flags = BW_CONF_TITLED,
     .opts = hours_opts,
     .doc = "When lessons are held; up to eight. Without any there are none."},
    {.keyword = "window",
     .flags = BW_CONF_TITLED,
     .opts = hours_opts,
     .doc = "When tests may start; up to eight. Without any they always may."},
    BW_REFLECTOR_SECTION(bw_reflector_box_opts),
};

struct bw_conf_section *bw_boxconf_schema(void)
{
    size_t fixed = sizeof(fixed_sections) / sizeof(fixed_sections[0]);
    size_t kinds = 0;
    while (bw_probe_table[kinds]) {
        kinds++;
    }
    /* One block: the top, its sections, the end. */
    struct bw_conf_section *s = calloc(1 + fixed + kinds + 1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    s[0] = (struct bw_conf_section){
        .keyword = "", .opts = top_opts, .subs = &s[1], .doc = "The box itself."};
    memcpy(&s[1], fixed_sections, sizeof(fixed_sections));
    for (size_t i = 0; i < kinds; i++) {
        const struct bw_probe_ops *ops = bw_probe_table[i];
        bool heavy = ops->klass == BW_CLASS_THROUGHPUT;
        s[1 + fixed + i] = (struct bw_conf_section){
            .keyword = ops->name,
            .flags = BW_CONF_TITLED,
            .opts = heavy ? bw_boxconf_heavy_opts : bw_boxconf_light_opts,
            .more_opts = ops->opts,
            .subs = heavy ? server_sections : bw_conf_targets,
            .doc = heavy ? "A throughput test of this kind."
                         : "A latency probe of this kind."};
    }
    s[1 + fixed + kinds].keyword = NULL;
    return s;
}
