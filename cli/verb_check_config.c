/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_check_config.c - `bandwitness check-config`: would the daemon take this file? */
#include "box.h"
#include "boxconf.h"
#include "buf.h"
#include "cli.h"
#include "hash.h"
#include "plural.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>

extern const struct bw_verb bw_verb_check_config;

enum {
    PRINT_MAX = 4 * 1024 * 1024
};

static int print(const struct bw_boxconf *c)
{
    struct bw_buf out;
    bw_buf_init(&out, PRINT_MAX);
    int r = bw_boxconf_print(c, &out);
    if (r == 0 && out.len > 0 && fwrite(out.data, 1, out.len, stdout) != out.len) {
        r = -EIO;
    }
    bw_buf_done(&out);
    return r;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"print", no_argument, NULL, 'p'}, {0}};
    const struct bw_verb *v = &bw_verb_check_config;
    const char *path = BW_CLI_BOX_CONFIG;
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    bool show = false;
    int o;
    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        if (o != 'p') {
            return BW_EXIT_USAGE;
        }
        show = true;
    }
    if (argc - optind > 1) {
        return bw_cli_usage(v, "one file at a time");
    }
    if (optind < argc) {
        path = argv[optind];
    }
    if (bw_crypto_init() < 0) {
        return bw_cli_failed(v, "cryptography could not be set up");
    }
    if (bw_boxconf_load(path, &c, &err) < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    int r = show ? print(c) : 0;
    if (!show) {
        (void)printf(
            "%s: fine (%zu %s, %zu %s, a record every %lld s)\n", path, c->n_circuits,
            bw_plural((int64_t)c->n_circuits, "circuit", "circuits"), c->n_probes,
            bw_plural((int64_t)c->n_probes, "probe", "probes"), (long long)c->interval_s);
    }
    bw_boxconf_unref(c);
    return bw_cli_flush(v, r < 0 ? BW_EXIT_FAILED : BW_EXIT_OK);
}

const struct bw_verb bw_verb_check_config = {
    .name = "check-config",
    .summary = "check the box's configuration file",
    .help =
        "[--print] [FILE]\n"
        "\n"
        "Reads FILE (default " BW_CLI_BOX_CONFIG ") as bandwitnessd would and says\n"
        "what is wrong with it, with its line and the nearest valid word. Needs no rights\n"
        "and changes nothing.\n"
        "\n"
        "  --print    print the effective configuration, defaults included\n"
        "\n"
        "Exit status: 0 the daemon would take it, 1 it would not, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness check-config && systemctl reload bandwitness\n",
    .run = run,
};
