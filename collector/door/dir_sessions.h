/* SPDX-License-Identifier: GPL-3.0-or-later
 * dir_sessions.h - sessions of people whom a directory signed in: in memory and nowhere
 * else, so that a restart ends them and a copy of the disk has none. On the loop. */
#ifndef BW_DIR_SESSIONS_H
#define BW_DIR_SESSIONS_H

#include <oidc_token.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <viewer.h>

struct bw_dir_sessions;

enum {
    BW_DIR_SESSIONS_MAX = 4096,
    BW_DIR_SESSIONS_EACH = 32,
    BW_DIR_LOGOUTS_MAX = 1024 /* that are remembered */
};

struct bw_dir_session {
    uint8_t sha256[32];  /* of its token */
    struct bw_viewer as; /* without a map */
    char sub[BW_OIDC_SUB_MAX + 1];
    char sid[BW_OIDC_SID_MAX + 1]; /* "": the directory tells none */
    int64_t seen_unix_s;
    int64_t expires_unix_s;
    int64_t checked_mono_ms; /* when the directory was last asked */
    char *id_token;          /* for signing out there; NULL: none. Freed with it */
};

int bw_dir_sessions_new(struct bw_dir_sessions **ret);
void bw_dir_sessions_free(struct bw_dir_sessions *s); /* NULL is fine */

/* NULL: none, or it is over. */
struct bw_dir_session *bw_dir_session_find(struct bw_dir_sessions *s,
                                           const uint8_t sha256[32],
                                           int64_t now_unix_s,
                                           int64_t idle_s);
/* Copied; id_token is taken over. One above the limit of a person takes the place of the
 * one that was seen longest ago. -ENOSPC, -ENOMEM: id_token stays the caller's. */
int bw_dir_session_add(struct bw_dir_sessions *s, const struct bw_dir_session *one);
void bw_dir_session_end(struct bw_dir_sessions *s, struct bw_dir_session *one);
/* What is over goes. Now and then. */
void bw_dir_sessions_tidy(struct bw_dir_sessions *s, int64_t now_unix_s, int64_t idle_s);
size_t bw_dir_sessions_count(const struct bw_dir_sessions *s);

/* The directory signed somebody out: that session of theirs, or (sid NULL) all. How many
 * ended; -EALREADY: this token was here before. It holds for sessions, too, that a token
 * from before it would begin. */
int bw_dir_sessions_out(struct bw_dir_sessions *s,
                        const struct bw_oidc_token *logout,
                        int64_t now_unix_s);
/* Was whom this ID token tells of signed out since it was made? */
bool bw_dir_sessions_is_out(const struct bw_dir_sessions *s,
                            const struct bw_oidc_token *id);

#endif
