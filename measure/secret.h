/* SPDX-License-Identifier: GPL-3.0-or-later
 * secret.h - the secret that an option names a file of (BW_OPT_SECRET_FILE): the first
 * line, without its end. The file is read by whoever still may, never by a test's child. */
#ifndef BW_SECRET_H
#define BW_SECRET_H

#include <bw/opts.h>
#include <bw/probe.h>

struct bw_err;

/* 0 with "" where no option asks for one. -errno with the sentence, which shows the option
 * and the path, never the content: -EINVAL when the line is empty or too long. Blocking. */
int bw_secret_read(const struct bw_opts *opts,
                   char ret[BW_SECRET_MAX + 1],
                   struct bw_err *reterr);

#endif
