/* SPDX-License-Identifier: GPL-3.0-or-later
 * account_asked.c - options of the verbs about accounts, the store beside a running
 * collector, and links. */
#include "account_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <collector_config.h>
#include <errno.h>
#include <hash.h>
#include <json.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINK_RAW = 24, /* as the door makes them */
    LINK_LEN = 32,
    LINK_S = 24 * 3600
};

int bw_account_take(const struct bw_verb *v, int o, struct bw_account_asked *a)
{
    switch (o) {
    case BW_ACCOUNT_OPT_DATA:
        a->data = optarg;
        return 0;
    case BW_ACCOUNT_OPT_CONFIG:
        a->config = optarg;
        return 0;
    case BW_ACCOUNT_OPT_BY:
        a->typed_by = optarg;
        return bw_person_name_fits(optarg)
                   ? 0
                   : bw_cli_usage(v,
                                  "--by is an account's name: at most %d of a-z, 0-9, "
                                  "'.', '_', '-'",
                                  BW_PERSON_MAX);
    case BW_ACCOUNT_OPT_ROLE:
        a->has_role = true;
        return bw_role_parse(optarg, &a->role) == 0
                   ? 0
                   : bw_cli_usage(v,
                                  "--role is admin, viewer, agency, district or "
                                  "coordinator, not '%s'",
                                  optarg);
    case BW_ACCOUNT_OPT_ENTITY:
        if (a->n_entities == BW_PERSON_SCOPES) {
            return bw_cli_usage(v, "--entity at most %d times", BW_PERSON_SCOPES);
        }
        a->entities[a->n_entities++] = optarg;
        return 0;
    case BW_ACCOUNT_OPT_SHOWN:
        a->shown = optarg;
        return bw_cli_label(v, "--shown", optarg, BW_PERSON_SHOWN_MAX);
    case BW_ACCOUNT_OPT_JSON:
        a->json = true;
        return 0;
    default:
        return BW_EXIT_USAGE;
    }
}

int bw_account_name(const struct bw_verb *v, int argc, char **argv, const char **ret)
{
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "give one name");
    }
    *ret = argv[optind];
    return bw_person_name_fits(*ret)
               ? 0
               : bw_cli_usage(v,
                              "a name has 1 to %d of a-z, 0-9, '.', '_', '-', and begins "
                              "with a letter or digit",
                              BW_PERSON_MAX);
}

static int find_entities(struct bw_account_asked *a, struct bw_err *reterr)
{
    struct bw_catalogue *c = NULL;
    int r = a->n_entities > 0 ? bw_admin_open(a->data, a->config, &c, reterr) : 0;
    size_t n = strlen(a->told);
    for (size_t i = 0; r == 0 && i < a->n_entities; i++) {
        r = bw_admin_known_entity(c, a->entities[i], a->scopes[i], reterr);
        if (r == 0) {
            (void)snprintf(a->told + n, sizeof(a->told) - n, " %s", a->scopes[i]);
            n = strlen(a->told);
        }
    }
    bw_catalogue_close(c);
    return r;
}

static void find_url(struct bw_account_asked *a)
{
    struct bw_collector_config *conf = NULL;
    const char *path = a->config ? a->config : a->data ? NULL : BW_COLLECTOR_CONF;
    (void)snprintf(a->url, sizeof(a->url), "https://THIS-COLLECTOR");
    if (path && bw_collector_config_read(path, &conf, NULL) == 0 && conf->door.url[0]) {
        (void)snprintf(a->url, sizeof(a->url), "%s", conf->door.url);
    }
    bw_collector_config_free(conf);
}

/* Behind sudo the one who typed it. */
static void find_by(struct bw_account_asked *a)
{
    static const char *const where[] = {"SUDO_USER", "USER", "LOGNAME"};
    const char *text = a->typed_by;
    for (size_t i = 0; !text && i < sizeof(where) / sizeof(where[0]); i++) {
        text = getenv(where[i]); /* NOLINT(concurrency-mt-unsafe): never set */
        text = text && text[0] ? text : NULL;
    }
    bw_statement_by_of(text ? text : "", a->by);
}

int bw_account_open(const struct bw_verb *v, struct bw_account_asked *a)
{
    struct bw_err err = {""};
    char folder[PATH_MAX];
    char path[PATH_MAX + 16];
    if (bw_crypto_init() < 0) {
        return bw_cli_failed(v, "no source of random numbers");
    }
    a->now_unix_s = bw_clock_unix_ms() / 1000;
    find_by(a);
    find_url(a);
    if (!a->by[0]) {
        return bw_cli_usage(v, "who does so? --by NAME (this machine does not tell)");
    }
    (void)snprintf(a->told, sizeof(a->told), "%s",
                   a->has_role ? bw_role_name(a->role) : "");
    int r = bw_admin_folder(a->data, a->config, folder, sizeof(folder), &err);
    (void)snprintf(path, sizeof(path), "%s/people.db", r == 0 ? folder : "");
    r = r < 0 ? r : find_entities(a, &err);
    r = r < 0 ? r : bw_people_open(path, &a->people, &err);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
}

void bw_account_close(struct bw_account_asked *a)
{
    bw_people_close(a->people);
    a->people = NULL;
}

void bw_account_person(const struct bw_account_asked *a,
                       const char *name,
                       struct bw_person *ret)
{
    memset(ret, 0, sizeof(*ret));
    (void)snprintf(ret->name, sizeof(ret->name), "%s", name);
    (void)snprintf(ret->shown, sizeof(ret->shown), "%s", a->shown ? a->shown : name);
    ret->role = a->role;
    ret->n_scopes = a->n_entities;
    memcpy(ret->scopes, a->scopes, sizeof(ret->scopes));
}

int bw_account_link(const struct bw_verb *v,
                    const struct bw_account_asked *a,
                    const char *name,
                    const struct bw_act_said *act)
{
    struct bw_link l = {.kind = BW_LINK_RESET,
                        .created_unix_s = a->now_unix_s,
                        .expires_unix_s = a->now_unix_s + LINK_S};
    struct bw_person p;
    struct bw_err err = {""};
    uint8_t raw[LINK_RAW];
    char token[LINK_LEN + 1];
    char url[640];
    char when[32];
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), token);
    bw_sha256(token, LINK_LEN, l.sha256);
    (void)snprintf(l.person, sizeof(l.person), "%s", name);
    int r = a->people->ops->person_get(a->people, name, &p, &err);
    if (r == 0 && !p.hash[0]) {
        l.kind = BW_LINK_INVITE;
    }
    explicit_bzero(&p, sizeof(p));
    r = r < 0 ? r : a->people->ops->link_add(a->people, &l, act, &err);
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    (void)snprintf(url, sizeof(url), "%s/set-up/%s", a->url, token);
    bw_time_format_s(l.expires_unix_s, when);
    if (!a->json) {
        (void)printf("%s\n", url);
        (void)fprintf(stderr, "For %s alone, once, until %s: it sets password and codes.\n",
                      name, when);
        return 0;
    }
    struct bw_buf out;
    struct bw_jw w;
    bw_buf_init(&out, 4096);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "name", name);
    bw_jw_kstr(&w, "url", url);
    bw_jw_ki64(&w, "expires_s", l.expires_unix_s);
    bw_jw_obj_end(&w);
    (void)printf("%s\n", out.data ? out.data : "");
    bw_buf_done(&out);
    return 0;
}
