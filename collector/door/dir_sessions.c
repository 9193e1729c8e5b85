/* SPDX-License-Identifier: GPL-3.0-or-later
 * dir_sessions.c - sessions by a directory's word, and its words that they are over. */
#include "dir_sessions.h"

#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct logout {
    uint8_t jti[32]; /* SHA-256s */
    uint8_t sub[32];
    uint8_t sid[32];
    bool has_sub;
    bool has_sid;
    int64_t iat_unix_s;
    int64_t until_unix_s; /* so long a token from before it, or itself, could be taken */
};

struct bw_dir_sessions {
    struct bw_dir_session *all[BW_DIR_SESSIONS_MAX];
    size_t n;
    struct logout logouts[BW_DIR_LOGOUTS_MAX];
    size_t n_logouts;
};

int bw_dir_sessions_new(struct bw_dir_sessions **ret)
{
    *ret = calloc(1, sizeof(**ret));
    return *ret ? 0 : -ENOMEM;
}

static void session_free(struct bw_dir_session *one)
{
    if (one->id_token) {
        explicit_bzero(one->id_token, strlen(one->id_token));
        free(one->id_token);
    }
    free(one);
}

void bw_dir_sessions_free(struct bw_dir_sessions *s)
{
    for (size_t i = 0; s && i < s->n; i++) {
        session_free(s->all[i]);
    }
    free(s);
}

static void end_at(struct bw_dir_sessions *s, size_t i)
{
    session_free(s->all[i]);
    s->all[i] = s->all[--s->n];
}

void bw_dir_session_end(struct bw_dir_sessions *s, struct bw_dir_session *one)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->all[i] == one) {
            end_at(s, i);
            return;
        }
    }
}

static bool is_over(const struct bw_dir_session *one, int64_t now_unix_s, int64_t idle_s)
{
    return one->expires_unix_s <= now_unix_s || now_unix_s - one->seen_unix_s > idle_s;
}

struct bw_dir_session *bw_dir_session_find(struct bw_dir_sessions *s,
                                           const uint8_t sha256[32],
                                           int64_t now_unix_s,
                                           int64_t idle_s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (memcmp(s->all[i]->sha256, sha256, 32) == 0) {
            return is_over(s->all[i], now_unix_s, idle_s) ? NULL : s->all[i];
        }
    }
    return NULL;
}

void bw_dir_sessions_tidy(struct bw_dir_sessions *s, int64_t now_unix_s, int64_t idle_s)
{
    for (size_t i = s->n; i > 0; i--) {
        if (is_over(s->all[i - 1], now_unix_s, idle_s)) {
            end_at(s, i - 1);
        }
    }
    for (size_t i = s->n_logouts; i > 0; i--) {
        if (s->logouts[i - 1].until_unix_s < now_unix_s) {
            memmove(&s->logouts[i - 1], &s->logouts[i],
                    (s->n_logouts - i) * sizeof(s->logouts[0]));
            s->n_logouts--;
        }
    }
}

size_t bw_dir_sessions_count(const struct bw_dir_sessions *s)
{
    return s->n;
}

int bw_dir_session_add(struct bw_dir_sessions *s, const struct bw_dir_session *one)
{
    size_t n = 0;
    size_t oldest = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->all[i]->sub, one->sub) == 0 &&
            (n++ == 0 || s->all[i]->seen_unix_s < s->all[oldest]->seen_unix_s)) {
            oldest = i;
        }
    }
    if (n >= BW_DIR_SESSIONS_EACH) {
        end_at(s, oldest);
    }
    if (s->n == BW_DIR_SESSIONS_MAX) {
        return -ENOSPC;
    }
    struct bw_dir_session *copy = malloc(sizeof(*copy));
    if (!copy) {
        return -ENOMEM;
    }
    *copy = *one;
    s->all[s->n++] = copy;
    return 0;
}

/* --- signed out there ----------------------------------------------------------------- */

static void hash(const char *text, uint8_t ret[32])
{
    bw_sha256(text ? text : "", text ? strlen(text) : 0, ret);
}

int bw_dir_sessions_out(struct bw_dir_sessions *s,
                        const struct bw_oidc_token *logout,
                        int64_t now_unix_s)
{
    struct logout l = {.has_sub = logout->sub != NULL,
                       .has_sid = logout->sid != NULL,
                       .iat_unix_s = logout->iat_unix_s};
    int n = 0;
    hash(logout->jti, l.jti);
    hash(logout->sub, l.sub);
    hash(logout->sid, l.sid);
    for (size_t i = 0; i < s->n_logouts; i++) {
        if (memcmp(s->logouts[i].jti, l.jti, sizeof(l.jti)) == 0) {
            return -EALREADY;
        }
    }
    if (s->n_logouts == BW_DIR_LOGOUTS_MAX) { /* the oldest is forgotten */
        memmove(s->logouts, s->logouts + 1, (BW_DIR_LOGOUTS_MAX - 1) * sizeof(l));
        s->n_logouts--;
    }
    int64_t fresh = now_unix_s + BW_OIDC_FRESH_S;
    l.until_unix_s = (fresh > logout->exp_unix_s ? fresh : logout->exp_unix_s) +
                     INT64_C(2) * BW_OIDC_SKEW_S;
    s->logouts[s->n_logouts++] = l;
    for (size_t i = s->n; i > 0; i--) {
        const struct bw_dir_session *one = s->all[i - 1];
        /* One whose sid nobody told may be any of that person's. */
        bool sub = logout->sub && strcmp(one->sub, logout->sub) == 0;
        bool sid = logout->sid && strcmp(one->sid, logout->sid) == 0;
        bool meant = !logout->sid ? sub : sid ? !logout->sub || sub : sub && !one->sid[0];
        if (meant) {
            end_at(s, i - 1);
            n++;
        }
    }
    return n;
}

bool bw_dir_sessions_is_out(const struct bw_dir_sessions *s, const struct bw_oidc_token *id)
{
    uint8_t sub[32];
    uint8_t sid[32];
    hash(id->sub, sub);
    hash(id->sid, sid);
    for (size_t i = 0; i < s->n_logouts; i++) {
        const struct logout *l = &s->logouts[i];
        bool same_sub = l->has_sub && memcmp(l->sub, sub, sizeof(sub)) == 0;
        bool same_sid = l->has_sid && id->sid && memcmp(l->sid, sid, sizeof(sid)) == 0;
        bool meant = l->has_sid ? same_sid || (same_sub && !id->sid) : same_sub;
        if (meant && id->iat_unix_s <= l->iat_unix_s) {
            return true;
        }
    }
    return false;
}
