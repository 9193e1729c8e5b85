/* SPDX-License-Identifier: GPL-3.0-or-later
 * reply_view.c - replies for people: who, to what, and their words. */
#include "reply_view.h"

#include "reply.h"

#include <bw/err.h>
#include <clock.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>
#include <utf8.h>

enum {
    SHOWN = 60 /* bytes of the words in a list */
};

int reply_view_each(void *owner, const struct bw_said *said)
{
    struct reply_view *view = owner;
    const struct bw_statement *s = said->statement;
    struct bw_reply r;
    char when[32];

    view->n++;
    bw_time_format_s(s->said_unix_s, when);
    if (!s->body || bw_reply_decode(s->body, s->n_body, &r, NULL) < 0) {
        (void)printf("%s  %.10s  %s  of a form that only a newer program reads\n", when,
                     said->id, s->about);
        return 0;
    }
    if (!view->whole) {
        size_t n = strcspn(r.text, "\n");
        n = bw_utf8_fit(r.text, n, SHOWN);
        (void)printf("%s  %.10s  %s  %s to %s, by %s: %.*s%s%s\n", when, said->id, s->about,
                     bw_reply_from_name(r.from), bw_reply_to_name(r.to), s->by, (int)n,
                     r.text, r.text[n] ? " …" : "",
                     said->ended_position != BW_UNKNOWN ? " (holds no longer)" : "");
        return 0;
    }
    char from[32];
    char to[32];
    bw_time_format_s(r.from_unix_s, from);
    bw_time_format_s(r.to_unix_s, to);
    (void)printf("id       %s%s\nabout    %s\nanswers  %s, %s to %s\nwho      %s%s%s\n"
                 "kept     %s by %s\n",
                 said->id, said->ended_position != BW_UNKNOWN ? " (holds no longer)" : "",
                 s->about, bw_reply_to_name(r.to), from, to, bw_reply_from_name(r.from),
                 r.name[0] ? ", signed " : "", r.name, when, s->by);
    if (s->file[0]) {
        (void)printf("file     %s, SHA-256 %s\n", s->file, s->sha256);
    }
    if (r.answered[0]) {
        (void)printf("exhibit  SHA-256 %s\n", r.answered);
    }
    (void)printf("\n%s\n", r.text);
    return 0;
}
