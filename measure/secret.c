/* SPDX-License-Identifier: GPL-3.0-or-later
 * secret.c - the secret that an option names a file of. */
#include "secret.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <file.h>
#include <string.h>

enum {
    FILE_MAX = 4096
};

static int first_line(const struct bw_optspec *o,
                      const char *path,
                      char ret[BW_SECRET_MAX + 1],
                      struct bw_err *reterr)
{
    struct bw_buf text;
    size_t n = 0;
    int r;
    bw_buf_init(&text, FILE_MAX);
    r = bw_file_read(path, FILE_MAX, &text, NULL);
    while (r == 0 && n < text.len && text.data[n] != '\n' && text.data[n] != '\r') {
        n++;
    }
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s: '%.200s': %s", o->name, path, bw_strerror(r));
    } else if (n == 0 || n > BW_SECRET_MAX || memchr(text.data, '\0', n)) {
        r = bw_err_set(reterr, -EINVAL,
                       "%s: the first line of '%.200s' is not a secret of 1 to %d "
                       "characters",
                       o->name, path, BW_SECRET_MAX);
    } else {
        (void)memcpy(ret, text.data, n);
        ret[n] = '\0';
    }
    if (text.data) {
        explicit_bzero(text.data, text.len);
    }
    bw_buf_done(&text);
    return r;
}

int bw_secret_read(const struct bw_opts *opts,
                   char ret[BW_SECRET_MAX + 1],
                   struct bw_err *reterr)
{
    ret[0] = '\0';
    for (const struct bw_optspec *o = bw_opts_spec(opts); o->type != BW_OPT_END; o++) {
        if (o->flags & BW_OPT_SECRET_FILE && bw_opt_str(opts, o->name)[0] != '\0') {
            return first_line(o, bw_opt_str(opts, o->name), ret, reterr);
        }
    }
    return 0;
}
