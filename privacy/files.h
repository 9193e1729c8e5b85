/* SPDX-License-Identifier: GPL-3.0-or-later
 * files.h - every file that a box writes, found by its configuration, and searched. */
#ifndef BW_PRIVACY_FILES_H
#define BW_PRIVACY_FILES_H

#include "excepted.h"
#include "report.h"
#include "seen.h"

struct bw_privacy_params {
    const char *state_dir;
    const char *control_path; /* its folder is searched when it is the daemon's own */
    const char *const *also;  /* further files and folders */
    size_t n_also;
    const char *core_pattern;   /* the file that says where cores go; NULL: the kernel's */
    const struct bw_seen *seen; /* NULL: shapes only */
    struct bw_excepted
        *excepted; /* gets what the journal keeps of earlier configurations */
};

/* Search them all; what could not be is a trouble in the report. Blocking. */
void bw_privacy_check(const struct bw_privacy_params *p, struct bw_privacy_report *r);

/* Is this a core file (ELF) of a program of this project? bytes: its beginning. */
bool bw_privacy_is_core(const uint8_t *bytes, size_t n);

#endif
