/* SPDX-License-Identifier: GPL-3.0-or-later
 * check.c - a streaming verifier of signed, chained records.
 *
 * Invariant: a chain's entries are in order of seq, each seq once. The fault that is told
 * is the one with the lowest line; of one line, the one found first. */
#include "check.h"
#include "buf.h"
#include "clock.h"
#include "hash.h"
#include "josefile.h"
#include "jws.h"
#include "names.h"
#include "plural.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Entries that are moved to make room for records out of order, all in all: some seconds.
 */
#define MOVED_MAX INT64_C(400000000)

struct entry {
    int64_t seq;
    uint32_t line;
    uint8_t hash[32];
};

struct chain {
    struct bw_check_chain pub;
    struct entry *entries;
    size_t n;
    size_t cap;
    uint32_t site;
    int64_t first_line;
    int64_t prev_seq; /* of the record that its first one cites */
    uint8_t prev_hash[32];
    int64_t end_unix_s; /* of the record with last_seq */
    bool clock_excuse;  /* that record's clock was stepped or not synchronised */
    int64_t skipped;    /* records behind last_seq whose content could not be read */
    uint8_t skipped_hash[32];
};

struct bw_check {
    struct bw_check_opts opts;
    struct bw_names kids; /* number = index of the chain */
    struct bw_names sites;
    struct bw_names keys; /* number = index of the key */
    struct chain *chains;
    size_t cap;
    int64_t *site_end_unix_s;
    size_t n_site_end;
    struct bw_buf scratch;
    struct bw_check_schedule *schedule;
    struct bw_check_receipts *receipts;
    struct bw_check_result res;
    int64_t moved;
    long hole_chain; /* the first fault is this hole; -1: it is not a hole */
    int64_t hole_from;
    int64_t hole_to;
};

/* Where a fault is. */
struct spot {
    int64_t line;
    const char *kid; /* "" when not known */
    int64_t seq;     /* BW_UNKNOWN when not known */
};

static void
fault(struct bw_check *c, enum bw_fault f, const struct spot *at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
fault(struct bw_check *c, enum bw_fault f, const struct spot *at, const char *fmt, ...)
{
    va_list ap;
    c->res.n_faults++;
    c->res.n_holes += f == BW_FAULT_HOLE ? 1 : 0;
    if (c->res.first != BW_FAULT_NONE && c->res.first_line <= at->line) {
        return;
    }
    c->hole_chain = -1;
    c->res.first = f;
    c->res.first_line = at->line;
    c->res.first_seq = at->seq;
    (void)snprintf(c->res.first_kid, sizeof(c->res.first_kid), "%s", at->kid);
    va_start(ap, fmt);
    (void)vsnprintf(c->res.first_text, sizeof(c->res.first_text), fmt, ap);
    va_end(ap);
}

int bw_check_new(const struct bw_check_opts *opts, struct bw_check **ret)
{
    struct bw_check *c = calloc(1, sizeof(*c));
    if (!c) {
        return -ENOMEM;
    }
    c->opts = *opts;
    c->opts.moved_max = opts->moved_max ? opts->moved_max : MOVED_MAX;
    c->hole_chain = -1;
    c->res.first_seq = BW_UNKNOWN;
    c->res.start_unix_s = BW_UNKNOWN;
    c->res.end_unix_s = BW_UNKNOWN;
    bw_buf_init(&c->scratch, BW_JWS_MAX);
    c->schedule = bw_check_schedule_new();
    c->receipts =
        bw_check_receipts_new(opts->log_keys, opts->n_log_keys, opts->some_log_keys);
    if (!c->schedule || !c->receipts) {
        bw_check_free(c);
        return -ENOMEM;
    }
    for (size_t i = 0; i < opts->n_keys; i++) {
        long n = bw_names_add(&c->keys, opts->keys[i].kid);
        if (n < 0) {
            bw_check_free(c);
            return -ENOMEM;
        }
    }
    *ret = c;
    return 0;
}

void bw_check_free(struct bw_check *c)
{
    if (!c) {
        return;
    }
    for (size_t i = 0; i < c->kids.n && c->chains; i++) {
        free(c->chains[i].entries);
    }
    free(c->chains);
    free(c->site_end_unix_s);
    bw_names_done(&c->kids);
    bw_names_done(&c->sites);
    bw_names_done(&c->keys);
    bw_buf_done(&c->scratch);
    bw_check_schedule_free(c->schedule);
    bw_check_receipts_free(c->receipts);
    free(c);
}

/* The key of this kid; keys given twice have one number, so look from there. */
static const struct bw_pubkey *key_of(const struct bw_check *c, const char *kid)
{
    long n = bw_names_find(&c->keys, kid);
    for (size_t i = n < 0 ? c->opts.n_keys : (size_t)n; i < c->opts.n_keys; i++) {
        if (strcmp(c->opts.keys[i].kid, kid) == 0) {
            return &c->opts.keys[i];
        }
    }
    return NULL;
}

static struct chain *chain_of(struct bw_check *c, const char *kid)
{
    size_t before = c->kids.n;
    struct chain *ch;
    long n;
    if (before == c->cap) { /* room for a new one first, so that no name lacks its chain */
        size_t cap = c->cap ? c->cap * 2 : 16;
        struct chain *chains = reallocarray(c->chains, cap, sizeof(*chains));
        if (!chains) {
            return NULL;
        }
        c->chains = chains;
        c->cap = cap;
    }
    n = bw_names_add(&c->kids, kid);
    if (n < 0) {
        return NULL;
    }
    ch = &c->chains[n];
    if (c->kids.n > before) {
        memset(ch, 0, sizeof(*ch));
        (void)snprintf(ch->pub.kid, sizeof(ch->pub.kid), "%s", kid);
        ch->pub.start_unix_s = BW_UNKNOWN;
        ch->pub.end_unix_s = BW_UNKNOWN;
    }
    return ch;
}

/* Index of the entry with this seq, or where it would stand; *ret_there tells. */
static size_t place_of(const struct chain *ch, int64_t seq, bool *ret_there)
{
    size_t low = 0;
    size_t high = ch->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (ch->entries[mid].seq < seq) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *ret_there = low < ch->n && ch->entries[low].seq == seq;
    return low;
}

static int room(struct chain *ch)
{
    size_t cap = ch->cap ? ch->cap * 2 : 256;
    struct entry *entries;
    if (ch->n < ch->cap) {
        return 0;
    }
    entries = reallocarray(ch->entries, cap, sizeof(*entries));
    if (!entries) {
        return -ENOMEM;
    }
    ch->entries = entries;
    ch->cap = cap;
    return 0;
}

static int insert(struct bw_check *c, struct chain *ch, size_t place, const struct entry *e)
{
    c->moved += (int64_t)(ch->n - place);
    if (c->moved > c->opts.moved_max) {
        return -E2BIG;
    }
    if (room(ch) < 0) {
        return -ENOMEM;
    }
    memmove(&ch->entries[place + 1], &ch->entries[place], (ch->n - place) * sizeof(*e));
    ch->entries[place] = *e;
    ch->n++;
    return 0;
}

static bool prev_is(const struct bw_summary *s, const uint8_t hash[32])
{
    uint8_t prev[32];
    return bw_b64_decode(s->prev, strlen(s->prev), prev, sizeof(prev)) == 32 &&
           memcmp(prev, hash, sizeof(prev)) == 0;
}

static bool clock_excuse(const struct bw_summary *s)
{
    return !s->clock.known || !s->clock.synced ||
           (s->clock.step_us != BW_UNKNOWN && s->clock.step_us != 0);
}

/* ---- one record ---------------------------------------------------------------------- */

/* The chain's first record here. */
static void begin_chain(struct bw_check *c,
                        struct chain *ch,
                        const struct bw_summary *s,
                        const struct spot *at)
{
    ch->first_line = at->line;
    ch->pub.first_seq = s->seq;
    ch->pub.why = s->chain.why;
    memcpy(ch->pub.site, s->site, sizeof(ch->pub.site));
    memcpy(ch->pub.prev_kid, s->chain.prev_kid, sizeof(ch->pub.prev_kid));
    ch->prev_seq = s->chain.prev_seq;
    (void)bw_b64_decode(s->chain.prev_hash, strlen(s->chain.prev_hash), ch->prev_hash,
                        sizeof(ch->prev_hash));
    if (s->seq - ch->skipped > 1 && !c->opts.partial) {
        fault(c, BW_FAULT_BEGIN, at,
              "the chain begins with seq %" PRId64 ": the %" PRId64
              " %s not here; if it was exported from a later day on, say --partial",
              s->seq, s->seq - 1,
              bw_plural(s->seq - 1, "record before it is", "records before it are"));
    }
}

/* The record that stands right behind the chain's last one. */
static void follow(struct bw_check *c,
                   struct chain *ch,
                   const struct bw_summary *s,
                   const struct spot *at)
{
    const struct entry *last = &ch->entries[ch->n - 1];
    if (s->seq == last->seq + 1 + ch->skipped) {
        if (!prev_is(s, ch->skipped ? ch->skipped_hash : last->hash)) {
            fault(c, BW_FAULT_PREV, at,
                  "prev of seq %" PRId64 " is not the hash of seq %" PRId64
                  " (line %" PRIu32
                  "): one of the two was not written by the same box at that place",
                  s->seq, s->seq - 1, last->line + (uint32_t)ch->skipped);
        }
    } else {
        int64_t from = last->seq + 1;
        int64_t n = s->seq - from - ch->skipped;
        if (n < 0) {
            n = 0; /* unreadable ones between were more than there is room for */
        }
        c->res.n_missing += n;
        if (n > 0) {
            enum bw_fault before = c->res.first;
            if (n == 1 && ch->skipped == 0) {
                fault(c, BW_FAULT_HOLE, at,
                      "seq %" PRId64 " follows seq %" PRId64
                      ": the record with seq %" PRId64
                      " is missing; it was lost, refused, left out or removed",
                      s->seq, last->seq, from);
            } else {
                fault(
                    c, BW_FAULT_HOLE, at,
                    "seq %" PRId64 " follows seq %" PRId64 ": %" PRId64
                    " records between them are missing; they were lost, refused, left out "
                    "or removed",
                    s->seq, last->seq, n);
            }
            if (before == BW_FAULT_NONE) {
                c->hole_chain = ch - c->chains;
                c->hole_from = from;
                c->hole_to = s->seq - 1;
            }
        }
    }
    if (s->start_unix_s < ch->end_unix_s && !ch->clock_excuse && !clock_excuse(s)) {
        fault(c, BW_FAULT_OVERLAP, at,
              "the interval of seq %" PRId64 " begins %" PRId64
              " s before that of seq %" PRId64
              " ended, though both say that their clock was right",
              s->seq, ch->end_unix_s - s->start_unix_s, last->seq);
    }
}

/* A record at or before the chain's last one; *ret_keep: it is one that was missing. */
static void come_again(struct bw_check *c,
                       const struct chain *ch,
                       const struct bw_summary *s,
                       const struct entry *e,
                       const struct spot *at,
                       size_t place,
                       bool there)
{
    const struct entry *other = &ch->entries[place];
    if (there && memcmp(other->hash, e->hash, sizeof(e->hash)) == 0) {
        c->res.n_duplicates++;
        fault(c, BW_FAULT_DUPLICATE, at,
              "the record with seq %" PRId64 " stands in line %" PRIu32 " already", s->seq,
              other->line);
        return;
    }
    if (there) {
        fault(c, BW_FAULT_FORK, at,
              "another record with seq %" PRId64 " stands in line %" PRIu32
              ": two boxes used this key, or one went back to an old state",
              s->seq, other->line);
        return;
    }
    if (c->hole_chain == ch - c->chains && s->seq >= c->hole_from && s->seq <= c->hole_to) {
        c->res.first = BW_FAULT_ORDER;
        (void)snprintf(c->res.first_text, sizeof(c->res.first_text),
                       "seq %" PRId64 " stands before seq %" PRId64 ", which comes in line "
                       "%" PRId64 ": the records are not in their order",
                       c->res.first_seq, s->seq, at->line);
        c->hole_chain = -1;
    }
    c->res.n_missing -= place > 0 && c->res.n_missing > 0;
    fault(c, BW_FAULT_ORDER, at,
          "seq %" PRId64 " stands after seq %" PRId64 ", which follows it (line %" PRIu32
          ")",
          s->seq, other->seq, other->line);
    if (place > 0 && ch->entries[place - 1].seq == s->seq - 1 &&
        !prev_is(s, ch->entries[place - 1].hash)) {
        fault(c, BW_FAULT_PREV, at,
              "prev of seq %" PRId64 " is not the hash of seq %" PRId64, s->seq,
              s->seq - 1);
    }
}

static int note_time(struct bw_check *c, const struct bw_summary *s, uint32_t *ret_site)
{
    long site = bw_names_add(&c->sites, s->site);
    if (site < 0) {
        return -ENOMEM;
    }
    if ((size_t)site >= c->n_site_end) {
        size_t n = c->n_site_end ? c->n_site_end * 2 : 16;
        int64_t *grown = reallocarray(c->site_end_unix_s, n, sizeof(*grown));
        if (!grown) {
            return -ENOMEM;
        }
        c->site_end_unix_s = grown;
        for (; c->n_site_end < n; c->n_site_end++) {
            grown[c->n_site_end] = BW_UNKNOWN;
        }
    }
    if (c->site_end_unix_s[site] != BW_UNKNOWN &&
        s->start_unix_s > c->site_end_unix_s[site]) {
        c->res.n_gaps++;
        c->res.gap_s += s->start_unix_s - c->site_end_unix_s[site];
    }
    if (s->end_unix_s > c->site_end_unix_s[site]) { /* BW_UNKNOWN is below everything */
        c->site_end_unix_s[site] = s->end_unix_s;
    }
    if (c->res.start_unix_s == BW_UNKNOWN || s->start_unix_s < c->res.start_unix_s) {
        c->res.start_unix_s = s->start_unix_s;
    }
    if (s->end_unix_s > c->res.end_unix_s) {
        c->res.end_unix_s = s->end_unix_s;
    }
    c->res.n_clock += clock_excuse(s);
    *ret_site = (uint32_t)site;
    return 0;
}

static int
check_schedule(struct bw_check *c, const struct bw_summary *s, const struct spot *at)
{
    enum bw_schedule_fault f = BW_SCHEDULE_FINE;
    char day[32];
    int64_t day_s = 0;
    int r = bw_check_schedule_add(c->schedule, s, at->kid, &f, &day_s);
    if (r < 0 || f == BW_SCHEDULE_FINE) {
        return r;
    }
    bw_time_format_s(day_s, day);
    if (f == BW_SCHEDULE_SECRET) {
        fault(c, BW_FAULT_SECRET, at,
              "the secret told for the day %.10s is not the one that this site committed "
              "to: the start times of its tests were not bound",
              day);
    } else {
        fault(c, BW_FAULT_COMMIT, at,
              "this key committed to another secret for the day %.10s before: the start "
              "times of its tests were not bound",
              day);
    }
    return 0;
}

/* A ticket may have been asked for under the key before a fork or a rotation. */
static bool is_kin(void *owner, const char *kid, const char *site)
{
    const struct bw_check *c = owner;
    long n = bw_names_find(&c->kids, kid);
    return n >= 0 && strcmp(c->chains[n].pub.site, site) == 0;
}

static int
check_receipts(struct bw_check *c, const struct bw_summary *s, const struct spot *at)
{
    static const enum bw_fault faults[] = {
        [BW_CHECK_RECEIPT_FINE] = BW_FAULT_NONE,
        [BW_CHECK_RECEIPT_MALFORMED] = BW_FAULT_RECEIPT_MALFORMED,
        [BW_CHECK_RECEIPT_SIGNATURE] = BW_FAULT_RECEIPT_SIGNATURE,
        [BW_CHECK_RECEIPT_KEY] = BW_FAULT_RECEIPT_KEY,
        [BW_CHECK_RECEIPT_RUN] = BW_FAULT_RECEIPT_RUN,
        [BW_CHECK_RECEIPT_WINDOW] = BW_FAULT_RECEIPT_WINDOW,
        [BW_CHECK_RECEIPT_BYTES] = BW_FAULT_RECEIPT_BYTES,
        [BW_CHECK_RECEIPT_AGAIN] = BW_FAULT_RECEIPT_AGAIN,
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < s->n_throughput; i++) {
        enum bw_check_receipt_fault f = BW_CHECK_RECEIPT_FINE;
        struct bw_err err = {.text = ""};
        if (s->throughput[i].grade != BW_GRADE_RECEIPT) {
            continue;
        }
        r = bw_check_receipt_add(c->receipts, s, i, at->kid, is_kin, c, &f, &err);
        if (r == 0 && f != BW_CHECK_RECEIPT_FINE) {
            fault(c, faults[f], at, "the receipt of run %zu of seq %" PRId64 ": %s", i + 1,
                  s->seq, err.text);
        }
    }
    return r;
}

static int add_summary(struct bw_check *c,
                       struct chain *ch,
                       const struct bw_summary *s,
                       struct entry *e,
                       const struct spot *at)
{
    uint32_t site = 0;
    bool there = false;
    size_t place = place_of(ch, s->seq, &there);
    int r = note_time(c, s, &site);
    if (r < 0) {
        return r;
    }
    e->seq = s->seq;
    ch->pub.n_records++;
    if (ch->n == 0) {
        begin_chain(c, ch, s, at);
        ch->site = site;
    } else if (site != ch->site) {
        fault(c, BW_FAULT_SITE, at, "the key speaks for site %s here and for %s before",
              s->site, ch->pub.site);
    } else if (s->seq > ch->pub.last_seq) {
        follow(c, ch, s, at);
    }
    if (ch->n > 0 && place < ch->n) {
        come_again(c, ch, s, e, at, place, there);
    } else {
        ch->pub.last_seq = s->seq;
        ch->end_unix_s = s->end_unix_s;
        ch->clock_excuse = clock_excuse(s);
        ch->skipped = 0;
    }
    if (ch->pub.start_unix_s == BW_UNKNOWN || s->start_unix_s < ch->pub.start_unix_s) {
        ch->pub.start_unix_s = s->start_unix_s;
    }
    if (s->end_unix_s > ch->pub.end_unix_s) {
        ch->pub.end_unix_s = s->end_unix_s;
    }
    r = there ? 0 : insert(c, ch, place, e);
    r = r < 0 || there ? r : check_receipts(c, s, at);
    return r < 0 ? r : check_schedule(c, s, at);
}

static void
check_signature(struct bw_check *c, const struct bw_jws *j, const struct spot *at)
{
    const struct bw_pubkey *key;
    if (c->opts.n_keys == 0) {
        return;
    }
    key = key_of(c, j->kid);
    if (!key) {
        fault(
            c, BW_FAULT_KEY, at,
            "signed by key %s, which is none of the keys given: give the box's public key",
            j->kid);
    } else if (bw_jws_verify(j, key) < 0) {
        fault(c, BW_FAULT_SIGNATURE, at,
              "the signature does not fit key %s and these bytes: they were changed after "
              "signing, or not signed by this key",
              j->kid);
    } else {
        c->res.n_verified++;
    }
}

int bw_check_add(struct bw_check *c, const char *jws, size_t n, int64_t line)
{
    struct spot at = {.line = line, .kid = "", .seq = BW_UNKNOWN};
    struct entry e = {.line = (uint32_t)line};
    struct bw_err err = {.text = ""};
    struct bw_summary s;
    struct bw_jws j = {.alg = BW_ALG_NONE};
    struct chain *ch;
    int r;
    r = n == 0 || n > BW_JWS_MAX ? -BW_EMALFORMED
                                 : bw_jws_parse(jws, n, &c->scratch, &j, &err);
    if (r == -ENOMEM) {
        return r;
    }
    if (r < 0) {
        const char *why = bw_line_trouble(jws, n);
        fault(c, BW_FAULT_LINE, &at, "not a record: %s", why ? why : err.text);
        return 0;
    }
    at.kid = j.kid;
    if (strcmp(j.typ, BW_TYP_SUMMARY) != 0) {
        fault(c, BW_FAULT_LINE, &at, "not a summary but of type '%s'", j.typ);
        return 0;
    }
    c->res.n_records++;
    ch = chain_of(c, j.kid);
    if (!ch) {
        return -ENOMEM;
    }
    r = bw_summary_decode(j.payload, j.payload_len, &s, &err);
    if (r == -ENOMEM) {
        return r;
    }
    if (r == 0) {
        at.seq = s.seq;
    }
    check_signature(c, &j, &at);
    bw_sha256(jws, n, e.hash);
    if (r == 0) {
        r = add_summary(c, ch, &s, &e, &at);
        bw_summary_done(&s);
        return r;
    }
    ch->skipped++;
    memcpy(ch->skipped_hash, e.hash, sizeof(e.hash));
    c->res.n_newer += r == -BW_ENEWER;
    fault(c, r == -BW_ENEWER ? BW_FAULT_NEWER : BW_FAULT_PAYLOAD, &at,
          r == -BW_ENEWER ? "%s; it was signed, but its content was not checked"
                          : "no summary by the contract: %s",
          err.text);
    return 0;
}

/* ---- the end ------------------------------------------------------------------------- */

/* A chain that cites another: is it there, and does it end or fork where it says? */
static void check_citation(struct bw_check *c, const struct chain *ch)
{
    const struct spot at = {
        .line = ch->first_line, .kid = ch->pub.kid, .seq = ch->pub.first_seq};
    long n = bw_names_find(&c->kids, ch->pub.prev_kid);
    const struct chain *prev = n < 0 ? NULL : &c->chains[n];
    bool there = false;
    size_t place;
    if (!prev || prev->n == 0) {
        if (!c->opts.partial) {
            fault(c, BW_FAULT_CHAIN, &at,
                  "the chain (%s) goes on from key %s, of which no record is here; if that "
                  "is meant, say --partial",
                  bw_chain_why_name(ch->pub.why), ch->pub.prev_kid);
        }
        return;
    }
    place = place_of(prev, ch->prev_seq, &there);
    if (strcmp(prev->pub.site, ch->pub.site) != 0) {
        fault(c, BW_FAULT_CHAIN, &at,
              "the chain goes on from key %s, which is of another site (%s)", prev->pub.kid,
              prev->pub.site);
    } else if (!there) {
        fault(c, BW_FAULT_CHAIN, &at,
              "the chain goes on from seq %" PRId64 " of key %s, which is not here",
              ch->prev_seq, prev->pub.kid);
    } else if (memcmp(prev->entries[place].hash, ch->prev_hash, sizeof(ch->prev_hash)) !=
               0) {
        /* A fork cites the record that stood at the collector, which need not be this. */
        if (ch->pub.why != BW_CHAIN_FORK) {
            fault(c, BW_FAULT_CHAIN, &at,
                  "the chain goes on from seq %" PRId64 " of key %s with another hash than "
                  "the record in line %" PRIu32 " has",
                  ch->prev_seq, prev->pub.kid, prev->entries[place].line);
        }
    } else if (ch->pub.why == BW_CHAIN_ROTATED && prev->pub.last_seq > ch->prev_seq) {
        fault(c, BW_FAULT_CHAIN, &at,
              "the key was rotated after seq %" PRId64
              " of key %s, but that key went on to "
              "sign up to seq %" PRId64,
              ch->prev_seq, prev->pub.kid, prev->pub.last_seq);
    }
}

void bw_check_finish(struct bw_check *c, struct bw_check_result *ret)
{
    for (size_t i = 0; i < c->kids.n; i++) {
        if (c->chains[i].n > 0 && c->chains[i].pub.prev_kid[0]) {
            check_citation(c, &c->chains[i]);
        }
    }
    bw_check_schedule_finish(c->schedule, &c->res.schedule);
    bw_check_receipts_counts(c->receipts, &c->res.receipts);
    c->res.n_chains = (int64_t)c->kids.n;
    c->res.n_sites = (int64_t)c->sites.n;
    *ret = c->res;
}

int bw_check_chain_at(const struct bw_check *c, size_t n, struct bw_check_chain *ret)
{
    if (n >= c->kids.n) {
        return -ENOENT;
    }
    *ret = c->chains[n].pub;
    return 0;
}
