/* SPDX-License-Identifier: GPL-3.0-or-later
 * rename.c - another name for a site or an entity, from a date on. */
#include "rename.h"

#include "admin.h"
#include "cli.h"

#include <bw/err.h>
#include <clock.h>
#include <stdio.h>
#include <string.h>

static int rename_to(struct bw_catalogue *c,
                     enum bw_named what,
                     const char *typed,
                     const struct bw_dated_name *name,
                     struct bw_dated_name *ret_before,
                     char *ret_id,
                     struct bw_err *reterr)
{
    struct bw_site site;
    int r = what == BW_NAMED_ENTITY ? bw_admin_known_entity(c, typed, ret_id, reterr)
                                    : bw_admin_known_site(c, typed, &site, reterr);
    if (r == 0 && what == BW_NAMED_SITE) {
        memcpy(ret_id, site.id, sizeof(site.id));
    }
    r = r < 0 ? r
              : bw_catalogue_name_at(c, what, ret_id, name->from_unix_s - 1, ret_before,
                                     reterr);
    return r < 0 ? r : c->ops->rename(c, what, ret_id, name, reterr);
}

int bw_cli_rename(const struct bw_verb *v, enum bw_named what, int argc, char **argv)
{
    static const struct option longs[] = {
        {"from", required_argument, NULL, 'f'},
        {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    const char *data = NULL;
    const char *config = NULL;
    struct bw_dated_name name = {.recorded_unix_s = bw_clock_unix_ms() / 1000};
    struct bw_dated_name before = {.name = ""};
    struct bw_err err = {.text = ""};
    struct bw_catalogue *c = NULL;
    char id[BW_ENTITY_MAX + BW_SITE_MAX + 2] = "";
    char since[32];
    name.from_unix_s = name.recorded_unix_s;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o == 'f') {
            if (bw_cli_time(v, "--from", optarg, &name.from_unix_s) != 0) {
                return BW_EXIT_USAGE;
            }
        } else if (o == 'd') {
            data = optarg;
        } else if (o == 'c') {
            config = optarg;
        } else {
            return BW_EXIT_USAGE;
        }
    }
    if (optind + 2 != argc) {
        return bw_cli_usage(v, "say which one, then its new name (in quotes)");
    }
    if (bw_cli_label(v, "the new name", argv[optind + 1], BW_LABEL_MAX) != 0) {
        return BW_EXIT_USAGE;
    }
    (void)snprintf(name.name, sizeof(name.name), "%s", argv[optind + 1]);
    int r = bw_admin_open(data, config, &c, &err);
    r = r < 0 ? r : rename_to(c, what, argv[optind], &name, &before, id, &err);
    bw_catalogue_close(c);
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    bw_time_format_s(name.from_unix_s, since);
    (void)printf("%s is \"%s\" from %s on; before that \"%s\"\n", id, name.name, since,
                 before.name);
    return bw_cli_flush(v, BW_EXIT_OK);
}
