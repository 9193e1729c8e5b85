/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_import_errata.c - errata from a file, as this program ships its own: whole
 * statements, one a line.
 *
 * Invariant: a line is kept as the bytes that it is, so that a second import of the same
 * file adds nothing, and every state has the same statement under the same id. */
#include "cli.h"
#include "docket_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <errata.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_import_errata;

enum {
    BYTES_MAX = BW_STATEMENT_MAX + 2
};

struct reading {
    FILE *file;
    const char *path;
    char *line;
    size_t cap;
    int64_t number; /* of the line */
};

/* The next line that is a statement: 1; 0: no more. */
static int next(void *owner, const char **ret_text, size_t *ret_n, struct bw_err *reterr)
{
    struct reading *r = owner;
    struct bw_erratum_said e;
    struct bw_statement s;
    for (;;) {
        ssize_t n = getline(&r->line, &r->cap, r->file);
        if (n < 0) {
            return ferror(r->file)
                       ? bw_err_set(reterr, -EIO, "%s: it cannot be read", r->path)
                       : 0;
        }
        r->number++;
        if (n > 0 && r->line[n - 1] == '\n') {
            n--;
        }
        if (n == 0 || r->line[0] == '#') {
            continue;
        }
        int k = n > BYTES_MAX ? bw_err_set(reterr, -E2BIG, "is too long")
                              : bw_statement_decode(r->line, (size_t)n, &s, reterr);
        k = k < 0 ? k : bw_erratum_take(&s, &e, reterr);
        if (k < 0) {
            return bw_err_prefix(reterr, k, "%s:%lld", r->path, (long long)r->number);
        }
        *ret_text = r->line;
        *ret_n = (size_t)n;
        return 1;
    }
}

static int check_all(struct reading *r, int64_t *ret_n, struct bw_err *reterr)
{
    const char *text;
    size_t n;
    int k;
    *ret_n = 0;
    while ((k = next(r, &text, &n, reterr)) > 0) {
        (*ret_n)++;
    }
    return k;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        {"dry-run", no_argument, NULL, 'n'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_import_errata;
    struct bw_docket_asked asked = {.by = "import"};
    struct bw_docket d = {.catalogue = NULL};
    struct bw_err err = {.text = ""};
    struct bw_said_sum sum = {.given = 0};
    bool dry_run = false;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == 'n') {
            dry_run = true;
        } else if (bw_docket_asked_take(v, o, &asked) != 0) {
            return BW_EXIT_USAGE;
        }
    }
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "which file?");
    }
    struct reading r = {.path = argv[optind], .file = fopen(argv[optind], "re")};
    if (!r.file) {
        return bw_cli_failed(v, "%s: %s", r.path, bw_strerror(-errno));
    }
    int status = 0;
    int k = check_all(&r, &sum.given, &err);
    if (k == 0 && !dry_run) {
        rewind(r.file);
        r.number = 0;
        status = bw_docket_open(v, &asked, true, &d);
        if (status == 0) {
            k = d.catalogue->ops->statements_add(d.catalogue, next, &r, d.now_unix_ms, &sum,
                                                 &err);
            k = k < 0 && r.number > 0 && !strstr(err.text, r.path)
                    ? bw_err_prefix(&err, k, "%s:%lld", r.path, (long long)r.number)
                    : k;
        }
    }
    (void)fclose(r.file);
    free(r.line);
    bw_docket_close(&d);
    if (status == 0 && k < 0) {
        status = bw_cli_failed(v, "%s; nothing of it was kept", err.text);
    }
    if (status != 0) {
        return status;
    }
    (void)printf(dry_run ? "%lld errata in it, nothing kept: this was a dry run\n"
                         : "%lld errata in it, %lld new\n",
                 (long long)sum.given, (long long)sum.added);
    return bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_import_errata = {
    .name = "import errata",
    .summary = "take the errata of a file, such as those this program comes with",
    .help = "[OPTION]... FILE\n"
            "\n"
            "One statement a line, as they were said elsewhere (docs/erratum-v1.md); lines "
            "that\n"
            "begin with # and empty ones are passed over. What is on file already adds "
            "nothing.\n"
            "A line that is none is told by file:line, and then nothing is kept.\n"
            "\n"
            "  --dry-run          check the file, keep nothing\n" BW_DOCKET_ASKED_HELP "\n"
            "Exit status: 0 kept, 1 a line is wrong or it failed, 2 wrong usage.\n"
            "\n"
            "Example: bandwitness import errata "
            "/etc/bandwitness/errata/bandwitness.jsonl\n",
    .run = run,
};
