/* SPDX-License-Identifier: GPL-3.0-or-later
 * boxconf.c - the box's configuration file as one const tree.
 *
 * Everything that could go wrong later because of the file is found here, with the line
 * it stands on; the rest of the daemon trusts the tree. */
#include "boxconf.h"

#include "boxconf_schema.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DAY_S = 86400,
    TEXT_MAX = 4 * 1024 * 1024
};

static void copy_text(char *to, size_t cap, const char *from)
{
    (void)snprintf(to, cap, "%s", from);
}

static int read_minute(const char *text)
{
    if (strlen(text) != 5 || text[2] != ':') {
        return -EINVAL;
    }
    for (int i = 0; i < 5; i++) {
        if (i != 2 && (text[i] < '0' || text[i] > '9')) {
            return -EINVAL;
        }
    }
    int h = (text[0] - '0') * 10 + (text[1] - '0');
    int m = (text[3] - '0') * 10 + (text[4] - '0');
    return h > 24 || m > 59 || (h == 24 && m > 0) ? -EINVAL : h * 60 + m;
}

/* "mon-fri", "sat,sun", "mon,wed-fri" */
static int read_days(const char *text, uint32_t *ret)
{
    static const char words[7][4] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    uint32_t days = 0;
    int from = -1;

    for (const char *p = text;; p += 4) {
        int day = -1;
        for (int i = 0; i < 7; i++) {
            if (strncmp(p, words[i], 3) == 0) {
                day = i;
            }
        }
        if (day < 0) {
            return -EINVAL;
        }
        if (from >= 0) {
            for (int i = from; i != day; i = (i + 1) % 7) {
                days |= UINT32_C(1) << i;
            }
        }
        days |= UINT32_C(1) << day;
        from = p[3] == '-' && from < 0 ? day : -1;
        if (p[3] == '\0') {
            *ret = days;
            return 0;
        }
        if (p[3] != ',' && from < 0) {
            return -EINVAL;
        }
    }
}

static int read_hours(const struct bw_conf_node *top,
                      const char *keyword,
                      struct bw_boxconf_hours *out,
                      size_t *ret_n,
                      struct bw_err *reterr)
{
    size_t n = bw_conf_count(top, keyword);
    if (n > BW_BOXCONF_HOURS_MAX) {
        return bw_conf_fault(bw_conf_child(top, keyword, BW_BOXCONF_HOURS_MAX), NULL,
                             reterr, "more than %d %s sections", BW_BOXCONF_HOURS_MAX,
                             keyword);
    }
    for (size_t i = 0; i < n; i++) {
        const struct bw_conf_node *at = bw_conf_child(top, keyword, i);
        out[i].from_min = read_minute(bw_conf_str(at, "from"));
        out[i].to_min = read_minute(bw_conf_str(at, "to"));
        if (out[i].from_min < 0 || out[i].from_min == BW_BOXCONF_DAY_MIN) {
            return bw_conf_fault(at, "from", reterr, "'from' is a time like \"07:00\"");
        }
        if (out[i].to_min < 0) {
            return bw_conf_fault(at, "to", reterr, "'to' is a time like \"17:00\"");
        }
        if (read_days(bw_conf_str(at, "days"), &out[i].days) < 0) {
            return bw_conf_fault(at, "days", reterr, "'days' is like mon-fri or sat,sun");
        }
    }
    *ret_n = n;
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
    if (c->state_dir[0] != '/') {
        return bw_conf_fault(top, "state_dir", reterr, "'state_dir' must start with /");
    }
    if (c->control_path[0] != '/') {
        return bw_conf_fault(top, "control", reterr, "'control' must start with /");
    }
    c->keep_s = bw_conf_int(top, "keep") / 1000;
    return 0;
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

static int read_tests(struct bw_boxconf *c, const struct bw_conf_node *top)
{
    static const enum bw_boxconf_gate gates[] = {BW_BOXCONF_GATE_SHARE, BW_BOXCONF_GATE_FCC,
                                                 BW_BOXCONF_GATE_OFF};
    const struct bw_conf_node *at = bw_conf_child(top, "tests", 0);
    c->tests.day_bytes = bw_conf_int(at, "day_bytes");
    c->tests.gate = gates[bw_conf_int(at, "gate")];
    c->tests.gate_ppm = bw_conf_int(at, "share") * 10000;
    c->tests.in_class = bw_conf_bool(at, "in_class");
    c->tests.retry_ms = bw_conf_int(at, "retry");
    c->tests.give_up_ms = bw_conf_int(at, "give_up");
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
    c->faces_school = strcmp(bw_conf_str(at, "side"), "school") == 0;
    if (c->source != BW_SOURCE_NONE && !c->interface[0]) {
        return bw_conf_fault(at, "source", reterr, "source = kernel needs an 'interface'");
    }
    if (c->source == BW_SOURCE_NONE && c->interface[0]) {
        return bw_conf_fault(
            at, "interface", reterr,
            "source = none counts nothing: drop 'interface', or say source = "
            "kernel (to bind probes, say 'device')");
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
    r = bw_conf_opts(at, ops->opts, c->circuits[i].id, c->circuits[i].device, &p.opts,
                     reterr);
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
    if (r < 0) {
        bw_opts_free(p.opts);
        return r;
    }
    if (ops->klass == BW_CLASS_THROUGHPUT) {
        p.every_ms = bw_conf_is_set(at, "every") ? bw_conf_int(at, "every") : 0;
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
    r = read_top(c, top, reterr);
    r = r < 0 ? r : read_collector(c, top, reterr);
    r = r < 0 ? r : read_tests(c, top);
    r = r < 0 ? r
              : read_hours(top, "class_hours", c->class_hours, &c->n_class_hours, reterr);
    r = r < 0 ? r : read_hours(top, "window", c->windows, &c->n_windows, reterr);
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
    bw_boxconf_unref(c->fixed);
    bw_conf_free(c->conf);
    free(c->schema);
    free(c);
}

static const char *const fixed_names[] = {"interval", "state_dir", "control",
                                          "control_group", "timezone"};

/* Who an option or section of the top level is from. */
static const struct bw_conf *pick(void *owner, const char *name)
{
    const struct bw_boxconf *c = owner;
    for (size_t i = 0; c->fixed && i < sizeof(fixed_names) / sizeof(fixed_names[0]); i++) {
        if (strcmp(fixed_names[i], name) == 0) {
            return c->fixed->conf;
        }
    }
    if (!c->lender) {
        return c->conf;
    }
    for (size_t k = 0; bw_probe_table[k]; k++) {
        if (strcmp(bw_probe_table[k]->name, name) == 0) {
            return c->lender->conf;
        }
    }
    return strcmp(name, "circuit") == 0 ? c->lender->conf : c->conf;
}

int bw_boxconf_print(const struct bw_boxconf *c, struct bw_buf *out)
{
    return bw_conf_print_mixed(c->conf, pick, (void *)(uintptr_t)c, out);
}

void bw_boxconf_restart_needed(const struct bw_boxconf *now,
                               const struct bw_boxconf *next,
                               char *out,
                               size_t cap)
{
    const struct {
        bool differs;
        const char *name;
    } parts[] = {
        {now->interval_s != next->interval_s, fixed_names[0]},
        {strcmp(now->state_dir, next->state_dir) != 0, fixed_names[1]},
        {strcmp(now->control_path, next->control_path) != 0, fixed_names[2]},
        {strcmp(now->control_group, next->control_group) != 0, fixed_names[3]},
        {strcmp(now->timezone, next->timezone) != 0, fixed_names[4]},
    };
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].differs && n < cap) {
            int w = snprintf(out + n, cap - n, "%s%s", n ? ", " : "", parts[i].name);
            n += (size_t)w;
        }
    }
}

static int hash_effective(struct bw_boxconf *c)
{
    struct bw_buf text;
    bw_buf_init(&text, TEXT_MAX);
    int r = bw_boxconf_print(c, &text);
    if (r == 0) {
        bw_sha256_text(text.data ? text.data : "", text.len, c->sha256);
    }
    bw_buf_done(&text);
    return r;
}

int bw_boxconf_keep_fixed(struct bw_boxconf *next, struct bw_boxconf *now)
{
    next->interval_s = now->interval_s;
    memcpy(next->state_dir, now->state_dir, sizeof(next->state_dir));
    memcpy(next->control_path, now->control_path, sizeof(next->control_path));
    memcpy(next->control_group, now->control_group, sizeof(next->control_group));
    memcpy(next->timezone, now->timezone, sizeof(next->timezone));
    next->fixed = bw_boxconf_ref(now->fixed ? now->fixed : now);
    return hash_effective(next);
}

int bw_boxconf_keep_measuring(struct bw_boxconf *next, struct bw_boxconf *now)
{
    for (size_t i = 0; i < next->n_probes; i++) {
        bw_opts_free(next->probes[i].opts);
    }
    memcpy(next->circuits, now->circuits, sizeof(next->circuits));
    memcpy(next->probes, now->probes, sizeof(next->probes));
    next->n_circuits = now->n_circuits;
    next->n_probes = now->n_probes;
    next->lender = bw_boxconf_ref(now->lender ? now->lender : now);
    return hash_effective(next);
}

bool bw_boxconf_same_measuring(const struct bw_boxconf *a, const struct bw_boxconf *b)
{
    if (a->n_circuits != b->n_circuits || a->n_probes != b->n_probes) {
        return false;
    }
    for (size_t i = 0; i < a->n_circuits; i++) {
        const struct bw_boxconf_circuit *p = &a->circuits[i];
        const struct bw_boxconf_circuit *q = &b->circuits[i];
        if (strcmp(p->id, q->id) != 0 || p->vantage != q->vantage ||
            p->behind != q->behind || p->source != q->source ||
            strcmp(p->interface, q->interface) != 0 || p->faces_school != q->faces_school ||
            strcmp(p->device, q->device) != 0 ||
            p->claim_bps[BW_DOWN] != q->claim_bps[BW_DOWN] ||
            p->claim_bps[BW_UP] != q->claim_bps[BW_UP]) {
            return false;
        }
    }
    for (size_t i = 0; i < a->n_probes; i++) {
        if (a->probes[i].hash != b->probes[i].hash) {
            return false;
        }
    }
    return true;
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

static bool within(const struct bw_boxconf_hours *h, size_t n, const struct tm *tm)
{
    int minute = tm->tm_hour * 60 + tm->tm_min;
    uint32_t today = UINT32_C(1) << tm->tm_wday;
    uint32_t yesterday = UINT32_C(1) << (tm->tm_wday + 6) % 7;

    for (size_t i = 0; i < n; i++) {
        bool over_midnight = h[i].to_min <= h[i].from_min;
        if (h[i].days & today && minute >= h[i].from_min &&
            (over_midnight || minute < h[i].to_min)) {
            return true;
        }
        if (over_midnight && h[i].days & yesterday && minute < h[i].to_min) {
            return true;
        }
    }
    return false;
}

void bw_boxconf_allowed(const struct bw_boxconf *c,
                        int64_t day_unix_s,
                        uint8_t allowed[BW_BOXCONF_DAY_MIN])
{
    for (int i = 0; i < BW_BOXCONF_DAY_MIN; i++) {
        time_t t = (time_t)(day_unix_s + (int64_t)i * 60);
        struct tm tm;
        bool ok = localtime_r(&t, &tm) != NULL;
        if (ok && c->n_windows > 0) {
            ok = within(c->windows, c->n_windows, &tm);
        }
        if (ok && !c->tests.in_class) {
            ok = !within(c->class_hours, c->n_class_hours, &tm);
        }
        allowed[i] = ok;
    }
}
