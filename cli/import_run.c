/* SPDX-License-Identifier: GPL-3.0-or-later
 * import_run.c - one look over all items, and one transaction.
 *
 * Invariant: while a row is refused nothing is written, unless that was asked for. */
#include "import_run.h"

#include <buf.h>
#include <bw/err.h>
#include <inttypes.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    JSON_BYTES_MAX = 16 * 1024 * 1024 /* between two flushes */
};

int bw_import_asked_take(const struct bw_verb *v, int o, struct bw_import_asked *a)
{
    switch (o) {
    case BW_IMPORT_OPT_DRY:
        a->dry = true;
        return 0;
    case BW_IMPORT_OPT_WITHOUT:
        a->without_refused = true;
        return 0;
    case BW_IMPORT_OPT_JSON:
        a->json = true;
        return 0;
    default:
        return bw_docket_asked_take(v, o, &a->docket);
    }
}

int bw_import_docket(const struct bw_import_asked *a, struct bw_docket *ret)
{
    const struct bw_docket_asked *k = &a->docket;
    bool named = k->state || k->config || k->ledger || k->collector;
    memset(ret, 0, sizeof(*ret));
    if (a->dry && !named && access(BW_DOCKET_STATE, F_OK) != 0 &&
        access("/etc/bandwitness/collector.conf", F_OK) != 0) {
        return 0;
    }
    return bw_docket_open(a->verb, k, !a->dry, ret);
}

void bw_import_json_lines(struct bw_jw *w, const char *name, const char *lines)
{
    bw_jw_karr(w, name);
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        bw_jw_strn(w, lines, n);
        lines += n + (lines[n] != '\0');
    }
    bw_jw_arr_end(w);
}

void bw_import_text_lines(const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        (void)printf("  ");
        bw_cli_put(stdout, lines, n);
        (void)printf("\n");
        lines += n + (lines[n] != '\0');
    }
}

/* What is to be said of the end, and the exit status. */
static int
finish(const struct bw_import_asked *a, struct bw_import_plan *plan, struct bw_jw *w)
{
    struct bw_said_sum said = {.first_position = BW_UNKNOWN};
    struct bw_err err = {.text = ""};
    bool held_back = plan->source->refused > 0 && !a->without_refused;
    bool write = !a->dry && !held_back;
    if (write && bw_import_plan_write(plan, &said, &err) < 0) {
        return bw_cli_failed(a->verb, "%s; nothing was written", err.text);
    }
    if (a->json) {
        bw_jw_kbool(w, "written", write);
        bw_jw_ki64(w, "statements", said.added);
        bw_jw_ki64(w, "first_position", said.first_position);
    } else if (a->dry) {
        (void)printf("Nothing was written (--dry-run).\n");
    } else if (held_back) {
        (void)printf("Nothing was written: rows are refused. Mend them, or take all others "
                     "with --without-refused.\n");
    } else {
        (void)printf("Written: %" PRId64 " statements.\n", said.added);
    }
    return held_back ? BW_EXIT_FAILED : BW_EXIT_OK;
}

static void counts(const struct bw_import_plan *plan, struct bw_jw *w)
{
    static const enum bw_statement_kind kinds[] = {BW_STATEMENT_ENTITY, BW_STATEMENT_CLAIM};
    for (size_t i = plan->source->claims_only; i < 2; i++) {
        if (w) {
            bw_import_plan_json(plan, w, kinds[i]);
        } else {
            bw_import_plan_say(plan, kinds[i]);
        }
    }
}

static int look_and_write(const struct bw_import_asked *a,
                          struct bw_import_plan *plan,
                          struct bw_import_view *view)
{
    const struct bw_import_source *source = plan->source;
    struct bw_jw *w = a->json ? view->w : NULL;
    struct bw_err err = {.text = ""};
    if (w) {
        bw_jw_obj(w);
    }
    source->tell(source->told, w);
    if (w) {
        bw_jw_karr(w, "changes");
    }
    if (bw_import_plan_look(plan, view, &err) < 0) {
        bw_buf_clear(view->out);
        return bw_cli_failed(a->verb, "%s; nothing was written", err.text);
    }
    if (w) {
        bw_jw_arr_end(w);
    }
    counts(plan, w);
    int status = finish(a, plan, view->w);
    if (w) {
        bw_jw_obj_end(w);
        bw_buf_putc(view->out, '\n');
        (void)fwrite(view->out->data, 1, view->out->len, stdout);
    }
    return status;
}

int bw_import_run(const struct bw_import_asked *a,
                  const struct bw_import_source *source,
                  const struct bw_docket *d)
{
    struct bw_import_plan *plan = calloc(1, sizeof(*plan));
    struct bw_buf out;
    struct bw_jw w;
    struct bw_import_view view = {.json = a->json, .w = &w, .out = &out};
    if (!plan) {
        return bw_cli_failed(a->verb, "no memory");
    }
    bw_buf_init(&out, JSON_BYTES_MAX);
    bw_jw_init(&w, &out);
    bw_import_plan_init(plan, a->verb, source, d);
    int status = look_and_write(a, plan, &view);
    bw_import_plan_done(plan);
    bw_buf_done(&out);
    free(plan);
    return status;
}
