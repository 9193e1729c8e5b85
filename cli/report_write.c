/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_write.c - a report's or pack's forms into standard output, a file or a folder.
 *
 * Invariant: a file appears whole or not at all (file.h). */
#include "report_write.h"

#include "buf.h"
#include "file.h"
#include "render.h"

#include <bw/err.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MODE = 0644
};

/* A signal that ends the program waits until the file is whole, so that none is left
 * half-written under another name. */
static int write_file(const char *path, const struct bw_buf *b, struct bw_err *reterr)
{
    sigset_t ending;
    sigset_t before;
    int r;

    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGINT);
    (void)sigaddset(&ending, SIGTERM);
    (void)sigaddset(&ending, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &ending, &before);
    r = bw_file_write(path, b->data, b->len, MODE, reterr);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

ino_t bw_report_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static int write_one(const struct bw_verb *v,
                     const struct bw_report_asked *a,
                     const struct bw_report_output *o,
                     const void *of,
                     const char *path)
{
    struct bw_err err = {""};
    struct bw_buf out;
    int r;

    bw_buf_init(&out, BW_RENDER_BYTES_MAX);
    r = o->write(of, &out, &err);
    if (r == 0 && path) {
        ino_t before = bw_report_there(path);
        r = write_file(path, &out, &err);
        /* also where the folder could not be synced behind it */
        if (a->placed && (r == 0 || bw_report_there(path) != before)) {
            *a->placed = true;
        }
        if (r == 0) {
            (void)printf("%s\n", path);
        }
    } else if (r == 0 && fwrite(out.data, 1, out.len, stdout) != out.len) {
        r = bw_err_set(&err, -EIO, "cannot write the result: %s", bw_strerror(-errno));
    }
    bw_buf_done(&out);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : BW_EXIT_OK;
}

static bool is_folder(const char *path)
{
    struct stat st;
    size_t n = strlen(path);

    return (n > 0 && path[n - 1] == '/') || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

int bw_report_write(const struct bw_verb *v,
                    const struct bw_report_asked *a,
                    const char *stem,
                    const struct bw_report_output *outputs,
                    size_t n,
                    const void *of)
{
    bool to_stdout = !a->output || strcmp(a->output, "-") == 0;
    bool folder = !to_stdout && (bw_report_asked_several(a) || is_folder(a->output));
    struct bw_err err = {""};
    char path[PATH_MAX];
    int status = BW_EXIT_OK;

    if (folder && bw_dir_make(a->output, 0755, &err) < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    for (size_t i = 0; i < n && status == BW_EXIT_OK; i++) {
        if (outputs[i].format && !(a->formats & outputs[i].format)) {
            continue;
        }
        if (folder) {
            size_t n_folder = strlen(a->output);
            bool slash = n_folder > 0 && a->output[n_folder - 1] == '/';
            (void)snprintf(path, sizeof(path), "%s%s%s%s", a->output, slash ? "" : "/",
                           stem, outputs[i].ending);
        } else if (!to_stdout) {
            (void)snprintf(path, sizeof(path), "%s", a->output);
        }
        status = write_one(v, a, &outputs[i], of, to_stdout ? NULL : path);
    }
    return status;
}
