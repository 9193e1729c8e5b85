/* SPDX-License-Identifier: GPL-3.0-or-later
 * errata_view.c - errata as verbs print them. */
#include "errata_view.h"

#include <buf.h>
#include <clock.h>
#include <stdio.h>

static void instant(const char *what, int64_t unix_s)
{
    char text[32];
    if (unix_s != BW_UNKNOWN) {
        bw_time_format_s(unix_s, text);
        (void)printf(" %s %s", what, text);
    }
}

void errata_view_print(const struct bw_said *said, const struct bw_erratum_said *e)
{
    struct bw_buf fields;
    char when[32];
    bw_buf_init(&fields, 1024);
    bw_erratum_fields_text(e->erratum.fields, &fields);
    bw_time_format_s(e->said_unix_s, when);
    (void)printf("%s  %s", said->id, e->key);
    if (e->erratum.from_version[0]) {
        (void)printf(" from version %s", e->erratum.from_version);
    }
    if (e->erratum.before_version[0]) {
        (void)printf(" before version %s", e->erratum.before_version);
    }
    instant("from", e->erratum.from_unix_s);
    instant("to", e->erratum.to_unix_s);
    (void)printf("\n  %s: %s\n  %s\n",
                 e->erratum.action == BW_ERRATUM_EXCLUDE ? "excluded" : "annotated",
                 fields.data ? fields.data : "", e->erratum.reason);
    if (e->erratum.reference[0]) {
        (void)printf("  %s\n", e->erratum.reference);
    }
    (void)printf("  said %s by %s%s%s\n", when, e->by,
                 said->ended_by[0] ? "; good no longer, see " : "", said->ended_by);
    bw_buf_done(&fields);
}
