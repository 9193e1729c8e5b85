/* SPDX-License-Identifier: GPL-3.0-or-later
 * logwatch.c - one question to the collector at a time: does this checkpoint continue the
 * one I know, and is what you promised me in it?
 *
 * Invariant: `known` is replaced only by a checkpoint that the log's key signed and that
 * was proved to continue it. A question that is not answered is asked again with a later
 * checkpoint; an answer that does not hold is a refusal, and stays on record until the box
 * is enrolled anew. Nothing that is known of one log is held against another. */
#include "logwatch.h"
#include "logask.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <bw/units.h>
#include <checkpoint.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <inttypes.h>
#include <jws.h>
#include <leaf.h>
#include <log.h>
#include <scrub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <writer.h>

enum {
    INCLUSION_EVERY_MS = 86400 * 1000,
    REFUSED_BYTES = 480
};

enum question {
    NONE,
    GROWTH,
    INCLUSION
};

struct bw_logwatch {
    uv_loop_t *loop;
    struct bw_writer *writer;
    char url[512];
    char ca_file[4096];
    char agent[128];
    struct bw_pubkey key;
    bool has_key;
    char
        of[2 * BW_KID_LEN + 2]; /* log key and enrolment that all below is of; "" unknown */

    struct bw_checkpoint known; /* size 0 and origin "": none yet */
    char known_note[BW_NOTE_MAX + 1];
    int64_t known_unix_ms;
    int64_t told_size; /* in a record; -1: none of this log */
    char refused[REFUSED_BYTES];
    char before[BW_NOTE_NAME_MAX + 1]; /* the log that this one took the place of; "" */

    struct {           /* one of the receipts since the last check, drawn at random */
        int64_t index; /* -1: none */
        int64_t received_unix_ms;
        uint8_t sha256[32];
        uint64_t among;
    } sample;
    int64_t checked_mono_ms; /* the last inclusion; 0: none since the start */
    int64_t checked_unix_ms;
    int64_t n_checked;

    enum question question;
    struct bw_checkpoint asked; /* which checkpoint a question is about */
    char asked_note[BW_NOTE_MAX + 1];
    struct bw_logask *ask;
    bool closing;
    uv_timer_t closer;
    void (*closed)(void *owner);
    void *closed_owner;
};

/* ---- what the journal keeps -------------------------------------------------------------
 */

static void keep(struct bw_logwatch *w, const char *name, const char *value)
{
    (void)bw_writer_set(w->writer, name, value);
}

static void load(struct bw_logwatch *w)
{
    struct bw_buf b;
    bw_buf_init(&b, (size_t)3 * BW_NOTE_MAX); /* a refusal has two notes */
    if (bw_writer_get(w->writer, "log.checkpoint", &b) == 0 && b.data) {
        (void)snprintf(w->known_note, sizeof(w->known_note), "%s", b.data);
    }
    if (bw_writer_get(w->writer, "log.told", &b) == 0 && b.data) {
        w->told_size = strtoll(b.data, NULL, 10);
    }
    if (bw_writer_get(w->writer, "log.refused", &b) == 0 && b.data) {
        size_t line = strcspn(b.data, "\n"); /* the note that was refused stands below it */
        (void)snprintf(w->refused, sizeof(w->refused), "%.*s", (int)line, b.data);
    }
    if (bw_writer_get(w->writer, "log.of", &b) == 0 && b.data) {
        (void)snprintf(w->of, sizeof(w->of), "%s", b.data);
    }
    if (bw_writer_get(w->writer, "log.before", &b) == 0 && b.data) {
        size_t line = strcspn(b.data, "\n");
        (void)snprintf(w->before, sizeof(w->before), "%.*s", (int)line, b.data);
    }
    bw_buf_done(&b);
}

/* Signed by the log's key, under whatever name the checkpoint itself bears. */
static int open_note(const struct bw_logwatch *w,
                     const char *note,
                     struct bw_checkpoint *ret,
                     struct bw_err *reterr)
{
    struct bw_note parts;
    struct bw_note_key k;
    struct bw_checkpoint c = {.size = 0};
    int r = bw_note_parse(note, strlen(note), &parts, reterr);
    if (r == 0) {
        r = bw_checkpoint_read(parts.text, parts.text_len, &c, reterr);
    }
    if (r == 0) {
        r = bw_note_key_make(c.origin, BW_NOTE_PLAIN, w->key.raw, &k, reterr);
    }
    if (r == 0 && bw_note_verify(&parts, &k, NULL, NULL) < 0) {
        r = bw_err_set(reterr, -BW_ESIGNATURE,
                       "the key learnt at enrolment did not sign it");
    }
    if (r == 0) {
        *ret = c;
    }
    return r;
}

static void refuse(struct bw_logwatch *w, const char *note, const char *why)
{
    struct bw_buf b;
    char when[32];
    int64_t now_s = bw_clock_unix_ms() / 1000;
    char sentence[REFUSED_BYTES];
    (void)snprintf(when, sizeof(when), "%" PRId64, now_s);
    (void)snprintf(sentence, sizeof(sentence), "%.400s", why);
    bw_scrub_addresses(sentence, sizeof(sentence));
    if (strcmp(sentence, w->refused) == 0) {
        return; /* the same again */
    }
    (void)snprintf(w->refused, sizeof(w->refused), "%s", sentence);
    bw_log(BW_AREA_COURIER, BW_ERROR,
           "the collector's log is refused: %s; what it showed is kept in the journal "
           "(log.refused), records go on being delivered",
           w->refused);
    bw_buf_init(&b, (size_t)3 * BW_NOTE_MAX);
    bw_buf_printf(&b, "%s\nat %s\nknown:\n%s\nrefused:\n%s", w->refused, when,
                  w->known_note, note);
    if (bw_buf_error(&b) == 0) {
        keep(w, "log.refused", b.data);
    }
    bw_buf_done(&b);
}

static void take(struct bw_logwatch *w, const struct bw_checkpoint *c, const char *note)
{
    w->known = *c;
    w->known_unix_ms = bw_clock_unix_ms();
    (void)snprintf(w->known_note, sizeof(w->known_note), "%s", note);
    keep(w, "log.checkpoint", w->known_note);
}

/* ---- questions --------------------------------------------------------------------------
 */

static int read_proof(const struct bw_buf *answer, struct bw_proof *ret)
{
    const char *at = answer->data ? answer->data : "";
    const char *end = at + answer->len;
    ret->n = 0;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop || ret->n == BW_PROOF_MAX || stop - at != 44 ||
            bw_base64_decode(at, 44, ret->hash[ret->n], 32) != 32) {
            return -EINVAL;
        }
        ret->n++;
        at = stop + 1;
    }
    return 0;
}

static void judge_growth(struct bw_logwatch *w, const struct bw_proof *p)
{
    if (bw_tree_grew(w->known.size, w->known.root, w->asked.size, w->asked.root, p)) {
        take(w, &w->asked, w->asked_note);
        return;
    }
    char why[REFUSED_BYTES];
    (void)snprintf(why, sizeof(why),
                   "its %" PRId64 " leaves do not continue the %" PRId64
                   " that this box saw before: something was changed, taken out or put in",
                   w->asked.size, w->known.size);
    refuse(w, w->asked_note, why);
}

static void judge_inclusion(struct bw_logwatch *w, const struct bw_proof *p)
{
    struct bw_leaf leaf = {.type = BW_LEAF_SUMMARY, .unix_ms = w->sample.received_unix_ms};
    uint8_t hash[32];
    memcpy(leaf.sha256, w->sample.sha256, sizeof(leaf.sha256));
    bw_leaf_hash(&leaf, hash);
    if (bw_tree_holds(w->sample.index, w->asked.size, hash, p, w->asked.root)) {
        w->checked_unix_ms = bw_clock_unix_ms();
        w->n_checked++;
    } else {
        char why[REFUSED_BYTES];
        (void)snprintf(why, sizeof(why),
                       "a record of this box that its receipt promised as leaf %" PRId64
                       " is not there",
                       w->sample.index);
        refuse(w, w->asked_note, why);
    }
    w->checked_mono_ms = bw_clock_mono_ms();
    w->sample.index = -1;
    w->sample.among = 0;
}

static void ask_next(struct bw_logwatch *w);
static void maybe_closed(struct bw_logwatch *w);

static void on_answer(struct bw_logask *a)
{
    struct bw_logwatch *w = a->owner;
    struct bw_proof p;
    enum question q = w->question;
    w->ask = NULL;
    w->question = NONE;
    if (w->closing) {
        bw_logask_free(a);
        maybe_closed(w);
        return;
    }
    if (q == NONE) { /* of a log that is no longer this box's */
        bw_logask_free(a);
        return;
    }
    if (a->status != 200 || read_proof(&a->answer, &p) < 0) {
        bw_scrub_addresses(a->error, sizeof(a->error));
        bw_log(
            BW_AREA_COURIER, BW_INFO,
            "no proof from the collector's log (%s, HTTP %ld); asked again with the next "
            "checkpoint",
            a->error[0] ? a->error : "an answer that is none", a->status);
    } else if (q == GROWTH) {
        judge_growth(w, &p);
    } else {
        judge_inclusion(w, &p);
    }
    bw_logask_free(a);
    if (q == GROWTH) {
        ask_next(w);
    }
}

static void ask(struct bw_logwatch *w, enum question q, const char *path)
{
    struct bw_logask *a = bw_logask_new();
    if (!a) {
        return;
    }
    (void)snprintf(a->url, sizeof(a->url), "%s%s", w->url, path);
    (void)snprintf(a->ca_file, sizeof(a->ca_file), "%s", w->ca_file);
    (void)snprintf(a->agent, sizeof(a->agent), "%s", w->agent);
    a->after = on_answer;
    a->owner = w;
    if (bw_logask_start(a, w->loop) < 0) {
        bw_logask_free(a);
        return;
    }
    w->ask = a;
    w->question = q;
}

/* Once a day, a record drawn from those acknowledged since. */
static void ask_next(struct bw_logwatch *w)
{
    char path[128];
    int64_t now_ms = bw_clock_mono_ms();
    if (w->ask || w->sample.index < 0 || w->sample.index >= w->known.size ||
        (w->checked_mono_ms > 0 && now_ms - w->checked_mono_ms < INCLUSION_EVERY_MS)) {
        return;
    }
    w->asked = w->known;
    (void)snprintf(w->asked_note, sizeof(w->asked_note), "%s", w->known_note);
    (void)snprintf(path, sizeof(path), "/log/inclusion?leaf=%" PRId64 "&size=%" PRId64,
                   w->sample.index, w->known.size);
    ask(w, INCLUSION, path);
}

/* How long NAME is in "NAME/epoch-N", and N; without one the first. */
static size_t epoch_of(const char *origin, int64_t *ret_n)
{
    static const char mark[] = "/epoch-";
    const char *at = NULL;
    char *end = NULL;

    for (const char *p = origin; (p = strstr(p, mark)) != NULL; p++) {
        at = p;
    }
    *ret_n = at ? strtoll(at + sizeof(mark) - 1, &end, 10) : 1;
    if (!at || *ret_n < 2 || *end) {
        *ret_n = 1;
        return strlen(origin);
    }
    return (size_t)(at - origin);
}

/* A log that goes on under a new name never comes back to one that it had. */
static bool is_later_epoch(const char *known, const char *origin)
{
    int64_t n = 0;
    int64_t next = 0;
    size_t len = epoch_of(known, &n);

    return epoch_of(origin, &next) == len && memcmp(known, origin, len) == 0 && next > n;
}

static void
began_anew(struct bw_logwatch *w, const struct bw_checkpoint *c, const char *note)
{
    struct bw_buf b;
    bw_log(
        BW_AREA_COURIER, BW_WARN,
        "the collector's log is another one now (%s, before: %s); the last checkpoint of "
        "the old one is kept in the journal (log.before)",
        c->origin, w->known.origin);
    bw_buf_init(&b, (size_t)2 * BW_NOTE_MAX);
    bw_buf_printf(&b, "%s\n%s", w->known.origin, w->known_note);
    if (bw_buf_error(&b) == 0) {
        keep(w, "log.before", b.data);
    }
    bw_buf_done(&b);
    (void)snprintf(w->before, sizeof(w->before), "%s", w->known.origin);
    w->told_size = -1;
    w->sample.index = -1;
    take(w, c, note);
}

void bw_logwatch_heard(struct bw_logwatch *w, const char *note)
{
    struct bw_checkpoint c = {.size = 0};
    struct bw_err err = {.text = ""};
    char why[REFUSED_BYTES];
    char path[128];
    if (!w->has_key || w->closing || w->ask || strlen(note) > BW_NOTE_MAX) {
        return; /* it comes again with the next answer */
    }
    if (open_note(w, note, &c, &err) < 0) {
        (void)snprintf(why, sizeof(why), "its checkpoint does not hold: %.300s", err.text);
        refuse(w, note, why);
        return;
    }
    if (!w->known.origin[0]) {
        take(w, &c, note);
    } else if (strcmp(c.origin, w->known.origin) != 0) {
        if (!is_later_epoch(w->known.origin, c.origin)) {
            (void)snprintf(why, sizeof(why),
                           "it goes by the name %.150s, which is no later epoch of %.150s",
                           c.origin, w->known.origin);
            refuse(w, note, why);
            return;
        }
        began_anew(w, &c, note);
    } else if (c.size < w->known.size) {
        (void)snprintf(why, sizeof(why),
                       "it shrank: %" PRId64 " leaves, this box saw %" PRId64 " before",
                       c.size, w->known.size);
        refuse(w, note, why);
        return;
    } else if (c.size == w->known.size) {
        if (memcmp(c.root, w->known.root, sizeof(c.root)) != 0) {
            (void)snprintf(why, sizeof(why),
                           "it forked: %" PRId64 " leaves under another head than this box "
                           "saw before",
                           c.size);
            refuse(w, note, why);
            return;
        }
        if (strcmp(note, w->known_note) != 0) { /* witnesses have signed since */
            take(w, &c, note);
        }
    } else {
        w->asked = c;
        (void)snprintf(w->asked_note, sizeof(w->asked_note), "%s", note);
        (void)snprintf(path, sizeof(path), "/log/growth?from=%" PRId64 "&to=%" PRId64,
                       w->known.size, c.size);
        ask(w, GROWTH, path);
        return;
    }
    ask_next(w);
}

void bw_logwatch_promised(struct bw_logwatch *w,
                          int64_t index,
                          int64_t received_unix_ms,
                          const char *sha256)
{
    uint64_t random = 0;
    uint8_t hash[32];
    if (w->question == INCLUSION || index < 0 ||
        bw_b64_decode(sha256, strlen(sha256), hash, sizeof(hash)) != 32) {
        return;
    }
    bw_random(&random, sizeof(random));
    if (random % ++w->sample.among == 0) { /* each of them as likely as any other */
        w->sample.index = index;
        w->sample.received_unix_ms = received_unix_ms;
        memcpy(w->sample.sha256, hash, sizeof(hash));
    }
}

void bw_logwatch_tell(struct bw_logwatch *w, struct bw_summary *s)
{
    char told[32];
    if (!w->known.origin[0] || w->known.size == 0 || w->told_size == w->known.size) {
        return;
    }
    s->seen.size = w->known.size;
    (void)bw_b64_encode(w->known.root, sizeof(w->known.root), s->seen.root);
    w->told_size = w->known.size;
    (void)snprintf(told, sizeof(told), "%" PRId64, w->told_size);
    keep(w, "log.told", told);
}

/* ---- for people -------------------------------------------------------------------------
 */

json_t *bw_logwatch_json(const struct bw_logwatch *w)
{
    char root[BW_HASH_LEN + 1];
    struct bw_note parts;
    if (!w->known.origin[0]) {
        return NULL;
    }
    (void)bw_b64_encode(w->known.root, sizeof(w->known.root), root);
    json_t *o = json_object();
    (void)json_object_set_new(o, "name", json_string(w->known.origin));
    (void)json_object_set_new(o, "size", json_integer(w->known.size));
    (void)json_object_set_new(o, "root", json_string(root));
    if (bw_note_parse(w->known_note, strlen(w->known_note), &parts, NULL) == 0) {
        (void)json_object_set_new(o, "signatures", json_integer((json_int_t)parts.n));
    }
    if (w->known_unix_ms > 0) {
        (void)json_object_set_new(o, "seen_ms", json_integer(w->known_unix_ms));
    }
    (void)json_object_set_new(o, "records_checked", json_integer(w->n_checked));
    if (w->checked_unix_ms > 0) {
        (void)json_object_set_new(o, "record_checked_ms", json_integer(w->checked_unix_ms));
    }
    if (w->refused[0]) {
        (void)json_object_set_new(o, "refused", json_string(w->refused));
    }
    if (w->before[0]) {
        (void)json_object_set_new(o, "before", json_string(w->before));
    }
    return o;
}

const char *bw_logwatch_refused(const struct bw_logwatch *w)
{
    return w->refused;
}

bool bw_logwatch_began_anew(const struct bw_logwatch *w)
{
    return w->before[0] != '\0';
}

/* ---- beginning and end ------------------------------------------------------------------
 */

int bw_logwatch_new(uv_loop_t *loop,
                    struct bw_writer *writer,
                    struct bw_logwatch **ret,
                    struct bw_err *reterr)
{
    struct bw_logwatch *w = calloc(1, sizeof(*w));
    if (!w) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    w->loop = loop;
    w->writer = writer;
    w->told_size = -1;
    w->sample.index = -1;
    load(w);
    (void)uv_timer_init(loop, &w->closer);
    w->closer.data = w;
    *ret = w;
    return 0;
}

static void forget_refusal(struct bw_logwatch *w)
{
    w->refused[0] = '\0';
    w->before[0] = '\0';
    w->told_size = -1;
    w->sample.index = -1;
    w->sample.among = 0;
    w->checked_mono_ms = 0;
    w->checked_unix_ms = 0;
    w->n_checked = 0;
    keep(w, "log.refused", NULL);
    keep(w, "log.before", NULL);
    keep(w, "log.told", NULL);
    if (w->ask) {
        atomic_store(&w->ask->cancelled, true);
        w->question = NONE;
    }
}

void bw_logwatch_set(struct bw_logwatch *w, const struct bw_logwatch_where *where)
{
    char of[sizeof(w->of)];
    bool other;
    (void)snprintf(w->url, sizeof(w->url), "%s", where->url);
    (void)snprintf(w->ca_file, sizeof(w->ca_file), "%s", where->ca_file);
    (void)snprintf(w->agent, sizeof(w->agent), "%s", where->agent);
    w->has_key = where->log_key && where->log_key->alg == BW_ALG_EDDSA && where->url[0];
    if (!w->has_key) {
        return;
    }
    w->key = *where->log_key;
    (void)snprintf(of, sizeof(of), "%s %s", w->key.kid, where->enrolment);
    other = w->of[0] && strcmp(of, w->of) != 0;
    memset(&w->known, 0, sizeof(w->known));
    if (w->known_note[0] && open_note(w, w->known_note, &w->known, NULL) < 0) {
        w->known_note[0] = '\0'; /* of the collector before: this one's log is another */
        other = true;
    }
    if (other) {
        forget_refusal(w);
    }
    if (strcmp(of, w->of) != 0) {
        (void)snprintf(w->of, sizeof(w->of), "%s", of);
        keep(w, "log.of", w->of);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct bw_logwatch *w = handle->data;
    void (*cb)(void *) = w->closed;
    void *owner = w->closed_owner;
    free(w);
    if (cb) {
        cb(owner);
    }
}

static void maybe_closed(struct bw_logwatch *w)
{
    if (w->closing && !w->ask && !uv_is_closing((uv_handle_t *)&w->closer)) {
        uv_close((uv_handle_t *)&w->closer, on_closed);
    }
}

void bw_logwatch_close(struct bw_logwatch *w, void (*cb)(void *owner), void *owner)
{
    w->closing = true;
    w->closed = cb;
    w->closed_owner = owner;
    if (w->ask) {
        atomic_store(&w->ask->cancelled, true);
    }
    maybe_closed(w);
}
