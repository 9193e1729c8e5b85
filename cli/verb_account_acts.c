/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_account_acts.c - acts of administrators as they are kept, with what stands for each
 * in the log. */
#include "account_asked.h"
#include "cli.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <hash.h>
#include <json.h>
#include <stdio.h>

extern const struct bw_verb bw_verb_account_acts;

struct list {
    struct bw_jw w;
    bool json;
};

static int on_act(void *owner, const struct bw_act *a)
{
    struct list *l = owner;
    uint8_t leaf[32];
    char hash[BW_HASH_LEN + 1];
    char salt[32];
    char when[32];
    bw_act_leaf(a, leaf);
    (void)bw_b64_encode(leaf, sizeof(leaf), hash);
    (void)bw_b64_encode(a->salt, sizeof(a->salt), salt);
    bw_time_format_ms(a->at_unix_ms, when);
    if (!l->json) {
        (void)printf("%lld  %s  %s  ", (long long)a->position, when, hash);
        bw_cli_put(stdout, a->text, a->n);
        (void)printf("\n");
        return 0;
    }
    bw_jw_obj(&l->w);
    bw_jw_ki64(&l->w, "position", a->position);
    bw_jw_kstr(&l->w, "salt", salt);
    bw_jw_key(&l->w, "text");
    bw_jw_strn(&l->w, a->text, a->n);
    bw_jw_kstr(&l->w, "sha256", hash);
    bw_jw_obj_end(&l->w);
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {
        BW_ACCOUNT_OPTIONS,
        BW_ACCOUNT_JSON,
        {NULL, 0, NULL, 0},
    };
    const struct bw_verb *v = &bw_verb_account_acts;
    struct bw_account_asked a = {.typed_by = "nobody"}; /* nothing is done in a name */
    struct bw_err err = {""};
    struct bw_buf out;
    int status = 0;
    for (int o; status == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        status = bw_account_take(v, o, &a);
    }
    if (status == 0 && optind < argc) {
        status = bw_cli_usage(v, "%s is too much", argv[optind]);
    }
    status = status ? status : bw_account_open(v, &a);
    struct list l = {.json = a.json};
    bw_buf_init(&out, 256 << 20);
    bw_jw_init(&l.w, &out);
    bw_jw_arr(&l.w);
    if (status == 0 && a.people->ops->acts(a.people, 0, on_act, &l, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    bw_jw_arr_end(&l.w);
    if (status == 0 && a.json) {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
    bw_account_close(&a);
    return status == 0 ? bw_cli_flush(v, BW_EXIT_OK) : status;
}

const struct bw_verb bw_verb_account_acts = {
    .name = "account acts",
    .summary = "list acts of administrators, and what stands for each in the log",
    .help =
        "[OPTION]...\n"
        "\n"
        "One a line, the oldest first: its position, when, the hash that its leaf in the\n"
        "log has, and the act. The hash is the SHA-256 of 16 bytes of salt and the act's\n"
        "bytes, so that who has the log alone cannot find out what was done, and who is\n"
        "shown salt and act can check them.\n"
        "\n"
        "  --json         an array of "
        "{\"position\",\"salt\",\"text\",\"sha256\"}\n" BW_ACCOUNT_HELP "\n"
        "Exit status: 0 listed, 1 it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness account acts --json\n",
    .run = run,
};
