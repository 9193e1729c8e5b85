/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_statement_withdraw.c - what was said holds no longer, and nothing takes its place.
 */
#include "cli.h"
#include "docket_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <json.h>
#include <stdio.h>
#include <string.h>

extern const struct bw_verb bw_verb_statement_withdraw;

enum {
    WHY_MAX = 600
};

struct meant {
    char id[BW_HASH_LEN + 1];
    char word[BW_STATEMENT_KIND_MAX + 1];
    char about[BW_STATEMENT_ABOUT_MAX + 1];
};

static int on_found(void *owner, const struct bw_said *said)
{
    struct meant *m = owner;
    memcpy(m->id, said->id, sizeof(m->id));
    memcpy(m->word, said->statement->word, sizeof(m->word));
    memcpy(m->about, said->statement->about, sizeof(m->about));
    return 0;
}

static int withdraw(const struct bw_verb *v,
                    struct bw_docket *d,
                    const char *id,
                    const char *why,
                    struct meant *meant,
                    char ret_id[BW_HASH_LEN + 1])
{
    struct bw_err err = {.text = ""};
    struct bw_statement s;
    struct bw_buf body;
    struct bw_jw w;
    bw_buf_init(&body, (size_t)2 * WHY_MAX);
    bw_jw_init(&w, &body);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "text", why);
    bw_jw_obj_end(&w);
    int r = bw_buf_error(&body);
    r = r < 0 ? r
              : d->catalogue->ops->statement_find(d->catalogue, id, on_found, meant, &err);
    if (r == 0) {
        bw_docket_begin(v, d, BW_STATEMENT_WITHDRAWAL, &s);
        (void)snprintf(s.about, sizeof(s.about), "%s", meant->id);
        r = bw_docket_say(d, &s, &body, ret_id, &err);
    }
    bw_buf_done(&body);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : 0;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_DOCKET_ASKED_OPTIONS,
        BW_DOCKET_ASKED_BY,
        {"text", required_argument, NULL, 'x'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_statement_withdraw;
    struct bw_docket_asked asked = {.state = NULL};
    struct bw_docket d = {.catalogue = NULL};
    struct meant meant = {.id = ""};
    char id[BW_HASH_LEN + 1] = "";
    const char *why = NULL;
    bool json = false;
    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        int r = 0;
        if (o == 'x') {
            why = optarg;
            r = bw_cli_label(v, "--text", optarg, WHY_MAX);
        } else if (o == 'j') {
            json = true;
        } else {
            r = bw_docket_asked_take(v, o, &asked);
        }
        if (r != 0) {
            return r;
        }
    }
    if (optind + 1 != argc || !why) {
        return bw_cli_usage(v, "which one, and why? --text WHY ID");
    }
    int status = bw_docket_open(v, &asked, true, &d);
    status = status != 0 ? status : withdraw(v, &d, argv[optind], why, &meant, id);
    if (status == 0 && json) {
        (void)printf("{\"id\":\"%s\"}\n", id);
    } else if (status == 0) {
        (void)printf("%s  the %s about %s is withdrawn by %s\n", id, meant.word,
                     meant.about, d.by);
    }
    bw_docket_close(&d);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_statement_withdraw = {
    .name = "statement withdraw",
    .summary = "say that one statement holds no longer, and why",
    .help =
        "[OPTION]... --text WHY ID\n"
        "\n"
        "For a statement of any kind: it is good no longer, and nothing takes its place. "
        "It\n"
        "stays on record with who withdrew it, when and why. This is final: what was "
        "right\n"
        "after all is said again. ID is its id, or enough of how it begins (after -- "
        "where\n"
        "that begins with a -).\n"
        "\n"
        "  --text WHY         why, in your words\n"
        "  --json             {\"id\":…}\n" BW_DOCKET_ASKED_BY_HELP BW_DOCKET_ASKED_HELP
        "\n"
        "Exit status: 0 withdrawn, 1 there is none, it is good no longer, or it failed,\n"
        "2 wrong usage.\n"
        "\n"
        "Example:\n"
        "  bandwitness statement withdraw --text 'of another school' fZuQEt87\n",
    .run = run,
};
