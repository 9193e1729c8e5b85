/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar_asked.h - which calendar is meant, from a file or on record, and whose it is:
 * what `calendar show` and `import calendar` share. */
#ifndef BW_CLI_CALENDAR_ASKED_H
#define BW_CLI_CALENDAR_ASKED_H

#include "calendar_file.h"
#include "docket_asked.h"

enum {
    CALENDAR_ASKED_ENTITY = 0xc00,
    CALENDAR_ASKED_STATE,
    CALENDAR_ASKED_JSON
};

/* Their rows in a verb's options. */
/* clang-format off */
#define CALENDAR_ASKED_OPTIONS \
    BW_DOCKET_ASKED_OPTIONS, \
    CALENDAR_FILE_OPTIONS, \
    {"entity", required_argument, NULL, CALENDAR_ASKED_ENTITY}, \
    {"whole-state", no_argument, NULL, CALENDAR_ASKED_STATE}, \
    {"json", no_argument, NULL, CALENDAR_ASKED_JSON}
/* clang-format on */

/* Words as they were typed, NULL: not given. */
struct calendar_asked {
    struct bw_docket_asked docket;
    struct calendar_file_asked file;
    const char *entity;
    bool whole_state;
    bool json;
};

/* Take the option `o`: 0, or BW_EXIT_USAGE, also for one that is none of the above. */
int calendar_asked_take(const struct bw_verb *v, int o, struct calendar_asked *a);

/* The statement's key: the calendar of the entity, or without one the state's. */
void calendar_asked_about(const struct calendar_asked *a,
                          char ret[BW_STATEMENT_ABOUT_MAX + 1]);

#endif
