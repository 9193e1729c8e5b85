/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_chain.c - which key signs, how records follow each other, and how one key gives
 * way to the next. */
#include "bw_test.h"
#include "chain.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <enrolment.h>
#include <errno.h>
#include <ftw.h>
#include <hash.h>
#include <journal.h>
#include <json.h>
#include <jws.h>
#include <limits.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct world {
    char folder[64];
    char path[96];
    struct bw_journal *j;
    struct bw_chain *c;
    int64_t next_s;
};

/* What a full disk (the new key's file) or a locked journal (its name) refuses. */
static bool no_room;
static bool locked;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): as -Wl,--wrap asks
 */
int __real_bw_enrolment_new_key(const char *state_dir,
                                enum bw_alg alg,
                                struct bw_key **ret,
                                struct bw_err *reterr);
int __wrap_bw_enrolment_new_key(const char *state_dir,
                                enum bw_alg alg,
                                struct bw_key **ret,
                                struct bw_err *reterr);
int __real_bw_journal_meta_set(struct bw_journal *j,
                               const char *name,
                               const void *value,
                               size_t n,
                               struct bw_err *reterr);
int __wrap_bw_journal_meta_set(struct bw_journal *j,
                               const char *name,
                               const void *value,
                               size_t n,
                               struct bw_err *reterr);

int __wrap_bw_enrolment_new_key(const char *state_dir,
                                enum bw_alg alg,
                                struct bw_key **ret,
                                struct bw_err *reterr)
{
    return no_room ? bw_err_set(reterr, -ENOSPC, "no space left on the disk")
                   : __real_bw_enrolment_new_key(state_dir, alg, ret, reterr);
}

int __wrap_bw_journal_meta_set(struct bw_journal *j,
                               const char *name,
                               const void *value,
                               size_t n,
                               struct bw_err *reterr)
{
    return locked ? bw_err_set(reterr, -EAGAIN, "the journal is locked")
                  : __real_bw_journal_meta_set(j, name, value, n, reterr);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void open_all(struct world *w)
{
    struct bw_err err = {0};
    if (bw_journal_open(w->path, BW_JOURNAL_WRITE, &w->j, &err) < 0 ||
        bw_chain_open(w->j, w->folder, &w->c, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static void close_all(struct world *w)
{
    bw_chain_free(w->c);
    bw_journal_close(w->j);
}

static void begin(struct world *w)
{
    memset(w, 0, sizeof(*w));
    (void)snprintf(w->folder, sizeof(w->folder), "/tmp/bw-chain-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->path, sizeof(w->path), "%s/journal.db", w->folder);
    w->next_s = 1795305600;
    open_all(w);
}

static void end(struct world *w)
{
    close_all(w);
    assert_int_equal(nftw(w->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void fill(struct world *w, struct bw_summary *s)
{
    bw_summary_init(s);
    (void)snprintf(s->agent, sizeof(s->agent), "test/1");
    bw_sha256_text("config", 6, s->config);
    (void)snprintf(s->boot, sizeof(s->boot), "00000000-0000-4000-8000-000000000000");
    s->mono_ms = w->next_s;
    s->start_unix_s = w->next_s;
    w->next_s += 300;
    s->end_unix_s = w->next_s;
}

static int add(struct world *w)
{
    struct bw_summary s;
    struct bw_chain_signed keep = {0};
    struct bw_err err = {0};
    fill(w, &s);
    int r = bw_chain_append(w->c, &s, &keep, &err);
    if (r < 0) {
        fail_msg("%s", err.text);
    }
    bw_chain_signed_done(&keep);
    bw_summary_done(&s);
    return r;
}

struct last {
    struct bw_summary s;
    char kid[BW_KID_LEN + 1];
    struct bw_buf scratch;
};

static int keep_last(void *owner, const struct bw_record *r)
{
    struct last *l = owner;
    struct bw_jws jws;
    struct bw_err err = {0};
    bw_summary_done(&l->s);
    assert_int_equal(bw_jws_parse(r->jws, r->jws_len, &l->scratch, &jws, &err), 0);
    assert_int_equal(bw_summary_decode(jws.payload, jws.payload_len, &l->s, &err), 0);
    memcpy(l->kid, r->kid, sizeof(l->kid));
    return 0;
}

static void newest(struct world *w, struct last *l)
{
    struct bw_records *r = NULL;
    memset(l, 0, sizeof(*l));
    bw_summary_init(&l->s);
    bw_buf_init(&l->scratch, BW_JWS_MAX);
    assert_int_equal(bw_journal_records(w->path, &r, NULL), 0);
    assert_int_equal(bw_records_each(r, "", w->next_s - 300, w->next_s, keep_last, l, NULL),
                     0);
    bw_records_close(r);
}

static void last_done(struct last *l)
{
    bw_summary_done(&l->s);
    bw_buf_done(&l->scratch);
}

static void first_start(void **state)
{
    struct world w;
    struct last l;
    struct stat st;
    char path[PATH_MAX];
    char kid[BW_KID_LEN + 1];
    (void)state;
    begin(&w);
    memcpy(kid, bw_chain_kid(w.c), sizeof(kid));
    assert_string_equal(bw_chain_site(w.c), BW_SITE_LOCAL);
    bw_enrolment_key_path(w.folder, kid, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0400);
    assert_int_equal(add(&w), 0);
    newest(&w, &l);
    assert_int_equal(l.s.seq, 1);
    assert_int_equal(l.s.chain.why, BW_CHAIN_NEW);
    last_done(&l);
    assert_int_equal(add(&w), 0);

    close_all(&w);
    open_all(&w);
    assert_string_equal(bw_chain_kid(w.c), kid);
    assert_int_equal(add(&w), 0);
    newest(&w, &l);
    assert_int_equal(l.s.seq, 3);
    assert_int_equal(l.s.chain.why, BW_CHAIN_CONTINUES);
    last_done(&l);

    /* Without its key it does not go on, and does not make up another one. */
    struct bw_err err = {0};
    struct bw_chain *none = NULL;
    assert_int_equal(remove(path), 0);
    bw_chain_free(w.c);
    assert_true(bw_chain_open(w.j, w.folder, &none, &err) < 0);
    assert_non_null(strstr(err.text, kid));
    w.c = NULL;
    end(&w);
}

static void refusals_become_gaps(void **state)
{
    struct world w;
    struct last l;
    (void)state;
    begin(&w);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(add(&w), 0);
    }
    int64_t start_s = w.next_s - 5 * 300;
    assert_int_equal(bw_journal_refused(w.j, bw_chain_kid(w.c), 2, "malformed", "x", NULL),
                     0);
    assert_int_equal(bw_journal_refused(w.j, bw_chain_kid(w.c), 3, "malformed", "x", NULL),
                     0);
    assert_int_equal(bw_journal_refused(w.j, bw_chain_kid(w.c), 5, "malformed", "x", NULL),
                     0);
    assert_int_equal(add(&w), 0);
    newest(&w, &l);
    assert_int_equal(l.s.n_gaps, 2); /* neighbours are joined */
    assert_int_equal(l.s.gaps[0].why, BW_GAP_REFUSED);
    assert_int_equal(l.s.gaps[0].from_unix_s, start_s + 300);
    assert_int_equal(l.s.gaps[0].to_unix_s, start_s + 900);
    assert_int_equal(l.s.gaps[1].from_unix_s, start_s + 1200);
    last_done(&l);
    assert_int_equal(add(&w), 0);
    newest(&w, &l);
    assert_int_equal(l.s.n_gaps, 0); /* told once */
    last_done(&l);
    end(&w);
}

/* However many records a collector refuses, the next one has room: the rest of the
 * refusals wait for those after it. */
static void refusals_never_crowd_a_record_out(void **state)
{
    struct world w;
    struct last l;
    struct bw_summary s;
    struct bw_chain_signed keep = {0};
    struct bw_err err = {0};
    const int own = 32;
    (void)state;
    begin(&w);
    for (int i = 0; i < 2 * BW_GAPS_MAX; i++) {
        assert_int_equal(add(&w), 0);
    }
    for (int seq = 1; seq <= 2 * BW_GAPS_MAX; seq += 2) {
        assert_int_equal(
            bw_journal_refused(w.j, bw_chain_kid(w.c), seq, "malformed", "x", NULL), 0);
    }
    fill(&w, &s);
    s.gaps = bw_summary_alloc(&s, (size_t)own * sizeof(*s.gaps));
    for (int i = 0; i < own; i++) {
        s.gaps[s.n_gaps++] = (struct bw_gap){.from_unix_s = s.start_unix_s + i,
                                             .to_unix_s = s.start_unix_s + i,
                                             .why = BW_GAP_DEFERRED};
    }
    if (bw_chain_append(w.c, &s, &keep, &err) < 0) {
        fail_msg("%s", err.text);
    }
    bw_chain_signed_done(&keep);
    bw_summary_done(&s);
    newest(&w, &l);
    assert_int_equal(l.s.n_gaps, BW_GAPS_MAX);
    last_done(&l);
    assert_int_equal(add(&w), 0);
    newest(&w, &l);
    assert_int_equal(l.s.n_gaps, own); /* those that had no room */
    assert_int_equal(l.s.gaps[0].why, BW_GAP_REFUSED);
    last_done(&l);
    end(&w);
}

static void fork_brings_a_new_key(void **state)
{
    struct world w;
    struct last l;
    struct bw_buf request;
    struct bw_buf scratch;
    struct bw_jws jws;
    struct bw_key *old = NULL;
    struct bw_err err = {0};
    char path[PATH_MAX];
    char kid[BW_KID_LEN + 1];
    char told[BW_KID_LEN + 1];
    (void)state;
    begin(&w);
    bw_buf_init(&request, BW_JWS_MAX);
    bw_buf_init(&scratch, BW_JWS_MAX);
    memcpy(kid, bw_chain_kid(w.c), sizeof(kid));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(add(&w), 0);
    }
    assert_int_equal(bw_chain_key_request(w.c, &request, told), -ENOENT);
    assert_int_equal(bw_chain_fork(w.c, kid, 2, "other bytes", &err), 0);
    assert_string_not_equal(bw_chain_kid(w.c), kid);
    char next[BW_KID_LEN + 1];
    memcpy(next, bw_chain_kid(w.c), sizeof(next));

    /* Told again, by a second answer: nothing more happens. */
    assert_int_equal(bw_chain_fork(w.c, kid, 2, "other bytes", &err), 0);
    assert_string_equal(bw_chain_kid(w.c), next);

    /* The old key vouches for the new one. */
    assert_int_equal(bw_chain_key_request(w.c, &request, told), 0);
    assert_string_equal(told, next);
    assert_int_equal(bw_jws_parse(request.data, request.len, &scratch, &jws, &err), 0);
    assert_string_equal(jws.typ, BW_TYP_KEY);
    bw_enrolment_key_path(w.folder, kid, path);
    assert_int_equal(bw_key_load(path, &old, &err), 0);
    assert_int_equal(bw_jws_verify(&jws, bw_key_public(old)), 0);
    assert_non_null(strstr(jws.payload, "\"why\":\"fork\""));

    assert_int_equal(add(&w), 0);
    newest(&w, &l);
    assert_string_equal(l.kid, next);
    assert_int_equal(l.s.seq, 1);
    assert_int_equal(l.s.chain.why, BW_CHAIN_FORK);
    assert_string_equal(l.s.chain.prev_kid, kid);
    assert_int_equal(l.s.chain.prev_seq, 3);
    assert_int_equal(l.s.n_gaps, 1); /* what the fork made void */
    last_done(&l);

    close_all(&w);
    open_all(&w);
    assert_string_equal(bw_chain_kid(w.c), next);
    assert_int_equal(bw_chain_key_request(w.c, &request, told), 0);
    assert_int_equal(bw_chain_key_known(w.c, next, &err), 0);
    assert_int_equal(bw_chain_key_request(w.c, &request, told), -ENOENT);
    bw_key_free(old);
    bw_buf_done(&request);
    bw_buf_done(&scratch);
    end(&w);
}

/* Killed between closing the chain and the new key. */
static void fork_cut_short(void **state)
{
    struct world w;
    struct last l;
    char kid[BW_KID_LEN + 1];
    (void)state;
    begin(&w);
    memcpy(kid, bw_chain_kid(w.c), sizeof(kid));
    assert_int_equal(add(&w), 0);
    assert_int_equal(bw_journal_forked(w.j, kid, 1, "other bytes", NULL), 0);
    close_all(&w);
    open_all(&w);
    assert_string_not_equal(bw_chain_kid(w.c), kid);
    assert_int_equal(add(&w), 0);
    newest(&w, &l);
    assert_int_equal(l.s.chain.why, BW_CHAIN_FORK);
    last_done(&l);
    end(&w);
}

/* The disk is full when the collector says "fork": the record waits, also over a restart,
 * and one key is made, however often that is tried. */
static void fork_without_room(void **state)
{
    struct world w;
    struct last l;
    struct bw_summary s;
    struct bw_chain_signed keep = {0};
    struct bw_pubkey *keys = NULL;
    size_t n_keys = 0;
    struct bw_err err = {0};
    char kid[BW_KID_LEN + 1];
    (void)state;
    begin(&w);
    memcpy(kid, bw_chain_kid(w.c), sizeof(kid));
    assert_int_equal(add(&w), 0);
    no_room = true;
    assert_int_equal(bw_chain_fork(w.c, kid, 1, "other bytes", &err), 0);
    assert_string_equal(bw_chain_kid(w.c), kid);
    fill(&w, &s);
    assert_int_equal(bw_chain_append(w.c, &s, &keep, &err), -ENOSPC);
    close_all(&w);
    open_all(&w);
    assert_int_equal(bw_chain_append(w.c, &s, &keep, &err), -ENOSPC);
    no_room = false;
    locked = true;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bw_chain_append(w.c, &s, &keep, &err), -EAGAIN);
    }
    locked = false;
    assert_int_equal(bw_chain_append(w.c, &s, &keep, &err), 0);
    newest(&w, &l);
    assert_string_equal(l.kid, bw_chain_kid(w.c));
    assert_string_not_equal(l.kid, kid);
    assert_int_equal(l.s.seq, 1);
    assert_int_equal(l.s.chain.why, BW_CHAIN_FORK);
    assert_string_equal(l.s.chain.prev_kid, kid);
    last_done(&l);
    assert_int_equal(bw_enrolment_public_keys(w.folder, &keys, &n_keys, &err), 0);
    assert_int_equal(n_keys, 2);
    free(keys);
    bw_chain_signed_done(&keep);
    bw_summary_done(&s);
    end(&w);
}

static void the_same_bytes_again(void **state)
{
    struct world w;
    struct bw_summary s;
    struct bw_chain_signed keep = {0};
    struct bw_journal_head head;
    (void)state;
    begin(&w);
    assert_int_equal(add(&w), 0);
    fill(&w, &s);
    assert_int_equal(bw_chain_append(w.c, &s, &keep, NULL), 0);
    /* The answer was lost: the same job comes again. */
    assert_int_equal(bw_chain_append(w.c, &s, &keep, NULL), 0);
    assert_int_equal(bw_journal_head(w.j, bw_chain_kid(w.c), &head, NULL), 0);
    assert_int_equal(head.seq, 2);
    bw_chain_signed_done(&keep);
    bw_summary_done(&s);
    end(&w);
}

static void enrolment(void **state)
{
    struct world w;
    struct last l;
    struct bw_key *key = NULL;
    struct bw_enrolment e = {.url = "https://c.example", .site = ""};
    struct bw_enrolment back;
    struct bw_journal_head head;
    struct bw_err err = {0};
    char local[BW_KID_LEN + 1];
    (void)state;
    begin(&w);
    memcpy(local, bw_chain_kid(w.c), sizeof(local));
    assert_int_equal(add(&w), 0);
    assert_int_equal(bw_enrolment_load(w.folder, &back, &err), -ENOENT);
    assert_int_equal(bw_enrolment_new_key(w.folder, BW_ALG_EDDSA, &key, &err), 0);
    memcpy(e.kid, bw_key_public(key)->kid, sizeof(e.kid));
    assert_int_equal(bw_enrolment_save(w.folder, &e, &err), 0);
    assert_int_equal(bw_chain_reload(w.c, &err), 0);
    assert_string_equal(bw_chain_kid(w.c), local); /* not answered yet */

    (void)snprintf(e.site, sizeof(e.site), "s-4f9k2");
    e.has_log_key = true;
    e.log_key = *bw_key_public(key);
    assert_int_equal(bw_enrolment_save(w.folder, &e, &err), 0);
    assert_int_equal(bw_enrolment_load(w.folder, &back, &err), 0);
    assert_string_equal(back.site, e.site);
    assert_true(back.has_log_key);
    assert_string_equal(back.log_key.kid, e.log_key.kid);
    assert_int_equal(bw_chain_reload(w.c, &err), 0);
    assert_string_equal(bw_chain_kid(w.c), e.kid);
    assert_string_equal(bw_chain_site(w.c), "s-4f9k2");
    assert_int_equal(add(&w), 0);
    newest(&w, &l);
    assert_string_equal(l.s.site, "s-4f9k2");
    assert_int_equal(l.s.seq, 1);
    assert_int_equal(l.s.chain.why, BW_CHAIN_NEW); /* another site's chain is not ours */
    last_done(&l);
    /* A name under which no record could be written is not taken over. */
    (void)snprintf(e.site, sizeof(e.site), "s-l1ar0");
    assert_int_equal(bw_enrolment_save(w.folder, &e, &err), 0);
    assert_int_equal(bw_enrolment_load(w.folder, &back, &err), -EINVAL);
    assert_int_equal(bw_chain_reload(w.c, &err), -EINVAL);
    assert_int_equal(add(&w), 0);
    (void)snprintf(e.site, sizeof(e.site), "s-4f9k2");
    assert_int_equal(bw_enrolment_save(w.folder, &e, &err), 0);
    /* Local records are settled where they are. */
    assert_int_equal(bw_journal_head(w.j, local, &head, NULL), 0);
    assert_int_equal(head.acked_through, 1);
    close_all(&w);
    open_all(&w);
    assert_string_equal(bw_chain_kid(w.c), e.kid);

    /* Enrolled again as the same site: a rotation. */
    char before[BW_KID_LEN + 1];
    memcpy(before, e.kid, sizeof(before));
    bw_key_free(key);
    key = NULL;
    assert_int_equal(bw_enrolment_new_key(w.folder, BW_ALG_ES256, &key, &err), 0);
    memcpy(e.kid, bw_key_public(key)->kid, sizeof(e.kid));
    assert_int_equal(bw_enrolment_save(w.folder, &e, &err), 0);
    assert_int_equal(bw_chain_reload(w.c, &err), 0);
    assert_int_equal(add(&w), 0);
    newest(&w, &l);
    assert_int_equal(l.s.chain.why, BW_CHAIN_ROTATED);
    assert_string_equal(l.s.chain.prev_kid, before);
    last_done(&l);
    assert_int_equal(bw_journal_head(w.j, before, &head, NULL), 0);
    assert_int_equal(head.acked_through, 0); /* still to be delivered */
    bw_key_free(key);

    /* A file that is no enrolment changes nothing. */
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/enrolment.json", w.folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    (void)fputs("{\"v\":1,", f);
    (void)fclose(f);
    assert_int_equal(bw_chain_reload(w.c, &err), -EINVAL);
    assert_non_null(strstr(err.text, "enrolment.json"));
    assert_string_equal(bw_chain_kid(w.c), e.kid);
    end(&w);
}

/* A box takes another's place: its chain cites what the collector named, once. */
static void another_box(void **state)
{
    struct world w;
    struct last l;
    struct bw_key *key = NULL;
    struct bw_enrolment e = {.url = "https://c.example", .site = "s-4f9k2", .prev_seq = 41};
    struct bw_enrolment back;
    struct bw_err err = {0};
    (void)state;
    begin(&w);
    assert_int_equal(add(&w), 0); /* before anybody knew it */
    assert_int_equal(bw_enrolment_new_key(w.folder, BW_ALG_EDDSA, &key, &err), 0);
    memcpy(e.kid, bw_key_public(key)->kid, sizeof(e.kid));
    bw_sha256_text("their key", 9, e.prev_kid);
    bw_sha256_text("their record", 12, e.prev_hash);
    assert_int_equal(bw_enrolment_save(w.folder, &e, &err), 0);
    assert_int_equal(bw_enrolment_load(w.folder, &back, &err), 0);
    assert_string_equal(back.prev_hash, e.prev_hash);
    assert_int_equal(back.prev_seq, 41);
    assert_int_equal(bw_chain_reload(w.c, &err), 0);
    close_all(&w);
    open_all(&w); /* a restart between enrolment and first record changes nothing */
    assert_int_equal(add(&w), 0);
    newest(&w, &l);
    assert_string_equal(l.kid, e.kid);
    assert_int_equal(l.s.seq, 1);
    assert_int_equal(l.s.chain.why, BW_CHAIN_REPLACED);
    assert_string_equal(l.s.chain.prev_kid, e.prev_kid);
    assert_string_equal(l.s.chain.prev_hash, e.prev_hash);
    assert_int_equal(l.s.chain.prev_seq, 41);
    last_done(&l);
    /* A later fork goes on from this box's own record. */
    assert_int_equal(bw_chain_fork(w.c, e.kid, 1, "another record stands there", &err), 0);
    assert_int_equal(add(&w), 0);
    newest(&w, &l);
    assert_int_equal(l.s.chain.why, BW_CHAIN_FORK);
    assert_string_equal(l.s.chain.prev_kid, e.kid);
    assert_int_equal(l.s.chain.prev_seq, 1);
    last_done(&l);
    bw_key_free(key);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_start),
        cmocka_unit_test(refusals_become_gaps),
        cmocka_unit_test(refusals_never_crowd_a_record_out),
        cmocka_unit_test(fork_brings_a_new_key),
        cmocka_unit_test(fork_cut_short),
        cmocka_unit_test(fork_without_room),
        cmocka_unit_test(the_same_bytes_again),
        cmocka_unit_test(enrolment),
        cmocka_unit_test(another_box),
    };
    bw_log_set_level(BW_ERROR);
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
