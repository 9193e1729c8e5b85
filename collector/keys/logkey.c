/* SPDX-License-Identifier: GPL-3.0-or-later
 * logkey.c - key file and catalogue must name the same log key, or the collector does not
 * start: boxes check receipts against the key they were given at enrolment. */
#include "logkey.h"

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <jws.h>
#include <limits.h>
#include <log.h>
#include <stdio.h>
#include <string.h>

static int make(const char *path, struct bw_key **ret, struct bw_err *reterr)
{
    int r = bw_key_generate(BW_ALG_EDDSA, ret, reterr);
    if (r < 0) {
        return r;
    }
    r = bw_key_save(*ret, path, reterr);
    if (r < 0) {
        bw_key_free(*ret);
        *ret = NULL;
        return r;
    }
    bw_log(BW_AREA_MAIN, BW_NOTICE,
           "made the log key %s in %s; keep a copy elsewhere, receipts depend on it",
           bw_key_public(*ret)->kid, path);
    return 0;
}

int bw_logkey_open(const char *folder,
                   const char *catalogue_path,
                   struct bw_key **ret,
                   struct bw_err *reterr)
{
    char path[PATH_MAX];
    struct bw_catalogue *c = NULL;
    struct bw_key *key = NULL;
    struct bw_buf named;
    (void)snprintf(path, sizeof(path), "%s/log-key.jwk", folder);
    bw_buf_init(&named, 1024);
    int r = bw_catalogue_open(catalogue_path, &c, reterr);
    if (r < 0) {
        goto out;
    }
    r = c->ops->meta_get(c, "log-key", &named, reterr);
    if (r < 0 && r != -ENOENT) {
        goto out;
    }
    bool known = r == 0;
    r = bw_key_load(path, &key, reterr);
    if (r == -ENOENT && !known) {
        r = make(path, &key, reterr);
    } else if (r == -ENOENT) {
        (void)bw_err_set(
            reterr, r,
            "%s is gone, but the catalogue knows log key %s; bring the file back "
            "from its copy",
            path, named.data);
    }
    if (r < 0) {
        goto out;
    }
    const char *kid = bw_key_public(key)->kid;
    if (!known) {
        r = c->ops->meta_set(c, "log-key", kid, strlen(kid), reterr);
    } else if (strcmp(named.data, kid) != 0) {
        r = bw_err_set(reterr, -EINVAL, "%s holds key %s, the catalogue knows %s", path,
                       kid, named.data);
    }
    if (r < 0) {
        goto out;
    }
    *ret = key;
    key = NULL;
out:
    bw_key_free(key);
    bw_buf_done(&named);
    bw_catalogue_close(c);
    return r;
}
