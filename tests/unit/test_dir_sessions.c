/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_dir_sessions.c - sessions by a directory's word: limits, and which of them its word
 * that somebody is out ends. */
#include "bw_test.h"

#include <dir_sessions.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>

enum {
    NOW = 1789000000,
    IDLE = 3600
};

static struct bw_dir_session one(uint8_t mark, const char *sub, const char *sid)
{
    struct bw_dir_session s = {.seen_unix_s = NOW, .expires_unix_s = NOW + 7200};
    memset(s.sha256, mark, sizeof(s.sha256));
    (void)snprintf(s.sub, sizeof(s.sub), "%s", sub);
    (void)snprintf(s.sid, sizeof(s.sid), "%s", sid);
    return s;
}

static struct bw_dir_session *at(struct bw_dir_sessions *all, uint8_t mark, int64_t now)
{
    uint8_t sha256[32];
    memset(sha256, mark, sizeof(sha256));
    return bw_dir_session_find(all, sha256, now, IDLE);
}

static void they_end(void **state)
{
    struct bw_dir_sessions *all = NULL;
    struct bw_dir_session s = one(1, "wren", "");
    (void)state;
    assert_int_equal(bw_dir_sessions_new(&all), 0);
    s.id_token = strdup("a.b.c");
    assert_int_equal(bw_dir_session_add(all, &s), 0);
    assert_non_null(at(all, 1, NOW + IDLE));
    assert_null(at(all, 1, NOW + IDLE + 1)); /* left alone */
    at(all, 1, NOW)->seen_unix_s = NOW + 7100;
    assert_non_null(at(all, 1, NOW + 7199));
    assert_null(at(all, 1, NOW + 7200)); /* whatever was done with it */
    assert_null(at(all, 2, NOW));
    bw_dir_sessions_tidy(all, NOW + 7199, IDLE);
    assert_int_equal(bw_dir_sessions_count(all), 1);
    bw_dir_sessions_tidy(all, NOW + 7200, IDLE);
    assert_int_equal(bw_dir_sessions_count(all), 0);
    /* one more than a person may have: the one that was seen longest ago goes */
    for (uint8_t i = 0; i < BW_DIR_SESSIONS_EACH; i++) {
        s = one(i, "wren", "");
        s.seen_unix_s += i == 5 ? -1 : 0;
        assert_int_equal(bw_dir_session_add(all, &s), 0);
    }
    s = one(200, "finch", "");
    assert_int_equal(bw_dir_session_add(all, &s), 0);
    assert_non_null(at(all, 5, NOW));
    s = one(201, "wren", "");
    assert_int_equal(bw_dir_session_add(all, &s), 0);
    assert_null(at(all, 5, NOW));
    assert_non_null(at(all, 200, NOW));
    assert_int_equal(bw_dir_sessions_count(all), BW_DIR_SESSIONS_EACH + 1);
    bw_dir_session_end(all, at(all, 200, NOW));
    assert_null(at(all, 200, NOW));
    for (size_t i = bw_dir_sessions_count(all); i < BW_DIR_SESSIONS_MAX; i++) {
        char sub[16];
        (void)snprintf(sub, sizeof(sub), "u%zu", i);
        s = one(250, sub, "");
        assert_int_equal(bw_dir_session_add(all, &s), 0);
    }
    assert_int_equal(bw_dir_session_add(all, &s), -ENOSPC);
    bw_dir_sessions_free(all);
    bw_dir_sessions_free(NULL);
}

static struct bw_oidc_token
word(const char *jti, const char *sub, const char *sid, int64_t iat)
{
    return (struct bw_oidc_token){
        .jti = jti, .sub = sub, .sid = sid, .iat_unix_s = iat, .exp_unix_s = iat + 120};
}

static void a_word_ends_what_it_means(void **state)
{
    static const struct {
        const char *sub;
        const char *sid;
        const char *left; /* of 1 wren s-1, 2 wren s-2, 3 wren without, 4 finch s-1 */
    } rows[] = {{"wren", NULL, "4"},     {"finch", NULL, "123"},  {"wren", "s-1", "24"},
                {NULL, "s-1", "23"},     {NULL, "s-9", "1234"},   {"wren", "s-9", "124"},
                {"heron", NULL, "1234"}, {"heron", "s-1", "1234"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bw_dir_sessions *all = NULL;
        assert_int_equal(bw_dir_sessions_new(&all), 0);
        const struct bw_dir_session each[] = {one(1, "wren", "s-1"), one(2, "wren", "s-2"),
                                              one(3, "wren", ""), one(4, "finch", "s-1")};
        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(bw_dir_session_add(all, &each[k]), 0);
        }
        const struct bw_oidc_token w = word("j", rows[i].sub, rows[i].sid, NOW);
        assert_int_equal(bw_dir_sessions_out(all, &w, NOW), 4 - (int)strlen(rows[i].left));
        for (uint8_t k = 1; k <= 4; k++) {
            assert_int_equal(at(all, k, NOW) != NULL,
                             strchr(rows[i].left, '0' + k) != NULL);
        }
        assert_int_equal(bw_dir_sessions_out(all, &w, NOW), -EALREADY);
        bw_dir_sessions_free(all);
    }
}

static void a_word_holds_for_tokens_from_before(void **state)
{
    struct bw_dir_sessions *all = NULL;
    const struct bw_oidc_token wren = word("a", "wren", NULL, NOW);
    const struct bw_oidc_token sid = word("b", "finch", "s-1", NOW);
    const struct {
        struct bw_oidc_token id;
        bool out;
    } rows[] = {{word(NULL, "wren", "s-7", NOW - 1), true},
                {word(NULL, "wren", NULL, NOW), true},
                {word(NULL, "wren", "s-7", NOW + 1), false},
                {word(NULL, "finch", "s-1", NOW - 1), true},
                {word(NULL, "finch", "s-2", NOW - 1), false},
                {word(NULL, "finch", NULL, NOW - 1), true},
                {word(NULL, "finch", "s-1", NOW + 1), false},
                {word(NULL, "owl", "s-9", NOW - 1), false}};
    (void)state;
    assert_int_equal(bw_dir_sessions_new(&all), 0);
    assert_int_equal(bw_dir_sessions_out(all, &wren, NOW), 0);
    assert_int_equal(bw_dir_sessions_out(all, &sid, NOW), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(bw_dir_sessions_is_out(all, &rows[i].id), rows[i].out);
    }
    /* remembered as long as such a token, or the word again, could be taken */
    bw_dir_sessions_tidy(all, NOW + BW_OIDC_FRESH_S + BW_OIDC_SKEW_S, IDLE);
    assert_true(bw_dir_sessions_is_out(all, &rows[0].id));
    bw_dir_sessions_tidy(all, NOW + 2 * BW_OIDC_FRESH_S, IDLE);
    assert_false(bw_dir_sessions_is_out(all, &rows[0].id));
    /* of more than so many the oldest is forgotten */
    for (int i = 0; i <= BW_DIR_LOGOUTS_MAX; i++) {
        char jti[16];
        (void)snprintf(jti, sizeof(jti), "%d", i);
        const struct bw_oidc_token t = word(jti, i == 0 ? "first" : "owl", NULL, NOW);
        assert_int_equal(bw_dir_sessions_out(all, &t, NOW), 0);
    }
    const struct bw_oidc_token first = word(NULL, "first", NULL, NOW);
    const struct bw_oidc_token owl = word("1", "owl", NULL, NOW);
    assert_false(bw_dir_sessions_is_out(all, &first));
    assert_int_equal(bw_dir_sessions_out(all, &owl, NOW), -EALREADY);
    bw_dir_sessions_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_end),
        cmocka_unit_test(a_word_ends_what_it_means),
        cmocka_unit_test(a_word_holds_for_tokens_from_before),
    };
    if (bw_crypto_init() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
