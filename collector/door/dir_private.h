/* SPDX-License-Identifier: GPL-3.0-or-later
 * dir_private.h - somebody on the way to the directory or back. Nobody else includes it. */
#ifndef BW_DIR_PRIVATE_H
#define BW_DIR_PRIVATE_H

#include "dir_sessions.h"
#include "directory.h"
#include "door_private.h"

#include <oidc_token.h>

enum {
    WORD_LEN = 24, /* 8 hexadecimal digits of the time, and random ones */
    STATE_TO_MAX = 512,
    CODE_MAX = 4096
};

struct flow {
    struct bw_door *d;
    struct bw_http_req *req;
    char title[128];
    bool again; /* somebody who has a session, unseen */
    char to[STATE_TO_MAX + 1];
    char pre[COOKIE_MAX]; /* PRE_LEN of it */
    char word[WORD_LEN + 1];
    char code[CODE_MAX + 1];
    char iss[BW_OIDC_ISSUER_MAX + 1]; /* as the answer has it; "": not at all */
    bool has_iss;
    bool refused; /* the directory said no */
    char refusal[64];
    json_t *answer; /* of the token endpoint */
    const char *access_token;
    const char *id_token;
    struct bw_oidc_token id;
    json_t *userinfo;
    bool newer; /* keys were asked for once more */
};

/* --- dir_flow.c */
void bw_flow_derive(const struct flow *f, const char *what, char out[MAC_LEN + 1]);
/* Answered, and the flow is over. sorry: with the page for signing in and a sentence;
 * refuse: the session that was asked about ends, and it is told why. */
void bw_flow_sorry(struct flow *f, unsigned status, const char *trouble);
void bw_flow_refuse(struct flow *f, const char *who, const char *why, const char *trouble);
void bw_flow_no_answer(struct flow *f);
void bw_flow_free(struct flow *f);
void bw_door_go_to(struct bw_http_req *req, const char *where);
/* Calls `then` now or later. */
void bw_flow_need(struct flow *f, enum bw_dir_need what, bw_dir_ready_cb then);

/* --- dir_judge.c */
void bw_flow_on_tokens(void *owner, const struct bw_dir_answer *a);

#endif
