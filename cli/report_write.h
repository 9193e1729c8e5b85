/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_write.h - where a report's or pack's forms go: standard output, a file, a folder.
 */
#ifndef BW_CLI_REPORT_WRITE_H
#define BW_CLI_REPORT_WRITE_H

#include "cli.h"
#include "report_asked.h"

#include <stddef.h>
#include <sys/types.h>

struct bw_buf;
struct bw_err;

/* One form of what is written; `of` is whatever the caller gives to bw_report_write(). */
struct bw_report_output {
    unsigned format;    /* of enum bw_report_format; 0: always */
    const char *ending; /* "report" and ".html" make report.html */
    int (*write)(const void *of, struct bw_buf *out, struct bw_err *reterr);
};

/* Write the forms that were asked for; in a folder as STEM and their endings. 0, or the
 * exit status after a sentence about what went wrong. */
int bw_report_write(const struct bw_verb *v,
                    const struct bw_report_asked *a,
                    const char *stem,
                    const struct bw_report_output *outputs,
                    size_t n,
                    const void *of);

/* Which file is under this name, 0 for none: another one after a write that failed is in
 * its place all the same. */
ino_t bw_report_there(const char *path);

#endif
