/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_calendar_show.c - a school's calendar as a picture: from a file, or as it is on
 * record. */
#include "admin.h"
#include "calendar_asked.h"
#include "calendar_view.h"

#include <buf.h>
#include <bw/err.h>
#include <calendars.h>
#include <json.h>
#include <schoolcal.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>

extern const struct bw_verb bw_verb_calendar_show;

enum {
    JSON_MAX = 64 * 1024 * 1024
};

struct asked {
    struct calendar_asked which;
    const char *site;
    bool box;
};

static int read_options(int argc, char **argv, struct asked *a)
{
    static const struct option longs[] = {
        CALENDAR_ASKED_OPTIONS,
        {"site", required_argument, NULL, 's'},
        {"box", no_argument, NULL, 'b'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_calendar_show;
    struct calendar_asked *w = &a->which;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == 's') {
            a->site = optarg;
        } else if (o == 'b') {
            a->box = true;
        } else if (calendar_asked_take(v, o, w) != 0) {
            return BW_EXIT_USAGE;
        }
    }
    w->file.path = optind < argc ? argv[optind] : NULL;
    if (optind + 1 < argc) {
        return bw_cli_usage(v, "%s is too much", argv[optind + 1]);
    }
    if ((w->file.path != NULL) + (w->entity != NULL) + (a->site != NULL) + w->whole_state !=
        1) {
        return bw_cli_usage(v, "give a file, --entity, --site or --whole-state");
    }
    return a->box && w->json ? bw_cli_usage(v, "give --box or --json") : 0;
}

static int show(const struct asked *a, const struct bw_calendars *list, bool kept)
{
    const struct bw_verb *v = &bw_verb_calendar_show;
    struct bw_buf text;
    struct bw_jw w;
    int status = 0;

    bw_buf_init(&text, JSON_MAX);
    bw_jw_init(&w, &text);
    bw_jw_arr(&w);
    for (size_t i = 0; i < list->n && status == 0; i++) {
        const struct bw_calendar_kept *k = &list->list[i];
        struct bw_err err = {""};
        struct bw_tz *tz = NULL;
        if (bw_tz_load(bw_schoolcal_spec(k->cal)->zone, &tz, &err) < 0) {
            status = bw_cli_failed(v, "%s", err.text);
            break;
        }
        if (a->which.json) {
            calendar_view_json(&w, k->cal, tz, kept ? k : NULL);
        } else if (a->box) {
            calendar_view_box(k->cal);
        } else {
            (void)printf("%s", i > 0 ? "\n" : "");
            calendar_view_print(k->cal, tz, kept ? k : NULL);
        }
        bw_tz_free(tz);
    }
    bw_jw_arr_end(&w);
    if (status == 0 && a->which.json) {
        status = bw_buf_error(&text) < 0 ? bw_cli_failed(v, "out of memory") : 0;
        (void)printf("%s\n", status == 0 ? text.data : "");
    }
    bw_buf_done(&text);
    return status;
}

static int find(const struct asked *a, struct bw_calendars *list)
{
    const struct bw_verb *v = &bw_verb_calendar_show;
    char about[BW_STATEMENT_ABOUT_MAX + 1];
    struct bw_docket d = {.catalogue = NULL};
    struct bw_err err = {""};
    struct bw_site site;
    int status;

    calendar_asked_about(&a->which, about);
    status = bw_docket_open(v, &a->which.docket, false, &d);
    if (status == 0 && a->site && d.of_collector && d.catalogue &&
        bw_admin_known_site(d.catalogue, a->site, &site, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == 0 && d.catalogue &&
        (a->site ? bw_calendars_add_site(d.catalogue, a->site, list, &err)
                 : bw_calendars_add(d.catalogue, about, list, &err)) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == 0 && list->n == 0) {
        (void)fprintf(stderr, "No calendar of %s is on record in %s.\n",
                      a->site ? a->site : about, d.folder);
    }
    bw_docket_close(&d);
    return status;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_calendar_show;
    struct asked a = {.site = NULL};
    struct bw_calendars list = {.n = 0};
    struct bw_calendar_kept one = {.cal = NULL};
    char sha256[BW_HASH_LEN + 1];
    const char *name;
    int status = read_options(argc, argv, &a);

    if (status != 0) {
        return status;
    }
    if (a.which.file.path) {
        const struct bw_calendars of_file = {.list = &one, .n = 1};
        status = calendar_file_read(v, &a.which.file, &one.cal, sha256, &name);
        status = status != 0 ? status : show(&a, &of_file, false);
        bw_schoolcal_free(one.cal);
    } else {
        status = find(&a, &list);
        status = status != 0 ? status : show(&a, &list, true);
    }
    bw_calendars_done(&list);
    return status != 0 ? status : bw_cli_flush(v, status);
}

const struct bw_verb bw_verb_calendar_show = {
    .name = "calendar show",
    .summary = "show a school's calendar: a year as a picture, with its counts",
    .help =
        "[OPTION]... FILE | --entity ID | --site ID | --whole-state\n"
        "\n"
        "Months as rows and a letter for each day: C class, T testing, E ends early, L "
        "begins\n"
        "late, H holiday, S closed for weather, N no lessons for another reason, - "
        "weekend,\n"
        ". outside of terms; how many of each, and the days that are not as usual. From a\n"
        "file (docs/calendar-csv.md), before it is imported, or as it is on record.\n"
        "\n"
        "  --entity ID        of a district or school\n"
        "  --site ID          all that govern this site, the nearest first\n"
        "  --whole-state      of all that have none of their own\n" CALENDAR_FILE_HELP
        "  --box              as the file `instruction_calendar` of a box: days without\n"
        "                     lessons, and those that end early\n"
        "  --json             one JSON array; every day with its kind and\n"
        "                     hours\n" BW_DOCKET_ASKED_HELP "\n" CALENDAR_FILE_HELP_ICAL
        "\n"
        "Exit status: 0 shown (also where there is none), 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness calendar show hazel-river-2026.csv\n",
    .run = run,
};
