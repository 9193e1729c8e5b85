/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_site_show.c - everything the catalogue ever held about one site: names, keys, and
 * every version of its claims. */
#include "admin.h"
#include "cli.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <jws.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_site_show;

struct out {
    bool json;
    struct bw_buf text;
    struct bw_jw w;
    int64_t *in_force; /* ids of the claim versions that are good at some time */
    size_t n_in_force;
};

static const char *day(int64_t unix_s, char out[32])
{
    if (unix_s == BW_UNKNOWN) {
        (void)snprintf(out, 32, "-");
    } else {
        bw_time_format_s(unix_s, out);
    }
    return out;
}

static int on_name(void *owner, const struct bw_dated_name *n)
{
    struct out *o = owner;
    char from[32];
    char recorded[32];
    if (o->json) {
        bw_jw_obj(&o->w);
        bw_jw_kstr(&o->w, "name", n->name);
        bw_jw_ki64(&o->w, "from_s", n->from_unix_s);
        bw_jw_ki64(&o->w, "recorded_s", n->recorded_unix_s);
        bw_jw_obj_end(&o->w);
    } else {
        (void)printf("name      from %-20s  \"%s\", written down %s\n",
                     n->from_unix_s == BW_UNKNOWN ? "the beginning"
                                                  : day(n->from_unix_s, from),
                     n->name, day(n->recorded_unix_s, recorded));
    }
    return 0;
}

static int on_key(void *owner, const struct bw_site_key *k)
{
    struct out *o = owner;
    char from[32];
    if (o->json) {
        bw_jw_obj(&o->w);
        bw_jw_kstr(&o->w, "kid", k->kid);
        bw_jw_kstr(&o->w, "alg", bw_alg_name((enum bw_alg)k->alg));
        bw_jw_ki64(&o->w, "enrolled_s", k->from_unix_s);
        bw_jw_kstr(&o->w, "replaced_by", k->replaced_by[0] ? k->replaced_by : NULL);
        bw_jw_ki64(&o->w, "revoked_s", k->revoked_unix_s);
        bw_jw_obj_end(&o->w);
    } else {
        (void)printf("key       from %-20s  %s %s%s\n", day(k->from_unix_s, from), k->kid,
                     bw_alg_name((enum bw_alg)k->alg),
                     k->revoked_unix_s != BW_UNKNOWN ? ", revoked"
                     : k->replaced_by[0]             ? ", replaced"
                                                     : "");
    }
    return 0;
}

static int on_good(void *owner, const struct bw_claim *k)
{
    struct out *o = owner;
    int64_t *grown = reallocarray(o->in_force, o->n_in_force + 1, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    o->in_force = grown;
    o->in_force[o->n_in_force++] = k->id;
    return 0;
}

static bool is_good(const struct out *o, int64_t id)
{
    for (size_t i = 0; i < o->n_in_force; i++) {
        if (o->in_force[i] == id) {
            return true;
        }
    }
    return false;
}

static const char *state_of(const struct out *o, const struct bw_claim *k)
{
    return is_good(o, k->id)                ? "good"
           : k->to_unix_s == k->from_unix_s ? "withdrawal"
                                            : "replaced";
}

static void json_claim(struct out *o, const struct bw_claim *k)
{
    struct bw_jw *w = &o->w;
    bw_jw_obj(w);
    bw_jw_kstr(w, "circuit", k->circuit);
    bw_jw_kstr(w, "state", state_of(o, k));
    bw_jw_ki64(w, "from_s", k->from_unix_s);
    bw_jw_ki64(w, "to_s", k->to_unix_s);
    bw_jw_ki64(w, "down_bps", k->down_bps);
    bw_jw_ki64(w, "up_bps", k->up_bps);
    bw_jw_kstr(w, "layer", bw_layer_name(k->layer));
    bw_jw_kstr(w, "frn_line", k->frn_line[0] ? k->frn_line : NULL);
    bw_jw_kstr(w, "spin", k->spin[0] ? k->spin : NULL);
    bw_jw_kstr(w, "provider", k->provider[0] ? k->provider : NULL);
    bw_jw_ki64(w, "monthly_cost_cents", k->monthly_cost_cents);
    bw_jw_kstr(w, "origin", k->origin[0] ? k->origin : NULL);
    bw_jw_ki64(w, "recorded_s", k->recorded_unix_s);
    bw_jw_obj_end(w);
}

static void put_rate(const char *word, int64_t bps)
{
    if (bps != BW_UNKNOWN) {
        (void)printf(" %.10g Mbit/s %s,", (double)bps / 1e6, word);
    }
}

static int on_claim(void *owner, const struct bw_claim *k)
{
    struct out *o = owner;
    const char *layer = bw_layer_name(k->layer);
    char from[32];
    char to[32];
    if (o->json) {
        json_claim(o, k);
        return 0;
    }
    (void)printf("claim     from %-20s  %s", day(k->from_unix_s, from), k->circuit);
    if (k->to_unix_s == k->from_unix_s) {
        (void)printf(" withdrawn,");
    } else {
        if (k->to_unix_s != BW_UNKNOWN) {
            (void)printf(" to %s,", day(k->to_unix_s, to));
        }
        put_rate("down", k->down_bps);
        put_rate("up", k->up_bps);
        (void)printf(" %s,%s%s%s", layer ? layer : "layer not stated",
                     k->provider[0] ? " " : "", k->provider, k->provider[0] ? "," : "");
        if (k->frn_line[0]) {
            (void)printf(" FRN line %s,", k->frn_line);
        }
        if (k->monthly_cost_cents != BW_UNKNOWN) {
            (void)printf(" $%" PRId64 ".%02" PRId64 " a month,",
                         k->monthly_cost_cents / 100, k->monthly_cost_cents % 100);
        }
        (void)printf(" %s,", state_of(o, k));
    }
    (void)printf(" written down %s\n", day(k->recorded_unix_s, to));
    return 0;
}

/* One list of the catalogue under its name. */
static int list(struct out *o, const char *name, int r)
{
    if (o->json) {
        if (name) {
            bw_jw_karr(&o->w, name);
        } else {
            bw_jw_arr_end(&o->w);
        }
    }
    return r;
}

static int show(struct bw_catalogue *c, const char *id, struct out *o, struct bw_err *err)
{
    const struct bw_catalogue_ops *ops = c->ops;
    struct bw_site s;
    int r = bw_admin_known_site(c, id, &s, err);
    if (r < 0) {
        return r;
    }
    if (o->json) {
        bw_jw_obj(&o->w);
        bw_jw_kstr(&o->w, "id", s.id);
        bw_jw_kstr(&o->w, "name", s.name[0] ? s.name : NULL);
        bw_jw_kstr(&o->w, "entity", s.entity[0] ? s.entity : NULL);
        bw_jw_kstr(&o->w, "state", bw_site_state_name(s.state));
        bw_jw_ki64(&o->w, "created_s", s.created_unix_s);
    } else {
        (void)printf("site      %s, %s%s%s\n", s.id, bw_site_state_name(s.state),
                     s.entity[0] ? ", of " : "", s.entity);
    }
    r = list(o, "names",
             ops->claims(c, s.id, NULL, INT64_MIN + 1, INT64_MAX, on_good, o, err));
    r = r < 0 ? r : ops->names(c, BW_NAMED_SITE, s.id, on_name, o, err);
    r = list(o, NULL, r);
    r = list(o, "keys", r);
    r = r < 0 ? r : ops->keys(c, s.id, on_key, o, err);
    r = list(o, NULL, r);
    r = list(o, "claims", r);
    r = r < 0 ? r : ops->claim_history(c, s.id, on_claim, o, err);
    r = list(o, NULL, r);
    if (o->json) {
        bw_jw_obj_end(&o->w);
    }
    return r;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_site_show;
    const char *data = NULL;
    const char *config = NULL;
    struct out o = {.json = false};
    struct bw_err err = {.text = ""};
    struct bw_catalogue *c = NULL;
    for (int x; (x = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (x == 'd') {
            data = optarg;
        } else if (x == 'c') {
            config = optarg;
        } else if (x == 'j') {
            o.json = true;
        } else {
            return BW_EXIT_USAGE;
        }
    }
    if (optind + 1 != argc) {
        return bw_cli_usage(v, "give the id of one site (bandwitness site list)");
    }
    bw_buf_init(&o.text, (size_t)16 * 1024 * 1024);
    bw_jw_init(&o.w, &o.text);
    int r = bw_admin_open(data, config, &c, &err);
    r = r < 0 ? r : show(c, argv[optind], &o, &err);
    bw_catalogue_close(c);
    if (r == 0 && o.json) {
        (void)printf("%s\n", o.text.data ? o.text.data : "");
    }
    bw_buf_done(&o.text);
    free(o.in_force);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_site_show = {
    .name = "site show",
    .summary = "show a site's names, keys and claims, with all that was before",
    .help = "[--json] [--data DIR | --config FILE] SITE\n"
            "\n"
            "Every name the site ever had, every key, and every version of every claim "
            "with the\n"
            "time it was written down. A claim is good (in force at some time), replaced "
            "(by a\n"
            "later version or correction), or a withdrawal. Times are UTC.\n"
            "\n"
            "  --json         one JSON object: id, name, entity, state, created_s, names, "
            "keys,\n"
            "                 claims\n"
            "  --data DIR     the collector's data folder\n"
            "  --config FILE  its configuration (" BW_COLLECTOR_CONF ")\n"
            "\n"
            "Exit status: 0 shown, 1 no such site, or it failed, 2 wrong usage.\n"
            "\n"
            "Example: bandwitness site show s-4f9k2\n",
    .run = run,
};
