/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_token_create.c - a one-time token that brings one box in. The catalogue keeps its
 * hash only; the token is shown once. One that replaces a box says so in the site's
 * statements, where a reason is given. */
#include "admin.h"
#include "cli.h"
#include "docket_asked.h"
#include "token_many.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <json.h>
#include <siteact.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_token_create;

enum {
    TOKEN_BYTES = 20,
    EXPIRES_DEFAULT_S = 14 * 86400
};

struct making {
    const char *name; /* of the site, or its id */
    const char *entity;
    const char *replaces; /* the site whose box another takes the place of; NULL */
    const char *because;  /* why; NULL: not said */
    const char *csv;      /* a table of many sites; NULL: one */
    int64_t expires_s;
    bool json;
    struct bw_docket_asked asked;
    struct bw_site site;
    char token[64];
    int64_t expires_unix_s;
};

static void print(const struct making *m)
{
    char when[32];
    bw_time_format_s(m->expires_unix_s, when);
    if (!m->json) {
        (void)printf("%s\n", m->token);
        (void)fprintf(stderr,
                      "For site %s%s%s, once, until %s. On the box:\n"
                      "  bandwitness enroll --url https://THIS-COLLECTOR --token %s\n",
                      m->site.id, m->site.name[0] ? ", " : "", m->site.name, when,
                      m->token);
        if (m->replaces) {
            (void)fprintf(stderr,
                          "From the moment that it enrols, nothing that the box before "
                          "measures is taken.\n");
        }
        return;
    }
    struct bw_buf out;
    struct bw_jw w;
    bw_buf_init(&out, 4096);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "token", m->token);
    bw_jw_kstr(&w, "site", m->site.id);
    bw_jw_kstr(&w, "name", m->site.name[0] ? m->site.name : NULL);
    bw_jw_ki64(&w, "expires_s", m->expires_unix_s);
    if (m->replaces) {
        bw_jw_kbool(&w, "replaces", true);
    }
    bw_jw_obj_end(&w);
    (void)printf("%s\n", out.data ? out.data : "");
    bw_buf_done(&out);
}

static int count_key(void *n, const struct bw_site_key *k)
{
    (void)k;
    ++*(int *)n;
    return 0;
}

/* The site whose box is replaced, which must have had one. */
static int find_replaced(struct bw_catalogue *c, struct making *m, struct bw_err *reterr)
{
    int n = 0;
    int r = bw_admin_known_site(c, m->replaces, &m->site, reterr);
    if (r == 0 && m->site.state == BW_SITE_RETIRED) {
        return bw_err_set(reterr, -EPERM, "site %s is retired", m->site.id);
    }
    r = r < 0 ? r : c->ops->keys(c, m->site.id, count_key, &n, reterr);
    if (r == 0 && n == 0) {
        r = bw_err_set(reterr, -ENOENT,
                       "site %s never had a box; its first one takes a token of "
                       "`token create --site %s`",
                       m->site.id, m->site.id);
    }
    return r;
}

static int make(struct bw_catalogue *c, struct making *m, struct bw_err *reterr)
{
    uint8_t raw[TOKEN_BYTES];
    uint8_t hash[32];
    int64_t now_s = bw_clock_unix_ms() / 1000;
    int r = m->replaces ? find_replaced(c, m, reterr)
                        : bw_admin_site(c, m->name, m->entity, &m->site, reterr);
    if (r < 0) {
        return r;
    }
    (void)snprintf(m->token, sizeof(m->token), "bwt_");
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), m->token + 4);
    bw_sha256(m->token, strlen(m->token), hash);
    m->expires_unix_s = now_s + m->expires_s;
    r = m->replaces ? bw_catalogue_token_replaces(c, hash, m->site.id, reterr) : 0;
    return r < 0 ? r
                 : c->ops->token_add(c, hash, m->site.id, now_s, m->expires_unix_s, reterr);
}

static int say(const struct making *m, const struct bw_docket *d, struct bw_err *reterr)
{
    struct bw_siteact act;
    struct bw_statement s;
    struct bw_buf body;
    bw_siteact_init(&act);
    act.act = BW_SITEACT_REPLACED;
    act.from_unix_s = d->now_unix_ms / 1000;
    (void)snprintf(act.reason, sizeof(act.reason), "%s", m->because);
    bw_buf_init(&body, BW_STATEMENT_MAX);
    bw_docket_begin(&bw_verb_token_create, d, BW_STATEMENT_SITE, &s);
    (void)snprintf(s.about, sizeof(s.about), "site:%s", m->site.id);
    int r = bw_siteact_encode(&act, &body, reterr);
    if (r == 0) {
        s.body = body.data;
        s.n_body = body.len;
        r = bw_catalogue_say(d->catalogue, &s, d->now_unix_ms, NULL, reterr);
    }
    bw_buf_done(&body);
    return r == -EALREADY ? 0 : r; /* said in this second already */
}

/* With a reason: as any statement, in somebody's name. 0, or the exit status. */
static int make_and_say(struct making *m)
{
    const struct bw_verb *v = &bw_verb_token_create;
    struct bw_docket d = {.catalogue = NULL};
    struct bw_err err = {.text = ""};
    int status = bw_docket_open(v, &m->asked, true, &d);
    if (status == 0 && (make(d.catalogue, m, &err) < 0 || say(m, &d, &err) < 0)) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    bw_docket_close(&d);
    return status;
}

static int make_alone(struct making *m)
{
    struct bw_catalogue *c = NULL;
    struct bw_err err = {.text = ""};
    int r = bw_admin_open(m->asked.ledger, m->asked.collector, &c, &err);
    r = r < 0 ? r : make(c, m, &err);
    bw_catalogue_close(c);
    return r < 0 ? bw_cli_failed(&bw_verb_token_create, "%s", err.text) : 0;
}

static int take_option(struct making *m, int o)
{
    const struct bw_verb *v = &bw_verb_token_create;
    switch (o) {
    case 's':
        m->name = optarg;
        return bw_cli_label(v, "--site", optarg, BW_LABEL_MAX);
    case 'e':
        m->entity = optarg;
        return bw_cli_label(v, "--entity", optarg, BW_LABEL_MAX);
    case 'r':
        m->replaces = optarg;
        return 0;
    case 'w':
        m->because = optarg;
        return bw_cli_label(v, "--because", optarg, BW_SITEACT_TEXT_MAX);
    case 'x':
        return bw_cli_duration(v, "--expires", optarg, &m->expires_s);
    case 'd':
        m->asked.ledger = optarg;
        return 0;
    case 'c':
        m->asked.collector = optarg;
        return 0;
    case 't':
        m->csv = optarg;
        return 0;
    case 'j':
        m->json = true;
        return 0;
    default:
        return bw_docket_asked_take(v, o, &m->asked);
    }
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_BY,
        {"site", required_argument, NULL, 's'},
        {"entity", required_argument, NULL, 'e'},
        {"replaces", required_argument, NULL, 'r'},
        {"because", required_argument, NULL, 'w'},
        {"csv", required_argument, NULL, 't'},
        {"expires", required_argument, NULL, 'x'},
        {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_token_create;
    struct making m = {.name = "", .expires_s = EXPIRES_DEFAULT_S};
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (take_option(&m, o) != 0) {
            return BW_EXIT_USAGE;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "%s is too much", argv[optind]);
    }
    if (m.replaces && (m.name[0] || m.entity)) {
        return bw_cli_usage(v, "--replaces names the site itself: leave out --site and "
                               "--entity");
    }
    if (!m.replaces && (m.because || m.asked.by)) {
        return bw_cli_usage(v, "--because and --by go with --replaces");
    }
    if (m.csv && (m.name[0] || m.entity || m.replaces || m.json)) {
        return bw_cli_usage(v, "--csv names the sites itself, and prints a table");
    }
    if (bw_crypto_init() < 0) {
        return bw_cli_failed(v, "no source of random numbers");
    }
    if (m.csv) {
        return bw_cli_token_many(v, m.csv, m.asked.ledger, m.asked.collector, m.expires_s);
    }
    if (m.because && !m.asked.ledger && !m.asked.collector) {
        m.asked.collector = BW_COLLECTOR_CONF;
    }
    int status = m.because ? make_and_say(&m) : make_alone(&m);
    if (status != 0) {
        return status;
    }
    print(&m);
    return bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_token_create = {
    .name = "token create",
    .summary = "make a one-time token that brings a box in (at the collector)",
    .help =
        "[OPTION]...\n"
        "\n"
        "Prints a token on standard output. A box uses it once, with `bandwitness "
        "enroll`;\n"
        "from then on its records belong to the token's site. Run this on the collector's\n"
        "machine, as root or as the collector's user; the collector may be running.\n"
        "\n"
        "  --site NAME      a new site of this name; or the id of a known one (s-4f9k2), "
        "to\n"
        "                   give its box a new key. Without it the name comes from the "
        "box\n"
        "  --entity NAME    district, library or other owner of a new site; added when "
        "new\n"
        "  --replaces SITE  another box takes the place of the one at this site (its id): "
        "the\n"
        "                   new one's chain cites where the old one's ended, and from the "
        "moment\n"
        "                   that it enrols the old one's keys are retired. What that one "
        "measured\n"
        "                   before is still taken. So enrol the new box where it stands\n"
        "  --because TEXT   why it is replaced, in your words, for reports; no names of "
        "people\n" BW_DOCKET_ASKED_BY_HELP "  --csv FILE       tokens for many boxes: a "
        "table with columns id, name, entity (- "
        "is\n"
        "                   standard input). A line without id becomes a new site, at an "
        "entity\n"
        "                   that is known; one with the id of a site that waits for its "
        "box "
        "gets\n"
        "                   another token. Prints id,name,entity,token,expires. While a "
        "line is\n"
        "                   wrong nothing is made, and each wrong one is told\n"
        "  --expires TIME   how long it may be used: 14d (default), 12h, 30min\n"
        "  --data DIR       the collector's data folder\n"
        "  --config FILE    its configuration (" BW_COLLECTOR_CONF "), read for\n"
        "                   the data folder when --data is not given\n"
        "  --json           one JSON object: token, site, name, expires_s, replaces\n"
        "\n"
        "Exit status: 0 made, 1 no such site, or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness token create --site \"Alder Elementary\" --entity \"Alder "
        "Valley\"\n"
        "  bandwitness token create --csv sites.csv > tokens.csv\n"
        "  bandwitness token create --replaces s-4f9k2 --because 'its disk died'\n",
    .run = run,
};
