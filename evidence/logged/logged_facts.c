/* SPDX-License-Identifier: GPL-3.0-or-later
 * logged_facts.c - what a collector's log says of itself now, for a report: its newest
 * checkpoint, and who else signed one. The same facts as a bag of this moment would give.
 *
 * Invariant: only the newest checkpoint that a witness signed names witnesses, and only the
 * newest that was stamped stampers: what stands there holds for one size. */
#include "logged.h"
#include "logged_private.h"

#include <buf.h>
#include <bw/err.h>
#include <checkpoint.h>
#include <errno.h>
#include <hash.h>
#include <ledger.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <timestamp.h>
#include <tlog_store.h>

enum {
    EPOCHS_TRIED = 100
};

struct looking {
    const struct bw_logged_source *s;
    struct bw_tlog *log;
    struct bw_log_facts *f;
    struct bw_buf text;
    struct bw_buf note; /* that is stamped */
    struct bw_err *err;
    int64_t size; /* of the checkpoint that is looked at */
};

static int
on_witness(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    struct looking *k = owner;
    struct bw_log_other *o = &k->f->witness[k->f->n_witnesses];

    (void)bytes;
    (void)n;
    if (k->f->n_witnesses < BW_LOG_OTHERS_MAX) {
        (void)snprintf(o->name, sizeof(o->name), "%.*s", BW_LOG_NAME_MAX, who);
        o->unix_s = unix_s;
        o->size = k->size;
        k->f->n_witnesses++;
    }
    return 0;
}

static int
on_stamp(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    struct looking *k = owner;
    struct bw_log_other *o = &k->f->stamp[k->f->n_stamps];

    (void)unix_s;
    if (k->f->n_stamps < BW_LOGGED_STAMPS_MAX &&
        bw_stamp_check(bytes, n, k->note.data, k->note.len, &o->unix_s, o->signer, NULL) ==
            0) {
        (void)snprintf(o->name, sizeof(o->name), "%.*s", BW_LOG_NAME_MAX, who);
        o->size = k->size;
        k->f->n_stamps++;
    }
    return 0;
}

static int on_newest(void *owner, const struct bw_tlog_checkpoint *c)
{
    struct looking *k = owner;

    k->size = c->size;
    k->f->size = k->f->size ? k->f->size : c->size;
    k->f->signed_unix_s = k->f->signed_unix_s ? k->f->signed_unix_s : c->unix_s;
    bw_buf_clear(&k->note);
    bw_buf_add(&k->note, c->note, c->note_len);
    return bw_buf_error(&k->note);
}

/* From the newest back, until a witness and a stamper were found. */
static int look_back(struct looking *k)
{
    int64_t at = INT64_MAX;
    int r = 0;

    while (r == 0 && at > 0 && (k->f->n_witnesses == 0 || k->f->n_stamps == 0)) {
        r = bw_tlog_checkpoint_at(k->log, at, on_newest, k, k->err);
        if (r == 0 && k->f->n_witnesses == 0) {
            r = bw_tlog_cosigned(k->log, k->size, on_witness, k, k->err);
        }
        if (r == 0 && k->f->n_stamps == 0) {
            r = bw_tlog_stamps(k->log, k->size, on_stamp, k, k->err);
        }
        at = k->size - 1;
    }
    return r == -ENOENT ? 0 : r;
}

static int take_before(struct looking *k, struct bw_tlog *log)
{
    struct bw_log_before *b = &k->f->before[k->f->n_before];
    struct bw_checkpoint c;
    struct bw_note parts;
    uint8_t sha256[32];
    int64_t leaf = 0;
    int r;

    bw_buf_clear(&k->text);
    r = bw_tlog_meta_get(log, "epoch.before", &k->text, k->err);
    if (r < 0 || !k->text.data) {
        return r == -ENOENT ? 0 : r;
    }
    bw_sha256(k->text.data, k->text.len, sha256);
    r = k->s->ledger->ops->log_find(k->s->ledger, BW_LEAF_EPOCH, sha256, &leaf, &b->unix_ms,
                                    k->err);
    if (r < 0 || leaf >= k->f->size ||
        bw_note_parse(k->text.data, k->text.len, &parts, NULL) < 0 ||
        bw_checkpoint_read(parts.text, parts.text_len, &c, NULL) < 0) {
        return r == -ENOENT || r == 0 ? 0 : r;
    }
    (void)snprintf(b->name, sizeof(b->name), "%s", c.origin);
    b->size = c.size;
    k->f->n_before++;
    return 0;
}

static int take_epochs(struct looking *k)
{
    int r = 0;

    for (int i = 1; r == 0 && i < EPOCHS_TRIED && k->f->n_before < BW_LOG_BEFORE_MAX - 1;
         i++) {
        char folder[PATH_MAX];
        struct bw_tlog *old = NULL;
        (void)snprintf(folder, sizeof(folder), "%.4000s.before-%d", k->s->folder, i);
        r = bw_tlog_open(folder, BW_TLOG_READ, &old, k->err);
        if (r == -ENOENT) {
            break;
        }
        r = r < 0 ? r : take_before(k, old);
        bw_tlog_close(old);
    }
    r = r == -ENOENT ? 0 : r;
    return r < 0 ? r : take_before(k, k->log);
}

int bw_logged_facts(const struct bw_logged_source *s,
                    struct bw_log_facts *ret,
                    struct bw_err *reterr)
{
    struct bw_err err = {""};
    struct looking k = {.s = s, .f = ret, .err = reterr ? reterr : &err};
    int r;

    *ret = (struct bw_log_facts){.there = false};
    r = bw_tlog_open(s->folder, BW_TLOG_READ, &k.log, k.err);
    if (r == -ENOENT) {
        return 0;
    }
    bw_buf_init(&k.text, BW_NOTE_MAX + 1);
    bw_buf_init(&k.note, BW_NOTE_MAX + 1);
    r = r < 0 ? r : look_back(&k);
    if (r == 0 && ret->size > 0) {
        r = bw_tlog_meta_get(k.log, "origin", &k.text, k.err);
        (void)snprintf(ret->name, sizeof(ret->name), "%s",
                       r == 0 && k.text.data ? k.text.data : "");
        r = r < 0 ? r : take_epochs(&k);
        ret->there = r == 0;
    }
    bw_buf_done(&k.text);
    bw_buf_done(&k.note);
    bw_tlog_close(k.log);
    return r;
}
