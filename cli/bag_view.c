/* SPDX-License-Identifier: GPL-3.0-or-later
 * bag_view.c - `bandwitness verify` of a bag.
 *
 * Exit status 0 only when everything in it holds; 3 when it does but for the form of what
 * another program made. */
#include "bag_view.h"

#include "buf.h"
#include "bundle.h"
#include "cli.h"
#include "clock.h"
#include "json.h"
#include "plural.h"
#include "text.h"
#include "utf8.h"

#include <bw/err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OUT_MAX = 16 * 1024 * 1024,
    SHOW_AFTER_MS = 700,
    SHOW_EVERY_MS = 200,
    TEXT_MAX = 800,
    TOLD_MAX = 200 /* faults printed; all are counted */
};

struct view {
    const struct bw_verb *verb;
    bool json;
    struct bw_buf faults; /* JSON */
    struct bw_buf notes;
    struct bw_jw fault_w;
    struct bw_jw note_w;
    int64_t n_told;
    int64_t next_show_mono_ms;
    bool shown;
};

static void show_end(struct view *v)
{
    if (v->shown) {
        (void)fprintf(stderr, "\r%40s\r", "");
        v->shown = false;
    }
}

static void show(void *owner, const char *what, int per_mille)
{
    struct view *v = owner;
    int64_t now = bw_clock_mono_ms();

    if (bw_cli_progress_wanted() && now >= v->next_show_mono_ms) {
        v->next_show_mono_ms = now + SHOW_EVERY_MS;
        v->shown = true;
        (void)fprintf(stderr, "\rchecking %s: %d %%   ", what, per_mille / 10);
        (void)fflush(stderr);
    }
}

/* What strangers wrote, within a line of several things. */
static void clean(const char *text, char out[TEXT_MAX])
{
    struct bw_buf shown;

    bw_buf_init(&shown, 3 * strlen(text) + 1);
    bw_text_terminal(&shown, text, strlen(text));
    (void)snprintf(out, TEXT_MAX, "%.*s",
                   (int)bw_utf8_fit(shown.data ? shown.data : "", shown.len, TEXT_MAX - 1),
                   shown.data ? shown.data : "");
    bw_buf_done(&shown);
}

static void put(struct bw_jw *w, const char *member, const char *text)
{
    bw_jw_obj(w);
    bw_jw_kstr(w, "member", member[0] ? member : NULL);
    bw_jw_kstr(w, "text", text);
    bw_jw_obj_end(w);
}

static void fault(void *owner, const char *member, const char *said)
{
    struct view *v = owner;

    if (v->n_told++ >= TOLD_MAX) {
        return;
    }
    show_end(v);
    if (v->json) {
        put(&v->fault_w, member, said);
    }
    (void)bw_cli_failed(v->verb, "%s%s%s", member, member[0] ? ": " : "", said);
}

static void note(void *owner, const char *member, const char *said)
{
    struct view *v = owner;

    show_end(v);
    if (v->json) {
        put(&v->note_w, member, said);
    } else {
        (void)printf("note        %s%s", member, member[0] ? ": " : "");
        bw_cli_put(stdout, said, strlen(said));
        (void)printf("\n");
    }
}

static void put_time(struct bw_jw *w, const char *name, int64_t unix_s)
{
    char text[32];

    if (unix_s != BW_UNKNOWN) {
        bw_time_format_s(unix_s, text);
        bw_jw_kstr(w, name, text);
    }
}

static void
json_others(struct bw_jw *w, const char *name, const struct bw_log_other *list, size_t n)
{
    bw_jw_karr(w, name);
    for (size_t i = 0; i < n; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "by", list[i].name);
        bw_jw_kstr(w, "signer", list[i].signer[0] ? list[i].signer : NULL);
        bw_jw_kstr(w, "key", list[i].vkey[0] ? list[i].vkey : NULL);
        put_time(w, "at", list[i].unix_s);
        bw_jw_ki64(w, "size", list[i].size);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
}

static void json_log(struct bw_jw *w, const struct bw_bundle_verdict *d)
{
    const struct bw_log_facts *f = &d->log;

    if (!f->there) {
        return;
    }
    bw_jw_kobj(w, "log");
    bw_jw_kstr(w, "name", f->name);
    bw_jw_kstr(w, "key", f->vkey);
    bw_jw_kstr(w, "kid", f->kid);
    bw_jw_kbool(w, "key_given", d->log_key_given);
    bw_jw_ki64(w, "size", f->size);
    put_time(w, "signed", f->signed_unix_s);
    bw_jw_ki64(w, "records_in", f->n_records_in);
    bw_jw_ki64(w, "records_not_in", f->n_records - f->n_records_in);
    bw_jw_ki64(w, "records_witnessed", f->n_records_witnessed);
    bw_jw_ki64(w, "records_stamped", f->n_records_stamped);
    bw_jw_ki64(w, "statements_in", f->n_statements_in);
    bw_jw_ki64(w, "statements_not_in", f->n_statements - f->n_statements_in);
    bw_jw_ki64(w, "keys_in", f->n_keys_in);
    bw_jw_ki64(w, "keys_not_in", f->n_keys - f->n_keys_in);
    json_others(w, "witnesses", f->witness, f->n_witnesses);
    json_others(w, "stamps", f->stamp, f->n_stamps);
    bw_jw_karr(w, "before");
    for (size_t i = 0; i < f->n_before; i++) {
        bw_jw_obj(w);
        bw_jw_kstr(w, "name", f->before[i].name);
        bw_jw_ki64(w, "size", f->before[i].size);
        put_time(w, "ended", f->before[i].unix_ms / 1000);
        bw_jw_obj_end(w);
    }
    bw_jw_arr_end(w);
    bw_jw_obj_end(w);
}

static int print_json(struct view *v, const char *path, const struct bw_bundle_verdict *d)
{
    struct bw_buf out;
    struct bw_jw w;
    int r;

    bw_jw_arr_end(&v->fault_w);
    bw_jw_arr_end(&v->note_w);
    bw_buf_init(&out, 3 * (size_t)OUT_MAX);
    bw_jw_init(&w, &out);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "file", path);
    bw_jw_kstr(&w, "kind", "bag");
    bw_jw_kbool(&w, "ok", d->n_faults == 0 && d->n_unchecked == 0);
    bw_jw_kstr(&w, "site", d->site[0] ? d->site : NULL);
    bw_jw_kstr(&w, "circuit", d->circuit[0] ? d->circuit : NULL);
    put_time(&w, "from", d->from_unix_s);
    put_time(&w, "to", d->to_unix_s);
    put_time(&w, "made", d->made_unix_s);
    bw_jw_kstr(&w, "software", d->software[0] ? d->software : NULL);
    bw_jw_ki64(&w, "members", d->n_members);
    bw_jw_ki64(&w, "records", d->n_records);
    bw_jw_ki64(&w, "verified", d->n_verified);
    bw_jw_ki64(&w, "missing", d->n_missing);
    bw_jw_ki64(&w, "holes", d->n_holes);
    bw_jw_ki64(&w, "compared", d->n_compared);
    bw_jw_ki64(&w, "receipts", d->n_receipts);
    bw_jw_ki64(&w, "receipts_verified", d->n_receipts_verified);
    bw_jw_kbool(&w, "receipts_by_own_key", d->receipts_by_own_key);
    json_log(&w, d);
    bw_jw_ki64(&w, "n_unchecked", d->n_unchecked);
    if (d->other_forms) {
        bw_jw_kbool(&w, "other_forms", true);
        bw_jw_ki64(&w, "n_form", d->n_form);
        bw_jw_ki64(&w, "figures_same", d->n_figures);
    }
    bw_jw_karr(&w, "keys");
    for (size_t i = 0; i < d->n_kids; i++) {
        bw_jw_str(&w, d->kids[i]);
    }
    bw_jw_arr_end(&w);
    bw_jw_ki64(&w, "n_faults", d->n_faults);
    bw_jw_key(&w, "faults");
    bw_jw_raw(&w, v->faults.data, v->faults.len);
    bw_jw_key(&w, "notes");
    bw_jw_raw(&w, v->notes.data, v->notes.len);
    bw_jw_obj_end(&w);
    r = bw_buf_error(&out) ? bw_buf_error(&out) : bw_buf_error(&v->faults);
    r = r ? r : bw_buf_error(&v->notes);
    if (r == 0) {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
    return r < 0 ? bw_cli_failed(v->verb, "the result is too large to print") : BW_EXIT_OK;
}

static void print_others(const struct bw_log_facts *f)
{
    char at[32];
    char text[TEXT_MAX];

    for (size_t i = 0; i < f->n_witnesses; i++) {
        bw_time_format_s(f->witness[i].unix_s, at);
        clean(f->witness[i].vkey, text);
        (void)printf("witness     %s\n            signed its %" PRId64
                     " leaves at %s; %" PRId64 " of the records are among them\n",
                     text, f->witness[i].size, at, f->n_records_witnessed);
    }
    if (f->n_witnesses == 0) {
        (void)printf(
            "witness     not witnessed: the collector alone says what its log is\n");
    }
    for (size_t i = 0; i < f->n_stamps; i++) {
        bw_time_format_s(f->stamp[i].unix_s, at);
        clean(f->stamp[i].signer, text);
        (void)printf(
            "stamp       %s, its %" PRId64 " leaves, signed as %s; %" PRId64
            " of the records\n            are among them. Whether that signer is to "
            "be trusted was not looked at\n",
            at, f->stamp[i].size, text, f->n_records_stamped);
    }
    for (size_t i = 0; i < f->n_before; i++) {
        bw_time_format_s(f->before[i].unix_ms / 1000, at);
        clean(f->before[i].name, text);
        (void)printf("seam        the log goes on from %s, of which %" PRId64
                     " leaves were signed: restored from an older copy, %s\n",
                     text, f->before[i].size, at);
    }
}

static void print_log(const struct bw_bundle_verdict *d)
{
    const struct bw_log_facts *f = &d->log;
    char at[32];
    char text[TEXT_MAX];

    if (!f->there) {
        (void)printf(
            "log         not in a log: when the records came, and that none was "
            "cut off their ends,\n            nobody shows but who made the bag\n");
        return;
    }
    bw_time_format_s(f->signed_unix_s, at);
    clean(f->vkey, text);
    (void)printf("log         %s, %" PRId64 " leaves, signed %s\n", f->name, f->size, at);
    (void)printf("            in it: %" PRId64 " of %" PRId64 " records, %" PRId64
                 " of %" PRId64 " statements, %" PRId64 " of %" PRId64
                 " events of keys,\n            of those in the bag: what was left out of "
                 "statements and keys no bag shows\n",
                 f->n_records_in, f->n_records, f->n_statements_in, f->n_statements,
                 f->n_keys_in, f->n_keys);
    (void)printf("log key     %s%s\n", text,
                 d->log_key_given ? ", as given"
                                  : "\n            the bag's own word: compare it with the "
                                    "collector's (/log/key), or give --log-key");
    print_others(f);
}

static void print_text(const struct bw_bundle_verdict *d)
{
    char from[32];
    char to[32];
    char made[32];

    if (d->site[0]) {
        bw_time_format_s(d->from_unix_s, from);
        bw_time_format_s(d->to_unix_s, to);
        bw_time_format_s(d->made_unix_s, made);
        (void)printf("bag         circuit %s.%s, %s to %s (UTC)\n", d->site, d->circuit,
                     from, to);
        (void)printf("packed      %s by ", made);
        bw_cli_put(stdout, d->software, strlen(d->software));
        (void)printf("\n");
        (void)printf("records     %" PRId64 ", %" PRId64 " with a signature that fits\n",
                     d->n_records, d->n_verified);
        if (d->n_receipts > 0) {
            (void)printf("receipts    %" PRId64 " of tests, %" PRId64
                         " signed by %s and in agreement\n",
                         d->n_receipts, d->n_receipts_verified,
                         d->receipts_by_own_key ? "the log key in the bag"
                                                : "a given log key");
        }
        print_log(d);
        for (size_t i = 0; i < d->n_kids; i++) {
            (void)printf("key         %s\n", d->kids[i]);
        }
        (void)printf("made again  %" PRId64 " %s from the records alone\n", d->n_compared,
                     bw_plural(d->n_compared, "file", "files"));
        if (d->other_forms) {
            (void)printf("figures     %" PRId64 " are the same when made again\n",
                         d->n_figures);
        }
    }
    (void)printf("files       %" PRId64 " under SHA-256 and SHA-512\n", d->n_members);
    if (d->n_faults == 0 && d->n_unchecked == 0) {
        (void)printf("everything holds. Whose keys these are the bag cannot tell: compare "
                     "them with the\nones that the district or its state has on file.\n");
    }
}

int bw_bag_view(const struct bw_verb *verb,
                const char *path,
                const struct bw_pubkey *log_keys,
                size_t n_log_keys,
                const char *const *witness_keys,
                size_t n_witness_keys,
                bool json)
{
    struct view v = {.verb = verb,
                     .json = json,
                     .next_show_mono_ms = bw_clock_mono_ms() + SHOW_AFTER_MS};
    struct bw_bundle_checks c = {.fault = fault,
                                 .note = note,
                                 .progress = show,
                                 .log_keys = log_keys,
                                 .n_log_keys = n_log_keys,
                                 .log_expected = n_log_keys > 0,
                                 .witness_keys = witness_keys,
                                 .n_witness_keys = n_witness_keys,
                                 .owner = &v};
    struct bw_bundle_verdict d;
    struct bw_err err = {""};
    int status = BW_EXIT_OK;
    int r;

    bw_buf_init(&v.faults, OUT_MAX);
    bw_buf_init(&v.notes, OUT_MAX);
    bw_jw_init(&v.fault_w, &v.faults);
    bw_jw_init(&v.note_w, &v.notes);
    bw_jw_arr(&v.fault_w);
    bw_jw_arr(&v.note_w);
    r = bw_bundle_verify(path, &c, &d, &err);
    show_end(&v);
    if (r < 0) {
        char text[TEXT_MAX];
        clean(err.text, text);
        status = bw_cli_failed(verb, "%s", text);
    } else if (json) {
        status = print_json(&v, path, &d);
    } else {
        print_text(&d);
    }
    if (r == 0 && d.n_faults > 0) {
        status = bw_cli_failed(
            verb, "%s: %" PRId64 " %s", path, d.n_faults,
            bw_plural(d.n_faults, "thing does not hold", "things do not hold"));
    }
    if (r == 0 && d.n_faults == 0 && d.n_unchecked > 0 && d.n_unchecked == d.n_form) {
        (void)bw_cli_failed(
            verb,
            "%s: hashes, signatures and chains%s hold, and all %" PRId64
            " figures are the same when made again; but %" PRId64
            " %s another form than this program makes, and is not checked: see the notes",
            path, d.log.there ? ", and the log," : "", d.n_figures, d.n_form,
            bw_plural(d.n_form, "file has", "files have"));
        status = BW_EXIT_FORM;
    } else if (r == 0 && d.n_faults == 0 && d.n_unchecked > 0) {
        status = bw_cli_failed(
            verb,
            "%s: what could be checked holds, but not everything could be: see the %s",
            path, bw_plural(d.n_unchecked, "note", "notes"));
    }
    if (r == 0) {
        free(d.kids);
    }
    bw_buf_done(&v.faults);
    bw_buf_done(&v.notes);
    return bw_cli_flush(verb, status);
}
