/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_options.c - prints the sections and options of a configuration file as scdoc, from
 * the same tables that read it. A probe's section begins with that probe's own text,
 * PROBES_FOLDER/KIND/KIND.scd.
 *
 *     gen_options box PROBES_FOLDER
 *     gen_options rule
 *     gen_options evrule
 *     gen_options collector */
#include <boxconf_schema.h>
#include <buf.h>
#include <bw/err.h>
#include <bw/probe.h>
#include <collector_config.h>
#include <conf.h>
#include <errno.h>
#include <evrule.h>
#include <file.h>
#include <limits.h>
#include <rule.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <terms.h>

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
    if (folder && is_probe(s->keyword)) {
        (void)snprintf(path, sizeof(path), "%s/%s/%s.scd", folder, s->keyword, s->keyword);
        r = bw_file_read(path, MAN_BYTES_MAX, &text, reterr);
    }
    if (r == 0) {
        bw_conf_man_section(s, text.data, out);
    }
    bw_buf_done(&text);
    return r;
}

/* The top level's options, then every section. */
static int put_schema(const struct bw_conf_section *top,
                      const char *folder,
                      struct bw_buf *out,
                      struct bw_err *reterr)
{
    struct bw_conf_section alone = *top;
    int r = 0;

    alone.subs = NULL;
    bw_conf_man_section(&alone, NULL, out);
    for (const struct bw_conf_section *s = top->subs; r == 0 && s && s->keyword; s++) {
        r = put_section(s, folder, out, reterr);
    }
    return r < 0 ? r : bw_buf_error(out);
}

int main(int argc, char **argv)
{
    struct bw_conf_section *box = NULL;
    struct bw_err err = {"out of memory"};
    struct bw_buf out;
    int r = -EINVAL;

    bw_buf_init(&out, MAN_BYTES_MAX);
    if (argc == 3 && strcmp(argv[1], "box") == 0) {
        box = bw_boxconf_schema();
        r = box ? put_schema(box, argv[2], &out, &err) : -ENOMEM;
    } else if (argc == 2 && strcmp(argv[1], "collector") == 0) {
        r = put_schema(&bw_collector_schema, NULL, &out, &err);
    } else if (argc == 2 && strcmp(argv[1], "rule") == 0) {
        r = put_schema(&bw_rule_schema, NULL, &out, &err);
    } else if (argc == 2 && strcmp(argv[1], "evrule") == 0) {
        r = put_schema(&bw_evrule_schema, NULL, &out, &err);
        bw_buf_puts(&out,
                    "# TERMS OF A CONTRACT\n\nWhat the contract of a circuit promises is "
                    "a file of its own, for *bandwitness claim terms* _CLAIM_ "
                    "_FILE_ and *bandwitness report --terms* _FILE_. What it leaves out is "
                    "not judged.\n\n");
        r = r < 0 ? r : put_schema(&bw_terms_schema, NULL, &out, &err);
    } else {
        (void)bw_err_set(
            &err, r, "usage: gen_options box PROBES_FOLDER | rule | evrule | collector");
    }
    if (r < 0) {
        (void)fprintf(stderr, "gen_options: %s\n", err.text);
    } else if (fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout) != 0) {
        r = -EIO;
    }
    bw_buf_done(&out);
    free(box);
    return r < 0 ? 1 : 0;
}
