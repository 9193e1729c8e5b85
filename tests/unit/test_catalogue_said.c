/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_catalogue_said.c - statements in the catalogue: in order and without holes, once,
 * all or nothing; what is in force, now and as of a position. */
#include "buf.h"
#include "bw_test.h"
#include "store_chain.h"

#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <hash.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>

enum {
    MANY = 8
};

struct fixture {
    char *folder;
    char path[300];
    struct bw_catalogue *c;
    struct bw_err err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(bw_crypto_init(), 0);
    f->folder = tmp_folder();
    (void)snprintf(f->path, sizeof(f->path), "%s/catalogue.db", f->folder);
    assert_int_equal(bw_catalogue_open(f->path, &f->c, &f->err), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    bw_catalogue_close(f->c);
    tmp_folder_drop(f->folder);
    free(f);
    return 0;
}

static struct bw_statement
saying(enum bw_statement_kind kind, const char *about, int64_t said_s)
{
    struct bw_statement s;
    bw_statement_init(&s, kind);
    (void)snprintf(s.about, sizeof(s.about), "%s", about);
    (void)snprintf(s.by, sizeof(s.by), "heron");
    s.said_unix_s = said_s;
    return s;
}

/* What it comes to, and its id. */
static int say(struct fixture *f,
               enum bw_statement_kind kind,
               const char *about,
               int64_t said_s,
               const char *replaces,
               char id[BW_HASH_LEN + 1])
{
    struct bw_statement s = saying(kind, about, said_s);
    if (replaces) {
        s.n_replaces = 1;
        (void)snprintf(s.replaces[0], sizeof(s.replaces[0]), "%s", replaces);
    }
    return bw_catalogue_say(f->c, &s, said_s * 1000 + 7, id, &f->err);
}

struct heard {
    struct fixture *f;
    size_t n;
    int64_t position[MANY];
    int64_t ended[MANY];
    char about[MANY][BW_STATEMENT_ABOUT_MAX + 1];
    char id[MANY][BW_HASH_LEN + 1];
    char ended_by[MANY][BW_HASH_LEN + 1];
};

static int hear(void *owner, const struct bw_said *said)
{
    struct heard *h = owner;
    char id[BW_HASH_LEN + 1];
    assert_true(h->n < MANY);
    bw_statement_id(said->text, said->n, id);
    assert_string_equal(id, said->id);
    assert_int_equal(said->recorded_unix_ms, said->statement->said_unix_s * 1000 + 7);
    h->position[h->n] = said->position;
    h->ended[h->n] = said->ended_position;
    memcpy(h->about[h->n], said->statement->about, sizeof(h->about[h->n]));
    memcpy(h->id[h->n], said->id, sizeof(said->id));
    memcpy(h->ended_by[h->n], said->ended_by, sizeof(said->ended_by));
    h->n++;
    return 0;
}

/* The positions that a question gives, as "1 2 5". */
static void asks(struct fixture *f, const struct bw_said_query *q, const char *want)
{
    struct heard h = {.f = f};
    struct bw_buf got;
    bw_buf_init(&got, 1000);
    assert_int_equal(f->c->ops->statements(f->c, q, hear, &h, &f->err), 0);
    for (size_t i = 0; i < h.n; i++) {
        bw_buf_printf(&got, i > 0 ? " %d" : "%d", (int)h.position[i]);
    }
    assert_string_equal(got.data ? got.data : "", want);
    bw_buf_done(&got);
}

static void test_in_order_and_once(void **state)
{
    struct fixture *f = *state;
    char a[BW_HASH_LEN + 1];
    char b[BW_HASH_LEN + 1];
    char again[BW_HASH_LEN + 1];
    struct heard h = {.f = f};
    int64_t n = -1;
    assert_int_equal(f->c->ops->statements_count(f->c, &n, &f->err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(say(f, BW_STATEMENT_CLAIM, "own:b", 5, NULL, a), 0);
    assert_int_equal(say(f, BW_STATEMENT_CLAIM, "own:a", 4, NULL, b), 0);
    assert_int_equal(say(f, BW_STATEMENT_CLAIM, "own:b", 5, NULL, again), 0);
    assert_string_equal(a, again);
    assert_int_equal(f->c->ops->statements_count(f->c, &n, &f->err), 0);
    assert_int_equal(n, 2);
    bw_catalogue_close(f->c);
    f->c = NULL;
    assert_int_equal(bw_catalogue_open(f->path, &f->c, &f->err), 0);
    assert_int_equal(say(f, BW_STATEMENT_ENTITY, "ben:1", 6, NULL, NULL), 0);
    assert_int_equal(f->c->ops->statements_from(f->c, 1, hear, &h, &f->err), 0);
    assert_int_equal(h.n, 2);
    assert_int_equal(h.position[0], 1);
    assert_string_equal(h.id[0], b);
    assert_int_equal(h.position[1], 2);
    assert_int_equal(h.ended[1], BW_UNKNOWN);
    asks(f, &(struct bw_said_query){.kind = NULL}, "1 0 2"); /* by kind, then key */
}

static void test_replaced_and_withdrawn(void **state)
{
    struct fixture *f = *state;
    char first[BW_HASH_LEN + 1];
    char second[BW_HASH_LEN + 1];
    char gone[BW_HASH_LEN + 1];
    char other[BW_HASH_LEN + 1];
    const char *const about = "circuit:s-heron.wan";
    struct heard h = {.f = f};
    assert_int_equal(say(f, BW_STATEMENT_ANNOTATION, about, 10, NULL, first), 0);
    assert_int_equal(say(f, BW_STATEMENT_ANNOTATION, about, 11, first, second), 0);
    assert_int_equal(say(f, BW_STATEMENT_WITHDRAWAL, second, 12, NULL, gone), 0);
    assert_int_equal(say(f, BW_STATEMENT_BINDING, about, 13, NULL, other), 0);
    /* Nothing of what is refused takes a position. */
    assert_int_equal(say(f, BW_STATEMENT_ANNOTATION, about, 14, first, NULL), -EALREADY);
    assert_int_equal(say(f, BW_STATEMENT_WITHDRAWAL, second, 14, NULL, NULL), -EALREADY);
    assert_int_equal(say(f, BW_STATEMENT_WITHDRAWAL, gone, 14, NULL, NULL), -EINVAL);
    assert_int_equal(say(f, BW_STATEMENT_ANNOTATION, about, 14, other, NULL), -EINVAL);
    assert_int_equal(say(f, BW_STATEMENT_WITHDRAWAL,
                         "p10RN33j1fHBUpULDXk9HB5So9BCd6WCOuBQGZkh-Gw", 14, NULL, NULL),
                     -ENOENT);
    /* What has an effect of its own is final. */
    assert_int_equal(say(f, BW_STATEMENT_REVOCATION, "key:heron", 14, NULL, other), 0);
    assert_int_equal(say(f, BW_STATEMENT_WITHDRAWAL, other, 14, NULL, NULL), -EPERM);
    assert_int_equal(say(f, BW_STATEMENT_SITE, "site:s-heron", 14, NULL, other), 0);
    assert_int_equal(say(f, BW_STATEMENT_WITHDRAWAL, other, 14, NULL, NULL), -EPERM);
    /* Said again in one second it would be the one that holds no longer. */
    assert_int_equal(say(f, BW_STATEMENT_ANNOTATION, about, 11, first, NULL), -EALREADY);
    assert_int_equal(say(f, BW_STATEMENT_ANNOTATION, about, 15, NULL, NULL), 0);

    asks(f, &(struct bw_said_query){.about = about}, "6 3");
    asks(f, &(struct bw_said_query){.kind = "annotation", .about = about, .ended = true},
         "0 1 6");
    asks(f, &(struct bw_said_query){.kind = "annotation", .as_of = true}, "");
    asks(f,
         &(struct bw_said_query){.kind = "annotation", .as_of = true, .before_position = 1},
         "0");
    asks(f,
         &(struct bw_said_query){.kind = "annotation", .as_of = true, .before_position = 2},
         "1");
    asks(f,
         &(struct bw_said_query){.kind = "annotation", .as_of = true, .before_position = 3},
         "");
    assert_int_equal(
        f->c->ops->statements(f->c, &(struct bw_said_query){.about = about, .ended = true},
                              hear, &h, &f->err),
        0);
    assert_int_equal(h.n, 4);
    assert_string_equal(h.ended_by[0], second);
    assert_int_equal(h.ended[0], 1);
    assert_string_equal(h.ended_by[1], gone);
    assert_int_equal(h.ended[1], 2);
    assert_string_equal(h.ended_by[2], "");
}

static void test_keys_and_how_they_begin(void **state)
{
    struct fixture *f = *state;
    const char *const keys[] = {"circuit:s-a.wan", "circuit:s-a.wan2", "circuit:s-b.wan",
                                "circuit:s-a"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(say(f, BW_STATEMENT_BINDING, keys[i], i, NULL, NULL), 0);
    }
    assert_int_equal(say(f, BW_STATEMENT_ANNOTATION, keys[0], 9, NULL, NULL), 0);
    asks(f, &(struct bw_said_query){.about = "circuit:s-a.wan"}, "4 0");
    asks(f, &(struct bw_said_query){.about = "circuit:s-a.", .prefix = true}, "4 0 1");
    asks(f,
         &(struct bw_said_query){
             .kind = "binding", .about = "circuit:s-a", .prefix = true, .ended = true},
         "3 0 1");
    asks(f, &(struct bw_said_query){.kind = "binding", .about = "circuit:s-c"}, "");
    asks(f, &(struct bw_said_query){.kind = "bind"}, "");
}

struct list {
    struct fixture *f;
    struct bw_buf text;
    int next;
    int n;
    int bad_at;
    int asked; /* questions asked while adding */
};

static int ignore(void *owner, const struct bw_said *said)
{
    (void)said;
    ++*(int *)owner;
    return 0;
}

static int give(void *owner, const char **ret_text, size_t *ret_n, struct bw_err *reterr)
{
    struct list *l = owner;
    struct bw_statement s = saying(BW_STATEMENT_CLAIM, "own:many", l->next % 100);
    int seen = 0;
    if (l->next == l->n) {
        return 0;
    }
    /* What was given so far is seen by whoever gives. */
    assert_int_equal(l->f->c->ops->statements(l->f->c,
                                              &(struct bw_said_query){.kind = NULL}, ignore,
                                              &seen, reterr),
                     0);
    assert_int_equal(seen, l->next < 100 ? l->next : 100);
    bw_buf_clear(&l->text);
    assert_int_equal(bw_statement_encode(&s, &l->text, reterr), 0);
    if (l->next == l->bad_at) {
        l->text.data[0] = '[';
    }
    l->next++;
    *ret_text = l->text.data;
    *ret_n = l->text.len;
    return 1;
}

static void test_many_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct list l = {.f = f, .n = 150, .bad_at = 120};
    struct bw_said_sum sum = {.given = -1};
    int64_t n = -1;
    bw_buf_init(&l.text, BW_STATEMENT_MAX);
    assert_int_equal(f->c->ops->statements_add(f->c, give, &l, 1, &sum, &f->err),
                     -BW_EMALFORMED);
    assert_int_equal(sum.given, -1);
    assert_int_equal(f->c->ops->statements_count(f->c, &n, &f->err), 0);
    assert_int_equal(n, 0);
    l.next = 0;
    l.bad_at = -1;
    assert_int_equal(f->c->ops->statements_add(f->c, give, &l, 1, &sum, &f->err), 0);
    assert_int_equal(sum.given, 150);
    assert_int_equal(sum.added, 100);
    assert_int_equal(sum.first_position, 0);
    assert_int_equal(f->c->ops->statements_count(f->c, &n, &f->err), 0);
    assert_int_equal(n, 100);
    l.next = 0;
    l.n = 0;
    assert_int_equal(f->c->ops->statements_add(f->c, give, &l, 1, &sum, &f->err), 0);
    assert_int_equal(sum.added, 0);
    assert_int_equal(sum.first_position, BW_UNKNOWN);
    bw_buf_done(&l.text);
}

static int give_newer(void *owner, const char **ret_text, size_t *ret_n, struct bw_err *err)
{
    static const char newer[] =
        "{\"v\":2,\"kind\":\"claim\",\"about\":\"x\",\"said_s\":0,\"by\":\"a\"}";
    (void)owner;
    (void)err;
    *ret_text = newer;
    *ret_n = strlen(newer);
    return 1;
}

static void test_what_is_not_taken(void **state)
{
    struct fixture *f = *state;
    struct bw_statement s = saying(BW_STATEMENT_CLAIM, "own:x", 1);
    assert_int_equal(f->c->ops->statements_add(f->c, give_newer, NULL, 1, NULL, &f->err),
                     -BW_ENEWER);
    assert_int_equal(bw_catalogue_say(f->c, &s, BW_UNKNOWN, NULL, &f->err), -EINVAL);
    s.by[0] = '\0';
    assert_int_equal(bw_catalogue_say(f->c, &s, 1, NULL, &f->err), -EINVAL);
    asks(f, &(struct bw_said_query){.ended = true}, "");
}

static void test_found_by_the_beginning_of_its_id(void **state)
{
    struct fixture *f = *state;
    char id[2][BW_HASH_LEN + 1];
    struct heard h = {.f = f};
    char part[BW_HASH_LEN + 1];
    assert_int_equal(say(f, BW_STATEMENT_CLAIM, "own:a", 1, NULL, id[0]), 0);
    assert_int_equal(say(f, BW_STATEMENT_CLAIM, "own:b", 1, NULL, id[1]), 0);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(part, sizeof(part), "%.8s", id[i]);
        assert_int_equal(f->c->ops->statement_find(f->c, part, hear, &h, &f->err), 0);
        assert_int_equal(f->c->ops->statement_find(f->c, id[i], hear, &h, &f->err), 0);
        assert_string_equal(h.id[h.n - 2], id[i]);
        assert_string_equal(h.id[h.n - 1], id[i]);
    }
    assert_int_equal(f->c->ops->statement_find(f->c, "", hear, &h, &f->err), -ENOTUNIQ);
    assert_int_equal(f->c->ops->statement_find(f->c, "!", hear, &h, &f->err), -ENOENT);
    assert_int_equal(h.n, 4);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_in_order_and_once),       T(test_replaced_and_withdrawn),
        T(test_keys_and_how_they_begin), T(test_many_all_or_nothing),
        T(test_what_is_not_taken),       T(test_found_by_the_beginning_of_its_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
