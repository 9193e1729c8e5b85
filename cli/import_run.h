/* SPDX-License-Identifier: GPL-3.0-or-later
 * import_run.h - what every verb "import …" of claims does once it has read its files:
 * look, tell, and write all or nothing. */
#ifndef BW_CLI_IMPORT_RUN_H
#define BW_CLI_IMPORT_RUN_H

#include "docket_asked.h"
#include "import_plan.h"

#include <stdbool.h>

struct bw_jw;

enum bw_import_option {
    BW_IMPORT_OPT_DRY = 0xa00,
    BW_IMPORT_OPT_WITHOUT,
    BW_IMPORT_OPT_JSON
};

/* Their rows in a verb's list of options, and their lines of --help. --state is a state of
 * the union here, so a box's folder is --box. */
/* clang-format off */
#define BW_IMPORT_ASKED_OPTIONS \
    {"dry-run", no_argument, NULL, BW_IMPORT_OPT_DRY}, \
    {"without-refused", no_argument, NULL, BW_IMPORT_OPT_WITHOUT}, \
    {"json", no_argument, NULL, BW_IMPORT_OPT_JSON}, \
    {"box", required_argument, NULL, BW_DOCKET_OPT_STATE}, \
    {"config", required_argument, NULL, BW_DOCKET_OPT_CONFIG}, \
    {"ledger", required_argument, NULL, BW_DOCKET_OPT_LEDGER}, \
    {"collector", required_argument, NULL, BW_DOCKET_OPT_COLLECTOR}, \
    BW_DOCKET_ASKED_BY
#define BW_IMPORT_ASKED_HELP \
    "  --dry-run          say what would change, write nothing\n" \
    "  --without-refused  write the others although rows are refused\n" \
    "  --json             one JSON document, every change in it\n" \
    "  --box DIR          a box's state folder (" BW_DOCKET_STATE ")\n" \
    "  --config FILE      the box's configuration, which names that folder\n" \
    "  --ledger DIR       a collector's data folder\n" \
    "  --collector FILE   the collector's configuration, which names that folder\n" \
    BW_DOCKET_ASKED_BY_HELP
/* clang-format on */

struct bw_import_asked {
    const struct bw_verb *verb;
    struct bw_docket_asked docket;
    bool dry;
    bool without_refused;
    bool json;
};

/* Take one of the options above: 0, or BW_EXIT_USAGE. */
int bw_import_asked_take(const struct bw_verb *v, int o, struct bw_import_asked *a);

/* Open the catalogue of statements; for a look none needs to be there. 0 or the exit
 * status. */
int bw_import_docket(const struct bw_import_asked *a, struct bw_docket *ret);
/* Look, tell, write. Gives the exit status. */
int bw_import_run(const struct bw_import_asked *a,
                  const struct bw_import_source *source,
                  const struct bw_docket *d);

/* Lines of text as an array of strings / each with two spaces before it. */
void bw_import_json_lines(struct bw_jw *w, const char *name, const char *lines);
void bw_import_text_lines(const char *lines);

#endif
