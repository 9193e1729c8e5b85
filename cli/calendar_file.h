/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar_file.h - a calendar from a file, and what the command line says of it, for the
 * verbs that take one. */
#ifndef BW_CLI_CALENDAR_FILE_H
#define BW_CLI_CALENDAR_FILE_H

#include "cli.h"

#include <bw/units.h>
#include <schoolcal_file.h>

/* Words as they were typed; zero and a path. */
struct calendar_file_asked {
    const char *path;
    const char *zone; /* --tz; NULL: the file says it */
    const char *name;
    const char *from;
    const char *to;
    const char *hours;
    const char *terms;
    const char *words[BW_SCHOOLDAYS + 1]; /* by what they mean; the last: testing */
};

/* Its rows in a verb's options, and its lines of --help. */
enum {
    CALENDAR_FILE_TZ = 0xf00,
    CALENDAR_FILE_NAME,
    CALENDAR_FILE_FROM,
    CALENDAR_FILE_TO,
    CALENDAR_FILE_HOURS,
    CALENDAR_FILE_TERMS,
    CALENDAR_FILE_WORDS /* + enum bw_schoolday */
};
/* clang-format off */
#define CALENDAR_FILE_OPTIONS \
    {"tz", required_argument, NULL, CALENDAR_FILE_TZ}, \
    {"name", required_argument, NULL, CALENDAR_FILE_NAME}, \
    {"from", required_argument, NULL, CALENDAR_FILE_FROM}, \
    {"to", required_argument, NULL, CALENDAR_FILE_TO}, \
    {"hours", required_argument, NULL, CALENDAR_FILE_HOURS}, \
    {"terms", required_argument, NULL, CALENDAR_FILE_TERMS}, \
    {"no-school", required_argument, NULL, CALENDAR_FILE_WORDS + BW_SCHOOLDAY_HOLIDAY}, \
    {"snow-day", required_argument, NULL, CALENDAR_FILE_WORDS + BW_SCHOOLDAY_SNOW}, \
    {"closed", required_argument, NULL, CALENDAR_FILE_WORDS + BW_SCHOOLDAY_CLOSED}, \
    {"early-release", required_argument, NULL, CALENDAR_FILE_WORDS + BW_SCHOOLDAY_EARLY}, \
    {"late-start", required_argument, NULL, CALENDAR_FILE_WORDS + BW_SCHOOLDAY_LATE}, \
    {"instruction", required_argument, NULL, CALENDAR_FILE_WORDS + BW_SCHOOLDAY_CLASS}, \
    {"testing", required_argument, NULL, CALENDAR_FILE_WORDS + BW_SCHOOLDAY_TESTING}
#define CALENDAR_FILE_HELP \
    "  --tz ZONE          the calendar's time zone where the file does not name it, like\n" \
    "                     America/Chicago\n"
#define CALENDAR_FILE_HELP_ICAL \
    "Of an iCalendar file (.ics), which says none of this; it wants --tz, --from, --to:\n" \
    "  --from DAY --to DAY   the first and last day of which the calendar speaks\n" \
    "  --name NAME        its name (that of the file, X-WR-CALNAME)\n" \
    "  --hours HOURS      class hours (Mon-Fri 07:00-17:00), as in\n" \
    "                     'Mon-Thu 07:45-15:15,Fri 07:45-14:00'\n" \
    "  --terms DAY..DAY,...   outside of them there are no lessons\n" \
    "  --no-school WORDS  events with one of these words are holidays: 'Holiday,Break'\n" \
    "  --snow-day, --closed, --instruction, --testing WORDS   the same for other days\n" \
    "  --early-release WORD=HH:MM,...   lessons end then; --late-start: they begin then\n"
/* clang-format on */

/* 0, or BW_EXIT_USAGE for an option that is none of the above. */
int calendar_file_take(int o, struct calendar_file_asked *a);

/* Read all of it. 0, or the exit status after a sentence. ret_name: the file's name without
 * its folder, lent by path. Events of an iCalendar file that have none of the words are
 * told on standard error. */
int calendar_file_read(const struct bw_verb *v,
                       const struct calendar_file_asked *a,
                       struct bw_schoolcal **ret,
                       char ret_sha256[BW_HASH_LEN + 1],
                       const char **ret_name);

#endif
