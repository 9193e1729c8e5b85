/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_catalogue.c - entities, sites, keys, claims: dated, transactional, once. */
#include "bw_test.h"
#include "store_chain.h"

#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>

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

static int count(void *n)
{
    ++*(int *)n;
    return 0;
}
static int on_entity(void *n, const struct bw_entity *e)
{
    (void)e;
    return count(n);
}
static int on_token(void *n, const struct bw_token *t)
{
    (void)t;
    return count(n);
}

static void
add_entity(struct fixture *f, const char *id, enum bw_entity_kind kind, const char *parent)
{
    struct bw_entity e = {.kind = kind, .from_unix_s = 1000};
    (void)snprintf(e.id, sizeof(e.id), "%s", id);
    (void)snprintf(e.name, sizeof(e.name), "The %s", id);
    (void)snprintf(e.parent, sizeof(e.parent), "%s", parent);
    assert_int_equal(f->c->ops->entity_add(f->c, &e, &f->err), 0);
}

static void test_entities_are_a_dated_graph(void **state)
{
    struct fixture *f = *state;
    struct bw_entity e = {.id = "oak", .name = "Oak", .parent = "nowhere"};
    int n = 0;
    assert_int_equal(f->c->ops->entity_add(f->c, &e, &f->err), -ENOENT);
    add_entity(f, "willow", BW_ENTITY_DISTRICT, "");
    add_entity(f, "rowan", BW_ENTITY_DISTRICT, "");
    add_entity(f, "heron", BW_ENTITY_SCHOOL, "willow");
    (void)snprintf(e.id, sizeof(e.id), "heron");
    e.parent[0] = '\0';
    assert_int_equal(f->c->ops->entity_add(f->c, &e, &f->err), -EEXIST);
    assert_int_equal(f->c->ops->entity_get(f->c, "heron", &e, &f->err), 0);
    assert_string_equal(e.parent, "willow");
    assert_int_equal(e.kind, BW_ENTITY_SCHOOL);
    assert_int_equal(f->c->ops->entity_move(f->c, "heron", "rowan", 2000, &f->err), 0);
    assert_int_equal(f->c->ops->entity_get(f->c, "heron", &e, &f->err), 0);
    assert_string_equal(e.parent, "rowan");
    assert_int_equal(e.from_unix_s, 2000);
    assert_int_equal(f->c->ops->entities(f->c, "rowan", on_entity, &n, &f->err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(f->c->ops->entity_move(f->c, "rowan", "heron", 3000, &f->err), -ELOOP);
    assert_int_equal(bw_entity_kind_parse("library", &e.kind), 0);
    assert_int_equal(e.kind, BW_ENTITY_LIBRARY);
    assert_int_equal(bw_entity_kind_parse("castle", &e.kind), -EINVAL);
}

struct names {
    struct bw_dated_name list[8];
    size_t n;
};

static int on_name(void *owner, const struct bw_dated_name *n)
{
    struct names *all = owner;
    assert_true(all->n < 8);
    all->list[all->n++] = *n;
    return 0;
}

static void rename_to(struct fixture *f,
                      enum bw_named what,
                      const char *id,
                      const char *name,
                      int64_t from,
                      int64_t recorded,
                      int expect)
{
    struct bw_dated_name n = {.from_unix_s = from, .recorded_unix_s = recorded};
    (void)snprintf(n.name, sizeof(n.name), "%s", name);
    assert_int_equal(f->c->ops->rename(f->c, what, id, &n, &f->err), expect);
}

static void assert_name_at(
    struct fixture *f, enum bw_named what, const char *id, int64_t at, const char *name)
{
    struct bw_dated_name n;
    assert_int_equal(bw_catalogue_name_at(f->c, what, id, at, &n, &f->err), 0);
    assert_string_equal(n.name, name);
}

static void test_names_are_dated_and_none_is_lost(void **state)
{
    struct fixture *f = *state;
    struct bw_site s = {.id = "s-heron", .name = "Heron school", .created_unix_s = 500};
    struct bw_entity e;
    struct names all = {.n = 0};
    assert_int_equal(f->c->ops->site_add(f->c, &s, &f->err), 0);
    rename_to(f, BW_NAMED_SITE, "s-heron", "Egret school", 2000, 9000, 0);
    rename_to(f, BW_NAMED_SITE, "s-heron", "Stork schol", 4000, 9001, 0);
    rename_to(f, BW_NAMED_SITE, "s-heron", "Stork school", 4000, 9002, 0); /* a slip */
    rename_to(f, BW_NAMED_SITE, "s-heron", "Crane school", 3000, 9003, 0); /* told late */
    rename_to(f, BW_NAMED_SITE, "s-nobody", "Crane school", 3000, 9003, -ENOENT);
    rename_to(f, BW_NAMED_SITE, "s-heron", "Ibis school", 9005, 9004, -EINVAL);
    rename_to(f, BW_NAMED_SITE, "s-heron", "", 3000, 9004, -EINVAL);
    assert_int_equal(f->c->ops->site_get(f->c, "s-heron", &s, &f->err), 0);
    assert_string_equal(s.name, "Stork school");
    assert_name_at(f, BW_NAMED_SITE, "s-heron", 1999, "Heron school");
    assert_name_at(f, BW_NAMED_SITE, "s-heron", 2000, "Egret school");
    assert_name_at(f, BW_NAMED_SITE, "s-heron", 3999, "Crane school");
    assert_name_at(f, BW_NAMED_SITE, "s-heron", 4000, "Stork school");
    assert_int_equal(
        f->c->ops->names(f->c, BW_NAMED_SITE, "s-heron", on_name, &all, &f->err), 0);
    assert_int_equal(all.n, 5);
    assert_string_equal(all.list[0].name, "Heron school");
    assert_int_equal(all.list[0].from_unix_s, BW_UNKNOWN);
    assert_int_equal(all.list[0].recorded_unix_s, 500);
    assert_string_equal(all.list[2].name, "Stork schol");
    assert_int_equal(all.list[4].from_unix_s, 3000);

    add_entity(f, "willow", BW_ENTITY_DISTRICT, "");
    rename_to(f, BW_NAMED_ENTITY, "willow", "Willow Valley", 2000, 9000, 0);
    rename_to(f, BW_NAMED_ENTITY, "s-heron", "Willow Valley", 2000, 9000, -ENOENT);
    assert_int_equal(f->c->ops->entity_get(f->c, "willow", &e, &f->err), 0);
    assert_string_equal(e.name, "Willow Valley");
    assert_name_at(f, BW_NAMED_ENTITY, "willow", 1999, "The willow");
    assert_int_equal(f->c->ops->site_get(f->c, "s-heron", &s, &f->err), 0);
    assert_string_equal(s.name, "Stork school");
}

static void test_sites(void **state)
{
    struct fixture *f = *state;
    struct bw_site s = {.name = "Heron school", .created_unix_s = 5000};
    struct bw_site bad = {.id = "heron"};
    assert_int_equal(f->c->ops->site_add(f->c, &bad, &f->err), -EINVAL);
    assert_int_equal(f->c->ops->site_add(f->c, &s, &f->err), 0);
    assert_int_equal(strlen(s.id), 9);
    assert_memory_equal(s.id, "s-", 2);
    assert_int_equal(f->c->ops->site_add(f->c, &s, &f->err), -EEXIST);
    assert_int_equal(f->c->ops->site_set_state(f->c, s.id, BW_SITE_RETIRED, &f->err), 0);
    struct bw_site got;
    assert_int_equal(f->c->ops->site_get(f->c, s.id, &got, &f->err), 0);
    assert_int_equal(got.state, BW_SITE_RETIRED);
    assert_string_equal(got.name, "Heron school");
    assert_int_equal(f->c->ops->site_set_state(f->c, "s-nobody", BW_SITE_RETIRED, &f->err),
                     -ENOENT);
}

static struct bw_site_key key_named(char letter)
{
    struct bw_site_key k = {.alg = 1};
    memset(k.kid, letter, BW_KID_LEN);
    memset(k.raw, letter, sizeof(k.raw));
    return k;
}

static void test_a_token_binds_one_key(void **state)
{
    struct fixture *f = *state;
    struct bw_site s = {.id = "s-heron"};
    struct bw_site got;
    struct bw_site_key a = key_named('a');
    struct bw_site_key b = key_named('b');
    struct bw_site_key found;
    uint8_t token[32];
    uint8_t late[32];
    uint8_t wrong[32];
    int n = 0;
    bw_sha256("token", 5, token);
    bw_sha256("late", 4, late);
    bw_sha256("wrong", 5, wrong);
    assert_int_equal(f->c->ops->token_add(f->c, token, "s-heron", 100, 200, &f->err),
                     -ENOENT);
    assert_int_equal(f->c->ops->site_add(f->c, &s, &f->err), 0);
    assert_int_equal(f->c->ops->token_add(f->c, token, "s-heron", 100, 200, &f->err), 0);
    assert_int_equal(f->c->ops->token_add(f->c, late, "s-heron", 100, 200, &f->err), 0);
    assert_int_equal(f->c->ops->enrol(f->c, wrong, &a, 150, &got, &f->err), -ENOENT);
    assert_int_equal(f->c->ops->enrol(f->c, late, &a, 200, &got, &f->err), -ETIME);
    assert_int_equal(f->c->ops->enrol(f->c, token, &a, 150, &got, &f->err), 0);
    assert_string_equal(got.id, "s-heron");
    assert_int_equal(got.state, BW_SITE_ENROLLED);
    assert_int_equal(f->c->ops->enrol(f->c, token, &a, 900, &got, &f->err), 0);
    assert_int_equal(f->c->ops->enrol(f->c, token, &b, 160, &got, &f->err), -EALREADY);
    assert_int_equal(f->c->ops->key_get(f->c, b.kid, &found, &f->err), -ENOENT);
    assert_int_equal(f->c->ops->key_get(f->c, a.kid, &found, &f->err), 0);
    assert_memory_equal(found.raw, a.raw, sizeof(a.raw));
    assert_string_equal(found.site, "s-heron");
    assert_int_equal(found.revoked_unix_s, BW_UNKNOWN);
    assert_int_equal(f->c->ops->tokens(f->c, on_token, &n, &f->err), 0);
    assert_int_equal(n, 2);
}

static int on_meta(void *sum, const char *name, const char *value, size_t n)
{
    bw_buf_printf(sum, "%s=%.*s;", name, (int)n, value);
    return 0;
}

static void test_many_tokens_or_none(void **state)
{
    struct fixture *f = *state;
    struct bw_site heron = {.id = "s-heron"};
    struct bw_expected list[3] = {{.site = {.name = "Ash", .entity = "alder"}},
                                  {.site = {.id = "s-heron"}},
                                  {.site = {.name = "Elm", .entity = "nowhere"}}};
    struct bw_token t;
    struct bw_buf sum;
    int n = 0;
    for (uint8_t i = 0; i < 3; i++) {
        memset(list[i].token_sha256, i + 1, sizeof(list[i].token_sha256));
        list[i].expires_unix_s = 900 + i;
    }
    add_entity(f, "alder", BW_ENTITY_DISTRICT, "");
    assert_int_equal(f->c->ops->site_add(f->c, &heron, &f->err), 0);
    /* the last one stands nowhere: nobody gets one */
    assert_int_equal(f->c->ops->expect(f->c, list, 3, 100, &f->err), -EINVAL);
    assert_int_equal(f->c->ops->tokens(f->c, on_token, &n, &f->err), 0);
    assert_int_equal(n, 0);
    list[0].site.id[0] = '\0';
    assert_int_equal(f->c->ops->expect(f->c, list, 2, 100, &f->err), 0);
    assert_int_equal(f->c->ops->tokens(f->c, on_token, &n, &f->err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(f->c->ops->token_get(f->c, list[0].token_sha256, &t, &f->err), 0);
    assert_string_equal(t.site, list[0].site.id);
    assert_int_equal(t.expires_unix_s, 900);
    assert_int_equal(t.used_unix_s, BW_UNKNOWN);
    assert_int_equal(f->c->ops->token_get(f->c, list[2].token_sha256, &t, &f->err),
                     -ENOENT);
    /* values by how their names begin */
    bw_buf_init(&sum, 1000);
    assert_int_equal(f->c->ops->meta_set(f->c, "a:2", "two", 3, &f->err), 0);
    assert_int_equal(f->c->ops->meta_set(f->c, "a:1", "", 0, &f->err), 0);
    assert_int_equal(f->c->ops->meta_set(f->c, "a;", "x", 1, &f->err), 0);
    assert_int_equal(f->c->ops->meta_set(f->c, "a", "x", 1, &f->err), 0);
    assert_int_equal(f->c->ops->metas(f->c, "a:", on_meta, &sum, &f->err), 0);
    assert_string_equal(sum.data, "a:1=;a:2=two;");
    bw_buf_done(&sum);
}

static void test_keys_replace_and_revoke(void **state)
{
    struct fixture *f = *state;
    struct bw_site s = {.id = "s-heron"};
    struct bw_site_key a = key_named('a');
    struct bw_site_key b = key_named('b');
    struct bw_site_key d = key_named('d');
    struct bw_site_key e = key_named('e');
    struct bw_site_key got;
    uint8_t token[32];
    bw_sha256("token", 5, token);
    assert_int_equal(f->c->ops->site_add(f->c, &s, &f->err), 0);
    assert_int_equal(f->c->ops->token_add(f->c, token, "s-heron", 100, 200, &f->err), 0);
    assert_int_equal(f->c->ops->enrol(f->c, token, &a, 150, &s, &f->err), 0);
    assert_int_equal(f->c->ops->key_replace(f->c, a.kid, &a, 160, &f->err), -EINVAL);
    assert_int_equal(f->c->ops->key_replace(f->c, a.kid, &b, 160, &f->err), 0);
    assert_int_equal(f->c->ops->key_replace(f->c, a.kid, &b, 161, &f->err), 0);
    /* a third copy of the disk: the first to come stays its successor */
    assert_int_equal(f->c->ops->key_replace(f->c, a.kid, &e, 162, &f->err), 0);
    assert_int_equal(f->c->ops->key_get(f->c, e.kid, &got, &f->err), 0);
    assert_string_equal(got.site, "s-heron");
    assert_string_equal(got.prev_kid, a.kid);
    assert_int_equal(got.revoked_unix_s, BW_UNKNOWN);
    assert_int_equal(f->c->ops->key_get(f->c, a.kid, &got, &f->err), 0);
    assert_string_equal(got.replaced_by, b.kid);
    assert_string_equal(got.prev_kid, "");
    /* 32 by keys alone until a token; who has come may ask again */
    for (int i = 2; i < 32; i++) {
        struct bw_site_key more = key_named('e');
        (void)snprintf(more.kid, sizeof(more.kid), "heir%039d", i);
        assert_int_equal(f->c->ops->key_replace(f->c, a.kid, &more, 163, &f->err), 0);
    }
    assert_int_equal(f->c->ops->key_replace(f->c, a.kid, &d, 164, &f->err), -EDQUOT);
    assert_int_equal(f->c->ops->key_replace(f->c, a.kid, &e, 164, &f->err), 0);
    assert_int_equal(f->c->ops->key_revoke(f->c, b.kid, 170, &f->err), 0);
    assert_int_equal(f->c->ops->key_get(f->c, b.kid, &got, &f->err), 0);
    assert_int_equal(got.revoked_unix_s, 170);
    /* said again, only an earlier time says more */
    assert_int_equal(f->c->ops->key_revoke(f->c, b.kid, 175, &f->err), 0);
    assert_int_equal(f->c->ops->key_revoke(f->c, b.kid, 165, &f->err), 0);
    assert_int_equal(f->c->ops->key_get(f->c, b.kid, &got, &f->err), 0);
    assert_int_equal(got.revoked_unix_s, 165);
    assert_int_equal(got.from_unix_s, 160);
    assert_int_equal(f->c->ops->key_replace(f->c, b.kid, &d, 180, &f->err), -EPERM);
    assert_int_equal(f->c->ops->key_get(f->c, d.kid, &got, &f->err), -ENOENT);
}

static int64_t retired_at(struct fixture *f, char letter, char *by)
{
    struct bw_site_key k = key_named(letter);
    struct bw_site_key got;
    int64_t unix_s = 0;
    assert_int_equal(f->c->ops->key_get(f->c, k.kid, &got, &f->err), 0);
    assert_int_equal(bw_catalogue_retired(f->c, &got, &unix_s, by, &f->err), 0);
    return unix_s;
}

/* The first box made keys a, b and, on a copied disk, e; the next one came with key d. */
static void test_a_box_takes_anothers_place(void **state)
{
    struct fixture *f = *state;
    struct bw_site s = {.id = "s-heron"};
    struct bw_site_key a = key_named('a');
    struct bw_site_key b = key_named('b');
    struct bw_site_key d = key_named('d');
    struct bw_site_key e = key_named('e');
    struct bw_site_key late = key_named('l');
    struct bw_site_key got;
    uint8_t first[32];
    uint8_t plain[32];
    uint8_t next[32];
    char by[BW_KID_LEN + 1];
    bw_sha256("first", 5, first);
    bw_sha256("plain", 5, plain);
    bw_sha256("next", 4, next);
    assert_int_equal(f->c->ops->site_add(f->c, &s, &f->err), 0);
    assert_int_equal(f->c->ops->token_add(f->c, first, "s-heron", 100, 900, &f->err), 0);
    assert_int_equal(f->c->ops->enrol(f->c, first, &a, 150, &s, &f->err), 0);
    assert_int_equal(f->c->ops->key_replace(f->c, a.kid, &b, 160, &f->err), 0);
    assert_int_equal(f->c->ops->key_replace(f->c, a.kid, &e, 162, &f->err), 0);
    assert_int_equal(retired_at(f, 'a', by), BW_UNKNOWN); /* rotated only */
    assert_string_equal(by, "");
    assert_int_equal(bw_catalogue_token_replaces(f->c, next, "s-heron", &f->err), 0);
    assert_int_equal(f->c->ops->token_add(f->c, next, "s-heron", 100, 900, &f->err), 0);
    assert_int_equal(retired_at(f, 'b', by), BW_UNKNOWN); /* nobody came yet */
    assert_int_equal(f->c->ops->enrol(f->c, next, &d, 300, &s, &f->err), 0);
    assert_int_equal(f->c->ops->enrol(f->c, next, &d, 400, &s, &f->err), 0);
    assert_int_equal(retired_at(f, 'a', by), 300);
    assert_string_equal(by, d.kid);
    assert_int_equal(retired_at(f, 'b', NULL), 300);
    assert_int_equal(retired_at(f, 'e', NULL), 300);
    assert_int_equal(retired_at(f, 'd', by), BW_UNKNOWN);
    assert_int_equal(f->c->ops->key_get(f->c, a.kid, &got, &f->err), 0);
    assert_string_equal(got.replaced_by, b.kid); /* as it was */
    /* A key that the old box signs after that is retired with it; so the new box never is.
     */
    assert_int_equal(f->c->ops->key_replace(f->c, b.kid, &late, 500, &f->err), 0);
    assert_int_equal(retired_at(f, 'l', by), 300);
    assert_string_equal(by, d.kid);
    assert_int_equal(f->c->ops->key_replace(f->c, b.kid, &d, 501, &f->err), 0);
    assert_int_equal(retired_at(f, 'd', NULL), BW_UNKNOWN);
    /* A token that replaces nothing retires nobody. */
    assert_int_equal(f->c->ops->token_add(f->c, plain, "s-heron", 100, 900, &f->err), 0);
    a = key_named('p');
    assert_int_equal(f->c->ops->enrol(f->c, plain, &a, 600, &s, &f->err), 0);
    assert_int_equal(retired_at(f, 'd', NULL), BW_UNKNOWN);
}

struct claims {
    struct bw_claim list[8];
    size_t n;
};
static int on_claim(void *owner, const struct bw_claim *k)
{
    struct claims *c = owner;
    c->list[c->n++] = *k;
    return 0;
}

static void add_claim(struct fixture *f, int64_t from, int64_t to, int64_t down)
{
    struct bw_claim k = {.site = "s-heron",
                         .circuit = "wan",
                         .from_unix_s = from,
                         .to_unix_s = to,
                         .down_bps = down,
                         .up_bps = BW_UNKNOWN,
                         .monthly_cost_cents = BW_UNKNOWN,
                         .frn_line = "1699048824.003",
                         .recorded_unix_s = 9};
    assert_int_equal(f->c->ops->claim_add(f->c, &k, NULL, &f->err), 0);
}

static void get_claims(struct fixture *f, struct claims *got)
{
    got->n = 0;
    assert_int_equal(
        f->c->ops->claims(f->c, "s-heron", "wan", 0, INT64_MAX, on_claim, got, &f->err), 0);
}

static void test_claims_end_and_are_corrected(void **state)
{
    struct fixture *f = *state;
    const struct bw_catalogue_ops *ops = f->c->ops;
    struct bw_site s = {.id = "s-heron"};
    struct claims got = {0};
    struct bw_claim none = {.site = "s-heron",
                            .circuit = "wan",
                            .from_unix_s = 2000,
                            .to_unix_s = 2000,
                            .recorded_unix_s = 10};
    assert_int_equal(ops->site_add(f->c, &s, &f->err), 0);
    assert_int_equal(ops->claim_end(f->c, "s-heron", "wan", 1500, 9, "x", &f->err),
                     -ENOENT);
    assert_int_equal(ops->claim_add(f->c, &none, NULL, &f->err), -ENOENT);
    add_claim(f, 1000, BW_UNKNOWN, 100);
    add_claim(f, 2000, BW_UNKNOWN, 200);
    assert_int_equal(ops->claim_end(f->c, "s-heron", "wan", 3000, 11, "typed", &f->err), 0);
    assert_int_equal(ops->claim_end(f->c, "s-heron", "wan", 3000, 12, "again", &f->err), 0);
    assert_int_equal(ops->claim_end(f->c, "s-heron", "wan", 4000, 12, "x", &f->err),
                     -ENOENT);
    get_claims(f, &got);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.list[0].to_unix_s, 2000);
    assert_int_equal(got.list[1].down_bps, 200);
    assert_int_equal(got.list[1].to_unix_s, 3000);
    assert_string_equal(got.list[1].frn_line, "1699048824.003");
    /* Withdrawn: the one before goes on over it. */
    assert_int_equal(ops->claim_add(f->c, &none, NULL, &f->err), 0);
    assert_int_equal(ops->claim_add(f->c, &none, NULL, &f->err), -ENOENT);
    get_claims(f, &got);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.list[0].down_bps, 100);
    assert_int_equal(got.list[0].to_unix_s, BW_UNKNOWN);
    /* Said anew at the same date: in force again. */
    add_claim(f, 2000, BW_UNKNOWN, 250);
    get_claims(f, &got);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.list[0].to_unix_s, 2000);
    assert_int_equal(got.list[1].down_bps, 250);
    got.n = 0;
    assert_int_equal(ops->claim_history(f->c, "s-heron", on_claim, &got, &f->err), 0);
    assert_int_equal(got.n, 5);
    assert_int_equal(got.list[1].down_bps, 200);
    assert_int_equal(got.list[1].to_unix_s, BW_UNKNOWN);
    assert_int_equal(got.list[2].to_unix_s, 3000);
    assert_int_equal(got.list[2].recorded_unix_s, 11);
    assert_int_equal(got.list[3].to_unix_s, 2000);
}

static void test_claims_are_dated(void **state)
{
    struct fixture *f = *state;
    struct bw_site s = {.id = "s-heron"};
    struct claims got = {0};
    assert_int_equal(f->c->ops->site_add(f->c, &s, &f->err), 0);
    add_claim(f, 1000, BW_UNKNOWN, 100);
    add_claim(f, 3000, 4000, 300);
    add_claim(f, 2000, BW_UNKNOWN, 999);
    add_claim(f, 2000, BW_UNKNOWN, 200); /* the same date: a correction */
    assert_int_equal(
        f->c->ops->claims(f->c, "s-heron", "wan", 0, INT64_MAX, on_claim, &got, &f->err),
        0);
    assert_int_equal(got.n, 3);
    assert_int_equal(got.list[0].down_bps, 100);
    assert_int_equal(got.list[0].to_unix_s, 2000);
    assert_int_equal(got.list[1].down_bps, 200);
    assert_int_equal(got.list[1].to_unix_s, 3000);
    assert_int_equal(got.list[2].to_unix_s, 4000);
    assert_int_equal(got.list[2].up_bps, BW_UNKNOWN);
    assert_string_equal(got.list[2].frn_line, "1699048824.003");
    got.n = 0;
    assert_int_equal(
        f->c->ops->claims(f->c, NULL, NULL, 2500, 2600, on_claim, &got, &f->err), 0);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.list[0].down_bps, 200);
    got.n = 0;
    assert_int_equal(
        f->c->ops->claims(f->c, NULL, NULL, 4000, 5000, on_claim, &got, &f->err), 0);
    assert_int_equal(got.n, 0);
}

struct facts {
    struct bw_circuit_facts list[8];
    size_t n;
};
static int on_facts(void *owner, const struct bw_circuit_facts *x)
{
    struct facts *c = owner;
    c->list[c->n++] = *x;
    return 0;
}

static void test_facts_change_by_date(void **state)
{
    struct fixture *f = *state;
    struct facts got = {0};
    struct bw_circuit_facts x = {.site = "s-heron",
                                 .circuit = "wan",
                                 .from_unix_s = 1000,
                                 .vantage = BW_VANTAGE_ROUTER,
                                 .source = BW_SOURCE_KERNEL,
                                 .resolution_ms = 1000,
                                 .link_bps = BW_UNKNOWN,
                                 .mtu = 1500};
    struct bw_circuit_facts later[2];
    assert_int_equal(f->c->ops->circuits_note(f->c, &x, 1, &f->err), 0);
    x.from_unix_s = 1300;
    later[0] = x; /* as before: no row */
    x.from_unix_s = 1600;
    x.mtu = 1492;
    later[1] = x;
    assert_int_equal(f->c->ops->circuits_note(f->c, later, 2, &f->err), 0);
    assert_int_equal(f->c->ops->circuits(f->c, NULL, true, on_facts, &got, &f->err), 0);
    assert_int_equal(got.n, 2);
    assert_int_equal(got.list[0].mtu, 1500);
    assert_int_equal(got.list[0].link_bps, BW_UNKNOWN);
    got.n = 0;
    assert_int_equal(f->c->ops->circuits(f->c, "s-heron", false, on_facts, &got, &f->err),
                     0);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.list[0].mtu, 1492);
    assert_int_equal(got.list[0].from_unix_s, 1600);
}

static int on_prefix(void *owner, const struct bw_prefix *p)
{
    *(struct bw_prefix *)owner = *p;
    return 0;
}

static void test_prefixes_and_values(void **state)
{
    struct fixture *f = *state;
    struct bw_prefix p = {.site = "s-heron",
                          .circuit = "wan",
                          .family = 4,
                          .bits = 24,
                          .addr = {203, 0, 113, 7},
                          .to_unix_s = BW_UNKNOWN};
    struct bw_prefix got;
    struct bw_buf out;
    int64_t before = 0;
    int64_t after = 0;
    assert_int_equal(f->c->ops->prefix_add(f->c, &p, &f->err), -EINVAL);
    p.addr[3] = 0;
    assert_int_equal(f->c->ops->prefix_add(f->c, &p, &f->err), 0);
    assert_int_equal(f->c->ops->prefixes(f->c, "s-heron", on_prefix, &got, &f->err), 0);
    assert_memory_equal(got.addr, p.addr, sizeof(p.addr));
    assert_int_equal(got.to_unix_s, BW_UNKNOWN);
    assert_int_equal(f->c->ops->prefix_end(f->c, &p, 77, &f->err), 0);
    assert_int_equal(f->c->ops->prefix_end(f->c, &p, 78, &f->err), -ENOENT);
    bw_buf_init(&out, 100);
    assert_int_equal(f->c->ops->meta_get(f->c, "log-key", &out, &f->err), -ENOENT);
    assert_int_equal(f->c->ops->version(f->c, &before, &f->err), 0);
    assert_int_equal(f->c->ops->meta_set(f->c, "log-key", "log.jwk", 7, &f->err), 0);
    assert_int_equal(f->c->ops->version(f->c, &after, &f->err), 0);
    assert_int_not_equal(before, after);
    assert_int_equal(f->c->ops->meta_get(f->c, "log-key", &out, &f->err), 0);
    assert_string_equal(out.data, "log.jwk");
    bw_buf_done(&out);
}

/* The command line adds a site while the collector has the catalogue open. */
static void test_two_writers(void **state)
{
    struct fixture *f = *state;
    struct bw_catalogue *other = NULL;
    struct bw_site s = {.id = "s-heron"};
    struct bw_site got;
    int64_t before = 0;
    int64_t after = 0;
    assert_int_equal(f->c->ops->version(f->c, &before, &f->err), 0);
    assert_int_equal(bw_catalogue_open(f->path, &other, &f->err), 0);
    assert_int_equal(other->ops->site_add(other, &s, &f->err), 0);
    assert_int_equal(f->c->ops->version(f->c, &after, &f->err), 0);
    assert_int_not_equal(before, after);
    assert_int_equal(f->c->ops->site_get(f->c, "s-heron", &got, &f->err), 0);
    bw_catalogue_close(other);
    assert_int_equal(bw_catalogue_open_read(f->path, &other, &f->err), 0);
    (void)snprintf(s.id, sizeof(s.id), "s-otter");
    assert_int_not_equal(other->ops->site_add(other, &s, &f->err), 0);
    bw_catalogue_close(other);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_entities_are_a_dated_graph),
        T(test_sites),
        T(test_a_token_binds_one_key),
        T(test_many_tokens_or_none),
        T(test_keys_replace_and_revoke),
        T(test_a_box_takes_anothers_place),
        T(test_claims_end_and_are_corrected),
        T(test_names_are_dated_and_none_is_lost),
        T(test_claims_are_dated),
        T(test_facts_change_by_date),
        T(test_prefixes_and_values),
        T(test_two_writers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
