/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar_file.c - a calendar from a file, for the verbs that take one. */
#include "calendar_file.h"

#include <bw/err.h>
#include <hash.h>
#include <schoolcal.h>
#include <schoolcal_file.h>
#include <stdint.h>
#include <string.h>

int calendar_file_take(int o, struct calendar_file_asked *a)
{
    if (o != CALENDAR_FILE_TZ) {
        return BW_EXIT_USAGE;
    }
    a->asked.zone = optarg;
    return 0;
}

int calendar_file_read(const struct bw_verb *v,
                       const struct calendar_file_asked *a,
                       struct bw_schoolcal **ret,
                       char ret_sha256[BW_HASH_LEN + 1],
                       const char **ret_name)
{
    const char *slash = strrchr(a->path, '/');
    struct bw_err err = {""};
    uint8_t sha256[32];

    *ret_name = slash ? slash + 1 : a->path;
    if (bw_schoolcal_read_file(a->path, &a->asked, ret, sha256, &err) < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    bw_b64_encode(sha256, sizeof(sha256), ret_sha256);
    return 0;
}
