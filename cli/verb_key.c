/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_key.c - `bandwitness key`: this box's public keys, for whoever checks its records.
 *
 * Only public halves are read wherever they are there, and only they are ever printed; of
 * the journal nothing but which key is in use. */
#include "box.h"
#include "boxconf.h"
#include "buf.h"
#include "cli.h"
#include "enrolment.h"
#include "hash.h"
#include "journal.h"
#include "json.h"
#include "jws.h"
#include "plural.h"

#include <bw/err.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct bw_verb bw_verb_key;

enum {
    OUT_MAX = 64 * 1024 * 1024,
    META_MAX = 256
};

struct shown {
    const char *state_dir;
    char site[BW_SITE_MAX + 1]; /* "" not enrolled, or not readable */
    struct bw_pubkey *keys;
    size_t n;
    struct bw_journal *journal;   /* NULL: not readable */
    char current[BW_KID_LEN + 1]; /* "" unknown */
};

/* Which key is in use; without a journal that can be read that stays unknown. */
static void look_into_journal(struct shown *s)
{
    char path[PATH_MAX];
    struct bw_buf kid;
    (void)snprintf(path, sizeof(path), "%.4000s/journal.db", s->state_dir);
    if (bw_journal_open(path, BW_JOURNAL_READ, &s->journal, NULL) < 0) {
        s->journal = NULL;
        return;
    }
    bw_buf_init(&kid, META_MAX);
    if (bw_journal_meta_get(s->journal, "key.current", &kid, NULL) == 0 &&
        kid.len == BW_KID_LEN) {
        memcpy(s->current, kid.data, BW_KID_LEN);
        s->current[BW_KID_LEN] = '\0';
    }
    bw_buf_done(&kid);
}

static bool head_of(const struct shown *s, const char *kid, struct bw_journal_head *ret)
{
    return s->journal && bw_journal_head(s->journal, kid, ret, NULL) == 0;
}

static int print_json(const struct shown *s)
{
    struct bw_buf out;
    struct bw_jw w;
    bw_buf_init(&out, OUT_MAX);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "site", s->site[0] ? s->site : NULL);
    bw_jw_karr(&w, "keys");
    for (size_t i = 0; i < s->n; i++) {
        struct bw_journal_head head;
        bw_jw_obj(&w);
        bw_pubkey_members(&s->keys[i], &w);
        if (s->current[0]) {
            bw_jw_kbool(&w, "current", strcmp(s->current, s->keys[i].kid) == 0);
        }
        if (head_of(s, s->keys[i].kid, &head)) {
            bw_jw_ki64(&w, "last_seq", head.seq);
        }
        bw_jw_obj_end(&w);
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    int r = bw_buf_error(&out);
    if (r == 0) {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
    return r;
}

static void print_text(const struct shown *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct bw_pubkey *k = &s->keys[i];
        struct bw_journal_head head;
        (void)printf("%s  %-5s", k->kid, bw_alg_name(k->alg));
        if (s->current[0]) {
            (void)printf("  %-7s", strcmp(s->current, k->kid) == 0 ? "in use" : "old");
        }
        if (head_of(s, k->kid, &head)) {
            (void)printf("  %" PRId64 " %s%s", head.seq,
                         bw_plural(head.seq, "record", "records"),
                         head.forked ? ", forked" : "");
        }
        (void)printf("\n");
    }
    (void)fflush(stdout);
    if (!s->journal) {
        (void)fprintf(stderr,
                      "Which key is in use is not known: %s/journal.db cannot be "
                      "read.\n",
                      s->state_dir);
    }
}

static int show(const char *state_dir, bool json)
{
    struct shown s = {.state_dir = state_dir};
    struct bw_enrolment e;
    struct bw_err err = {.text = ""};
    int status = BW_EXIT_OK;
    int r = bw_enrolment_public_keys(state_dir, &s.keys, &s.n, &err);
    if (r < 0) {
        return bw_cli_failed(&bw_verb_key, "%s", err.text);
    }
    if (bw_enrolment_load(state_dir, &e, NULL) == 0) {
        memcpy(s.site, e.site, sizeof(s.site));
    }
    look_into_journal(&s);
    if (!json) {
        print_text(&s);
    } else if (print_json(&s) < 0) {
        status = bw_cli_failed(&bw_verb_key, "the result is too large to print");
    }
    bw_journal_close(s.journal);
    free(s.keys);
    return bw_cli_flush(&bw_verb_key, status);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
                                          {"config", required_argument, NULL, 'c'},
                                          {"state-dir", required_argument, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
    const struct bw_verb *v = &bw_verb_key;
    const char *config = BW_CLI_BOX_CONFIG;
    const char *state_dir = NULL;
    struct bw_boxconf *c = NULL;
    struct bw_err err = {.text = ""};
    bool json = false;
    int o;
    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        if (o == 'j') {
            json = true;
        } else if (o == 'c') {
            config = optarg;
        } else if (o == 's') {
            state_dir = optarg;
        } else {
            return BW_EXIT_USAGE;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "'%s' is one word too many", argv[optind]);
    }
    if (bw_crypto_init() < 0) {
        return bw_cli_failed(v, "cryptography could not be set up");
    }
    if (!state_dir && bw_boxconf_load(config, &c, &err) < 0) {
        return bw_cli_failed(v, "%s; or name the box's folder with --state-dir", err.text);
    }
    int status = show(state_dir ? state_dir : c->state_dir, json);
    bw_boxconf_unref(c);
    return status;
}

const struct bw_verb bw_verb_key = {
    .name = "key",
    .summary = "show this box's public keys, for whoever checks its records",
    .help =
        "[--json] [--config FILE] [--state-dir DIR]\n"
        "\n"
        "One key a line: its identifier (kid, the RFC 7638 thumbprint, as it stands in\n"
        "every record), its algorithm, whether it is in use, how many records it signed.\n"
        "Old keys stay good for what they signed. Private halves are never shown; the\n"
        "group of the state directory may use this verb without being able to read them.\n"
        "\n"
        "  --json           a JWK Set (RFC 7517) with every key this box ever had, to be\n"
        "                   given to anybody: what `bandwitness verify --key` reads, and "
        "any\n"
        "                   other JOSE library. Members of ours: site; current (in use),\n"
        "                   last_seq (the newest record under it), where the journal "
        "tells\n"
        "  --config FILE    default " BW_CLI_BOX_CONFIG "\n"
        "  --state-dir DIR  default: of the configuration\n"
        "\n"
        "The collector gives out the same keys at /api/v1/sites/SITE/keys.\n"
        "Exit status: 0 there are keys, 1 there is none or it cannot be read, 2 wrong "
        "usage.\n"
        "\n"
        "Example: bandwitness key --json > keys.jwks\n",
    .run = run,
};
