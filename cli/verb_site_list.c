/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_site_list.c - the sites of the collector's catalogue. */
#include "admin.h"
#include "cli.h"

#include <buf.h>
#include <bw/err.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_site_list;

struct out {
    bool json;
    struct bw_buf text;
    struct bw_jw w;
    size_t n;
};

static int on_site(void *owner, const struct bw_site *s)
{
    struct out *o = owner;
    o->n++;
    if (o->json) {
        bw_jw_obj(&o->w);
        bw_jw_kstr(&o->w, "id", s->id);
        bw_jw_kstr(&o->w, "name", s->name[0] ? s->name : NULL);
        bw_jw_kstr(&o->w, "entity", s->entity[0] ? s->entity : NULL);
        bw_jw_kstr(&o->w, "state", bw_site_state_name(s->state));
        bw_jw_ki64(&o->w, "created_s", s->created_unix_s);
        bw_jw_obj_end(&o->w);
    } else {
        (void)printf("%-12s %-9s %-24s %s\n", s->id, bw_site_state_name(s->state),
                     s->entity[0] ? s->entity : "-", s->name[0] ? s->name : "-");
    }
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_site_list;
    const char *data = NULL;
    const char *config = NULL;
    struct out o = {.json = false};
    for (int c; (c = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        switch (c) {
        case 'd':
            data = optarg;
            break;
        case 'c':
            config = optarg;
            break;
        case 'j':
            o.json = true;
            break;
        default:
            return BW_EXIT_USAGE;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "%s is too much", argv[optind]);
    }
    struct bw_err err = {.text = ""};
    struct bw_catalogue *c = NULL;
    bw_buf_init(&o.text, (size_t)64 * 1024 * 1024);
    bw_jw_init(&o.w, &o.text);
    bw_jw_arr(&o.w);
    int r = bw_admin_open(data, config, &c, &err);
    r = r < 0 ? r : c->ops->sites(c, NULL, on_site, &o, &err);
    bw_jw_arr_end(&o.w);
    bw_catalogue_close(c);
    if (r == 0 && o.json) {
        (void)printf("%s\n", o.text.data);
    } else if (r == 0 && o.n == 0) {
        (void)fprintf(stderr,
                      "No sites yet; `bandwitness token create` brings the first in.\n");
    }
    bw_buf_done(&o.text);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_site_list = {
    .name = "site list",
    .summary = "list the sites the collector knows (at the collector)",
    .help = "[OPTION]...\n"
            "\n"
            "One site a line: id, state (expected: no box yet; enrolled; retired), entity, "
            "name.\n"
            "\n"
            "  --data DIR     the collector's data folder\n"
            "  --config FILE  its configuration (" BW_COLLECTOR_CONF ")\n"
            "  --json         one JSON array\n"
            "\n"
            "Exit status: 0 listed, 1 it failed, 2 wrong usage.\n"
            "\n"
            "Example: bandwitness site list --json\n",
    .run = run,
};
