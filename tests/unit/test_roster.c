/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_roster.c - a table of sites, what is wrong in it line by line, and tokens for all of
 * it or for none. */
#include "bw_test.h"
#include "roster.h"
#include "store_chain.h"

#include <buf.h>
#include <bw/err.h>
#include <csvrows.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>

enum {
    NOW = 1793620800, /* 2026-11-02T12:00:00Z */
    UNTIL = NOW + 14 * 86400
};

struct fixture {
    char *folder;
    struct bw_catalogue *c;
    struct bw_err err;
};

static void entity(struct fixture *f, const char *id, const char *name)
{
    struct bw_entity e = {.kind = BW_ENTITY_DISTRICT, .from_unix_s = 1000};

    (void)snprintf(e.id, sizeof(e.id), "%s", id);
    (void)snprintf(e.name, sizeof(e.name), "%s", name);
    assert_int_equal(f->c->ops->entity_add(f->c, &e, &f->err), 0);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char path[300];
    struct bw_site heron = {.id = "s-heron", .name = "Heron", .entity = "alder"};
    struct bw_site ibis = {.id = "s-ibisx", .name = "Ibis", .state = BW_SITE_ENROLLED};

    assert_non_null(f);
    assert_int_equal(bw_crypto_init(), 0);
    f->folder = tmp_folder();
    (void)snprintf(path, sizeof(path), "%s/catalogue.db", f->folder);
    assert_int_equal(bw_catalogue_open(path, &f->c, &f->err), 0);
    entity(f, "alder", "Alder Valley");
    entity(f, "birch", "Birch, Lower");
    entity(f, "birch-2", "Birch");
    entity(f, "birch-3", "Birch");
    assert_int_equal(f->c->ops->site_add(f->c, &heron, &f->err), 0);
    assert_int_equal(f->c->ops->site_add(f->c, &ibis, &f->err), 0);
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

static int read_text(struct fixture *f, const char *text, struct bw_roster **ret)
{
    struct bw_csv *csv = NULL;
    struct bw_buf b;

    bw_buf_init(&b, 100000);
    bw_roster_pasted(text, strlen(text), &b);
    assert_int_equal(bw_csv_memory("sites", b.data ? b.data : "", b.len, &csv, &f->err), 0);
    int r = bw_roster_read(csv, ret, &f->err);
    bw_csv_close(csv);
    bw_buf_done(&b);
    return r;
}

static int count_site(void *n, const struct bw_site *s)
{
    (void)s;
    ++*(int *)n;
    return 0;
}

static int count_token(void *n, const struct bw_token *t)
{
    assert_int_equal(t->expires_unix_s, UNTIL);
    ++*(int *)n;
    return 0;
}

static void assert_counts(struct fixture *f, int sites, int tokens)
{
    int n = 0;

    assert_int_equal(f->c->ops->sites(f->c, NULL, count_site, &n, &f->err), 0);
    assert_int_equal(n, sites);
    n = 0;
    assert_int_equal(f->c->ops->tokens(f->c, count_token, &n, &f->err), 0);
    assert_int_equal(n, tokens);
}

/* The token of the row that begins so, "" without one. */
static void token_of(const char *table, const char *begin, char out[64])
{
    const char *row = strstr(table, begin);
    const char *at = row ? strstr(row, "bwt_") : NULL;

    assert_non_null(row);
    assert_non_null(at);
    (void)snprintf(out, 64, "%.*s", (int)strcspn(at, ","), at);
}

static void tokens_for_all(void **state)
{
    struct fixture *f = *state;
    struct bw_roster *r = NULL;
    const char *words = NULL;
    struct bw_buf out;
    struct bw_token t;
    uint8_t hash[32];
    char one[64];
    char other[64];

    assert_int_equal(read_text(f,
                               "Name,ID,entity\r\n"
                               ",s-heron,\r\n"
                               "\"Ash, Upper\",,Alder Valley\r\n"
                               "Elm,,\r\n",
                               &r),
                     0);
    assert_int_equal(bw_roster_rows(r), 3);
    assert_int_equal(bw_roster_n_new(r), 2);
    bw_buf_init(&out, 10000);
    bw_roster_write(r, &out); /* nothing was made: nothing stands there */
    assert_string_equal(out.data, "id,name,entity,token,expires\r\n");
    bw_buf_clear(&out);
    assert_int_equal(bw_roster_make(r, f->c, NOW, UNTIL, &f->err), 0);
    assert_int_equal(bw_roster_wrong(r, &words), 0);
    assert_counts(f, 4, 3);
    bw_roster_write(r, &out);
    assert_non_null(strstr(out.data, "s-heron,Heron,alder,bwt_"));
    assert_non_null(strstr(out.data, ",\"Ash, Upper\",alder,bwt_"));
    assert_non_null(strstr(out.data, ",2026-11-16T12:00:00Z\r\n"));
    token_of(out.data, "s-heron,", one);
    token_of(out.data, "Ash, Upper", other);
    assert_int_equal(strlen(one), 4 + 27); /* 20 bytes of chance */
    assert_string_not_equal(one, other);
    bw_sha256(other, strlen(other), hash);
    assert_int_equal(f->c->ops->token_get(f->c, hash, &t, &f->err), 0);
    assert_non_null(strstr(out.data, t.site));
    bw_roster_free(r);
    /* what came out goes in again: the same sites, and no new ones */
    r = NULL;
    assert_int_equal(read_text(f, out.data, &r), 0);
    assert_int_equal(bw_roster_n_new(r), 0);
    assert_int_equal(bw_roster_make(r, f->c, NOW, UNTIL, &f->err), 0);
    assert_counts(f, 4, 6);
    bw_roster_free(r);
    bw_buf_done(&out);
}

static void every_wrong_row_is_told(void **state)
{
    struct fixture *f = *state;
    struct bw_roster *r = NULL;
    const char *words = NULL;

    assert_int_equal(
        read_text(f,
                  "id,name,entity\n"
                  ",Fine,alder\n"
                  "s-nobody,,\n"
                  "s-ibisx,,\n"
                  "s-heron,Egret,\n"
                  "s-heron,Heron,birch\n"
                  ",,alder\n"
                  ",Oak,Birch\n"
                  ",Oak,Nowhere\n"
                  ",Heron,alder\n"
                  ",Fine,Alder Valley\n"
                  ",s-heron,\n"
                  "an-id-that-is-far-too-long-for-any-site-that-ever-was-there,,\n",
                  &r),
        0);
    assert_int_equal(bw_roster_make(r, f->c, NOW, UNTIL, &f->err), -EINVAL);
    assert_string_equal(f->err.text, "11 of 12 rows are wrong; nothing was made");
    assert_int_equal(bw_roster_wrong(r, &words), 11);
    static const char *const told[] = {
        "sites:3: no site s-nobody; leave the id out for a new one\n",
        "sites:4: site s-ibisx has a box; for another one: bandwitness token create --rep",
        "sites:5: site s-heron is \"Heron\"\n",
        "sites:6: site s-heron is at \"alder\"\n",
        "sites:7: neither id nor name\n",
        "sites:8: several entities are called \"Birch\": put the id\n",
        "sites:9: no entity is \"Nowhere\"\n",
        "sites:10: there is a site of this name already: put its id, s-heron\n",
        "sites:11: the same site stands in line 2 already\n",
        "sites:12: \"s-heron\" looks like an id, and stands under name\n",
        "sites:13: no id of a site is \"an-id-that-is-far-too-long-for-any-site-\"\n"};
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        if (!strstr(words, told[i])) {
            fail_msg("not told: %s\n%s", told[i], words);
        }
    }
    assert_counts(f, 2, 0);
    bw_roster_free(r);
}

static void tables_that_are_none(void **state)
{
    struct fixture *f = *state;
    struct bw_roster *r = NULL;
    static const char *const bad[] = {"",
                                      "id,name,entity\n",
                                      "name,adress\nAsh,x\n",
                                      "name,name\nAsh,Elm\n",
                                      "entity\nalder\n",
                                      "name,entity\nAsh\n",
                                      "name\n\"Ash\n"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_true(read_text(f, bad[i], &r) < 0);
        assert_true(strncmp(f->err.text, "sites", 5) == 0);
        assert_null(r);
    }
    struct bw_buf many;
    bw_buf_init(&many, 100000);
    bw_buf_puts(&many, "name\n");
    for (int i = 0; i <= BW_ROSTER_ROWS_MAX; i++) {
        bw_buf_printf(&many, "Ash %d\n", i);
    }
    assert_int_equal(read_text(f, many.data, &r), -E2BIG);
    bw_buf_done(&many);
}

static void what_a_spreadsheet_copies(void **state)
{
    struct fixture *f = *state;
    struct bw_roster *r = NULL;
    const char *words = NULL;
    struct bw_buf out;

    bw_buf_init(&out, 10000);
    assert_int_equal(read_text(f,
                               "name\tentity\r\n"
                               "Ash \"Upper\", East\tBirch, Lower\r\n"
                               "\"Elm\"\t alder \r\n",
                               &r),
                     0);
    assert_int_equal(bw_roster_make(r, f->c, NOW, UNTIL, &f->err), 0);
    assert_int_equal(bw_roster_wrong(r, &words), 0);
    bw_roster_write(r, &out);
    assert_non_null(strstr(out.data, ",\"Ash \"\"Upper\"\", East\",birch,bwt_"));
    assert_non_null(strstr(out.data, ",Elm,alder,bwt_"));
    bw_roster_free(r);
    /* a formula comes out as text, and goes in as what it was */
    bw_buf_clear(&out);
    assert_int_equal(read_text(f, "name\n=1+1\n", &r), 0);
    assert_int_equal(bw_roster_make(r, f->c, NOW, UNTIL, &f->err), 0);
    bw_roster_write(r, &out);
    assert_non_null(strstr(out.data, ",'=1+1,,bwt_"));
    bw_roster_free(r);
    assert_int_equal(read_text(f, out.data, &r), 0);
    assert_int_equal(bw_roster_look(r, f->c, &f->err), 0);
    assert_int_equal(bw_roster_wrong(r, &words), 0);
    bw_roster_free(r);
    bw_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tokens_for_all, setup, teardown),
        cmocka_unit_test_setup_teardown(every_wrong_row_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(tables_that_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_spreadsheet_copies, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
