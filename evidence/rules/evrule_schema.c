/* SPDX-License-Identifier: GPL-3.0-or-later
 * evrule_schema.c - which sections and options the file of a rule has.
 *
 * bandwitness-rules(5) is written from these tables, so the sentences are for the reader
 * of the manual. The order of words is that of the enums in evrule.h. */
#include "evrule_private.h"

#define YEAR_MS INT64_C(31622400000)
#define DAY_MS INT64_C(86400000)

static const char *const place_words[] = {"contract", "adoption", "comparison", NULL};
static const char *const kind_words[] = {"capacity", "experience", "use",
                                         "size",     "service",    NULL};
static const char *const each_words[] = {"period", "month", "quarter", "year", "day", NULL};
static const char *const rate_words[] = {"claim", "normal", "minimum", NULL};
static const char *const count_words[] = {"share", "days-reached", "days-below", NULL};
static const char *const lessons_words[] = {"any", "in", "out", "days", NULL};
static const char *const direction_words[] = {"down", "up", NULL};
static const char *const over_words[] = {"mean", "max", NULL};
static const char *const lost_words[] = {"over", "left-out", NULL};
static const char *const per_words[] = {"student", "user", NULL};
static const char *const excused_words[] = {"planned", "power", "school", "disaster", NULL};

static const struct bw_optspec top_opts[] = {
    {.name = "version",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 1000000,
     .def = NULL,
     .doc = "Of this rule; a rule that is changed gets the next one."},
    {.name = "title",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 191,
     .def = NULL,
     .doc = "What it is, in a line."},
    {.name = "says",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 959,
     .def = NULL,
     .doc = "What it demands, in words that a superintendent understands."},
    {.name = "whom",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 319,
     .def = NULL,
     .doc = "Whom it governs."},
    {.name = "place",
     .type = BW_OPT_ENUM,
     .words = place_words,
     .def = NULL,
     .doc = "What makes it govern a circuit: its contract; the state's adoption of the "
            "rule; or nothing, it is for comparison. A rule that does not govern stands "
            "at the end of a report, under a heading that says so."},
    {.name = "ours",
     .type = BW_OPT_STRING,
     .max = 959,
     .def = "",
     .doc = "What of it is not in its sources: least counts, a percentile's hours, what a "
            "lost packet counts as. Printed with every finding."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec citation_opts[] = {
    {.name = "source",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 191,
     .def = NULL,
     .doc = "Who says it, and where."},
    {.name = "url",
     .type = BW_OPT_STRING,
     .min = 10,
     .max = 383,
     .def = NULL,
     .doc = "Its address."},
    {.name = "read",
     .type = BW_OPT_STRING,
     .min = 10,
     .max = 10,
     .def = NULL,
     .doc = "The day on which it was read there, as in \"2026-11-21\"."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec days_opts[] = {
    {.name = "count",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 366,
     .def = NULL,
     .doc = "Measuring days."},
    {.name = "within",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 366,
     .def = NULL,
     .doc = "Calendar days from the first to the last of them, both counted; equal to "
            "`count`: days in a row."},
    {.name = "gap",
     .type = BW_OPT_INT,
     .min = 0,
     .max = 366,
     .def = "0",
     .doc = "Calendar days between two of them, at least."},
    {.name = "each",
     .type = BW_OPT_ENUM,
     .words = each_words,
     .def = "period",
     .doc = "So many days are wanted once in each of these; period is the report's."},
    {.type = BW_OPT_END},
};

/* Every clause has these. */
#define CLAUSE_OPTS                                                                        \
    {.name = "kind",                                                                       \
     .type = BW_OPT_ENUM,                                                                  \
     .words = kind_words,                                                                  \
     .def = NULL,                                                                          \
     .doc = "What the finding is about. Clauses of different kinds are different "         \
            "findings: capacity (tests out of class hours), experience (class hours), "    \
            "use, size, service."},                                                        \
        {.name = "shows",                                                                  \
         .type = BW_OPT_STRING,                                                            \
         .min = 1,                                                                         \
         .max = 319,                                                                       \
         .def = NULL,                                                                      \
         .doc = "What the measurements may show; completes \"The measurements show "       \
                "that …\" (without \"that\" where nothing is held against it)."},          \
    {                                                                                      \
        .name = "decides", .type = BW_OPT_BOOL, .def = "yes",                              \
        .doc = "no: its figures are told, and the finding stands without it."              \
    }

#define DIRECTION_OPT                                                                      \
    {                                                                                      \
        .name = "direction", .type = BW_OPT_SET, .words = direction_words,                 \
        .def = "down,up", .doc = "Which ways are judged, each by itself."                  \
    }

#define WINDOW_OPTS                                                                        \
    {.name = "weekdays",                                                                   \
     .type = BW_OPT_STRING,                                                                \
     .min = 3,                                                                             \
     .max = 27,                                                                            \
     .def = "mon-sun",                                                                     \
     .doc = "Days of the week, as in mon-fri or sat,sun."},                                \
        {.name = "from",                                                                   \
         .type = BW_OPT_STRING,                                                            \
         .min = 5,                                                                         \
         .max = 5,                                                                         \
         .def = "00:00",                                                                   \
         .doc = "First minute, local time."},                                              \
        {.name = "to",                                                                     \
         .type = BW_OPT_STRING,                                                            \
         .min = 5,                                                                         \
         .max = 5,                                                                         \
         .def = "24:00",                                                                   \
         .doc = "The minute after the last one, on the same day."},                        \
    {                                                                                      \
        .name = "lessons", .type = BW_OPT_ENUM, .words = lessons_words, .def = "any",      \
        .doc = "any hour; only in class hours; only out of them; or only on days that "    \
               "have lessons."                                                             \
    }

static const struct bw_optspec tests_opts[] = {
    CLAUSE_OPTS,
    DIRECTION_OPT,
    WINDOW_OPTS,
    {.name = "of",
     .type = BW_OPT_ENUM,
     .words = rate_words,
     .def = "claim",
     .doc =
         "Which speed a test is held against: the claimed one, the one that the contract "
         "says is normally there, or its minimum."},
    {.name = "part",
     .type = BW_OPT_STRING,
     .min = 2,
     .max = 16,
     .def = "100%",
     .doc = "The part of that speed that a test has to reach, as in 80%; or contract."},
    {.name = "count",
     .type = BW_OPT_ENUM,
     .words = count_words,
     .def = "share",
     .doc = "What is counted: the share of tests that reached it, the days with one that "
            "did, or the days with one that did not."},
    {.name = "share",
     .type = BW_OPT_STRING,
     .max = 16,
     .def = "",
     .doc = "With count = share: so many of the tests, at least; or contract."},
    {.name = "days",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 366,
     .def = "",
     .doc = "With days-reached: so many, at least; with days-below: fewer than so many."},
    {.name = "least",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 1000000,
     .def = "",
     .doc = "Tests, at least; with fewer the measurements are not enough to tell."},
    {.name = "per_hour",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 60,
     .def = "",
     .doc = "Tests in each hour of the window, at least."},
    {.name = "per_day",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 1440,
     .def = "",
     .doc = "Tests on each day, at least."},
    {.name = "spacing",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = DAY_MS,
     .def = "",
     .doc = "A test that began sooner than this after one that counts does not count."},
    {.name = "duration",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 3600000,
     .def = "",
     .doc = "A test that is shorter does not count."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec bins_opts[] = {
    CLAUSE_OPTS,
    DIRECTION_OPT,
    WINDOW_OPTS,
    {.name = "percentile",
     .type = BW_OPT_STRING,
     .min = 2,
     .max = 16,
     .def = NULL,
     .doc = "Of the mean rates of the intervals, as in 95%: in ascending order the value "
            "at rank ceil(p·n), counted from 1, nothing interpolated."},
    {.name = "each",
     .type = BW_OPT_ENUM,
     .words = each_words,
     .def = "period",
     .doc = "One percentile of the whole period, or one for each of these, of which `over` "
            "takes one figure."},
    {.name = "over",
     .type = BW_OPT_ENUM,
     .words = over_words,
     .def = "",
     .doc = "The mean of the percentiles, or the highest."},
    {.name = "in",
     .type = BW_OPT_ENUM,
     .words = each_words,
     .def = "period",
     .doc = "One such figure in each of these; all of them are held against `at_most`."},
    {.name = "at_most",
     .type = BW_OPT_STRING,
     .max = 16,
     .def = "",
     .doc = "The figure is this part of the claim or less, as in 75%. Not set: the figure "
            "is told and held against nothing."},
    {.name = "least",
     .type = BW_OPT_STRING,
     .min = 2,
     .max = 16,
     .def = "90%",
     .doc = "A day counts when so many of its intervals in the window were counted."},
    {.name = "least_days",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 366,
     .def = "1",
     .doc = "Days that count, at least."},
    {.name = "by_students",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc = "Tell the figure divided by the number of students, too."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec delay_opts[] = {
    CLAUSE_OPTS,
    WINDOW_OPTS,
    {.name = "bound",
     .type = BW_OPT_STRING,
     .min = 3,
     .max = 16,
     .def = NULL,
     .doc = "A round trip is to take this or less, as in 100ms; or contract."},
    {.name = "share",
     .type = BW_OPT_STRING,
     .min = 2,
     .max = 16,
     .def = NULL,
     .doc = "So many of the packets, at least, as in 95%; or contract."},
    {.name = "lost",
     .type = BW_OPT_ENUM,
     .words = lost_words,
     .def = NULL,
     .doc = "A packet that was lost is one over the bound, or left out (and told)."},
    {.name = "least",
     .type = BW_OPT_INT,
     .min = 1,
     .max = INT64_C(1000000000),
     .def = NULL,
     .doc = "Packets sent, at least (on measuring days: for each set of them)."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec ratio_opts[] = {
    CLAUSE_OPTS,
    DIRECTION_OPT,
    {.name = "per",
     .type = BW_OPT_ENUM,
     .words = per_words,
     .def = NULL,
     .doc = "The denominator: a student, or a user (students and staff)."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec size_opts[] = {
    {.name = "from",
     .type = BW_OPT_INT,
     .min = 0,
     .max = 10000000,
     .def = "0",
     .doc = "Students of the smallest district of the class."},
    {.name = "to",
     .type = BW_OPT_INT,
     .min = 0,
     .max = 10000000,
     .def = "",
     .doc = "Students of the largest. Not set: any more."},
    {.name = "each",
     .type = BW_OPT_RATE,
     .min = 1,
     .max = INT64_C(100000000000),
     .def = NULL,
     .doc = "Speed for each student or user, as in 2.8M."},
    {.name = "least",
     .type = BW_OPT_RATE,
     .min = 1,
     .max = INT64_C(10000000000000),
     .def = "",
     .doc = "Speed whatever their number."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec outages_opts[] = {
    CLAUSE_OPTS,
    {.name = "each",
     .type = BW_OPT_ENUM,
     .words = each_words,
     .def = "month",
     .doc = "Outages are added up in each of these."},
    {.name = "at_most",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = YEAR_MS,
     .def = "",
     .doc = "Without service for this long, at most; this or `available`."},
    {.name = "available",
     .type = BW_OPT_STRING,
     .max = 16,
     .def = "",
     .doc = "There for this share of the time, at least, as in 99.95%; or contract."},
    {.name = "excused",
     .type = BW_OPT_SET,
     .words = excused_words,
     .def = "none",
     .doc = "Outages that people annotated so are taken out, and shown."},
    {.type = BW_OPT_END},
};

static const struct bw_conf_section ratio_sections[] = {
    {.keyword = "size",
     .flags = BW_CONF_TITLED | BW_CONF_REQUIRED,
     .opts = size_opts,
     .doc = "One class of size. Between classes nothing is interpolated: a district that "
            "is in none has no target."},
    {.keyword = NULL},
};

static const struct bw_conf_section sections[] = {
    {.keyword = "citation",
     .flags = BW_CONF_TITLED | BW_CONF_REQUIRED,
     .opts = citation_opts,
     .doc = "Where the rule stands; up to four."},
    {.keyword = "days",
     .opts = days_opts,
     .doc = "Days on which the rule has tests made. They are found by how many tests there "
            "are, never by what came out: the first that have all that `per_hour` or "
            "`per_day` asks for. Without this section all days of the period count."},
    {.keyword = "tests",
     .flags = BW_CONF_TITLED,
     .opts = tests_opts,
     .doc =
         "A clause about throughput tests. A test's figure is the rate of the line (test "
         "and users together) at the layer of the claim."},
    {.keyword = "bins",
     .flags = BW_CONF_TITLED,
     .opts = bins_opts,
     .doc = "A clause about what users drew: a percentile of the mean rates of intervals, "
            "without those in which a test of ours ran."},
    {.keyword = "delay",
     .flags = BW_CONF_TITLED,
     .opts = delay_opts,
     .doc = "A clause about round trips; its hours are whole ones."},
    {.keyword = "ratio",
     .flags = BW_CONF_TITLED,
     .opts = ratio_opts,
     .subs = ratio_sections,
     .doc = "A clause about the claimed speed and the number of people."},
    {.keyword = "outages",
     .flags = BW_CONF_TITLED,
     .opts = outages_opts,
     .doc = "A clause about time without service."},
    {.keyword = NULL},
};

const struct bw_conf_section bw_evrule_schema = {
    .keyword = "", .opts = top_opts, .subs = sections, .doc = "A rule for findings."};

const char *bw_evrule_place_name(enum bw_evrule_place p)
{
    return place_words[p];
}

const char *bw_evrule_kind_name(enum bw_evrule_kind k)
{
    return kind_words[k];
}

const char *bw_evrule_each_name(enum bw_evrule_each e)
{
    return each_words[e];
}
