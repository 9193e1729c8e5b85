/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_import_calendar.c - a school's calendar from a file, onto record.
 *
 * Invariant: a file is taken whole or not at all; what is said of a day replaces what was
 * said of it before, and no day loses its calendar unasked. */
#include "calendar_asked.h"
#include "calendar_view.h"

#include <buf.h>
#include <bw/err.h>
#include <calendars.h>
#include <civil.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <schoolcal.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>

extern const struct bw_verb bw_verb_import_calendar;

enum {
    JSON_MAX = 1024 * 1024
};

struct asked {
    struct calendar_asked which;
    bool replace;
    bool dry_run;
};

/* What becomes of it. */
struct import {
    struct bw_schoolcal *cal;
    struct bw_buf body;
    struct bw_calendars kept;
    struct bw_statement said;
    char id[BW_HASH_LEN + 1];
    bool same; /* it is on record already, word for word */
};

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        CALENDAR_ASKED_OPTIONS,
        BW_DOCKET_ASKED_BY,
        {"replace", no_argument, NULL, 'r'},
        {"dry-run", no_argument, NULL, 'n'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_import_calendar;
    struct calendar_asked *w = &a->which;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == 'r') {
            a->replace = true;
        } else if (o == 'n') {
            a->dry_run = true;
        } else if (calendar_asked_take(v, o, w) != 0) {
            return BW_EXIT_USAGE;
        }
    }
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "give one file");
    }
    w->file.path = argv[optind];
    if ((w->entity != NULL) == w->whole_state) {
        return bw_cli_usage(v, "say whose calendar it is: --entity ID or --whole-state");
    }
    return w->entity && (!w->entity[0] || strlen(w->entity) > BW_ENTITY_MAX)
               ? bw_cli_usage(v, "'%s' is no entity's id", w->entity)
               : 0;
}

/* The days that only the calendar on record speaks of. */
static bool loses_days(const struct bw_schoolcal *old, const struct bw_schoolcal *new)
{
    const struct bw_schoolcal_spec *a = bw_schoolcal_spec(old);
    const struct bw_schoolcal_spec *b = bw_schoolcal_spec(new);

    return a->from_day < b->from_day || a->to_day > b->to_day;
}

static bool shares_days(const struct bw_schoolcal *old, const struct bw_schoolcal *new)
{
    const struct bw_schoolcal_spec *a = bw_schoolcal_spec(old);
    const struct bw_schoolcal_spec *b = bw_schoolcal_spec(new);

    return a->from_day <= b->to_day && b->from_day <= a->to_day;
}

static bool is_same(const struct bw_schoolcal *old, const struct bw_buf *body)
{
    struct bw_buf text;
    bool same;

    bw_buf_init(&text, BW_SCHOOLCAL_BODY_MAX);
    bw_schoolcal_encode(old, &text);
    same = bw_buf_error(&text) == 0 && text.len == body->len &&
           memcmp(text.data, body->data, body->len) == 0;
    bw_buf_done(&text);
    return same;
}

/* What of the record it replaces. */
static int compare(const struct asked *a, struct import *m)
{
    const struct bw_verb *v = &bw_verb_import_calendar;

    for (size_t i = 0; i < m->kept.n; i++) {
        const struct bw_calendar_kept *k = &m->kept.list[i];
        const struct bw_schoolcal_spec *s = bw_schoolcal_spec(k->cal);
        char from[BW_CIVIL_DATE_LEN + 1];
        char to[BW_CIVIL_DATE_LEN + 1];
        if (!shares_days(k->cal, m->cal)) {
            continue;
        }
        if (is_same(k->cal, &m->body)) {
            m->same = true;
            memcpy(m->id, k->id, sizeof(m->id));
            return 0;
        }
        bw_civil_date(s->from_day, from);
        bw_civil_date(s->to_day, to);
        if (loses_days(k->cal, m->cal) && !a->replace) {
            return bw_cli_failed(v,
                                 "the calendar %.8s on record (%s) speaks of %s to %s, and "
                                 "this file of fewer days; import one that has them all, "
                                 "or say --replace",
                                 k->id, s->name, from, to);
        }
        if (m->said.n_replaces == BW_STATEMENT_REPLACES_MAX) {
            return bw_cli_failed(v, "more than %d calendars on record have days of this",
                                 BW_STATEMENT_REPLACES_MAX);
        }
        memcpy(m->said.replaces[m->said.n_replaces++], k->id, sizeof(k->id));
    }
    return 0;
}

static void tell(const struct asked *a, const struct import *m)
{
    const char *what = m->same      ? "is on record already"
                       : a->dry_run ? "would be put on record"
                                    : "is on record now";
    struct bw_buf text;
    struct bw_jw w;

    if (!a->which.json) {
        (void)printf("The calendar of %s %s%s%.8s%s", m->said.about, what,
                     m->id[0] ? " (" : "", m->id, m->id[0] ? ")" : "");
        for (size_t i = 0; i < m->said.n_replaces; i++) {
            (void)printf("%s%.8s", i == 0 ? "; it replaces " : ", ", m->said.replaces[i]);
        }
        (void)printf(".\n");
        return;
    }
    bw_buf_init(&text, JSON_MAX);
    bw_jw_init(&w, &text);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "about", m->said.about);
    bw_jw_kbool(&w, "new", !m->same);
    bw_jw_kbool(&w, "kept", m->same || !a->dry_run);
    bw_jw_kstr(&w, "id", m->id[0] ? m->id : NULL);
    bw_jw_karr(&w, "replaces");
    for (size_t i = 0; i < m->said.n_replaces; i++) {
        bw_jw_str(&w, m->said.replaces[i]);
    }
    bw_jw_arr_end(&w);
    bw_jw_key(&w, "calendar");
    bw_jw_raw(&w, m->body.data, m->body.len);
    bw_jw_obj_end(&w);
    (void)printf("%s\n", text.data ? text.data : "");
    bw_buf_done(&text);
}

static int known_entity(const struct asked *a, const struct bw_docket *d)
{
    struct bw_err err = {""};
    struct bw_entity e;

    if (!a->which.entity || !d->of_collector || !d->catalogue ||
        d->catalogue->ops->entity_get(d->catalogue, a->which.entity, &e, &err) == 0) {
        return 0;
    }
    return bw_cli_failed(&bw_verb_import_calendar,
                         "%s; `bandwitness site list` shows whose the sites are", err.text);
}

static int import(const struct asked *a, struct import *m, struct bw_docket *d)
{
    const struct bw_verb *v = &bw_verb_import_calendar;
    struct bw_err err = {""};
    int status = bw_docket_open(v, &a->which.docket, !a->dry_run, d);

    status = status != 0 ? status : known_entity(a, d);
    if (status != 0) {
        return status;
    }
    if (d->catalogue && bw_calendars_add(d->catalogue, m->said.about, &m->kept, &err) < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    status = compare(a, m);
    if (status != 0 || m->same || a->dry_run) {
        return status;
    }
    m->said.said_unix_s = d->now_unix_ms / 1000;
    memcpy(m->said.by, d->by, sizeof(m->said.by));
    return bw_docket_say(d, &m->said, &m->body, m->id, &err) < 0
               ? bw_cli_failed(v, "%s", err.text)
               : 0;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_import_calendar;
    struct asked a = {.replace = false};
    struct import m = {.cal = NULL};
    struct bw_docket d = {.catalogue = NULL};
    const char *name = "";
    int status = read_options(argc, argv, &a);

    if (status != 0) {
        return status;
    }
    bw_buf_init(&m.body, BW_SCHOOLCAL_BODY_MAX);
    bw_docket_begin(v, &d, BW_STATEMENT_CALENDAR, &m.said);
    status = calendar_file_read(v, &a.which.file, &m.cal, m.said.sha256, &name);
    if (status != 0) {
        goto out;
    }
    if (strcmp(name, "-") == 0) {
        m.said.sha256[0] = '\0'; /* what came through a pipe has no name */
    } else {
        (void)snprintf(m.said.file, sizeof(m.said.file), "%s", name);
    }
    calendar_asked_about(&a.which, m.said.about);
    bw_schoolcal_encode(m.cal, &m.body);
    status = import(&a, &m, &d);
    if (status == 0) {
        tell(&a, &m);
    }
out:
    bw_docket_close(&d);
    bw_calendars_done(&m.kept);
    bw_schoolcal_free(m.cal);
    bw_buf_done(&m.body);
    return status != 0 ? status : bw_cli_flush(v, status);
}

const struct bw_verb bw_verb_import_calendar = {
    .name = "import calendar",
    .summary = "put a school's calendar on record: days with lessons, hours, testing weeks",
    .help =
        "[OPTION]... FILE --entity ID | --whole-state\n"
        "\n"
        "Reads a calendar (a table, docs/calendar-csv.md, or iCalendar) and keeps it as a "
        "statement in\n"
        "your name. It replaces what was on record of the same days; the same calendar\n"
        "again changes nothing. A file with one bad line is refused whole.\n"
        "\n"
        "  --entity ID        it is the calendar of this district or school\n"
        "  --whole-state      it is that of all who have none of their own\n"
        "  --replace          also where days are lost that only the old one speaks of\n"
        "  --dry-run          only say what would change\n" CALENDAR_FILE_HELP
        "  --json             what became of it, as one JSON\n"
        "                     object\n" BW_DOCKET_ASKED_HELP BW_DOCKET_ASKED_BY_HELP
        "\n" CALENDAR_FILE_HELP_ICAL "\n"
        "Exit status: 0 it is on record, 1 it failed or was refused, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness import calendar hazel-river-2026.csv --entity hazel-river\n",
    .run = run,
};
