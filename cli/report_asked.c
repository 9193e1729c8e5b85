/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_asked.c - the options of `bandwitness report`, and which of them go together. */
#include "report_asked.h"

#include "crew.h"

#include <stddef.h>
#include <string.h>

enum {
    FIRST_TEXT = 1000, /* getopt's value for the first of `texts` */
    INTERVALS = 'i',
    LETTER = 'l',
    CERTIFICATE = 'c',
    ALL = 'A',
    FORMAT = 'x',
    OUTPUT = 'o',
    JSON = 'j',
    JOBS = 'J',
    QUIET = 'q',
    DRAFT = 'd',
    NO_PDF = 'P',
    FIRST_CHOICE = 2000 /* + enum bw_select_by: whose circuits */
};

/* Whose circuits. */
static const char *const choices[BW_SELECT_WAYS] = {[BW_SELECT_FRN] = "frn",
                                                    [BW_SELECT_SCHOOL] = "school",
                                                    [BW_SELECT_DISTRICT] = "district",
                                                    [BW_SELECT_CONSORTIUM] = "consortium"};

/* Options whose word is kept as it is. */
static const struct {
    const char *name;
    size_t at;
} texts[] = {
    {"circuit", offsetof(struct bw_report_asked, circuit)},
    {"site", offsetof(struct bw_report_asked, site)},
    {"from", offsetof(struct bw_report_asked, from)},
    {"to", offsetof(struct bw_report_asked, to)},
    {"year", offsetof(struct bw_report_asked, year)},
    {"month", offsetof(struct bw_report_asked, month)},
    {"campaign", offsetof(struct bw_report_asked, campaign)},
    {"journal", offsetof(struct bw_report_asked, journal)},
    {"ledger", offsetof(struct bw_report_asked, ledger)},
    {"file", offsetof(struct bw_report_asked, file)},
    {"key", offsetof(struct bw_report_asked, key)},
    {"tz", offsetof(struct bw_report_asked, tz)},
    {"class-hours", offsetof(struct bw_report_asked, hours)},
    {"calendar", offsetof(struct bw_report_asked, calendar)},
    {"claim-down", offsetof(struct bw_report_asked, claim[BW_DOWN])},
    {"claim-up", offsetof(struct bw_report_asked, claim[BW_UP])},
    {"claim-layer", offsetof(struct bw_report_asked, claim_layer)},
    {"place", offsetof(struct bw_report_asked, place)},
    {"with", offsetof(struct bw_report_asked, with)},
    {"paper", offsetof(struct bw_report_asked, paper)},
    {"for", offsetof(struct bw_report_asked, purpose)},
    {"students", offsetof(struct bw_report_asked, people[0])},
    {"users", offsetof(struct bw_report_asked, people[1])},
    {"users-are", offsetof(struct bw_report_asked, users_are)},
    {"monthly-cost", offsetof(struct bw_report_asked, cost)},
    {"epc", offsetof(struct bw_report_asked, epc)},
    {"rules", offsetof(struct bw_report_asked, judging.rules)},
    {"terms", offsetof(struct bw_report_asked, judging.terms)},
};

enum {
    TEXTS = sizeof(texts) / sizeof(texts[0]),
    OWN_MAX = 16, /* options of one verb beside `texts` */
    FORMATS = 4,
    PEOPLE_MAX = 10000000
};

static const char *const formats[FORMATS] = {"html", "csv", "json", "pdf"};

static int read_formats(const struct bw_verb *v, const char *text, unsigned *ret)
{
    *ret = 0;
    while (*text) {
        size_t n = strcspn(text, ",");
        size_t i = 0;
        while (i < FORMATS &&
               (strlen(formats[i]) != n || strncmp(formats[i], text, n) != 0)) {
            i++;
        }
        if (i == FORMATS) {
            return bw_cli_usage(v,
                                "--format is a list of html, pdf, csv and json, not '%.*s'",
                                (int)n, text);
        }
        *ret |= 1u << i;
        text += n + (text[n] == ',');
    }
    return *ret ? BW_EXIT_OK : bw_cli_usage(v, "--format is empty");
}

/* The format that a file's name tells; 0: none. */
static unsigned format_of_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(slash ? slash : name, '.');

    for (size_t i = 0; dot && i < FORMATS; i++) {
        if (strcmp(dot + 1, formats[i]) == 0) {
            return 1u << i;
        }
    }
    return 0;
}

/* Without --format the name of the file says it; a name that says another is a slip. */
static int choose_format(const struct bw_verb *v, struct bw_report_asked *a)
{
    unsigned named = a->output ? format_of_name(a->output) : 0;

    if (!a->formats) {
        a->formats = named ? named : BW_REPORT_HTML;
    } else if (named && !bw_report_asked_several(a) && a->formats != named) {
        return bw_cli_usage(v, "-o %s is not named for the --format asked for", a->output);
    }
    return BW_EXIT_OK;
}

bool bw_report_asked_many(const struct bw_report_asked *a)
{
    return a->all || a->number;
}

bool bw_report_asked_several(const struct bw_report_asked *a)
{
    return (a->formats & (a->formats - 1)) != 0 || a->intervals;
}

static int
read_count(const struct bw_verb *v, const char *option, const char *text, int64_t *ret)
{
    int64_t n = 0;

    *ret = BW_UNKNOWN;
    if (!text) {
        return BW_EXIT_OK;
    }
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || n > PEOPLE_MAX) {
            n = 0;
            break;
        }
        n = n * 10 + (*p - '0');
    }
    if (n < 1 || n > PEOPLE_MAX) {
        return bw_cli_usage(v, "%s is a number from 1 to %d, not '%s'", option, PEOPLE_MAX,
                            text);
    }
    *ret = n;
    return BW_EXIT_OK;
}

/* What goes with a pack alone. */
static int read_pack(const struct bw_verb *v, struct bw_report_asked *a)
{
    a->monthly = BW_DECIMAL_NOT_STATED;
    if (!a->purpose && a->cost) {
        return bw_cli_usage(v, "--monthly-cost goes with --for");
    }
    if (a->purpose && bw_pack_parse(a->purpose, &a->pack) < 0) {
        return bw_cli_usage(v, "there is no pack '%s'; --help lists them", a->purpose);
    }
    if (a->letter && (!a->purpose || a->pack != BW_PACK_DELIVERY)) {
        return bw_cli_usage(v, "--letter goes with --for delivery");
    }
    if (a->epc && (!a->purpose || a->pack != BW_PACK_AUDIT)) {
        return bw_cli_usage(v, "--epc goes with --for audit");
    }
    if (a->certificate && (!a->purpose || a->pack != BW_PACK_AUDIT)) {
        return bw_cli_usage(v, "--certificate goes with --for audit");
    }
    if (a->with && (!a->purpose || a->pack != BW_PACK_PIA)) {
        return bw_cli_usage(v, "--with goes with --for pia");
    }
    if ((a->people[1] != NULL) != (a->users_are != NULL)) {
        return bw_cli_usage(v,
                            "--users goes with --users-are, which says who counts as one");
    }
    if (a->cost && (bw_decimal_parse(a->cost, strlen(a->cost), &a->monthly) < 0 ||
                    a->monthly.n <= 0)) {
        return bw_cli_usage(v, "--monthly-cost is US dollars as in 1250.00, not '%s'",
                            a->cost);
    }
    if (read_count(v, "--students", a->people[0], &a->students) != BW_EXIT_OK) {
        return BW_EXIT_USAGE;
    }
    return read_count(v, "--users", a->people[1], &a->users);
}

/* What goes with many circuits. */
static int read_many(const struct bw_verb *v, const struct bw_report_asked *a)
{
    bool lines = a->purpose && a->pack == BW_PACK_LEGISLATURE;

    if (!bw_report_asked_many(a) && !lines) {
        return a->quiet || a->jobs != BW_UNKNOWN
                   ? bw_cli_usage(v, "--jobs and --quiet go with many circuits")
                   : BW_EXIT_OK;
    }
    if (a->circuit || a->with || (a->all && a->number) || (a->number && a->site)) {
        return bw_cli_usage(v, "whose circuits? one of --all, --frn, --school, --district, "
                               "--consortium, and no --circuit or --with beside it");
    }
    if (a->judging.terms || a->people[0] || a->people[1] || a->cost || a->place) {
        return bw_cli_usage(v,
                            "--terms, --students, --users, --monthly-cost and --place are "
                            "of one circuit: of many they come from what is on file");
    }
    if (!lines && (!a->output || strcmp(a->output, "-") == 0)) {
        return bw_cli_usage(v, "many circuits want a folder: -o DIR");
    }
    if (lines && a->campaign) {
        return bw_cli_usage(v, "a campaign has its own days on each circuit: legislature "
                               "wants --year, --month, or --from and --to");
    }
    if (!a->year && !a->month && !a->campaign && !(a->from && a->to)) {
        return bw_cli_usage(
            v, "say which period: --from and --to, --month, --year or --campaign");
    }
    return BW_EXIT_OK;
}

/* Whatever the result is. */
static int check_source(const struct bw_verb *v, const struct bw_report_asked *a)
{
    if ((a->journal != NULL) + (a->ledger != NULL) + (a->file != NULL) > 1) {
        return bw_cli_usage(v, "give one of --journal, --ledger and --file");
    }
    if (a->calendar && a->hours) {
        return bw_cli_usage(v, "give --calendar or --class-hours");
    }
    if ((a->year != NULL) + (a->month != NULL) + (a->campaign != NULL) +
            (a->from || a->to) >
        1) {
        return bw_cli_usage(
            v, "give one of --year, --month, --campaign, and --from with --to");
    }
    if (a->claim_layer && !a->claim[BW_DOWN] && !a->claim[BW_UP]) {
        return bw_cli_usage(v, "--claim-layer goes with --claim-down and --claim-up");
    }
    return BW_EXIT_OK;
}

static int check(const struct bw_verb *v, const struct bw_report_asked *a)
{
    if (a->paper && strcmp(a->paper, "letter") != 0 && strcmp(a->paper, "a4") != 0) {
        return bw_cli_usage(v, "--paper is letter or a4, not '%s'", a->paper);
    }
    if (a->paper && !(a->formats & BW_REPORT_PDF)) {
        return bw_cli_usage(v, "--paper goes with --format pdf");
    }
    if (a->key && !a->file) {
        return bw_cli_usage(v, "--key goes with --file");
    }
    if (bw_report_asked_several(a) && (!a->output || strcmp(a->output, "-") == 0)) {
        return bw_cli_usage(v, "several files want a folder: -o DIR");
    }
    return check_source(v, a);
}

/* ---- the three verbs: `texts`, and a few options of their own ---------------------- */

/* Whose circuits: one choice. */
static int
take_choice(const struct bw_verb *v, enum bw_select_by by, struct bw_report_asked *a)
{
    if (a->number) {
        return bw_cli_usage(v, "--%s beside --%s: one of them", choices[by],
                            choices[a->by]);
    }
    a->number = optarg;
    a->by = by;
    return BW_EXIT_OK;
}

static int take_option(const struct bw_verb *v, int o, struct bw_report_asked *a)
{
    switch (o) {
    case OUTPUT:
        a->output = optarg;
        return BW_EXIT_OK;
    case INTERVALS:
        a->intervals = true;
        return BW_EXIT_OK;
    case LETTER:
        a->letter = true;
        return BW_EXIT_OK;
    case CERTIFICATE:
        a->certificate = true;
        return BW_EXIT_OK;
    case ALL:
        a->all = true;
        return BW_EXIT_OK;
    case QUIET:
        a->quiet = true;
        return BW_EXIT_OK;
    case DRAFT:
        a->draft = true;
        return BW_EXIT_OK;
    case NO_PDF:
        a->no_pdf = true;
        return BW_EXIT_OK;
    case JSON:
        a->json = true;
        return BW_EXIT_OK;
    case JOBS:
        return bw_cli_int(v, "--jobs", optarg, 1, BW_CREW_WORKERS_MAX, &a->jobs);
    case FORMAT:
        return read_formats(v, optarg, &a->formats);
    case BW_JUDGING_OPT_ADOPT:
        return bw_judging_adopt(v, &a->judging, optarg);
    default:
        if (o >= FIRST_CHOICE) {
            return take_choice(v, (enum bw_select_by)(o - FIRST_CHOICE), a);
        }
        if (o < FIRST_TEXT || o - FIRST_TEXT >= (int)(sizeof(texts) / sizeof(texts[0]))) {
            return BW_EXIT_USAGE; /* getopt told */
        }
        memcpy((char *)a + texts[o - FIRST_TEXT].at, &optarg, sizeof(optarg));
        return BW_EXIT_OK;
    }
}

/* All options: `texts`, and those that the verb has of its own (ended by {NULL}). */
static int read_options(const struct bw_verb *v,
                        int argc,
                        char **argv,
                        const char *shorts,
                        const struct option *own,
                        struct bw_report_asked *a)
{
    struct option longs[TEXTS + OWN_MAX] = {{NULL, 0, NULL, 0}};
    int n = 0;

    for (; n < TEXTS; n++) {
        longs[n] = (struct option){texts[n].name, required_argument, NULL, FIRST_TEXT + n};
    }
    for (; own->name; own++) {
        longs[n++] = *own;
    }
    for (int o; (o = bw_cli_getopt(v, argc, argv, shorts, longs)) != -1;) {
        if (take_option(v, o, a) != BW_EXIT_OK) {
            return BW_EXIT_USAGE;
        }
    }
    return BW_EXIT_OK;
}

int bw_report_asked_read(const struct bw_verb *v,
                         int argc,
                         char **argv,
                         struct bw_report_asked *ret)
{
    const struct option own[] = {
        {"format", required_argument, NULL, FORMAT},
        {"intervals", no_argument, NULL, INTERVALS},
        {"output", required_argument, NULL, OUTPUT},
        {"adopt", required_argument, NULL, BW_JUDGING_OPT_ADOPT},
        {"letter", no_argument, NULL, LETTER},
        {"certificate", no_argument, NULL, CERTIFICATE},
        {"all", no_argument, NULL, ALL},
        {"jobs", required_argument, NULL, JOBS},
        {"quiet", no_argument, NULL, QUIET},
        {"draft", no_argument, NULL, DRAFT},
        {choices[BW_SELECT_FRN], required_argument, NULL, FIRST_CHOICE + BW_SELECT_FRN},
        {choices[BW_SELECT_SCHOOL], required_argument, NULL,
         FIRST_CHOICE + BW_SELECT_SCHOOL},
        {choices[BW_SELECT_DISTRICT], required_argument, NULL,
         FIRST_CHOICE + BW_SELECT_DISTRICT},
        {choices[BW_SELECT_CONSORTIUM], required_argument, NULL,
         FIRST_CHOICE + BW_SELECT_CONSORTIUM},
        {NULL, 0, NULL, 0},
    };
    struct bw_report_asked a = {.formats = 0, .jobs = BW_UNKNOWN};

    _Static_assert(sizeof(own) / sizeof(own[0]) <= OWN_MAX, "room for them");
    if (read_options(v, argc, argv, "o:", own, &a) != BW_EXIT_OK) {
        return BW_EXIT_USAGE;
    }
    if (optind < argc) {
        return bw_cli_usage(v, "unexpected '%s'", argv[optind]);
    }
    if (choose_format(v, &a) != BW_EXIT_OK || read_pack(v, &a) != BW_EXIT_OK ||
        read_many(v, &a) != BW_EXIT_OK) {
        return BW_EXIT_USAGE;
    }
    *ret = a;
    return check(v, ret);
}

int bw_report_asked_bundle(const struct bw_verb *v,
                           int argc,
                           char **argv,
                           struct bw_report_asked *ret)
{
    static const struct option own[] = {
        {"output", required_argument, NULL, OUTPUT},
        {"json", no_argument, NULL, JSON},
        {"adopt", required_argument, NULL, BW_JUDGING_OPT_ADOPT},
        {"draft", no_argument, NULL, DRAFT},
        {"no-pdf", no_argument, NULL, NO_PDF},
        {NULL, 0, NULL, 0},
    };
    struct bw_report_asked a = {.formats = 0};

    if (read_options(v, argc, argv, "o:", own, &a) != BW_EXIT_OK) {
        return BW_EXIT_USAGE;
    }
    if (optind < argc) {
        return bw_cli_usage(v, "unexpected '%s'", argv[optind]);
    }
    if (!a.output || strcmp(a.output, "-") == 0) {
        return bw_cli_usage(v, "where to? -o FILE.tar.zst");
    }
    if (a.purpose || a.cost) {
        return bw_cli_usage(v, "a bag holds the whole report; packs are made by 'report'");
    }
    if (read_pack(v, &a) != BW_EXIT_OK) {
        return BW_EXIT_USAGE;
    }
    *ret = a;
    return check_source(v, ret);
}

int bw_report_asked_explain(const struct bw_verb *v,
                            int argc,
                            char **argv,
                            struct bw_report_asked *ret,
                            const char **ret_name)
{
    static const struct option own[] = {
        {"json", no_argument, NULL, JSON},
        {"adopt", required_argument, NULL, BW_JUDGING_OPT_ADOPT},
        {NULL, 0, NULL, 0},
    };
    struct bw_report_asked a = {.formats = 0};

    if (read_options(v, argc, argv, "", own, &a) != BW_EXIT_OK) {
        return BW_EXIT_USAGE;
    }
    if (argc - optind != 1) {
        return bw_cli_usage(v,
                            "which finding? One rule, as in fcc-caf or fcc-caf/capacity");
    }
    if (a.purpose || a.key) {
        return bw_cli_usage(v, "--for and --key are for 'report'");
    }
    if (read_pack(v, &a) != BW_EXIT_OK) {
        return BW_EXIT_USAGE;
    }
    *ret_name = argv[optind];
    *ret = a;
    return check_source(v, ret);
}
