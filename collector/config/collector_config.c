/* SPDX-License-Identifier: GPL-3.0-or-later
 * collector_config.c - the schema of the collector's file, and the checks across its
 * options. */
#include "collector_config.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <civil.h>
#include <errno.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#define DAY_MS INT64_C(86400000)

static const char *const levels[] = {"error", "warning", "notice", "info", "debug", NULL};

static const struct bw_optspec top_opts[] = {
    {.name = "title",
     .type = BW_OPT_STRING,
     .max = 120,
     .def = "Bandwitness",
     .doc = "What stands on top of every page, for instance the state's name."},
    {.name = "data_dir",
     .type = BW_OPT_STRING,
     .max = BW_DATA_DIR_MAX - 1,
     .def = "/var/lib/bandwitness-collector",
     .doc = "Where ledger, catalogue, log key and graph files live."},
    {.name = "rules",
     .type = BW_OPT_STRING,
     .max = BW_DATA_DIR_MAX - 1,
     .def = "/etc/bandwitness/rules",
     .doc =
         "Folder of rules (bandwitness-rules(5)): by those that govern a circuit the first "
         "page tells whose evidence is at risk. Read at the start."},
    {.name = "log",
     .type = BW_OPT_ENUM,
     .words = levels,
     .def = "info",
     .doc = "Least important lines that are still written."},
    BW_DOOR_OPTION,
    {.type = BW_OPT_END},
};

static const struct bw_optspec listen_opts[] = {
    {.name = "address",
     .type = BW_OPT_STRING,
     .max = 107,
     .def = "127.0.0.1",
     .doc = "An IPv4 or IPv6 address, or the path of a Unix socket."},
    {.name = "port",
     .type = BW_OPT_INT,
     .min = 0,
     .max = 65535,
     .def = "8480",
     .doc = "TCP port; 0 takes a free one and logs it. Unused for a path."},
    {.name = "mode",
     .type = BW_OPT_STRING,
     .max = 4,
     .def = "0660",
     .doc = "Permissions of a Unix socket, as chmod takes them."},
    {.name = "proxied",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc = "Believe X-Forwarded-For; only where nothing but your own proxy can connect."},
    {.name = "tls_certificate",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "PEM file with the certificate and its chain; makes this listener HTTPS."},
    {.name = "tls_key",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "PEM file with the certificate's private key."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec limits_opts[] = {
    {.name = "connections",
     .type = BW_OPT_INT,
     .min = 16,
     .max = 200000,
     .def = "12000",
     .doc = "Connections at once, of each listener. One more cuts the one that has sent "
            "nothing for longest; boxes that delivered go last."},
    {.name = "connections_per_address",
     .type = BW_OPT_INT,
     .min = 0,
     .max = 200000,
     .def = "0",
     .doc = "Of them from one address; 0 is any number. Boxes behind one proxy share one."},
    {.name = "queue_posts",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 100000,
     .def = "4000",
     .doc =
         "Posts that may wait for the ledger; further ones are told to come again later."},
    {.name = "header_time",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 600000,
     .def = "30s",
     .doc =
         "From a new connection to its first request's last header; slower ones are cut."},
    {.name = "body_time",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 3600000,
     .def = "60s",
     .doc = "For the body of a request, and one second more for every 16 KiB that came."},
    {.name = "send_time",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 3600000,
     .def = "60s",
     .doc = "For an answer to be taken; for a long one, without any progress."},
    {.name = "idle_time",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = DAY_MS,
     .def = "400s",
     .doc = "Between two requests of one connection. A box comes every five minutes: less "
            "than 330s costs it a new TLS handshake each time."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec ledger_opts[] = {
    {.name = "commit_delay",
     .type = BW_OPT_DURATION,
     .min = 0,
     .max = 1000,
     .def = "50ms",
     .doc = "Longest time a record waits for others to share one write to disk."},
    {.name = "commit_records",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 2000,
     .def = "100",
     .doc = "With this many waiting records the write happens at once."},
    {.name = "hold",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 30 * DAY_MS,
     .def = "24h",
     .doc = "How long a missing record is waited for before it counts as a hole."},
    {.name = "keep_hot",
     .type = BW_OPT_DURATION,
     .min = DAY_MS,
     .max = 400 * DAY_MS,
     .def = "3d",
     .doc = "Age of a day, in whole days, before it is sealed into an immutable file."},
    {.name = "seal_every",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = DAY_MS,
     .def = "1h",
     .doc = "How often the collector looks for days to seal."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec graphs_opts[] = {
    {.name = "workers",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 8,
     .def = "2",
     .doc = "Processes that draw graphs."},
    {.name = "keep",
     .type = BW_OPT_DURATION,
     .min = 60000,
     .max = 400 * DAY_MS,
     .def = "30d",
     .doc = "Series files nobody looked at for this long are removed; they are made again "
            "from the records when needed."},
    {.name = "cache",
     .type = BW_OPT_SIZE,
     .min = 0,
     .max = INT64_C(1000000000),
     .def = "16MB",
     .doc = "Memory for finished pictures."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec packs_opts[] = {
    {.name = "command",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "The command that makes packs. Not set: bandwitness as it was installed with "
            "bandwitness-collector."},
    {.name = "time",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 3600000,
     .def = "90s",
     .doc =
         "Longest time for one pack; then it is ended. A proxy before the collector must "
         "wait longer (proxy_read_timeout)."},
    {.name = "keep",
     .type = BW_OPT_SIZE,
     .min = 0,
     .max = INT64_C(1000000000000),
     .def = "512MB",
     .doc = "Room on disk for packs that were made, in the folder packs of data_dir; the "
            "oldest go first."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec bags_opts[] = {
    {.name = "folder",
     .type = BW_OPT_STRING,
     .max = 3500,
     .def = "",
     .doc = "Where each circuit's bag of each funding year is put, as "
            "SITE/FY2026/SITE.CIRCUIT-FY2026.tar.zst. Not set: bags in data_dir."},
    {.name = "after",
     .type = BW_OPT_DURATION,
     .min = 7 * DAY_MS,
     .max = 300 * DAY_MS,
     .def = "10d",
     .doc = "How long after 30 June: at least the seven days in which a report is "
            "provisional."},
    {.name = "quiet_from",
     .type = BW_OPT_STRING,
     .max = 5,
     .def = "20:00",
     .doc = "Bags are made from this time of the day on, by this machine's clock."},
    {.name = "quiet_to",
     .type = BW_OPT_STRING,
     .max = 5,
     .def = "05:00",
     .doc = "Until when. The same as quiet_from: at any time."},
    {.name = "every",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = DAY_MS,
     .def = "1h",
     .doc = "How often the collector looks whether one is due."},
    {.name = "hook",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc =
         "A program that is run with the path of each bag that was made, for instance to "
         "copy it to the district. It may take ten minutes."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec measure_opts[] = {
    {.name = "name",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 63,
     .def = NULL,
     .doc = "The server's name in tickets, receipts and records."},
    {.name = "host",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 253,
     .def = NULL,
     .doc =
         "The host name or address under which boxes reach it; it stands in every ticket."},
    {.name = "address",
     .type = BW_OPT_STRING,
     .max = 107,
     .def = "::",
     .doc = "An IPv4 or IPv6 address to listen at; \"::\" is every one of both kinds."},
    {.name = "port",
     .type = BW_OPT_INT,
     .min = 0,
     .max = 65535,
     .def = "8443",
     .doc = "TCP port of its own; 0 takes a free one and logs it."},
    {.name = "public_port",
     .type = BW_OPT_INT,
     .min = 0,
     .max = 65535,
     .def = "0",
     .doc = "The port in tickets, where it is another; 0: the same."},
    {.name = "tls_certificate",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "PEM file with the certificate for host and its chain. Without it tests go in "
            "the clear, and anybody on the way can read and use up a ticket."},
    {.name = "tls_key",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "PEM file with the certificate's private key."},
    {.name = "tests",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 1000,
     .def = "4",
     .doc = "Tests at once. A box that asks while so many hold a place is told to come "
            "again later."},
    {.name = "rate",
     .type = BW_OPT_RATE,
     .min = 1000000,
     .max = INT64_C(400000000000),
     .def = "1G",
     .doc =
         "What the server's own line carries. The claims of the circuits that are tested "
         "at once stay within it, and a circuit with a larger claim is not testable here."},
    {.name = "unclaimed",
     .type = BW_OPT_RATE,
     .min = 1000000,
     .max = INT64_C(400000000000),
     .def = "1G",
     .doc = "What a circuit without a claim counts for; the rate where that is less."},
    {.name = "test_bytes",
     .type = BW_OPT_SIZE,
     .min = 1000000,
     .max = INT64_C(1000000000000),
     .def = "20GB",
     .doc = "Most bytes of one test in one direction; it ends there."},
    {.name = "site_bytes",
     .type = BW_OPT_SIZE,
     .min = 1000000,
     .max = INT64_C(100000000000000),
     .def = "100GB",
     .doc = "Most bytes of a site's tests in a UTC day; then it gets no ticket."},
    {.name = "site_tests",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 100000,
     .def = "100",
     .doc = "Most tests of a site in a UTC day, each direction counted."},
    {.name = "connections",
     .type = BW_OPT_INT,
     .min = 16,
     .max = 100000,
     .def = "1024",
     .doc = "Connections at once. One more cuts the oldest that has no test."},
    {.type = BW_OPT_END},
};

static const struct bw_conf_section sections[] = {
    {.keyword = "listen",
     .flags = BW_CONF_TITLED | BW_CONF_REQUIRED,
     .opts = listen_opts,
     .doc = "One place to listen; any number up to 8."},
    BW_DOOR_SECTIONS,
    {.keyword = "limits",
     .flags = BW_CONF_ALWAYS,
     .opts = limits_opts,
     .doc = "How much is taken at once."},
    {.keyword = "ledger",
     .flags = BW_CONF_ALWAYS,
     .opts = ledger_opts,
     .doc = "How records are written."},
    BW_LOG_SECTIONS,
    {.keyword = "graphs",
     .flags = BW_CONF_ALWAYS,
     .opts = graphs_opts,
     .doc = "How graphs are drawn and kept."},
    {.keyword = "packs",
     .flags = BW_CONF_ALWAYS,
     .opts = packs_opts,
     .doc =
         "How packs that are asked for over HTTP are made: by the command, one at a time, "
         "nice'd."},
    {.keyword = "bags",
     .flags = BW_CONF_ALWAYS,
     .opts = bags_opts,
     .doc =
         "Each circuit's bag of a funding year (bandwitness bundle), made once by itself: "
         "the duty to keep it for ten years is the district's."},
    {.keyword = "measure",
     .opts = measure_opts,
     .doc = "A measurement server for the boxes of this collector: ndt7, and downloads and "
            "uploads over HTTP, with a ticket for every test. There is none without this "
            "section. It is a process of its own, which is started again when it ends."},
    BW_ALERTS_SECTION,
    BW_OPENDATA_SECTION,
    BW_REFLECTOR_SECTION(bw_reflector_collector_opts),
    {.keyword = NULL},
};

const struct bw_conf_section bw_collector_schema = {
    .keyword = "",
    .opts = top_opts,
    .subs = sections,
    .doc = "Configuration of bandwitness-collector.",
};

static int read_listen(const struct bw_conf_node *at,
                       struct bw_config_listen *l,
                       struct bw_err *reterr)
{
    (void)snprintf(l->name, sizeof(l->name), "%s", bw_conf_title(at));
    (void)snprintf(l->address, sizeof(l->address), "%s", bw_conf_str(at, "address"));
    l->port = bw_conf_int(at, "port");
    l->proxied = bw_conf_bool(at, "proxied");
    (void)snprintf(l->tls_certificate, sizeof(l->tls_certificate), "%s",
                   bw_conf_str(at, "tls_certificate"));
    (void)snprintf(l->tls_key, sizeof(l->tls_key), "%s", bw_conf_str(at, "tls_key"));
    uint8_t raw[16];
    bool ip = inet_pton(AF_INET, l->address, raw) == 1 ||
              inet_pton(AF_INET6, l->address, raw) == 1;
    if (!ip && l->address[0] != '/') {
        return bw_conf_fault(at, "address", reterr,
                             "\"%s\" is neither an IPv4 or IPv6 address nor a path",
                             l->address);
    }
    const char *mode = bw_conf_str(at, "mode");
    char *end = NULL;
    unsigned long bits = strtoul(mode, &end, 8);
    if (*mode == '\0' || *end != '\0' || bits > 0777) {
        return bw_conf_fault(at, "mode", reterr, "\"%s\" is no mode like 0660", mode);
    }
    l->mode = (mode_t)bits;
    if ((l->tls_certificate[0] == '\0') != (l->tls_key[0] == '\0')) {
        return bw_conf_fault(at, l->tls_key[0] ? "tls_key" : "tls_certificate", reterr,
                             "tls_certificate and tls_key are needed together");
    }
    if (l->tls_certificate[0] && !ip) {
        return bw_conf_fault(at, "tls_certificate", reterr,
                             "a Unix socket speaks plain HTTP; leave TLS to the proxy");
    }
    return 0;
}

static bool is_ip(const char *text)
{
    uint8_t raw[16];
    return inet_pton(AF_INET, text, raw) == 1 || inet_pton(AF_INET6, text, raw) == 1;
}

static bool is_host(const char *text)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789.-";
    return is_ip(text) || strspn(text, chars) == strlen(text);
}

static int read_measure(const struct bw_conf_node *top,
                        struct bw_config_measure *m,
                        struct bw_err *reterr)
{
    m->on = bw_conf_count(top, "measure") > 0;
    if (!m->on) {
        return 0;
    }
    const struct bw_conf_node *at = bw_conf_child(top, "measure", 0);
    (void)snprintf(m->name, sizeof(m->name), "%s", bw_conf_str(at, "name"));
    (void)snprintf(m->host, sizeof(m->host), "%s", bw_conf_str(at, "host"));
    (void)snprintf(m->address, sizeof(m->address), "%s", bw_conf_str(at, "address"));
    (void)snprintf(m->tls_certificate, sizeof(m->tls_certificate), "%s",
                   bw_conf_str(at, "tls_certificate"));
    (void)snprintf(m->tls_key, sizeof(m->tls_key), "%s", bw_conf_str(at, "tls_key"));
    m->port = bw_conf_int(at, "port");
    m->public_port = bw_conf_int(at, "public_port");
    m->tests = bw_conf_int(at, "tests");
    m->rate_bps = bw_conf_int(at, "rate");
    m->unclaimed_bps = bw_conf_int(at, "unclaimed");
    m->unclaimed_bps = m->unclaimed_bps > m->rate_bps ? m->rate_bps : m->unclaimed_bps;
    m->test_bytes = bw_conf_int(at, "test_bytes");
    m->site_bytes = bw_conf_int(at, "site_bytes");
    m->site_tests = bw_conf_int(at, "site_tests");
    m->connections = bw_conf_int(at, "connections");
    if (!bw_name_valid(m->name)) {
        return bw_conf_fault(at, "name", reterr,
                             "\"%s\" is no name: letters, digits, '.', '_' and '-'",
                             m->name);
    }
    if (!is_host(m->host)) {
        return bw_conf_fault(at, "host", reterr,
                             "\"%s\" is no host name or address (the port is public_port)",
                             m->host);
    }
    if (!is_ip(m->address)) {
        return bw_conf_fault(at, "address", reterr,
                             "\"%s\" is neither an IPv4 nor an IPv6 address", m->address);
    }
    if ((m->tls_certificate[0] == '\0') != (m->tls_key[0] == '\0')) {
        return bw_conf_fault(at, m->tls_key[0] ? "tls_key" : "tls_certificate", reterr,
                             "tls_certificate and tls_key are needed together");
    }
    return 0;
}

/* Where a proxy's word for who asks is taken, nobody else may be able to say it. */
static int check_believed(const struct bw_conf_node *top,
                          const struct bw_collector_config *c,
                          struct bw_err *reterr)
{
    for (size_t i = 0; c->door.proxy_user[0] && i < c->n_listen; i++) {
        const struct bw_config_listen *l = &c->listen[i];
        if (l->proxied && l->address[0] == '/' && (l->mode & S_IWOTH)) {
            return bw_conf_fault(bw_conf_child(top, "listen", i), "mode", reterr,
                                 "with proxy_user everybody on this machine could be "
                                 "anybody by this socket: mode 0660, and the proxy's user "
                                 "in its group");
        }
    }
    return 0;
}

static int fill(struct bw_collector_config *c, struct bw_err *reterr)
{
    const struct bw_conf_node *top = bw_conf_top(c->conf);
    (void)snprintf(c->title, sizeof(c->title), "%s", bw_conf_str(top, "title"));
    (void)snprintf(c->data_dir, sizeof(c->data_dir), "%s", bw_conf_str(top, "data_dir"));
    (void)snprintf(c->rules, sizeof(c->rules), "%s", bw_conf_str(top, "rules"));
    if (c->data_dir[0] != '/') {
        return bw_conf_fault(top, "data_dir", reterr, "\"%s\" must begin with /",
                             c->data_dir);
    }
    c->log_level = BW_ERROR + bw_conf_int(top, "log");
    c->n_listen = bw_conf_count(top, "listen");
    if (c->n_listen > BW_LISTEN_MAX) {
        return bw_conf_fault(bw_conf_child(top, "listen", BW_LISTEN_MAX), NULL, reterr,
                             "at most %d listen sections", BW_LISTEN_MAX);
    }
    for (size_t i = 0; i < c->n_listen; i++) {
        int r = read_listen(bw_conf_child(top, "listen", i), &c->listen[i], reterr);
        if (r < 0) {
            return r;
        }
    }
    const struct bw_conf_node *limits = bw_conf_child(top, "limits", 0);
    const struct bw_conf_node *ledger = bw_conf_child(top, "ledger", 0);
    const struct bw_conf_node *graphs = bw_conf_child(top, "graphs", 0);
    c->connections = bw_conf_int(limits, "connections");
    c->connections_per_address = bw_conf_int(limits, "connections_per_address");
    c->queue_posts = bw_conf_int(limits, "queue_posts");
    c->header_ms = bw_conf_int(limits, "header_time");
    c->body_ms = bw_conf_int(limits, "body_time");
    c->send_ms = bw_conf_int(limits, "send_time");
    c->idle_ms = bw_conf_int(limits, "idle_time");
    c->commit_delay_ms = bw_conf_int(ledger, "commit_delay");
    c->commit_records = bw_conf_int(ledger, "commit_records");
    c->hold_ms = bw_conf_int(ledger, "hold");
    c->keep_hot_ms = bw_conf_int(ledger, "keep_hot");
    c->seal_every_ms = bw_conf_int(ledger, "seal_every");
    c->graph_workers = bw_conf_int(graphs, "workers");
    c->graph_keep_ms = bw_conf_int(graphs, "keep");
    c->graph_cache_bytes = bw_conf_int(graphs, "cache");
    const struct bw_conf_node *packs = bw_conf_child(top, "packs", 0);
    (void)snprintf(c->packs_command, sizeof(c->packs_command), "%s",
                   bw_conf_str(packs, "command"));
    c->packs_ms = bw_conf_int(packs, "time");
    c->packs_keep_bytes = bw_conf_int(packs, "keep");
    const struct bw_conf_node *bags = bw_conf_child(top, "bags", 0);
    static const char *const quiet[] = {"quiet_from", "quiet_to"};
    for (int i = 0; i < 2; i++) {
        c->bags_quiet_min[i] = bw_civil_minute_parse(bw_conf_str(bags, quiet[i]));
        if (c->bags_quiet_min[i] < 0) {
            return bw_conf_fault(bags, quiet[i], reterr, "\"%s\" is no time, as 20:00",
                                 bw_conf_str(bags, quiet[i]));
        }
    }
    (void)snprintf(c->bags_folder, sizeof(c->bags_folder), "%s",
                   bw_conf_str(bags, "folder"));
    (void)snprintf(c->bags_hook, sizeof(c->bags_hook), "%s", bw_conf_str(bags, "hook"));
    c->bags_after_ms = bw_conf_int(bags, "after");
    c->bags_every_ms = bw_conf_int(bags, "every");
    int r = read_measure(top, &c->measure, reterr);
    r = r < 0 ? r : bw_door_config_read(top, &c->door, reterr);
    r = r < 0 ? r : check_believed(top, c, reterr);
    r = r < 0 ? r : bw_log_config_read(top, &c->log, reterr);
    r = r < 0 ? r : bw_alerts_config_read(top, &c->alerts, reterr);
    r = r < 0 ? r : bw_opendata_config_read(top, &c->opendata, reterr);
    return r < 0 ? r : bw_reflector_conf_read(top, true, &c->reflector, reterr);
}

int bw_collector_config_read(const char *path,
                             struct bw_collector_config **ret,
                             struct bw_err *reterr)
{
    struct bw_collector_config *c = calloc(1, sizeof(*c));
    if (!c) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    int r = bw_conf_read(path, &bw_collector_schema, &c->conf, reterr);
    if (r < 0) {
        goto out;
    }
    r = fill(c, reterr);
    if (r < 0) {
        goto out;
    }
    *ret = c;
    c = NULL;
out:
    bw_collector_config_free(c);
    return r;
}

void bw_collector_config_free(struct bw_collector_config *c)
{
    if (c) {
        bw_conf_free(c->conf);
        free(c);
    }
}

int bw_collector_config_print(const struct bw_collector_config *c, struct bw_buf *out)
{
    return bw_conf_print(c->conf, out);
}

static bool same_listen(const struct bw_config_listen *a, const struct bw_config_listen *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->address, b->address) == 0 &&
           a->port == b->port && a->mode == b->mode && a->proxied == b->proxied &&
           strcmp(a->tls_certificate, b->tls_certificate) == 0 &&
           strcmp(a->tls_key, b->tls_key) == 0;
}

static bool same_measure(const struct bw_config_measure *a,
                         const struct bw_config_measure *b)
{
    return a->on == b->on && strcmp(a->name, b->name) == 0 &&
           strcmp(a->host, b->host) == 0 && strcmp(a->address, b->address) == 0 &&
           a->port == b->port && a->public_port == b->public_port &&
           strcmp(a->tls_certificate, b->tls_certificate) == 0 &&
           strcmp(a->tls_key, b->tls_key) == 0 && a->tests == b->tests &&
           a->rate_bps == b->rate_bps && a->unclaimed_bps == b->unclaimed_bps &&
           a->test_bytes == b->test_bytes && a->site_bytes == b->site_bytes &&
           a->site_tests == b->site_tests && a->connections == b->connections;
}

const char *bw_collector_config_restart_needed(const struct bw_collector_config *now,
                                               const struct bw_collector_config *next)
{
    if (strcmp(now->data_dir, next->data_dir) != 0) {
        return "data_dir changed";
    }
    if (strcmp(now->rules, next->rules) != 0) {
        return "rules changed";
    }
    bool listen = now->n_listen != next->n_listen;
    for (size_t i = 0; i < now->n_listen && !listen; i++) {
        listen = !same_listen(&now->listen[i], &next->listen[i]);
    }
    if (listen) {
        return "a listen section changed";
    }
    if (!bw_reflector_conf_same_place(&now->reflector, &next->reflector)) {
        return "where the reflector listens changed";
    }
    if (!bw_door_config_same(&now->door, &next->door)) {
        return "access, accounts, group, oidc or audit changed";
    }
    if (!bw_alerts_config_same(&now->alerts, &next->alerts)) {
        return "the alerts section changed";
    }
    bool limits = now->connections != next->connections ||
                  now->connections_per_address != next->connections_per_address ||
                  now->queue_posts != next->queue_posts ||
                  now->header_ms != next->header_ms || now->body_ms != next->body_ms ||
                  now->send_ms != next->send_ms || now->idle_ms != next->idle_ms;
    if (limits) {
        return "limits changed";
    }
    bool ledger = now->commit_delay_ms != next->commit_delay_ms ||
                  now->commit_records != next->commit_records ||
                  now->hold_ms != next->hold_ms || now->keep_hot_ms != next->keep_hot_ms ||
                  now->seal_every_ms != next->seal_every_ms;
    if (ledger) {
        return "the ledger section changed";
    }
    if (!bw_log_config_same(&now->log, &next->log)) {
        return "what is about the log changed";
    }
    bool graphs = now->graph_workers != next->graph_workers ||
                  now->graph_keep_ms != next->graph_keep_ms ||
                  now->graph_cache_bytes != next->graph_cache_bytes;
    if (graphs) {
        return "the graphs section changed";
    }
    if (strcmp(now->packs_command, next->packs_command) != 0 ||
        now->packs_ms != next->packs_ms ||
        now->packs_keep_bytes != next->packs_keep_bytes) {
        return "the packs section changed";
    }
    if (strcmp(now->bags_folder, next->bags_folder) != 0 ||
        strcmp(now->bags_hook, next->bags_hook) != 0 ||
        now->bags_after_ms != next->bags_after_ms ||
        now->bags_every_ms != next->bags_every_ms ||
        memcmp(now->bags_quiet_min, next->bags_quiet_min, sizeof(now->bags_quiet_min)) !=
            0) {
        return "the bags section changed";
    }
    return same_measure(&now->measure, &next->measure) ? NULL
                                                       : "the measure section changed";
}
