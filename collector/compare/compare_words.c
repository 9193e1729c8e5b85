/* SPDX-License-Identifier: GPL-3.0-or-later
 * compare_words.c - measures, attributes and reasons in words. */
#include "compare.h"

#include <queue.h>
#include <string.h>

static const struct {
    const char *name;
    const char *title;
    const char *unit;
    const char *says;
    const char *methods;
    bool less;
} measures[BW_COMPARE_MEASURES] = {
    [BW_COMPARE_STUDENTS] = {"students", "Claimed for each student", "bps",
                             "download claimed now, at the layer that the claim names, "
                             "divided by the students on file",
                             "claim in force / students on file, as in queue/1", false},
    [BW_COMPARE_TESTED] = {"tested", "Tested, of the claim", "ppm",
                           "median of the good throughput runs, the line's own rate at the "
                           "claim's layer, of what is claimed; of the direction that "
                           "reaches least, with three runs at least",
                           "tested-dist/2", false},
    [BW_COMPARE_USED] = {"used", "Used in class hours, of the claim", "ppm",
                         "P95 of the five-minute means of class hours, at the claim's "
                         "layer, of what is claimed; of the fuller direction",
                         "util-p95/2, claim-share/2", true},
    [BW_COMPARE_FULL] =
        {"full", "Minutes of a class hour at 90 % of the claim", "ppm",
         "how long the line carried 90 % of its claim or more, of the class "
         "hours of which that can be told, as minutes of an hour",
         "day-bins/1, as in queue/1", true},
    [BW_COMPARE_LATENCY] = {"latency", "Round trip while tests fill the line", "us",
                            "median of the P95s of the round trip beside throughput runs",
                            "loaded-rtt/1, as in queue/1", true},
    [BW_COMPARE_OUTAGE] = {"outage", "Out in class hours", "s",
                           "outages within class hours of the 28 days, where the line was "
                           "watched for half of them",
                           "outage-union/1, as in queue/1", true},
    [BW_COMPARE_PRICE] = {"price", "A month for each Mbit/s claimed", "cents",
                          "what one line costs a month, the eligible part where it is "
                          "stated, divided by its claimed download; Internet access alone",
                          "unit-cost/4", true},
    [BW_COMPARE_PRICE_TESTED] = {"price-tested", "A month for each Mbit/s tested", "cents",
                                 "the same, divided by the median of what tests reached, "
                                 "download, at the claim's layer",
                                 "unit-cost/4, tested-dist/2", true},
};

const char *bw_compare_measure_name(enum bw_compare_measure m)
{
    return measures[m].name;
}

const char *bw_compare_measure_title(enum bw_compare_measure m)
{
    return measures[m].title;
}

const char *bw_compare_measure_unit(enum bw_compare_measure m)
{
    return measures[m].unit;
}

const char *bw_compare_measure_says(enum bw_compare_measure m)
{
    return measures[m].says;
}

const char *bw_compare_measure_methods(enum bw_compare_measure m)
{
    return measures[m].methods;
}

bool bw_compare_less_is_better(enum bw_compare_measure m)
{
    return measures[m].less;
}

enum bw_compare_measure bw_compare_measure_parse(const char *word)
{
    int m = 0;

    while (m < BW_COMPARE_MEASURES && strcmp(measures[m].name, word) != 0) {
        m++;
    }
    return (enum bw_compare_measure)m;
}

static const struct {
    const char *name;
    const char *title;
} attributes[BW_COMPARE_BYS] = {
    [BW_COMPARE_SIZE] = {"size", "Size"},
    [BW_COMPARE_LOCALE] = {"locale", "Locale"},
    [BW_COMPARE_TECHNOLOGY] = {"technology", "Connection"},
    [BW_COMPARE_PROVIDER] = {"provider", "Provider"},
    [BW_COMPARE_REGION] = {"region", "Region"},
};

enum bw_compare_by bw_compare_by_parse(const char *word)
{
    int by = 0;

    while (by < BW_COMPARE_BYS && strcmp(attributes[by].name, word) != 0) {
        by++;
    }
    return (enum bw_compare_by)by;
}

const char *bw_compare_by_name(enum bw_compare_by by)
{
    return by == BW_COMPARE_ALL ? "all" : attributes[by].name;
}

const char *bw_compare_by_title(enum bw_compare_by by)
{
    return by == BW_COMPARE_ALL ? "Everybody" : attributes[by].title;
}

const char *bw_compare_why_name(int why)
{
    return why == BW_COMPARE_NO_TEST       ? "no-test"
           : why == BW_COMPARE_NO_PRICE    ? "no-price"
           : why == BW_COMPARE_NO_INTERNET ? "no-internet"
                                           : bw_queue_why_name((enum bw_queue_why)why);
}

const char *bw_compare_why_words(int why)
{
    return why == BW_COMPARE_NO_TEST       ? "under three good runs"
           : why == BW_COMPARE_NO_PRICE    ? "no price of one line on file"
           : why == BW_COMPARE_NO_INTERNET ? "its claim is for no Internet access"
                                           : bw_queue_why_words((enum bw_queue_why)why);
}
