/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_log_checkpoint.c - checkpoints of a collector's log, as they were signed. */
#include "admin.h"
#include "cli.h"
#include "log_asked.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlog_store.h>

extern const struct bw_verb bw_verb_log_checkpoint;

struct list {
    struct bw_tlog_checkpoint *c; /* without their notes */
    size_t n;
};

static int on_checkpoint(void *owner, const struct bw_tlog_checkpoint *c)
{
    struct list *l = owner;
    void *grown = reallocarray(l->c, l->n + 1, sizeof(l->c[0]));
    if (!grown) {
        return -ENOMEM;
    }
    l->c = grown;
    l->c[l->n] = *c;
    l->c[l->n].note = NULL;
    l->n++;
    return 0;
}

static int print(struct bw_log_asked *a, const struct list *l, struct bw_err *reterr)
{
    struct bw_buf out;
    struct bw_jw w;
    int r = 0;
    bw_buf_init(&out, (size_t)512 * 1024 * 1024);
    bw_jw_init(&w, &out);
    if (a->json) {
        bw_jw_arr(&w);
    }
    for (size_t i = 0; r == 0 && i < l->n; i++) {
        const struct bw_tlog_checkpoint *c = &l->c[i];
        if (a->json) {
            bw_jw_obj(&w);
            r = bw_log_members(a, c->size, c->unix_s, c->root, true, &w, reterr);
            bw_jw_obj_end(&w);
        } else {
            bw_buf_puts(&out, i > 0 ? "\n" : "");
            r = bw_tlog_note(a->log, c->size, &out, reterr);
        }
    }
    if (a->json) {
        bw_jw_arr_end(&w);
        bw_buf_putc(&out, '\n');
    }
    r = r < 0 ? r : bw_buf_error(&out);
    if (r == 0 && out.len > 0) {
        (void)fwrite(out.data, 1, out.len, stdout);
    }
    bw_buf_done(&out);
    return r;
}

static int run(int argc, char **argv)
{
    const struct bw_verb *v = &bw_verb_log_checkpoint;
    struct bw_log_asked a;
    struct list l = {.n = 0};
    struct bw_err err = {.text = "out of memory"};
    int status = bw_log_options(v, argc, argv, true, &a);
    if (status != 0) {
        return status;
    }
    int r = bw_log_open(&a, &err);
    if (r == 0 && a.all) {
        r = bw_tlog_checkpoints(a.log, on_checkpoint, &l, &err);
    } else if (r == 0) {
        int64_t at_most = a.size == BW_UNKNOWN ? INT64_MAX : a.size;
        r = bw_tlog_checkpoint_at(a.log, at_most, on_checkpoint, &l, &err);
        if (r == 0 && a.size != BW_UNKNOWN && l.c[0].size != a.size) {
            r = bw_err_set(&err, -ENOENT, "no checkpoint has %lld leaves; --all lists them",
                           (long long)a.size);
        }
    }
    r = r < 0 ? r : print(&a, &l, &err);
    bw_log_close(&a);
    free(l.c);
    return r < 0 ? bw_cli_failed(v, "%s", err.text) : bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_log_checkpoint = {
    .name = "log checkpoint",
    .summary = "print checkpoints of the transparency log (at the collector)",
    .help =
        "[OPTION]...\n"
        "\n"
        "The newest checkpoint, as it was signed, with the lines of its witnesses: a note\n"
        "of three lines (name, leaves, head) and its signatures.\n"
        "\n"
        "  --size N       the one of N leaves\n"
        "  --all          every one, an empty line between them\n"
        "  --data DIR     the collector's data folder\n"
        "  --config FILE  its configuration (" BW_COLLECTOR_CONF ")\n"
        "  --json         one JSON array: size, root, signed_s, witnesses, stamps, note\n"
        "\n"
        "Exit status: 0 printed, 1 there is none or it failed, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness log checkpoint > checkpoint.txt\n",
    .run = run,
};
