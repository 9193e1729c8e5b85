/* SPDX-License-Identifier: GPL-3.0-or-later
 * statement_view.c - statements for people and for programs. */
#include "statement_view.h"

#include <bw/err.h>
#include <clock.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>
#include <utf8.h>

enum {
    OUT_MAX = 256 * 1024 * 1024,
    ID_SHOWN = 10,
    BODY_SHOWN = 60
};

void statement_view_begin(struct statement_view *view, bool json)
{
    memset(view, 0, sizeof(*view));
    view->json = json;
    bw_buf_init(&view->text, OUT_MAX);
    bw_jw_init(&view->w, &view->text);
}

int statement_view_end(const struct bw_verb *v, struct statement_view *view, int status)
{
    if (status == 0 && view->json && !view->single) {
        if (view->n == 0) {
            bw_jw_arr(&view->w);
        }
        bw_jw_arr_end(&view->w);
    }
    if (status == 0 && view->json) {
        if (bw_buf_error(&view->text) < 0) {
            status = bw_cli_failed(v, "too much to show at once: ask for less");
        } else {
            (void)printf("%s\n", view->text.data);
        }
    }
    bw_buf_done(&view->text);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

/* The statement's own members stand in `statement`, as its bytes have them. */
static void add_json(struct statement_view *view, const struct bw_said *said)
{
    struct bw_jw *w = &view->w;
    if (view->n == 0 && !view->single) {
        bw_jw_arr(w);
    }
    bw_jw_obj(w);
    bw_jw_kstr(w, "id", said->id);
    bw_jw_ki64(w, "position", said->position);
    bw_jw_ki64(w, "recorded_ms", said->recorded_unix_ms);
    bw_jw_kstr(w, "ended_by", said->ended_by[0] ? said->ended_by : NULL);
    bw_jw_ki64(w, "ended_position", said->ended_position);
    bw_jw_key(w, "statement");
    bw_jw_raw(w, said->text, said->n);
    bw_jw_obj_end(w);
}

int statement_view_line(void *owner, const struct bw_said *said)
{
    struct statement_view *view = owner;
    const struct bw_statement *s = said->statement;
    if (view->json) {
        add_json(view, said);
    } else {
        const char *body = s->body ? s->body : "(needs a newer program)";
        size_t n = s->body ? s->n_body : strlen(body);
        size_t shown = bw_utf8_fit(body, n, BODY_SHOWN);
        char when[32];
        bw_time_format_s(s->said_unix_s, when);
        (void)printf("%s  %.*s  %-10s %-24s %-10s %.*s%s", when, ID_SHOWN, said->id,
                     s->word, s->about, s->by, (int)shown, body, shown < n ? "…" : "");
        if (said->ended_by[0]) {
            (void)printf("  (ended by %.*s)", ID_SHOWN, said->ended_by);
        }
        (void)putchar('\n');
    }
    view->n++;
    return view->json ? bw_buf_error(&view->text) : 0;
}

int statement_view_whole(void *owner, const struct bw_said *said)
{
    struct statement_view *view = owner;
    const struct bw_statement *s = said->statement;
    char when[32];
    bw_time_format_s(s->said_unix_s, when);
    (void)printf("id        %s\nkind      %s\nabout     %s\nsaid      %s\nby        %s\n",
                 said->id, s->word, s->about, when, s->by);
    if (s->via[0]) {
        (void)printf("via       %s\n", s->via);
    }
    if (s->file[0]) {
        (void)printf("source    %s\n          SHA-256 %s\n", s->file, s->sha256);
    }
    for (size_t i = 0; i < s->n_replaces; i++) {
        (void)printf("replaces  %s\n", s->replaces[i]);
    }
    bw_time_format_s(said->recorded_unix_ms / 1000, when);
    (void)printf("kept      %s, position %lld\n", when, (long long)said->position);
    if (said->ended_by[0]) {
        (void)printf("ended by  %s\n", said->ended_by);
    } else if (s->kind != BW_STATEMENT_WITHDRAWAL) {
        (void)printf("in force  yes\n");
    }
    if (s->body) {
        (void)printf("body      %.*s\n", (int)s->n_body, s->body);
    } else {
        (void)printf("body      of version %lld: needs a newer program\n", (long long)s->v);
    }
    view->n++;
    return 0;
}

int statement_view_raw(void *owner, const struct bw_said *said)
{
    struct statement_view *view = owner;
    (void)fwrite(said->text, 1, said->n, stdout); /* a failure shows when it is flushed */
    view->n++;
    return 0;
}

int statement_view_list(const struct bw_verb *v,
                        const struct bw_docket_asked *asked,
                        const struct bw_said_query *q,
                        bool json,
                        bw_said_cb each,
                        const char *none)
{
    struct bw_err err = {.text = ""};
    struct bw_docket d = {.catalogue = NULL};
    struct statement_view view;
    statement_view_begin(&view, json);
    int status = bw_docket_open(v, asked, false, &d);
    if (status == 0 && bw_docket_each(&d, q, each, &view, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == 0 && !json && view.n == 0) {
        (void)fprintf(stderr, "%s in %s.\n", none, d.folder);
    }
    bw_docket_close(&d);
    return statement_view_end(v, &view, status);
}
