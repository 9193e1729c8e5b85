/* SPDX-License-Identifier: GPL-3.0-or-later
 * logged_signed.c - who signed the log's checkpoints: the log itself, witnesses, time
 * stampers; and that each goes on from those before. */
#include "logged_reading.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <timestamp.h>

bool bw_logged_open_note(struct bw_logged_reading *k,
                         const char *member,
                         const char *data,
                         size_t n,
                         bool own,
                         struct bw_checkpoint *ret)
{
    struct bw_note parts;
    struct bw_err e = {""};
    int r = bw_note_parse(data, n, &parts, &e);

    r = r < 0 ? r : bw_checkpoint_read(parts.text, parts.text_len, ret, &e);
    if (r < 0) {
        bw_logged_fault(k, member, "%s", e.text);
        return false;
    }
    if (own && strcmp(ret->origin, k->f->name) != 0) {
        bw_logged_fault(k, member, "is of another log, %s", ret->origin);
        return false;
    }
    for (size_t i = 0; i < k->n_keys; i++) {
        struct bw_note_key key;
        if (k->keys[i].alg == BW_ALG_EDDSA &&
            bw_note_key_make(ret->origin, BW_NOTE_PLAIN, k->keys[i].raw, &key, NULL) == 0 &&
            bw_note_verify(&parts, &key, NULL, NULL) == 0) {
            if (own && k->f->kid[0] && strcmp(k->f->kid, k->keys[i].kid) != 0) {
                continue; /* one log, one key: that of the newest, which is read first */
            }
            if (own) {
                memcpy(k->f->kid, k->keys[i].kid, sizeof(k->f->kid));
                bw_note_key_text(&key, k->f->vkey);
            }
            return true;
        }
    }
    bw_logged_fault(k, member, "is not signed by the log's key (%s)%s", BW_IN_LOG_KEYS,
                    own && k->f->kid[0] ? " that signed the newest checkpoint" : "");
    return false;
}

static bool read_growth(struct bw_logged_reading *k, const struct bw_logged_checkpoint *p)
{
    const struct bw_logged_checkpoint *last = &k->points[k->n_points - 1];
    char member[BW_LOGGED_MEMBER_MAX];
    struct bw_proof proof = {.n = 0};
    const char *at = NULL;
    size_t n = 0;

    bw_logged_member("growth", p->size, member);
    if (!bw_logged_need(k, member, &at, &n)) {
        return false;
    }
    while (n > 0 && proof.n < BW_PROOF_MAX) {
        const char *end = memchr(at, '\n', n);
        size_t len = end ? (size_t)(end - at) : n;
        if (!end || bw_base64_decode(at, len, proof.hash[proof.n], 32) != 32) {
            break;
        }
        proof.n++;
        at += len + 1;
        n -= len + 1;
    }
    if (n > 0 || !bw_tree_grew(p->size, p->root, last->size, last->root, &proof)) {
        bw_logged_fault(k, member,
                        "does not show that the log of %" PRId64
                        " leaves goes on from that of "
                        "%" PRId64,
                        last->size, p->size);
        return false;
    }
    return true;
}

/* Of the newest checkpoint that any of them signed alone. */
static void keep_other(struct bw_log_other *list, size_t *n, const struct bw_log_other *o)
{
    if (*n > 0 && list[0].size < o->size) {
        *n = 0;
    }
    if (*n < BW_LOG_OTHERS_MAX) {
        list[(*n)++] = *o;
    }
}

/* By its key; checkpoints come by size. */
static void keep_cosigner(struct bw_log_facts *f, const struct bw_log_other *o)
{
    size_t i = 0;

    while (i < f->n_cosigners && strcmp(f->cosigner[i].vkey, o->vkey) != 0) {
        i++;
    }
    if (i < BW_LOG_OTHERS_MAX) {
        f->cosigner[i] = *o;
        f->n_cosigners = i == f->n_cosigners ? i + 1 : f->n_cosigners;
    }
}

/* Every line must be one of a witness whose key is here. */
static void read_witnesses(struct bw_logged_reading *k,
                           struct bw_logged_checkpoint *p,
                           const char *note,
                           size_t n)
{
    char member[BW_LOGGED_MEMBER_MAX];
    struct bw_note parts;
    struct bw_err e = {""};
    struct bw_buf both;
    const char *lines = NULL;
    size_t n_lines = 0;
    size_t n_good = 0;

    bw_logged_member("witnesses", p->size, member);
    if (!p->witnessed || !bw_logged_need(k, member, &lines, &n_lines)) {
        return;
    }
    bw_buf_init(&both, (size_t)2 * BW_NOTE_MAX);
    bw_buf_add(&both, note, n);
    bw_buf_add(&both, lines, n_lines);
    if (bw_buf_error(&both) || bw_note_parse(both.data, both.len, &parts, &e) < 0) {
        bw_logged_fault(k, member, "%s", e.text[0] ? e.text : "is too large");
        bw_buf_done(&both);
        return;
    }
    for (size_t i = 0; i < k->n_witnesses; i++) {
        int64_t unix_s = 0;
        if (bw_note_verify(&parts, &k->witness[i], &unix_s, NULL) == 0) {
            struct bw_log_other o = {.unix_s = unix_s, .size = p->size};
            (void)snprintf(o.name, sizeof(o.name), "%s", k->witness[i].name);
            bw_note_key_text(&k->witness[i], o.vkey);
            keep_other(k->f->witness, &k->f->n_witnesses, &o);
            keep_cosigner(k->f, &o);
            p->has_witness = p->good;
            n_good++;
        }
    }
    if (n_good + 1 != parts.n) {
        bw_logged_fault(k, member,
                        "%zu of its %zu lines are not signatures of the witnesses whose "
                        "keys are in %s",
                        parts.n - 1 - (n_good < parts.n ? n_good : parts.n - 1),
                        parts.n - 1, BW_IN_LOG_JSON);
    }
    bw_buf_done(&both);
}

static void read_stamps(struct bw_logged_reading *k,
                        struct bw_logged_checkpoint *p,
                        const char *note,
                        size_t n)
{
    for (size_t i = 0; i < p->n_stamps; i++) {
        char member[BW_LOGGED_MEMBER_MAX];
        char signer[200];
        struct bw_err e = {""};
        const char *der = NULL;
        size_t n_der = 0;
        int64_t unix_s = 0;
        int r;
        bw_logged_stamp_member(p->size, i + 1, member);
        if (!bw_logged_need(k, member, &der, &n_der)) {
            continue;
        }
        r = bw_stamp_check(der, n_der, note, n, &unix_s, signer, &e);
        if (r == -ENOENT) {
            k->v->unchecked(k->v->owner, member,
                            "the stamp bears no certificate: its signature is NOT checked");
        } else if (r < 0) {
            bw_logged_fault(k, member, "%s", e.text);
        } else {
            struct bw_log_other o = {.unix_s = unix_s, .size = p->size};
            (void)snprintf(o.name, sizeof(o.name), "%.*s", BW_LOG_NAME_MAX, p->stamp[i]);
            memcpy(o.signer, signer, sizeof(o.signer));
            keep_other(k->f->stamp, &k->f->n_stamps, &o);
            p->has_stamp = p->good;
        }
    }
}

void bw_logged_read_points(struct bw_logged_reading *k)
{
    char member[BW_LOGGED_MEMBER_MAX];
    const char *data = NULL;
    size_t n = 0;

    for (size_t i = k->n_points; i-- > 0;) { /* the newest is needed by the others */
        struct bw_logged_checkpoint *p = &k->points[i];
        struct bw_checkpoint c;
        bw_logged_member("checkpoint", p->size, member);
        if (!bw_logged_need(k, member, &data, &n) ||
            !bw_logged_open_note(k, member, data, n, true, &c)) {
            continue;
        }
        if (c.size != p->size) {
            bw_logged_fault(k, member, "has %" PRId64 " leaves", c.size);
            continue;
        }
        memcpy(p->root, c.root, sizeof(p->root));
        p->good =
            i + 1 == k->n_points || (k->points[k->n_points - 1].good && read_growth(k, p));
    }
    for (size_t i = 0; i < k->n_points; i++) { /* the newest word of each is kept */
        struct bw_logged_checkpoint *p = &k->points[i];
        bw_logged_member("checkpoint", p->size, member);
        if (p->good && bw_logged_find(k, member, &data, &n)) {
            read_witnesses(k, p, data, n);
            read_stamps(k, p, data, n);
        }
    }
}
