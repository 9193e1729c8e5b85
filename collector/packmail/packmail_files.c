/* SPDX-License-Identifier: GPL-3.0-or-later
 * packmail_files.c - reading and removing a folder that a command wrote. Links in it are
 * neither followed nor sent. */
#include "packmail_files.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <file.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static FTS *walk(const char *folder)
{
    char path[PATH_MAX];
    char *const paths[] = {path, NULL};

    (void)snprintf(path, sizeof(path), "%s", folder);
    return fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
}

/* The path below the folder, in letters that a mail's file name may have. */
static void name_of(const FTSENT *e, char out[BW_MAILED_NAME + 1])
{
    if (e->fts_level > 1) {
        (void)snprintf(out, BW_MAILED_NAME + 1, "%.70s-%.48s", e->fts_parent->fts_name,
                       e->fts_name);
    } else {
        (void)snprintf(out, BW_MAILED_NAME + 1, "%.100s", e->fts_name);
    }
    for (char *c = out; *c; c++) {
        bool fits = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                    (*c >= '0' && *c <= '9') || *c == '.' || *c == '-';
        *c = fits ? *c : '_';
    }
}

int bw_mailed_files_read(const char *folder,
                         const char *type,
                         struct bw_mailed_files *ret,
                         struct bw_err *reterr)
{
    FTS *tree = walk(folder);
    size_t bytes = 0;
    int r = tree ? 0 : bw_err_set(reterr, -errno, "%s: %s", folder, bw_strerror(-errno));
    const FTSENT *e;

    memset(ret, 0, sizeof(*ret));
    while (r == 0 && (e = fts_read(tree)) != NULL) {
        struct bw_buf b;
        if (e->fts_info != FTS_F) {
            continue;
        }
        size_t n = (size_t)e->fts_statp->st_size;
        if (ret->n == BW_MAILED_FILES || n > BW_MAILED_BYTES - bytes) {
            ret->n_left++;
            continue;
        }
        bw_buf_init(&b, BW_MAILED_BYTES + 1);
        r = bw_file_read(e->fts_accpath, BW_MAILED_BYTES, &b, reterr);
        if (r == 0) {
            name_of(e, ret->name[ret->n]);
            ret->file[ret->n] = (struct bw_mail_file){
                .name = ret->name[ret->n], .type = type, .data = b.data, .n = b.len};
            bytes += b.len;
            ret->n++;
        } else {
            bw_buf_done(&b);
        }
    }
    if (tree) {
        (void)fts_close(tree);
    }
    if (r == 0 && ret->n + ret->n_left == 0) {
        r = bw_err_set(reterr, -ENOENT, "the command wrote no file");
    }
    if (r < 0) {
        bw_mailed_files_done(ret);
    }
    return r;
}

void bw_mailed_files_done(struct bw_mailed_files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free((void *)(uintptr_t)f->file[i].data);
    }
    f->n = 0;
}

void bw_mailed_remove(const char *folder)
{
    FTS *tree = walk(folder);
    const FTSENT *e;

    while (tree && (e = fts_read(tree)) != NULL) {
        if (e->fts_info == FTS_DP) {
            (void)rmdir(e->fts_accpath);
        } else if (e->fts_info != FTS_D) {
            (void)unlink(e->fts_accpath);
        }
    }
    if (tree) {
        (void)fts_close(tree);
    }
}
