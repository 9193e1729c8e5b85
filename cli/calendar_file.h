/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar_file.h - a calendar from a file, for the verbs that take one. */
#ifndef BW_CLI_CALENDAR_FILE_H
#define BW_CLI_CALENDAR_FILE_H

#include "cli.h"

#include <bw/units.h>
#include <schoolcal_file.h>

struct calendar_file_asked {
    const char *path;
    struct bw_schoolcal_asked asked;
};

/* Its rows in a verb's options, and its lines of --help. */
enum {
    CALENDAR_FILE_TZ = 0xe00
};
/* clang-format off */
#define CALENDAR_FILE_OPTIONS {"tz", required_argument, NULL, CALENDAR_FILE_TZ}
#define CALENDAR_FILE_HELP \
    "  --tz ZONE          the calendar's time zone where the file does not name it, like\n" \
    "                     America/Chicago\n"
/* clang-format on */

/* 0, or BW_EXIT_USAGE for an option that is none of the above. */
int calendar_file_take(int o, struct calendar_file_asked *a);

/* Read all of it. 0, or the exit status after a sentence. ret_name: the file's name without
 * its folder, lent by path. */
int calendar_file_read(const struct bw_verb *v,
                       const struct calendar_file_asked *a,
                       struct bw_schoolcal **ret,
                       char ret_sha256[BW_HASH_LEN + 1],
                       const char **ret_name);

#endif
