/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_token_create.c - a one-time token that brings one box in. The catalogue keeps its
 * hash only; the token is shown once. */
#include "admin.h"
#include "cli.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <hash.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_token_create;

enum {
    TOKEN_BYTES = 20,
    EXPIRES_DEFAULT_S = 14 * 86400
};

static void
print(const char *token, const struct bw_site *site, int64_t expires_unix_s, bool json)
{
    char when[32];
    bw_time_format_s(expires_unix_s, when);
    if (!json) {
        (void)printf("%s\n", token);
        (void)fprintf(stderr,
                      "For site %s%s%s, once, until %s. On the box:\n"
                      "  bandwitness enroll --url https://THIS-COLLECTOR --token %s\n",
                      site->id, site->name[0] ? ", " : "", site->name, when, token);
        return;
    }
    struct bw_buf out;
    struct bw_jw w;
    bw_buf_init(&out, 4096);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "token", token);
    bw_jw_kstr(&w, "site", site->id);
    bw_jw_kstr(&w, "name", site->name[0] ? site->name : NULL);
    bw_jw_ki64(&w, "expires_s", expires_unix_s);
    bw_jw_obj_end(&w);
    (void)printf("%s\n", out.data ? out.data : "");
    bw_buf_done(&out);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        {"site", required_argument, NULL, 's'},
        {"entity", required_argument, NULL, 'e'},
        {"expires", required_argument, NULL, 'x'},
        {"data", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_token_create;
    const char *name = "";
    const char *entity = NULL;
    const char *data = NULL;
    const char *config = NULL;
    int64_t expires_s = EXPIRES_DEFAULT_S;
    bool json = false;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        switch (o) {
        case 's':
            name = optarg;
            if (bw_cli_label(v, "--site", name, BW_LABEL_MAX) != 0) {
                return BW_EXIT_USAGE;
            }
            break;
        case 'e':
            entity = optarg;
            if (bw_cli_label(v, "--entity", entity, BW_LABEL_MAX) != 0) {
                return BW_EXIT_USAGE;
            }
            break;
        case 'x':
            if (bw_cli_duration(v, "--expires", optarg, &expires_s) != 0) {
                return BW_EXIT_USAGE;
            }
            break;
        case 'd':
            data = optarg;
            break;
        case 'c':
            config = optarg;
            break;
        case 'j':
            json = true;
            break;
        default:
            return BW_EXIT_USAGE;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "%s is too much", argv[optind]);
    }
    if (bw_crypto_init() < 0) {
        return bw_cli_failed(v, "no source of random numbers");
    }
    struct bw_err err = {.text = ""};
    struct bw_catalogue *c = NULL;
    struct bw_site site;
    uint8_t raw[TOKEN_BYTES];
    uint8_t hash[32];
    char token[64] = "bwt_";
    int r = bw_admin_open(data, config, &c, &err);
    if (r == 0) {
        r = bw_admin_site(c, name, entity, &site, &err);
    }
    int64_t now_s = bw_clock_unix_ms() / 1000;
    if (r == 0) {
        bw_random(raw, sizeof(raw));
        (void)bw_b64_encode(raw, sizeof(raw), token + 4);
        bw_sha256(token, strlen(token), hash);
        r = c->ops->token_add(c, hash, site.id, now_s, now_s + expires_s, &err);
    }
    bw_catalogue_close(c);
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text);
    }
    print(token, &site, now_s + expires_s, json);
    return bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_token_create = {
    .name = "token create",
    .summary = "make a one-time token that brings a box in (at the collector)",
    .help =
        "[OPTION]...\n"
        "\n"
        "Prints a token on standard output. A box uses it once, with `bandwitness "
        "enroll`;\n"
        "from then on its records belong to the token's site. Run this on the collector's\n"
        "machine, as root or as the collector's user; the collector may be running.\n"
        "\n"
        "  --site NAME      a new site of this name; or the id of a known one (s-4f9k2), "
        "to\n"
        "                   give its box a new key. Without it the name comes from the "
        "box\n"
        "  --entity NAME    district, library or other owner of a new site; added when "
        "new\n"
        "  --expires TIME   how long it may be used: 14d (default), 12h, 30min\n"
        "  --data DIR       the collector's data folder\n"
        "  --config FILE    its configuration (" BW_COLLECTOR_CONF "), read for\n"
        "                   the data folder when --data is not given\n"
        "  --json           one JSON object: token, site, name, expires_s\n"
        "\n"
        "Exit status: 0 made, 1 no such site, or it failed, 2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness token create --site \"Alder Elementary\" --entity \"Alder "
        "Valley\"\n",
    .run = run,
};
