/* SPDX-License-Identifier: GPL-3.0-or-later
 * span_asked.h - a period as verbs are told it, where no report is made of it at once. */
#ifndef BW_CLI_SPAN_ASKED_H
#define BW_CLI_SPAN_ASKED_H

#include "cli.h"

enum bw_span_option {
    BW_SPAN_OPT_YEAR = 0xe00,
    BW_SPAN_OPT_MONTH,
    BW_SPAN_OPT_FROM,
    BW_SPAN_OPT_TO,
    BW_SPAN_OPT_TZ
};

/* clang-format off */
/* Of a verb that knows no years and months. */
#define BW_SPAN_ASKED_TIMES \
    {"from", required_argument, NULL, BW_SPAN_OPT_FROM}, \
    {"to", required_argument, NULL, BW_SPAN_OPT_TO}, \
    {"tz", required_argument, NULL, BW_SPAN_OPT_TZ}
#define BW_SPAN_ASKED_OPTIONS \
    {"year", required_argument, NULL, BW_SPAN_OPT_YEAR}, \
    {"month", required_argument, NULL, BW_SPAN_OPT_MONTH}, \
    BW_SPAN_ASKED_TIMES
/* clang-format on */

/* Words as they were typed, NULL: not given. */
struct bw_span_asked {
    const char *year;
    const char *month;
    const char *from;
    const char *to;
    const char *tz;
};

/* Take the option `o`: true where it is one of the above. */
bool bw_span_asked_take(int o, struct bw_span_asked *a);
/* --from and --to as instants by the clock of --tz; what was not given is left as it is. 0,
 * or BW_EXIT_USAGE after a sentence. */
int bw_span_asked_times(const struct bw_verb *v,
                        const struct bw_span_asked *a,
                        int64_t *ret_from_unix_s,
                        int64_t *ret_to_unix_s);
/* The period, which must be given: 0, or BW_EXIT_USAGE after a sentence. */
int bw_span_asked_read(const struct bw_verb *v,
                       const struct bw_span_asked *a,
                       int64_t *ret_from_unix_s,
                       int64_t *ret_to_unix_s);

#endif
