/* SPDX-License-Identifier: GPL-3.0-or-later
 * erratum.c - the table of an erratum's members, and whom and what it is about.
 *
 * Invariant: nothing is excluded that nobody bounded: an erratum has two times, or the
 * versions of a program. */
#include "erratum.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define UNIX_S_MAX INT64_C(253402300799)

const char *const bw_erratum_field_words[] = {
    [BW_ERRATUM_RECORDS] = "records",
    [BW_ERRATUM_THROUGHPUT] = "throughput",
    [BW_ERRATUM_HTTP] = "throughput:http",
    [BW_ERRATUM_NDT7] = "throughput:ndt7",
    [BW_ERRATUM_IPERF3] = "throughput:iperf3",
    [BW_ERRATUM_UDPST] = "throughput:udpst",
    [BW_ERRATUM_LATENCY] = "latency",
    [BW_ERRATUM_ICMP] = "latency:icmp",
    [BW_ERRATUM_STAMP] = "latency:stamp",
    [BW_ERRATUM_TCP] = "latency:tcp",
    [BW_ERRATUM_DNS] = "latency:dns",
    [BW_ERRATUM_HTTP_GET] = "latency:http_get",
    [BW_ERRATUM_PATHS] = "paths",
    [BW_ERRATUM_COUNTERS] = "counters",
    [BW_ERRATUM_OUTAGES] = "outages",
    [BW_ERRATUM_TRAFFIC] = "traffic",
    [BW_ERRATUM_FIELDS] = NULL,
};

static const char *const actions[] = {
    [BW_ERRATUM_NO_ACTION] = "",
    [BW_ERRATUM_EXCLUDE] = "exclude",
    [BW_ERRATUM_ANNOTATE] = "annotate",
    NULL,
};

#define AT(member)                                                                         \
    .at = offsetof(struct bw_erratum, member),                                             \
    .size = sizeof(((struct bw_erratum *)NULL)->member)

const struct bw_field bw_erratum_fields[] = {
    {.name = "from_version", .kind = BW_FIELD_TEXT, AT(from_version)},
    {.name = "before_version", .kind = BW_FIELD_TEXT, AT(before_version)},
    {.name = "from_s", .kind = BW_FIELD_INT, .min = 0, .max = UNIX_S_MAX, AT(from_unix_s)},
    {.name = "to_s", .kind = BW_FIELD_INT, .min = 0, .max = UNIX_S_MAX, AT(to_unix_s)},
    {.name = "fields",
     .kind = BW_FIELD_FLAGS,
     .needed = true,
     .words = bw_erratum_field_words,
     AT(fields)},
    {.name = "action",
     .kind = BW_FIELD_CHOICE,
     .needed = true,
     .words = actions,
     AT(action)},
    {.name = "reason", .kind = BW_FIELD_TEXT, .needed = true, AT(reason)},
    {.name = "reference", .kind = BW_FIELD_TEXT, AT(reference)},
};
const size_t bw_erratum_n_fields = sizeof(bw_erratum_fields) / sizeof(bw_erratum_fields[0]);

void bw_erratum_init(struct bw_erratum *e)
{
    memset(e, 0, sizeof(*e));
    bw_fields_init(bw_erratum_fields, bw_erratum_n_fields, e);
}

/* ---- versions ------------------------------------------------------------------- */

static int64_t number(const char **at)
{
    int64_t n = 0;
    while (**at >= '0' && **at <= '9') {
        n = n < 1000000000 ? n * 10 + (**at - '0') : n;
        (*at)++;
    }
    return n;
}

/* To the next number; false: there is none any more. */
static bool step(const char **at)
{
    if (**at == '.' && (*at)[1] >= '0' && (*at)[1] <= '9') {
        (*at)++;
        return true;
    }
    *at = "";
    return false;
}

int bw_erratum_version_compare(const char *a, const char *b)
{
    for (bool more = true; more;) {
        int64_t x = number(&a);
        int64_t y = number(&b);
        if (x != y) {
            return x < y ? -1 : 1;
        }
        bool first = step(&a);
        bool second = step(&b);
        more = first || second;
    }
    return 0;
}

static bool version_valid(const char *v)
{
    return !v[0] || (v[0] >= '0' && v[0] <= '9');
}

/* ---- the body ------------------------------------------------------------------- */

static int check(const struct bw_erratum *e, int code, struct bw_err *reterr)
{
    if (e->from_unix_s != BW_UNKNOWN && e->to_unix_s != BW_UNKNOWN &&
        e->to_unix_s <= e->from_unix_s) {
        return bw_err_set(reterr, code, "an erratum's time must end after it begins");
    }
    if (!version_valid(e->from_version) || !version_valid(e->before_version)) {
        return bw_err_set(reterr, code, "a version begins with a digit, as 0.1.0");
    }
    if (e->from_version[0] && e->before_version[0] &&
        bw_erratum_version_compare(e->from_version, e->before_version) >= 0) {
        return bw_err_set(reterr, code, "version %s is not before %s", e->from_version,
                          e->before_version);
    }
    return 0;
}

int bw_erratum_encode(const struct bw_erratum *e, struct bw_buf *out, struct bw_err *reterr)
{
    int r = check(e, -EINVAL, reterr);
    return r < 0 ? r
                 : bw_fields_encode(bw_erratum_fields, bw_erratum_n_fields, e, out, reterr);
}

int bw_erratum_decode(const char *text,
                      size_t n,
                      struct bw_erratum *ret,
                      struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    int r = bw_fields_decode(bw_erratum_fields, bw_erratum_n_fields, text, n, ret, reterr);
    return r < 0 ? r : check(ret, -BW_EMALFORMED, reterr);
}

/* ---- whom it is about ----------------------------------------------------------- */

static int take_circuit(const char *name, struct bw_erratum_about *a)
{
    const char *dot = strchr(name, '.');
    size_t n = dot ? (size_t)(dot - name) : 0;
    if (!dot || n > BW_SITE_MAX || strlen(dot + 1) > BW_NAME_MAX) {
        return -EINVAL;
    }
    memcpy(a->site, name, n);
    (void)snprintf(a->circuit, sizeof(a->circuit), "%s", dot + 1);
    return bw_site_valid(a->site) && bw_name_valid(a->circuit) ? 0 : -EINVAL;
}

/* The agents of records are "NAME/VERSION": a program's name has no slash. */
static int take_name(const char *name, size_t max, struct bw_erratum_about *a)
{
    if (strlen(name) > max || !bw_name_valid(name)) {
        return -EINVAL;
    }
    (void)snprintf(a->name, sizeof(a->name), "%s", name);
    return 0;
}

int bw_erratum_about_parse(const char *about,
                           struct bw_erratum_about *ret,
                           struct bw_err *reterr)
{
    static const struct {
        const char *prefix;
        enum bw_erratum_of of;
    } kinds[] = {{"software:", BW_ERRATUM_OF_SOFTWARE},
                 {"server:", BW_ERRATUM_OF_SERVER},
                 {"site:", BW_ERRATUM_OF_SITE},
                 {"circuit:", BW_ERRATUM_OF_CIRCUIT}};
    int r = -EINVAL;
    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t n = strlen(kinds[i].prefix);
        const char *name = about + n;
        if (strncmp(about, kinds[i].prefix, n) != 0) {
            continue;
        }
        ret->of = kinds[i].of;
        switch (ret->of) {
        case BW_ERRATUM_OF_SOFTWARE:
            r = take_name(name, BW_ERRATUM_NAME_MAX, ret);
            break;
        case BW_ERRATUM_OF_SERVER:
            r = take_name(name, BW_NAME_MAX, ret);
            break;
        case BW_ERRATUM_OF_SITE:
            r = strlen(name) <= BW_SITE_MAX && bw_site_valid(name) ? 0 : -EINVAL;
            if (r == 0) {
                (void)snprintf(ret->site, sizeof(ret->site), "%s", name);
            }
            break;
        case BW_ERRATUM_OF_CIRCUIT:
            r = take_circuit(name, ret);
            break;
        }
    }
    return r == 0 ? 0
                  : bw_err_set(reterr, r,
                               "an erratum is about software:NAME, server:NAME, site:ID or "
                               "circuit:SITE.CIRCUIT, not '%s'",
                               about);
}

int bw_erratum_check(const struct bw_erratum_about *a,
                     const struct bw_erratum *e,
                     struct bw_err *reterr)
{
    const int64_t runs = INT64_C(1) << BW_ERRATUM_THROUGHPUT |
                         INT64_C(1) << BW_ERRATUM_HTTP | INT64_C(1) << BW_ERRATUM_NDT7 |
                         INT64_C(1) << BW_ERRATUM_IPERF3 | INT64_C(1) << BW_ERRATUM_UDPST;
    bool versions = e->from_version[0] || e->before_version[0];
    bool times = e->from_unix_s != BW_UNKNOWN && e->to_unix_s != BW_UNKNOWN;
    if (a->of == BW_ERRATUM_OF_SOFTWARE) {
        return versions || times
                   ? 0
                   : bw_err_set(reterr, -EINVAL,
                                "which versions, or from when to when? All records of a "
                                "program are never meant");
    }
    if (versions) {
        return bw_err_set(reterr, -EINVAL, "versions are of software alone");
    }
    if (!times) {
        return bw_err_set(reterr, -EINVAL, "from when to when? Both are needed");
    }
    if (a->of == BW_ERRATUM_OF_SERVER && (e->fields & ~runs) != 0) {
        return bw_err_set(reterr, -EINVAL,
                          "records name servers of throughput runs alone: the fields of a "
                          "server are throughput, or throughput:KIND");
    }
    return 0;
}

/* ---- fields --------------------------------------------------------------------- */

int bw_erratum_fields_parse(const char *text, int64_t *ret, struct bw_err *reterr)
{
    static const char between[] = ", \t\n";
    int64_t fields = 0;
    for (const char *at = text + strspn(text, between); *at; at += strspn(at, between)) {
        size_t n = strcspn(at, between);
        int i = 0;
        while (i < BW_ERRATUM_FIELDS && (strlen(bw_erratum_field_words[i]) != n ||
                                         memcmp(bw_erratum_field_words[i], at, n) != 0)) {
            i++;
        }
        if (i == BW_ERRATUM_FIELDS) {
            return bw_err_set(reterr, -EINVAL,
                              "'%.*s' is no field of an erratum (records, throughput, "
                              "throughput:http, latency, latency:icmp, paths, counters, "
                              "outages, traffic …)",
                              (int)(n < 60 ? n : 60), at);
        }
        fields |= INT64_C(1) << i;
        at += n;
    }
    if (fields == 0) {
        return bw_err_set(reterr, -EINVAL, "no field is named");
    }
    *ret = fields;
    return 0;
}

void bw_erratum_fields_text(int64_t fields, struct bw_buf *out)
{
    const char *between = "";
    for (int i = 0; i < BW_ERRATUM_FIELDS; i++) {
        if (fields >> i & 1) {
            bw_buf_puts(out, between);
            bw_buf_puts(out, bw_erratum_field_words[i]);
            between = ", ";
        }
    }
}

bool bw_erratum_has(const struct bw_erratum *e, enum bw_erratum_field f)
{
    return e->fields >> f & 1;
}

/* "throughput", or "throughput:KIND". */
static bool has_kind(const struct bw_erratum *e, const char *group, const char *kind)
{
    size_t n = strlen(group);
    for (int i = 0; i < BW_ERRATUM_FIELDS; i++) {
        const char *word = bw_erratum_field_words[i];
        if ((e->fields >> i & 1) && strncmp(word, group, n) == 0 &&
            (!word[n] || (word[n] == ':' && strcmp(word + n + 1, kind) == 0))) {
            return true;
        }
    }
    return false;
}

bool bw_erratum_of_run(const struct bw_erratum *e, const char *kind)
{
    return has_kind(e, "throughput", kind);
}

bool bw_erratum_of_target(const struct bw_erratum *e, const char *kind)
{
    return has_kind(e, "latency", kind);
}

bool bw_erratum_of_agent(const struct bw_erratum_about *a,
                         const struct bw_erratum *e,
                         const char *agent)
{
    size_t n = strlen(a->name);
    if (strncmp(agent, a->name, n) != 0 || agent[n] != '/') {
        return false;
    }
    const char *version = agent + n + 1;
    return (!e->from_version[0] ||
            bw_erratum_version_compare(version, e->from_version) >= 0) &&
           (!e->before_version[0] ||
            bw_erratum_version_compare(version, e->before_version) < 0);
}

bool bw_erratum_at(const struct bw_erratum *e, int64_t unix_s)
{
    return (e->from_unix_s == BW_UNKNOWN || unix_s >= e->from_unix_s) &&
           (e->to_unix_s == BW_UNKNOWN || unix_s < e->to_unix_s);
}
