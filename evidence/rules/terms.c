/* SPDX-License-Identifier: GPL-3.0-or-later
 * terms.c - what the contract of a circuit promises, from a file.
 *
 * Invariant: a promise is whole (a part of the speed with its share of tests, a bound with
 * its share of round trips), or it is not there; credits rise as availability falls. */
#include "terms.h"

#include "evrule_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <file.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TERMS_BYTES_MAX = 32 * 1024
};

static const char *const excused_words[] = {"planned", "power", "school", "disaster", NULL};

static const struct bw_optspec top_opts[] = {
    {.name = "speed_part",
     .type = BW_OPT_STRING,
     .max = 16,
     .def = "",
     .doc = "The part of the claimed speed that is promised, as in 95%."},
    {.name = "speed_share",
     .type = BW_OPT_STRING,
     .max = 16,
     .def = "",
     .doc = "In so many of the tests, as in 90%; goes with `speed_part`."},
    {.name = "round_trip",
     .type = BW_OPT_DURATION,
     .min = 1,
     .max = 100000,
     .def = "",
     .doc = "The bound of a round trip, as in 35ms."},
    {.name = "round_trip_share",
     .type = BW_OPT_STRING,
     .max = 16,
     .def = "",
     .doc = "For so many of them, as in 95%; goes with `round_trip`."},
    {.name = "round_trip_target",
     .type = BW_OPT_STRING,
     .max = BW_NAME_MAX,
     .def = "",
     .doc = "To this target of the box, as its configuration names it; all others are told "
            "beside. Left out: to every target that is asked, which have to agree."},
    {.name = "available",
     .type = BW_OPT_STRING,
     .max = 16,
     .def = "",
     .doc = "The share of each month in which the service is there, as in "
            "99.95%."},
    {.name = "excused",
     .type = BW_OPT_SET,
     .words = excused_words,
     .def = "",
     .doc = "Which outages the contract does not count, where it says so."},
    {.name = "monthly_cost",
     .type = BW_OPT_STRING,
     .max = 16,
     .def = "",
     .doc = "What a month costs in US dollars, as in 1250.00; credits are parts of it."},
    {.name = "normal_down",
     .type = BW_OPT_RATE,
     .min = 1,
     .max = INT64_C(10000000000000),
     .def = "",
     .doc = "The speed that is normally there, where the contract says one."},
    {.name = "normal_up",
     .type = BW_OPT_RATE,
     .min = 1,
     .max = INT64_C(10000000000000),
     .def = "",
     .doc = "The same, up."},
    {.name = "minimum_down",
     .type = BW_OPT_RATE,
     .min = 1,
     .max = INT64_C(10000000000000),
     .def = "",
     .doc = "The speed under which it never falls, where it says one."},
    {.name = "minimum_up",
     .type = BW_OPT_RATE,
     .min = 1,
     .max = INT64_C(10000000000000),
     .def = "",
     .doc = "The same, up."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec credit_opts[] = {
    {.name = "below",
     .type = BW_OPT_STRING,
     .min = 2,
     .max = 16,
     .def = NULL,
     .doc = "In a month that was available for less than this, as in 99.9%, …"},
    {.name = "credit",
     .type = BW_OPT_STRING,
     .min = 2,
     .max = 16,
     .def = NULL,
     .doc = "… so much of the month's cost is credited, as in 10%."},
    {.type = BW_OPT_END},
};

static const struct bw_conf_section sections[] = {
    {.keyword = "credit",
     .flags = BW_CONF_TITLED,
     .opts = credit_opts,
     .doc =
         "One step of the contract's credits; up to eight, from the highest availability "
         "down."},
    {.keyword = NULL},
};

const struct bw_conf_section bw_terms_schema = {
    .keyword = "", .opts = top_opts, .subs = sections, .doc = "What a contract promises."};

static int percent(const struct bw_conf_node *at,
                   const char *name,
                   int64_t *ret_ppm,
                   struct bw_err *reterr)
{
    return bw_conf_str(at, name)[0] ? bw_evrule_percent(at, name, false, ret_ppm, reterr)
                                    : 0;
}

/* "1250", "1250.00" */
static int cents(const struct bw_conf_node *at, int64_t *ret, struct bw_err *reterr)
{
    const char *p = bw_conf_str(at, "monthly_cost");
    int64_t n = 0;
    size_t digits = strspn(p, "0123456789");

    if (!p[0]) {
        return 0;
    }
    for (size_t i = 0; i < digits && i < 10; i++) {
        n = n * 10 + (p[i] - '0');
    }
    n *= 100;
    if (p[digits] == '.' && strspn(p + digits + 1, "0123456789") == 2) {
        n += (p[digits + 1] - '0') * 10 + (p[digits + 2] - '0');
        p += digits + 3;
    } else {
        p += digits;
    }
    if (*p != '\0' || digits == 0 || digits > 9) {
        return bw_conf_fault(at, "monthly_cost", reterr,
                             "'monthly_cost' is US dollars, as in 1250.00");
    }
    *ret = n;
    return 0;
}

static int take_credits(const struct bw_conf_node *top,
                        struct bw_finding_terms *k,
                        struct bw_err *reterr)
{
    size_t n = bw_conf_count(top, "credit");

    if (n > BW_FINDING_CREDITS_MAX) {
        return bw_conf_fault(bw_conf_child(top, "credit", BW_FINDING_CREDITS_MAX), NULL,
                             reterr, "more than %d credits", BW_FINDING_CREDITS_MAX);
    }
    if (n > 0 && k->there_ppm == BW_UNKNOWN) {
        return bw_conf_fault(bw_conf_child(top, "credit", 0), NULL, reterr,
                             "credits are for what is promised: say 'available'");
    }
    for (size_t i = 0; i < n; i++) {
        const struct bw_conf_node *at = bw_conf_child(top, "credit", i);
        int r = percent(at, "below", &k->credits[i].below_ppm, reterr);
        r = r < 0 ? r : percent(at, "credit", &k->credits[i].credit_ppm, reterr);
        if (r < 0) {
            return r;
        }
        if (i > 0 && (k->credits[i].below_ppm >= k->credits[i - 1].below_ppm ||
                      k->credits[i].credit_ppm <= k->credits[i - 1].credit_ppm)) {
            return bw_conf_fault(at, "below", reterr,
                                 "each step is for less availability and a larger credit "
                                 "than the one before");
        }
        k->n_credits++;
    }
    return 0;
}

static int
take(const struct bw_conf_node *top, struct bw_finding_terms *k, struct bw_err *reterr)
{
    int64_t bound_ms = bw_conf_int(top, "round_trip");
    int r = percent(top, "speed_part", &k->part_ppm, reterr);

    r = r < 0 ? r : percent(top, "speed_share", &k->share_ppm, reterr);
    r = r < 0 ? r : percent(top, "round_trip_share", &k->within_ppm, reterr);
    r = r < 0 ? r : percent(top, "available", &k->there_ppm, reterr);
    r = r < 0 ? r : cents(top, &k->monthly_cents, reterr);
    r = r < 0 ? r : take_credits(top, k, reterr);
    if (r < 0) {
        return r;
    }
    k->known = true;
    k->bound_us = bound_ms == BW_UNKNOWN ? BW_UNKNOWN : bound_ms * 1000;
    k->has_excused = bw_conf_is_set(top, "excused");
    k->excused = k->has_excused ? (uint32_t)bw_conf_int(top, "excused") : 0;
    k->normal_bps[BW_DOWN] = bw_conf_int(top, "normal_down");
    k->normal_bps[BW_UP] = bw_conf_int(top, "normal_up");
    k->minimum_bps[BW_DOWN] = bw_conf_int(top, "minimum_down");
    k->minimum_bps[BW_UP] = bw_conf_int(top, "minimum_up");
    if ((k->part_ppm == BW_UNKNOWN) != (k->share_ppm == BW_UNKNOWN)) {
        return bw_conf_fault(top, k->part_ppm == BW_UNKNOWN ? "speed_share" : "speed_part",
                             reterr, "'speed_part' and 'speed_share' go together");
    }
    (void)snprintf(k->target, sizeof(k->target), "%s",
                   bw_conf_str(top, "round_trip_target"));
    if (k->target[0] && k->bound_us == BW_UNKNOWN) {
        return bw_conf_fault(top, "round_trip_target", reterr,
                             "'round_trip_target' goes with 'round_trip'");
    }
    if ((k->bound_us == BW_UNKNOWN) != (k->within_ppm == BW_UNKNOWN)) {
        return bw_conf_fault(top,
                             k->bound_us == BW_UNKNOWN ? "round_trip_share" : "round_trip",
                             reterr, "'round_trip' and 'round_trip_share' go together");
    }
    if (k->part_ppm == BW_UNKNOWN && k->bound_us == BW_UNKNOWN &&
        k->there_ppm == BW_UNKNOWN) {
        return bw_conf_fault(top, NULL, reterr,
                             "the contract promises nothing here: say 'speed_part', "
                             "'round_trip' or 'available'");
    }
    return 0;
}

int bw_terms_parse(const char *text,
                   size_t n,
                   const char *file,
                   struct bw_finding_terms *ret,
                   struct bw_err *reterr)
{
    struct bw_finding_terms k = bw_finding_terms_none;
    struct bw_conf *c = NULL;
    int r = bw_conf_parse(text, n, file, &bw_terms_schema, &c, reterr);

    r = r < 0 ? r : take(bw_conf_top(c), &k, reterr);
    bw_conf_free(c);
    if (r == 0) {
        *ret = k;
    }
    return r;
}

int bw_terms_read(const char *path, struct bw_finding_terms *ret, struct bw_err *reterr)
{
    struct bw_buf text;
    int r;

    bw_buf_init(&text, TERMS_BYTES_MAX);
    r = bw_file_read(path, TERMS_BYTES_MAX, &text, reterr);
    r = r < 0 ? r : bw_terms_parse(text.data ? text.data : "", text.len, path, ret, reterr);
    bw_buf_done(&text);
    return r;
}
