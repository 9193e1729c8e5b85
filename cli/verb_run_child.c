/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_run_child.c - `bandwitness --run-child`: the process of one throughput run, started
 * by this program itself and never by a person. */
#include "child.h"
#include "cli.h"

static int run(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return bw_child_main();
}

const struct bw_verb bw_verb_run_child = {
    .name = "--run-child",
    .help = "\n\nReads one job on standard input; only Bandwitness itself starts it.\n",
    .run = run,
};
