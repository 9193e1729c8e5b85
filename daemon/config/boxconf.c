/* SPDX-License-Identifier: GPL-3.0-or-later
 * boxconf.c - the box's configuration file as one const tree.
 *
 * Everything that could go wrong later because of the file is found here, with the line
 * it stands on; the rest of the daemon trusts the tree. */
#include "boxconf.h"

#include "boxconf_schema.h"
#include "calendar.h"
#include "hours.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <conf.h>
#include <errno.h>
#include <starts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_S = 86400
};

static void copy_text(char *to, size_t cap, const char *from)
{
    (void)snprintf(to, cap, "%s", from);
}

/* A name that the C library does not know is UTC to it, without a word. */
static bool is_zone(const char *name)
{
    char path[128];
    char head[4];
    bool is = false;
    if (name[0] == '/' || strstr(name, "..")) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    FILE *f = fopen(path, "re");
    if (f) {
        is = fread(head, 1, sizeof(head), f) == sizeof(head) &&
             memcmp(head, "TZif", sizeof(head)) == 0;
        (void)fclose(f);
    }
    return is;
}

/* Its name was `rules` before there were rules of another kind. What -T prints of such a
 * file has both, the new one with its default. */
static int
read_campaigns(struct bw_boxconf *c, const struct bw_conf_node *top, struct bw_err *reterr)
{
    struct bw_err said = {0};
    bool old = bw_conf_is_set(top, "rules");
    const char *name = old ? "rules" : "campaigns";
    if (old && strcmp(bw_conf_str(top, "campaigns"), BW_BOXCONF_CAMPAIGNS_DIR) != 0) {
        return bw_conf_fault(top, "rules", reterr,
                             "'rules' is the old name of 'campaigns', which is there as "
                             "well: take this line out");
    }
    copy_text(c->campaigns_dir, sizeof(c->campaigns_dir), bw_conf_str(top, name));
    if (c->campaigns_dir[0] != '/') {
        return bw_conf_fault(top, name, reterr, "'%s' must start with /", name);
    }
    if (old) {
        (void)bw_conf_fault(top, name, &said,
                            "'rules' is called 'campaigns' now: write campaigns = \"%s\"",
                            c->campaigns_dir);
        copy_text(c->old_name, sizeof(c->old_name), said.text);
    }
    return 0;
}

static int
read_top(struct bw_boxconf *c, const struct bw_conf_node *top, struct bw_err *reterr)
{
    int64_t interval_ms = bw_conf_int(top, "interval");
    if (interval_ms % 1000 != 0 || DAY_S % (interval_ms / 1000) != 0) {
        return bw_conf_fault(
            top, "interval", reterr,
            "'interval' must be whole seconds that divide a day (10s, 1min, "
            "5min, 15min)");
    }
    c->interval_s = interval_ms / 1000;
    copy_text(c->state_dir, sizeof(c->state_dir), bw_conf_str(top, "state_dir"));
    copy_text(c->control_path, sizeof(c->control_path), bw_conf_str(top, "control"));
    copy_text(c->control_group, sizeof(c->control_group),
              bw_conf_str(top, "control_group"));
    copy_text(c->timezone, sizeof(c->timezone), bw_conf_str(top, "timezone"));
    if (c->timezone[0] && !is_zone(c->timezone)) {
        return bw_conf_fault(
            top, "timezone", reterr,
            "there is no time zone \"%s\" on this machine (no such file in "
            "/usr/share/zoneinfo): write one like America/Chicago, or install the package "
            "tzdata",
            c->timezone);
    }
    if (c->state_dir[0] != '/') {
        return bw_conf_fault(top, "state_dir", reterr, "'state_dir' must start with /");
    }
    if (c->control_path[0] != '/') {
        return bw_conf_fault(top, "control", reterr, "'control' must start with /");
    }
    c->keep_s = bw_conf_int(top, "keep") / 1000;
    int r = read_campaigns(c, top, reterr);
    if (r < 0) {
        return r;
    }
    const char *calendar = bw_conf_str(top, "instruction_calendar");
    if (calendar[0] && calendar[0] != '/') {
        return bw_conf_fault(top, "instruction_calendar", reterr,
                             "'instruction_calendar' must start with /");
    }
    return calendar[0] ? bw_calendar_load(calendar, &c->calendar, reterr) : 0;
}

static int
read_collector(struct bw_boxconf *c, const struct bw_conf_node *top, struct bw_err *reterr)
{
    const struct bw_conf_node *at = bw_conf_child(top, "collector", 0);
    c->collector.every_ms = c->interval_s * 1000;
    if (!at) {
        return 0;
    }
    const char *url = bw_conf_str(at, "url");
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) {
        return bw_conf_fault(at, "url", reterr, "'url' must start with https://");
    }
    copy_text(c->collector.url, sizeof(c->collector.url), url);
    size_t n = strlen(c->collector.url);
    while (n > 0 && c->collector.url[n - 1] == '/') {
        c->collector.url[--n] = '\0';
    }
    copy_text(c->collector.ca_file, sizeof(c->collector.ca_file),
              bw_conf_str(at, "ca_file"));
    if (c->collector.ca_file[0] && c->collector.ca_file[0] != '/') {
        return bw_conf_fault(at, "ca_file", reterr, "'ca_file' must start with /");
    }
    if (bw_conf_is_set(at, "every")) {
        c->collector.every_ms = bw_conf_int(at, "every");
    }
    return 0;
}

static void read_tests(struct bw_boxconf *c, const struct bw_conf_node *top)
{
    static const enum bw_boxconf_gate gates[] = {BW_BOXCONF_GATE_SHARE, BW_BOXCONF_GATE_FCC,
                                                 BW_BOXCONF_GATE_OFF};
    const struct bw_conf_node *at = bw_conf_child(top, "tests", 0);
    c->tests.day_bytes = bw_conf_int(at, "day_bytes");
    c->tests.month_bytes = bw_conf_int(at, "month_bytes");
    c->tests.gate = gates[bw_conf_int(at, "gate")];
    c->tests.gate_ppm = bw_conf_int(at, "share") * 10000;
    c->tests.in_class = bw_conf_bool(at, "in_class");
    c->tests.retest_ppm = bw_conf_int(at, "retest_below") * 10000;
    bool fcc = c->tests.gate == BW_BOXCONF_GATE_FCC;
    c->tests.retry_ms = bw_conf_int(at, "retry");
    if (c->tests.retry_ms == BW_UNKNOWN) {
        c->tests.retry_ms = fcc ? BW_BOXCONF_FCC_RETRY_MS : BW_BOXCONF_RETRY_MS;
    }
    c->tests.give_up_ms = bw_conf_int(at, "give_up");
    c->tests.give_up_at_hour = fcc && c->tests.give_up_ms == BW_UNKNOWN;
    if (c->tests.give_up_ms == BW_UNKNOWN) {
        c->tests.give_up_ms = BW_BOXCONF_HOUR_MS;
    }
}

static int read_source(const struct bw_conf_node *at,
                       const char *name,
                       int family,
                       char ret[46],
                       struct bw_err *reterr)
{
    uint8_t bytes[16];
    const char *text = bw_conf_str(at, name);
    copy_text(ret, 46, text);
    if (text[0] && inet_pton(family, text, bytes) != 1) {
        return bw_conf_fault(at, name, reterr, "'%s' is one of this box's own %s addresses",
                             name, family == AF_INET ? "IPv4" : "IPv6");
    }
    return 0;
}

/* A mirror's bytes are parted into down and up by the packets drawn from its port. */
static int check_mirror(struct bw_boxconf_circuit *c,
                        const struct bw_conf_node *at,
                        struct bw_err *reterr)
{
    c->port_bps = bw_conf_int(at, "port_speed");
    if (c->port_bps != BW_UNKNOWN && c->vantage != BW_VANTAGE_MIRROR) {
        return bw_conf_fault(at, "port_speed", reterr,
                             "'port_speed' is for vantage = mirror");
    }
    if (c->source != BW_SOURCE_MIRROR) {
        return 0;
    }
    if (c->vantage != BW_VANTAGE_MIRROR) {
        return bw_conf_fault(at, "source", reterr,
                             "source = mirror needs vantage = mirror: a port that only "
                             "hears what others say");
    }
    if (!c->interface[0] || c->capture.what == BW_BOXCONF_CAPTURE_OFF ||
        strcmp(c->capture.interface, c->interface) != 0) {
        return bw_conf_fault(at, "source", reterr,
                             "source = mirror needs the mirror's port as 'interface', and "
                             "capture = mix (or flows) there, which tells down from up");
    }
    return 0;
}

static int read_circuit(struct bw_boxconf_circuit *c,
                        const struct bw_conf_node *at,
                        struct bw_err *reterr)
{
    const char *id = bw_conf_title(at);
    copy_text(c->id, sizeof(c->id), id);
    if (bw_vantage_parse(bw_conf_str(at, "vantage"), &c->vantage) < 0 ||
        c->vantage == BW_VANTAGE_UNKNOWN) {
        return bw_conf_fault(at, "vantage", reterr,
                             "'vantage' must say where this box stands: router, bridge, "
                             "wan-side, lan-side or mirror");
    }
    c->behind = (uint32_t)bw_conf_int(at, "behind");
    (void)bw_source_parse(bw_conf_str(at, "source"), &c->source);
    copy_text(c->interface, sizeof(c->interface), bw_conf_str(at, "interface"));
    copy_text(c->device, sizeof(c->device), bw_conf_str(at, "device"));
    int r = read_source(at, "source_address", AF_INET, c->source4, reterr);
    r = r < 0 ? r : read_source(at, "source_address6", AF_INET6, c->source6, reterr);
    if (r < 0) {
        return r;
    }
    c->faces_school = strcmp(bw_conf_str(at, "side"), "school") == 0;
    c->whole_seconds = bw_conf_int(at, "peaks") == 1;
    if (c->source == BW_SOURCE_KERNEL && !c->interface[0]) {
        return bw_conf_fault(at, "source", reterr, "source = kernel needs an 'interface'");
    }
    if (c->source == BW_SOURCE_NONE && c->interface[0]) {
        return bw_conf_fault(
            at, "interface", reterr,
            "source = none counts nothing: drop 'interface', or say source = "
            "kernel (to bind probes, say 'device')");
    }
    if (c->source == BW_SOURCE_SNMP && c->interface[0]) {
        return bw_conf_fault(at, "interface", reterr,
                             "with source = snmp the device's interface is named in the "
                             "section snmp");
    }
    r = bw_boxconf_read_snmp(c, at, reterr);
    r = r < 0 ? r : bw_boxconf_read_capture(c, at, reterr);
    r = r < 0 ? r : check_mirror(c, at, reterr);
    if (r < 0) {
        return r;
    }
    c->claim_bps[BW_DOWN] = BW_UNKNOWN;
    c->claim_bps[BW_UP] = BW_UNKNOWN;
    const struct bw_conf_node *claim = bw_conf_child(at, "claim", 0);
    if (claim) {
        c->has_claim = true;
        c->claim_bps[BW_DOWN] = bw_conf_int(claim, "down");
        c->claim_bps[BW_UP] = bw_conf_int(claim, "up");
        if (bw_conf_is_set(claim, "layer")) {
            (void)bw_layer_parse(bw_conf_str(claim, "layer"), &c->claim_layer);
        }
    }
    return 0;
}

static int
read_circuits(struct bw_boxconf *c, const struct bw_conf_node *top, struct bw_err *reterr)
{
    size_t n = bw_conf_count(top, "circuit");
    if (n > BW_CIRCUITS_MAX) {
        return bw_conf_fault(bw_conf_child(top, "circuit", BW_CIRCUITS_MAX), NULL, reterr,
                             "more than %d circuits", BW_CIRCUITS_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        int r = read_circuit(&c->circuits[i], bw_conf_child(top, "circuit", i), reterr);
        if (r < 0) {
            return r;
        }
    }
    c->n_circuits = n;
    return 0;
}

/* FNV-1a over everything that makes an instance what it is. */
static uint64_t hash_text(uint64_t h, const char *text)
{
    for (const char *p = text;; p++) {
        h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
        if (!*p) {
            return h;
        }
    }
}

static uint64_t hash_probe(const struct bw_boxconf_probe *p,
                           const struct bw_boxconf_circuit *c)
{
    uint64_t h = hash_text(UINT64_C(0xcbf29ce484222325), p->ops->name);
    h = hash_text(h, bw_opts_name(p->opts));
    h = hash_text(h, c->id);
    h = hash_text(h, c->device);
    h = hash_text(hash_text(h, c->source4), c->source6);
    for (const struct bw_optspec *o = p->ops->opts; o && o->type != BW_OPT_END; o++) {
        h = hash_text(h, bw_opts_text(p->opts, o->name));
    }
    for (size_t i = 0; i < bw_opts_n_targets(p->opts); i++) {
        const struct bw_target *t = bw_opts_target(p->opts, i);
        h = hash_text(hash_text(h, t->name), t->address);
    }
    return h;
}

static int check_targets(struct bw_boxconf *c,
                         const struct bw_conf_node *at,
                         const struct bw_boxconf_probe *p,
                         size_t *n_latency,
                         struct bw_err *reterr)
{
    size_t n = bw_opts_n_targets(p->opts);
    if (n == 0) {
        return bw_conf_fault(at, NULL, reterr, "a probe needs at least one target");
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = bw_opts_target(p->opts, i)->name;
        /* One picture and one line of the record a target name. */
        for (size_t k = 0; p->ops->klass == BW_CLASS_LATENCY && k < c->n_probes; k++) {
            const struct bw_boxconf_probe *q = &c->probes[k];
            if (q->ops->klass != BW_CLASS_LATENCY || q->circuit != p->circuit) {
                continue;
            }
            for (size_t m = 0; m < bw_opts_n_targets(q->opts); m++) {
                if (strcmp(bw_opts_target(q->opts, m)->name, name) == 0) {
                    return bw_conf_fault(at, NULL, reterr,
                                         "target \"%s\" is already one of %s \"%s\"", name,
                                         q->ops->name, bw_opts_name(q->opts));
                }
            }
        }
    }
    if (p->ops->klass == BW_CLASS_LATENCY) {
        *n_latency += n;
        if (*n_latency > BW_TARGETS_MAX) {
            return bw_conf_fault(
                at, NULL, reterr,
                "more than %d latency targets: a record has no room for them",
                BW_TARGETS_MAX);
        }
    }
    return 0;
}

/* The servers outside the usual list stand behind it among an instance's targets. */
static int check_outside(const struct bw_conf_node *at,
                         const struct bw_boxconf_probe *p,
                         struct bw_err *reterr)
{
    size_t bytes = 0;
    size_t usual = bw_opts_n_targets(p->opts) - p->n_outside;
    if (p->n_outside > 0 && usual == 0) {
        return bw_conf_fault(at, NULL, reterr,
                             "outside servers are beside the usual ones: name a target");
    }
    for (size_t i = 0; i < p->n_outside; i++) {
        bytes += strlen(bw_opts_target(p->opts, usual + i)->name) + 1;
    }
    if (bytes > BW_STARTS_OUTSIDE_MAX) {
        return bw_conf_fault(
            bw_conf_child(at, "outside", 0), NULL, reterr,
            "the names of all outside servers together have more than %d bytes",
            BW_STARTS_OUTSIDE_MAX);
    }
    return 0;
}

/* A ticket is for the one server of the collector, whatever a target says: a record would
 * name a server that nobody asked. */
static int check_ticket(const struct bw_conf_node *at,
                        struct bw_boxconf_probe *p,
                        struct bw_err *reterr)
{
    p->with_ticket = bw_optspec_find(p->ops->opts, "ticket") &&
                     strcmp(bw_opt_str(p->opts, "ticket"), "collector") == 0;
    if (!p->with_ticket || bw_opts_n_targets(p->opts) == 1) {
        return 0;
    }
    return bw_conf_fault(at, "ticket", reterr,
                         "with ticket = collector every run goes to the collector's "
                         "server: one target and no outside; other servers need a section "
                         "of their own");
}

/* Not more often than who is tested against allows. */
static int check_every(const struct bw_conf_node *at,
                       const struct bw_boxconf_probe *p,
                       struct bw_err *reterr)
{
    const char *why = "";
    int64_t least = p->ops->least_every_ms ? p->ops->least_every_ms(p->opts, &why) : 0;
    if (p->every_ms == 0 || p->every_ms >= least) {
        return 0;
    }
    return bw_conf_fault(at, "every", reterr, "%s", why);
}

static int read_probe(struct bw_boxconf *c,
                      const struct bw_probe_ops *ops,
                      const struct bw_conf_node *at,
                      size_t *n_latency,
                      struct bw_err *reterr)
{
    const char *circuit = bw_conf_str(at, "circuit");
    struct bw_boxconf_probe p = {.ops = ops};
    struct bw_err why = {0};
    int r = 0;

    if (c->n_probes == BW_BOXCONF_PROBES_MAX) {
        return bw_conf_fault(at, NULL, reterr, "more than %d probes",
                             BW_BOXCONF_PROBES_MAX);
    }
    if (!circuit[0] && c->n_circuits != 1) {
        return bw_conf_fault(at, NULL, reterr, "there are several circuits: say which one");
    }
    int i = circuit[0] ? bw_boxconf_circuit(c, circuit) : 0;
    if (i < 0) {
        const char *ids[BW_CIRCUITS_MAX + 1] = {NULL};
        for (size_t k = 0; k < c->n_circuits; k++) {
            ids[k] = c->circuits[k].id;
        }
        const char *near = bw_conf_nearest(circuit, ids);
        return bw_conf_fault(at, "circuit", reterr, "there is no circuit \"%s\"%s%s%s",
                             circuit, near ? ": did you mean \"" : "", near ? near : "",
                             near ? "\"?" : "");
    }
    p.circuit = (size_t)i;
    const struct bw_opts_head where = {.circuit = c->circuits[i].id,
                                       .device = c->circuits[i].device,
                                       .source4 = c->circuits[i].source4,
                                       .source6 = c->circuits[i].source6};
    r = bw_conf_opts(at, ops->opts, &where, &p.opts, reterr);
    if (r < 0) {
        return r;
    }
    r = check_targets(c, at, &p, n_latency, reterr);
    if (r == 0 && ops->check) {
        r = ops->check(p.opts, &why);
        if (r < 0) {
            (void)bw_conf_fault(at, NULL, reterr, "%s", why.text);
        }
    }
    const struct bw_optspec *step = bw_optspec_find(ops->opts, "interval");
    if (r == 0 && ops->klass == BW_CLASS_LATENCY && step && step->type == BW_OPT_DURATION &&
        bw_opt_int(p.opts, "interval") > c->interval_s * 1000) {
        r = bw_conf_fault(
            at, "interval", reterr,
            "probes every %s, but a record and its picture are only %llds long",
            bw_opts_text(p.opts, "interval"), (long long)c->interval_s);
    }
    if (r == 0 && ops->klass == BW_CLASS_THROUGHPUT) {
        p.every_ms = bw_conf_is_set(at, "every") ? bw_conf_int(at, "every") : 0;
        p.server_bps = bw_conf_int(at, "server_rate");
        p.n_outside = bw_conf_count(at, "outside");
        r = check_outside(at, &p, reterr);
        r = r < 0 ? r : check_ticket(at, &p, reterr);
        r = r < 0 ? r : check_every(at, &p, reterr);
    }
    if (r < 0) {
        bw_opts_free(p.opts);
        return r;
    }
    p.hash = hash_probe(&p, &c->circuits[i]);
    c->probes[c->n_probes++] = p;
    return 0;
}

static int
read_probes(struct bw_boxconf *c, const struct bw_conf_node *top, struct bw_err *reterr)
{
    size_t n_latency = 0;
    for (size_t k = 0; bw_probe_table[k]; k++) {
        const struct bw_probe_ops *ops = bw_probe_table[k];
        for (size_t i = 0; i < bw_conf_count(top, ops->name); i++) {
            const struct bw_conf_node *at = bw_conf_child(top, ops->name, i);
            int r = read_probe(c, ops, at, &n_latency, reterr);
            if (r < 0) {
                return r;
            }
        }
    }
    return 0;
}

int bw_boxconf_load(const char *path, struct bw_boxconf **ret, struct bw_err *reterr)
{
    const struct bw_conf_node *top = NULL;
    struct bw_boxconf *c = calloc(1, sizeof(*c));
    int r;
    if (!c) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    c->refs = 1;
    copy_text(c->path, sizeof(c->path), path);
    c->schema = bw_boxconf_schema();
    if (!c->schema) {
        r = bw_err_set(reterr, -ENOMEM, "out of memory");
        goto out;
    }
    r = bw_conf_read(path, c->schema, &c->conf, reterr);
    if (r < 0) {
        goto out;
    }
    top = bw_conf_top(c->conf);
    read_tests(c, top);
    r = read_top(c, top, reterr);
    r = r < 0 ? r : read_collector(c, top, reterr);
    r = r < 0
            ? r
            : bw_hours_read(top, "class_hours", c->class_hours, &c->n_class_hours, reterr);
    r = r < 0 ? r : bw_hours_read(top, "window", c->windows, &c->n_windows, reterr);
    r = r < 0 ? r : bw_reflector_conf_read(top, false, &c->reflector, reterr);
    r = r < 0 ? r : read_circuits(c, top, reterr);
    r = r < 0 ? r : read_probes(c, top, reterr);
    if (r < 0) {
        goto out;
    }
    r = bw_conf_sha256(c->conf, c->sha256);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "out of memory");
        goto out;
    }
    *ret = c;
    c = NULL;
out:
    bw_boxconf_unref(c);
    return r;
}

struct bw_boxconf *bw_boxconf_ref(struct bw_boxconf *c)
{
    c->refs++;
    return c;
}

void bw_boxconf_unref(struct bw_boxconf *c)
{
    if (!c || --c->refs > 0) {
        return;
    }
    for (size_t i = 0; i < c->n_probes && !c->lender; i++) {
        bw_opts_free(c->probes[i].opts);
    }
    bw_boxconf_unref(c->lender);
    bw_boxconf_unref(c->reflecting);
    bw_boxconf_unref(c->fixed);
    bw_calendar_free(c->calendar);
    bw_conf_free(c->conf);
    free(c->schema);
    free(c);
}

int bw_boxconf_circuit(const struct bw_boxconf *c, const char *id)
{
    for (size_t i = 0; i < c->n_circuits; i++) {
        if (strcmp(c->circuits[i].id, id) == 0) {
            return (int)i;
        }
    }
    return -ENOENT;
}
