/* SPDX-License-Identifier: GPL-3.0-or-later
 * saying.c - statements of one kind: said, corrected, withdrawn. */
#include "saying.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

bool saying_take(int o, struct saying_asked *a)
{
    switch (o) {
    case 'r':
        a->replaces = optarg;
        return true;
    case 'w':
        a->withdraw = optarg;
        return true;
    case 'u':
        a->unseen = true;
        return true;
    case 'j':
        a->json = true;
        return true;
    default:
        return false;
    }
}

int saying_day(const struct bw_verb *v, const char *option, char out[BW_DATE_LEN + 1])
{
    if (!bw_date_valid(optarg)) {
        return bw_cli_usage(v, "%s is a day, 2026-07-01, not '%s'", option, optarg);
    }
    (void)snprintf(out, BW_DATE_LEN + 1, "%s", optarg);
    return 0;
}

struct meant {
    char id[BW_HASH_LEN + 1];
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    enum bw_statement_kind kind;
};

static int on_found(void *owner, const struct bw_said *said)
{
    struct meant *m = owner;

    memcpy(m->id, said->id, sizeof(m->id));
    memcpy(m->about, said->statement->about, sizeof(m->about));
    m->kind = said->statement->kind;
    return 0;
}

int saying_find(const struct saying *s,
                const char *id,
                const char *about,
                char ret[BW_HASH_LEN + 1])
{
    struct bw_catalogue *c = s->docket->catalogue;
    struct bw_err err = {.text = ""};
    struct meant m;
    int r = c->ops->statement_find(c, id, on_found, &m, &err);

    if (r == 0 && s->what && m.kind != s->kind) {
        r = bw_err_set(&err, -EINVAL, "%.10s… is no %s", m.id, s->what);
    } else if (r == 0 && about && strcmp(m.about, about) != 0) {
        r = bw_err_set(&err, -EINVAL, "%.10s… is about %s", m.id, m.about);
    }
    if (r < 0) {
        return bw_cli_failed(s->verb, "%s", err.text);
    }
    memcpy(ret, m.id, sizeof(m.id));
    return 0;
}

int saying_say(struct saying *s,
               const char *about,
               const char *replaces,
               const char *file,
               const char *sha256,
               const struct bw_buf *body)
{
    struct bw_err err = {.text = ""};
    struct bw_statement out;
    int r;

    bw_docket_begin(s->verb, s->docket, s->kind, &out);
    (void)snprintf(out.about, sizeof(out.about), "%s", about);
    if (file[0]) {
        (void)snprintf(out.file, sizeof(out.file), "%s", file);
        (void)snprintf(out.sha256, sizeof(out.sha256), "%s", sha256);
    }
    out.n_replaces = replaces[0] != '\0';
    (void)snprintf(out.replaces[0], sizeof(out.replaces[0]), "%s", replaces);
    r = bw_docket_say(s->docket, &out, body, s->id, &err);
    return r < 0 ? bw_cli_failed(s->verb, "%s", err.text) : 0;
}

int saying_of_circuit(struct saying *s,
                      const char *circuit,
                      const char *replaces,
                      const char *file,
                      const char *sha256,
                      const struct bw_buf *body)
{
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    char old[BW_HASH_LEN + 1] = "";
    int status = 0;

    (void)snprintf(about, sizeof(about), "circuit:%s", circuit);
    if (replaces) {
        status = saying_find(s, replaces, about, old);
    }
    return status != 0 ? status : saying_say(s, about, old, file, sha256, body);
}

bool saying_told(const struct saying *s, const struct saying_asked *a)
{
    if (a->json) {
        (void)printf("{\"id\":\"%s\"}\n", s->id);
    } else if (a->withdraw) {
        (void)printf("%s  withdrawn by %s\n", s->id, s->docket->by);
    }
    return a->json || a->withdraw;
}

int saying_withdraw(struct saying *s, const char *id, const char *text)
{
    struct bw_err err = {.text = ""};
    struct bw_statement out;
    struct bw_buf body;
    struct bw_jw w;
    char whole[BW_HASH_LEN + 1];
    int status = saying_find(s, id, NULL, whole);
    int r;

    if (status != 0) {
        return status;
    }
    bw_buf_init(&body, BW_STATEMENT_MAX);
    bw_jw_init(&w, &body);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "text", text);
    bw_jw_obj_end(&w);
    bw_docket_begin(s->verb, s->docket, BW_STATEMENT_WITHDRAWAL, &out);
    (void)snprintf(out.about, sizeof(out.about), "%s", whole);
    r = bw_docket_say(s->docket, &out, &body, s->id, &err);
    bw_buf_done(&body);
    return r < 0 ? bw_cli_failed(s->verb, "%s", err.text) : 0;
}
