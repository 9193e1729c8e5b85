/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_people.c - persons, links, sessions, keys and acts: once, durable, for the owner's
 * eyes alone; and files that are none. */
#include "bw_test.h"
#include "store_chain.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <file.h>
#include <hash.h>
#include <people.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    NOW = 1789000000
};

struct fixture {
    char *folder;
    char path[300];
    struct bw_people *p;
    struct bw_err err;
};

static const struct bw_act_said act = {.act = "account-add",
                                       .by = "heron",
                                       .via = "command",
                                       .about = "wren",
                                       .detail = "district alder-valley"};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(bw_crypto_init(), 0);
    f->folder = tmp_folder();
    (void)snprintf(f->path, sizeof(f->path), "%s/people.db", f->folder);
    assert_int_equal(bw_people_open(f->path, &f->p, &f->err), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    bw_people_close(f->p);
    tmp_folder_drop(f->folder);
    free(f);
    return 0;
}

static struct bw_person person(const char *name, enum bw_role role, const char *entity)
{
    struct bw_person p = {.role = role};
    (void)snprintf(p.name, sizeof(p.name), "%s", name);
    if (entity) {
        (void)snprintf(p.scopes[0], sizeof(p.scopes[0]), "%s", entity);
        p.n_scopes = 1;
    }
    return p;
}

static int add(struct fixture *f, const char *name, enum bw_role role, const char *entity)
{
    struct bw_person p = person(name, role, entity);
    return f->p->ops->person_add(f->p, &p, NOW, &act, &f->err);
}

static struct bw_link link_of(const char *name, enum bw_link_kind kind, uint8_t mark)
{
    struct bw_link l = {.kind = kind, .created_unix_s = NOW, .expires_unix_s = NOW + 100};
    memset(l.sha256, mark, sizeof(l.sha256));
    (void)snprintf(l.person, sizeof(l.person), "%s", name);
    return l;
}

/* Password and codes, the first recovery code being 32 bytes of mark + 1. */
static int ready(struct fixture *f, const char *name, uint8_t mark, int64_t now)
{
    static const uint8_t key[BW_TOTP_KEY] = "12345678901234567890";
    struct bw_person_ready r = {.name = name,
                                .shown = "Wren of Alder",
                                .hash = "$argon2id$x",
                                .totp = key,
                                .totp_step = 7};
    uint8_t token[32];
    memset(token, mark, sizeof(token));
    for (uint8_t i = 0; i < BW_RECOVERY_CODES; i++) {
        memset(r.recovery[i], mark + 1 + i, 32);
    }
    return f->p->ops->link_spend(f->p, token, &r, now, NULL, &f->err);
}

static void make(struct fixture *f, const char *name, enum bw_role role, uint8_t mark)
{
    struct bw_link l = link_of(name, BW_LINK_INVITE, mark);
    assert_int_equal(add(f, name, role, bw_role_scoped(role) ? "alder-valley" : NULL), 0);
    assert_int_equal(f->p->ops->link_add(f->p, &l, NULL, &f->err), 0);
    assert_int_equal(ready(f, name, mark, NOW), 0);
}

static struct bw_session session_of(const char *name, uint8_t mark, int64_t now)
{
    struct bw_session s = {
        .created_unix_s = now, .seen_unix_s = now, .expires_unix_s = now + 1000};
    memset(s.sha256, mark, sizeof(s.sha256));
    memset(s.csrf, mark, sizeof(s.csrf));
    (void)snprintf(s.person, sizeof(s.person), "%s", name);
    return s;
}

static int sign_in(struct fixture *f, const char *name, uint8_t mark, int64_t step)
{
    struct bw_session s = session_of(name, mark, NOW + mark);
    return f->p->ops->sign_in(f->p, &s, step, NULL, &f->err);
}

struct counted {
    int n;
    struct bw_session last;
};

static int on_session(void *owner, const struct bw_session *s)
{
    struct counted *c = owner;
    c->n++;
    c->last = *s;
    return 0;
}

static struct counted sessions(struct fixture *f)
{
    struct counted c = {.n = 0};
    assert_int_equal(f->p->ops->sessions(f->p, on_session, &c, &f->err), 0);
    return c;
}

static void names_are_used_once(void **state)
{
    struct fixture *f = *state;
    struct bw_person p;
    static const char *const bad[] = {"",  "Wren",      "wren hen", ".wren",
                                      "-", "wren/../x", "wrén"};

    assert_int_equal(add(f, "wren", BW_ROLE_DISTRICT, "alder-valley"), 0);
    assert_int_equal(add(f, "wren", BW_ROLE_VIEWER, NULL), -EEXIST);
    assert_int_equal(f->p->ops->person_get(f->p, "wren", &p, &f->err), 0);
    assert_string_equal(p.shown, "wren");
    assert_int_equal(p.role, BW_ROLE_DISTRICT);
    assert_string_equal(p.scopes[0], "alder-valley");
    assert_string_equal(p.hash, "");
    assert_int_equal(f->p->ops->person_clear(f->p, "wren", false, NOW, &act, &f->err), 0);
    assert_int_equal(f->p->ops->person_get(f->p, "wren", &p, &f->err), -ENOENT);
    assert_int_equal(add(f, "wren", BW_ROLE_VIEWER, NULL), -EEXIST);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(add(f, bad[i], BW_ROLE_VIEWER, NULL), -EINVAL);
    }
    /* a role of a part of the state has a part, one of the whole has none */
    assert_int_equal(add(f, "finch", BW_ROLE_DISTRICT, NULL), -EINVAL);
    assert_int_equal(add(f, "finch", BW_ROLE_ADMIN, "alder-valley"), -EINVAL);
}

static void a_link_works_once_and_in_time(void **state)
{
    struct fixture *f = *state;
    struct bw_link l = link_of("", BW_LINK_FIRST, 10);
    struct bw_link got;
    struct bw_person p;

    assert_int_equal(f->p->ops->link_add(f->p, &l, &act, &f->err), 0);
    assert_int_equal(f->p->ops->link_get(f->p, l.sha256, NOW, &got, &f->err), 0);
    assert_int_equal(got.kind, BW_LINK_FIRST);
    assert_int_equal(ready(f, "heron", 10, NOW + 100), -ETIME);
    assert_int_equal(ready(f, "heron", 11, NOW), -ENOENT);
    assert_int_equal(ready(f, "Heron", 10, NOW), -EINVAL);
    assert_int_equal(ready(f, "heron", 10, NOW + 99), 0);
    assert_int_equal(ready(f, "heron", 10, NOW + 99), -EALREADY);
    assert_int_equal(f->p->ops->person_get(f->p, "heron", &p, &f->err), 0);
    assert_int_equal(p.role, BW_ROLE_ADMIN);
    assert_string_equal(p.hash, "$argon2id$x");
    assert_int_equal(p.totp_step, 7);
    assert_int_equal(p.n_recovery, BW_RECOVERY_CODES);
    /* there is only one first */
    l = link_of("", BW_LINK_FIRST, 12);
    assert_int_equal(f->p->ops->link_add(f->p, &l, NULL, &f->err), -EEXIST);
    /* a second link of a person makes the one before void */
    assert_int_equal(add(f, "wren", BW_ROLE_DISTRICT, "alder-valley"), 0);
    l = link_of("wren", BW_LINK_INVITE, 20);
    assert_int_equal(f->p->ops->link_add(f->p, &l, NULL, &f->err), 0);
    l = link_of("wren", BW_LINK_INVITE, 40);
    assert_int_equal(f->p->ops->link_add(f->p, &l, NULL, &f->err), 0);
    assert_int_equal(ready(f, "wren", 20, NOW), -ENOENT);
    /* whoever made it to the first administrator by such a link does not become one */
    assert_int_equal(ready(f, "eagle", 40, NOW), 0);
    assert_int_equal(f->p->ops->person_get(f->p, "eagle", &p, &f->err), -ENOENT);
}

static void a_code_opens_one_session(void **state)
{
    struct fixture *f = *state;
    struct bw_session s = session_of("wren", 9, NOW + 9);
    struct bw_person p;
    uint8_t code[32];

    make(f, "wren", BW_ROLE_DISTRICT, 10);
    make(f, "finch", BW_ROLE_DISTRICT, 30);
    assert_int_equal(f->p->ops->person_failed(f->p, "wren", 3, NOW + 60, &f->err), 0);
    assert_int_equal(sign_in(f, "wren", 1, 7), -EALREADY); /* the set-up's own step */
    assert_int_equal(sign_in(f, "wren", 1, 8), 0);
    assert_int_equal(sign_in(f, "wren", 2, 8), -EALREADY);
    assert_int_equal(sign_in(f, "wren", 2, 6), -EALREADY);
    assert_int_equal(f->p->ops->person_get(f->p, "wren", &p, &f->err), 0);
    assert_int_equal(p.failures, 0);
    assert_int_equal(p.locked_until_unix_s, BW_UNKNOWN);
    assert_int_equal(p.signed_in_unix_s, NOW + 1);
    /* recovery codes: one's own, once, and they leave the steps alone */
    memset(code, 31, sizeof(code));
    assert_int_equal(f->p->ops->sign_in(f->p, &s, BW_UNKNOWN, code, &f->err), -EACCES);
    memset(code, 11, sizeof(code));
    assert_int_equal(f->p->ops->sign_in(f->p, &s, BW_UNKNOWN, code, &f->err), 0);
    memset(s.sha256, 3, sizeof(s.sha256));
    assert_int_equal(f->p->ops->sign_in(f->p, &s, BW_UNKNOWN, code, &f->err), -EACCES);
    assert_int_equal(f->p->ops->person_get(f->p, "wren", &p, &f->err), 0);
    assert_int_equal(p.totp_step, 8);
    assert_int_equal(p.n_recovery, BW_RECOVERY_CODES - 1);
    assert_int_equal(sessions(f).n, 2);
    /* a reset ends what there is; who was reset cannot sign in */
    assert_int_equal(f->p->ops->person_clear(f->p, "wren", true, NOW, &act, &f->err), 0);
    assert_int_equal(sessions(f).n, 0);
    assert_int_equal(sign_in(f, "wren", 4, 9), -EALREADY);
    assert_int_equal(sign_in(f, "nobody", 4, 9), -EALREADY);
}

static void sessions_end(void **state)
{
    struct fixture *f = *state;
    struct bw_session s = session_of("wren", 5, NOW);

    make(f, "wren", BW_ROLE_DISTRICT, 10);
    for (uint8_t i = 0; i < BW_SESSIONS_EACH + 3; i++) {
        assert_int_equal(sign_in(f, "wren", i, 8 + i), 0);
    }
    assert_int_equal(sessions(f).n, BW_SESSIONS_EACH); /* the oldest are gone */
    s.seen_unix_s = NOW + 500;
    assert_int_equal(f->p->ops->sessions_seen(f->p, &s, 1, &f->err), 0);
    s.seen_unix_s = NOW + 400;
    assert_int_equal(f->p->ops->sessions_seen(f->p, &s, 1, &f->err), 0);
    assert_int_equal(f->p->ops->sessions_end(f->p, "wren", s.sha256, &f->err), 0);
    struct counted c = sessions(f);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.last.seen_unix_s, NOW + 500);
    assert_int_equal(c.last.csrf[0], 5);
    assert_int_equal(f->p->ops->sessions_end(f->p, "finch", NULL, &f->err), 0);
    assert_int_equal(sessions(f).n, 1);
    assert_int_equal(f->p->ops->sessions_end(f->p, "wren", NULL, &f->err), 0);
    assert_int_equal(sessions(f).n, 0);
    assert_int_equal(sign_in(f, "wren", 90, 200), 0);
    assert_int_equal(f->p->ops->session_end(f->p, s.sha256, &f->err), 0);
    assert_int_equal(sessions(f).n, 1);
    s = session_of("wren", 90, 0);
    assert_int_equal(f->p->ops->session_end(f->p, s.sha256, &f->err), 0);
    assert_int_equal(sessions(f).n, 0);
}

static void the_last_administrator_stays(void **state)
{
    struct fixture *f = *state;
    struct bw_person p = person("heron", BW_ROLE_VIEWER, NULL);

    make(f, "heron", BW_ROLE_ADMIN, 10);
    assert_int_equal(add(f, "eagle", BW_ROLE_ADMIN, NULL), 0); /* without a password yet */
    assert_int_equal(f->p->ops->person_clear(f->p, "heron", false, NOW, NULL, &f->err),
                     -EPERM);
    assert_int_equal(f->p->ops->person_change(f->p, &p, NULL, &f->err), -EPERM);
    assert_int_equal(f->p->ops->person_clear(f->p, "eagle", false, NOW, NULL, &f->err), 0);
    make(f, "osprey", BW_ROLE_ADMIN, 40);
    assert_int_equal(f->p->ops->person_change(f->p, &p, NULL, &f->err), 0);
    p = person("heron", BW_ROLE_AGENCY, "alder-valley");
    assert_int_equal(f->p->ops->person_change(f->p, &p, NULL, &f->err), 0);
    assert_int_equal(f->p->ops->person_get(f->p, "heron", &p, &f->err), 0);
    assert_int_equal(p.role, BW_ROLE_AGENCY);
    assert_int_equal(p.n_scopes, 1);
}

static int on_key(void *owner, const struct bw_api_key *k)
{
    *(struct bw_api_key *)owner = *k;
    return 0;
}

static void keys(void **state)
{
    struct fixture *f = *state;
    struct bw_api_key k = {.role = BW_ROLE_DISTRICT,
                           .name = "grafana",
                           .n_scopes = 1,
                           .scopes = {"alder-valley"},
                           .created_unix_s = NOW,
                           .expires_unix_s = NOW + 1};
    struct bw_api_key got = {.id = 0};
    int64_t id = 0;

    assert_int_equal(f->p->ops->key_add(f->p, &k, &id, &act, &f->err), 0);
    assert_int_equal(f->p->ops->key_add(f->p, &k, &id, &act, &f->err), -EEXIST);
    assert_int_equal(f->p->ops->keys(f->p, on_key, &got, &f->err), 0);
    assert_int_equal(got.id, id);
    assert_string_equal(got.scopes[0], "alder-valley");
    assert_int_equal(got.revoked_unix_s, BW_UNKNOWN);
    assert_int_equal(f->p->ops->key_revoke(f->p, "grafana", NOW, &act, &f->err), 0);
    assert_int_equal(f->p->ops->key_revoke(f->p, "grafana", NOW, &act, &f->err), -ENOENT);
    memset(k.sha256, 1, sizeof(k.sha256));
    assert_int_equal(f->p->ops->key_add(f->p, &k, &id, &act, &f->err), 0);
    k.role = BW_ROLE_ADMIN;
    assert_int_equal(f->p->ops->key_add(f->p, &k, &id, &act, &f->err), -EINVAL);
}

struct acts {
    int n;
    char text[4][BW_ACT_TEXT_MAX];
    uint8_t leaf[4][32];
    uint8_t salt[BW_ACT_SALT];
};

static int on_act(void *owner, const struct bw_act *a)
{
    struct acts *all = owner;
    (void)snprintf(all->text[all->n], BW_ACT_TEXT_MAX, "%.*s", (int)a->n, a->text);
    bw_act_leaf(a, all->leaf[all->n]);
    memcpy(all->salt, a->salt, sizeof(all->salt));
    assert_int_equal(a->position, all->n);
    all->n++;
    return 0;
}

static void an_act_is_kept_with_what_it_did(void **state)
{
    struct fixture *f = *state;
    struct acts all = {.n = 0};
    char salted[BW_ACT_SALT + BW_ACT_TEXT_MAX];
    uint8_t leaf[32];
    int64_t told = 0;

    assert_int_equal(add(f, "wren", BW_ROLE_DISTRICT, "alder-valley"), 0);
    assert_int_equal(add(f, "wren", BW_ROLE_DISTRICT, "alder-valley"), -EEXIST); /* none */
    assert_int_equal(f->p->ops->person_clear(f->p, "nobody", true, NOW, &act, &f->err),
                     -ENOENT);
    assert_int_equal(f->p->ops->act_add(f->p, &act, &f->err), 0);
    assert_int_equal(f->p->ops->acts(f->p, 0, on_act, &all, &f->err), 0);
    assert_int_equal(all.n, 2);
    assert_int_equal(strncmp(all.text[0], "{\"v\":1,\"at_ms\":1", 16), 0);
    assert_non_null(strstr(all.text[0], ",\"act\":\"account-add\",\"by\":\"heron\","
                                        "\"via\":\"command\",\"about\":\"wren\","
                                        "\"detail\":\"district alder-valley\"}"));
    assert_memory_not_equal(all.leaf[0], all.leaf[1], 32); /* by the salt */
    memcpy(salted, all.salt, BW_ACT_SALT);
    memcpy(salted + BW_ACT_SALT, all.text[1], strlen(all.text[1]));
    bw_sha256(salted, BW_ACT_SALT + strlen(all.text[1]), leaf);
    assert_memory_equal(leaf, all.leaf[1], 32);
    assert_int_equal(f->p->ops->told_get(f->p, &told, &f->err), 0);
    assert_int_equal(told, -1);
    assert_int_equal(f->p->ops->told_set(f->p, 1, &f->err), 0);
    assert_int_equal(f->p->ops->told_get(f->p, &told, &f->err), 0);
    assert_int_equal(told, 1);
}

static void a_file_for_its_owner_alone(void **state)
{
    struct fixture *f = *state;
    struct bw_people *other = NULL;
    uint8_t secret[BW_PEOPLE_SECRET];
    uint8_t again[BW_PEOPLE_SECRET];
    int64_t before = 0;
    int64_t after = 0;
    char path[320];
    struct stat st;

    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)snprintf(path, sizeof(path), "%s-wal", f->path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* another process sees the same, and that something changed */
    assert_int_equal(f->p->ops->version(f->p, &before, &f->err), 0);
    assert_int_equal(bw_people_open(f->path, &other, &f->err), 0);
    assert_int_equal(other->ops->act_add(other, &act, &f->err), 0);
    assert_int_equal(f->p->ops->version(f->p, &after, &f->err), 0);
    assert_int_not_equal(before, after);
    assert_int_equal(f->p->ops->secret(f->p, secret, &f->err), 0);
    assert_int_equal(other->ops->secret(other, again, &f->err), 0);
    assert_memory_equal(secret, again, sizeof(secret));
    bw_people_close(other);
    other = NULL;
    assert_int_equal(chmod(f->path, 0640), 0);
    assert_int_equal(bw_people_open(f->path, &other, &f->err), -EPERM);
    assert_null(other);
}

static void files_that_are_none(void **state)
{
    struct fixture *f = *state;
    struct bw_people *p = NULL;
    sqlite3 *db = NULL;
    char path[320];

    (void)snprintf(path, sizeof(path), "%s/none.db", f->folder);
    assert_int_equal(bw_people_open_read(path, &p, &f->err), -ENOENT);
    assert_int_equal(bw_file_write(path, "not a data base at all, but long enough for one",
                                   47, 0600, NULL),
                     0);
    assert_int_equal(bw_people_open(path, &p, &f->err), -BW_EMALFORMED);
    /* of a later program */
    bw_people_close(f->p);
    f->p = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=2", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(bw_people_open(f->path, &p, &f->err), -BW_ENEWER);
    assert_null(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_are_used_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_works_once_and_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_code_opens_one_session, setup, teardown),
        cmocka_unit_test_setup_teardown(sessions_end, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_administrator_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(keys, setup, teardown),
        cmocka_unit_test_setup_teardown(an_act_is_kept_with_what_it_did, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_for_its_owner_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(files_that_are_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
