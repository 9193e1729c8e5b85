/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_options.c - prints the sections and options of the box's configuration file as
 * scdoc, from the same tables that read it; each probe's section begins with its own
 * text, PROBES_FOLDER/KIND/KIND.scd.
 *
 *     gen_options PROBES_FOLDER */
#include <boxconf_schema.h>
#include <buf.h>
#include <bw/err.h>
#include <bw/probe.h>
#include <conf.h>
#include <errno.h>
#include <file.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAN_BYTES_MAX = 1024 * 1024
};

static bool is_probe(const char *keyword)
{
    for (size_t i = 0; bw_probe_table[i]; i++) {
        if (strcmp(bw_probe_table[i]->name, keyword) == 0) {
            return true;
        }
    }
    return false;
}

static int put_section(const struct bw_conf_section *s,
                       const char *folder,
                       struct bw_buf *out,
                       struct bw_err *reterr)
{
    struct bw_buf text;
    char path[PATH_MAX];
    int r = 0;

    bw_buf_init(&text, MAN_BYTES_MAX);
    if (is_probe(s->keyword)) {
        (void)snprintf(path, sizeof(path), "%s/%s/%s.scd", folder, s->keyword, s->keyword);
        r = bw_file_read(path, MAN_BYTES_MAX, &text, reterr);
    }
    if (r == 0) {
        bw_conf_man_section(s, text.data, out);
    }
    bw_buf_done(&text);
    return r;
}

int main(int argc, char **argv)
{
    struct bw_conf_section *top = bw_boxconf_schema();
    struct bw_err err = {"out of memory"};
    struct bw_buf out;
    int r = top ? 0 : -ENOMEM;

    if (argc != 2) {
        (void)fputs("usage: gen_options PROBES_FOLDER\n", stderr);
        free(top);
        return 2;
    }
    bw_buf_init(&out, MAN_BYTES_MAX);
    if (r == 0) {
        struct bw_conf_section alone = *top;
        alone.subs = NULL;
        bw_conf_man_section(&alone, NULL, &out);
        for (const struct bw_conf_section *s = top->subs; r == 0 && s->keyword; s++) {
            r = put_section(s, argv[1], &out, &err);
        }
    }
    r = r < 0 ? r : bw_buf_error(&out);
    if (r < 0) {
        (void)fprintf(stderr, "gen_options: %s\n", err.text);
    } else if (fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout) != 0) {
        r = -EIO;
    }
    bw_buf_done(&out);
    free(top);
    return r < 0 ? 1 : 0;
}
