/* SPDX-License-Identifier: GPL-3.0-or-later
 * site_act.c - a site moves to another entity or is retired: the catalogue changes, and
 * what was said of it stays on record. That boxes were sent changes nothing else. */
#include "site_act.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct acting {
    const struct bw_verb *verb;
    struct bw_docket_asked docket;
    struct bw_siteact act;
    const char *site;
    char **more; /* sites behind it, of what can be said of many */
    int n_more;
    const char *entity; /* as it was typed */
    bool json;
};

static int take_option(struct acting *a, int o)
{
    switch (o) {
    case 'f':
        return bw_cli_time(a->verb, "--from", optarg, &a->act.from_unix_s);
    case 'x':
        (void)snprintf(a->act.reason, sizeof(a->act.reason), "%s", optarg);
        return bw_cli_label(a->verb, "--reason", optarg, BW_SITEACT_TEXT_MAX);
    case 'j':
        a->json = true;
        return 0;
    case 'd':
        a->docket.ledger = optarg;
        return 0;
    case 'c':
        a->docket.collector = optarg;
        return 0;
    default:
        return bw_docket_asked_take(a->verb, o, &a->docket);
    }
}

static int read_options(struct acting *a, int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_BY,
        {"from", required_argument, NULL, 'f'},
        {"reason", required_argument, NULL, 'x'},
        {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    int words = a->act.act == BW_SITEACT_MOVED ? 2 : 1;
    for (int o; (o = bw_cli_getopt(a->verb, argc, argv, "", longs)) != -1;) {
        int status = take_option(a, o);
        if (status != 0) {
            return status;
        }
    }
    bool many = a->act.act == BW_SITEACT_SHIPPED;
    if (many ? optind >= argc : optind + words != argc) {
        return bw_cli_usage(a->verb, words == 2 ? "which site, to which entity?"
                                                : "which site? its id, as s-4f9k2");
    }
    if (many && !a->act.reason[0]) {
        (void)snprintf(a->act.reason, sizeof(a->act.reason), "sent");
    }
    if (!a->act.reason[0]) {
        return bw_cli_usage(a->verb, "why? --reason TEXT");
    }
    a->site = argv[optind];
    a->more = argv + optind + 1;
    a->n_more = many ? argc - optind - 1 : 0;
    a->entity = words == 2 ? argv[optind + 1] : NULL;
    if (!a->docket.ledger && !a->docket.collector) {
        a->docket.collector = BW_COLLECTOR_CONF;
    }
    return 0;
}

/* Check against what is on file, before anything is said. */
static int look(struct acting *a, const struct bw_docket *d, struct bw_err *err)
{
    struct bw_site site;
    int r = bw_admin_known_site(d->catalogue, a->site, &site, err);
    if (r == 0 && a->entity) {
        r = bw_admin_known_entity(d->catalogue, a->entity, a->act.entity, err);
    }
    if (r == 0 && a->entity && strcmp(site.entity, a->act.entity) == 0) {
        r = bw_err_set(err, -EALREADY, "site %s is at %s already", site.id, site.entity);
    }
    if (r == 0 && !a->entity && site.state == BW_SITE_RETIRED) {
        r = bw_err_set(err, -EALREADY, "site %s is retired already", site.id);
    }
    if (r == 0 && a->act.act != BW_SITEACT_SHIPPED) {
        memcpy(a->act.old_entity, site.entity, sizeof(a->act.old_entity));
    }
    return r;
}

static int
say(const struct acting *a, const struct bw_docket *d, char *id, struct bw_err *err)
{
    struct bw_statement s;
    struct bw_buf body;
    bw_buf_init(&body, BW_STATEMENT_MAX);
    bw_docket_begin(a->verb, d, BW_STATEMENT_SITE, &s);
    (void)snprintf(s.about, sizeof(s.about), "site:%.100s", a->site);
    int r = bw_siteact_encode(&a->act, &body, err);
    r = r < 0 ? r : bw_docket_say(d, &s, &body, id, err);
    bw_buf_done(&body);
    return r;
}

static int act(struct acting *a, const struct bw_docket *d, char *id, struct bw_err *err)
{
    int r = look(a, d, err);
    r = r < 0 ? r : say(a, d, id, err);
    if (r < 0 || a->act.act == BW_SITEACT_SHIPPED) {
        return r;
    }
    if (a->entity) {
        return d->catalogue->ops->site_move(d->catalogue, a->site, a->act.entity, err);
    }
    return d->catalogue->ops->site_set_state(d->catalogue, a->site, BW_SITE_RETIRED, err);
}

static void tell(const struct acting *a, const struct bw_docket *d, const char *id)
{
    static const char *const words[] = {[BW_SITEACT_MOVED] = "moved to ",
                                        [BW_SITEACT_RETIRED] = "retired",
                                        [BW_SITEACT_SHIPPED] = "shipped"};
    char when[32];
    if (a->json) {
        (void)printf("{\"id\":\"%s\"}\n", id);
        return;
    }
    bw_time_format_s(a->act.from_unix_s, when);
    (void)printf("%s  %s %s%s, from %s, by %s\n", id, a->site, words[a->act.act],
                 a->act.entity, when, d->by);
}

/* Of many, that all can be said before the first is. */
static int look_all(struct acting *a, const struct bw_docket *d, struct bw_err *err)
{
    const char *first = a->site;
    int r = 0;
    for (int i = 0; r == 0 && i < a->n_more; i++) {
        a->site = a->more[i];
        r = look(a, d, err);
    }
    a->site = first;
    return r;
}

static int act_all(struct acting *a, const struct bw_docket *d, struct bw_err *err)
{
    char id[BW_HASH_LEN + 1] = "";
    int r = look_all(a, d, err);
    for (int i = -1; r == 0 && i < a->n_more; i++) {
        a->site = i < 0 ? a->site : a->more[i];
        r = act(a, d, id, err);
        if (r == 0) {
            tell(a, d, id);
        }
    }
    return r;
}

int bw_cli_site_act(const struct bw_verb *v,
                    enum bw_siteact_what what,
                    int argc,
                    char **argv)
{
    struct acting a = {.verb = v};
    struct bw_docket d = {.catalogue = NULL};
    struct bw_err err = {.text = ""};
    bw_siteact_init(&a.act);
    a.act.act = what;
    int status = read_options(&a, argc, argv);
    if (status != 0) {
        return status;
    }
    status = bw_docket_open(v, &a.docket, true, &d);
    if (status == 0 && a.act.from_unix_s == BW_UNKNOWN) {
        a.act.from_unix_s = d.now_unix_ms / 1000;
    }
    if (status == 0 && a.act.from_unix_s > d.now_unix_ms / 1000) {
        status = bw_cli_usage(v, "--from is in the future");
    }
    if (status == 0 && act_all(&a, &d, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}
