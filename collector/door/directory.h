/* SPDX-License-Identifier: GPL-3.0-or-later
 * directory.h - the OpenID provider that people sign in at: what it says of itself and its
 * keys, asked for when they are needed and kept for a while; the questions that take the
 * collector's secret. On the loop. */
#ifndef BW_DIRECTORY_H
#define BW_DIRECTORY_H

#include "dir_http.h"

#include <oidc_meta.h>
#include <stdbool.h>

struct bw_config_oidc;
struct bw_directory;
struct bw_err;
struct bw_oidc_token;
struct uv_loop_s;

enum bw_dir_need {
    BW_DIR_META,  /* its document */
    BW_DIR_KEYS,  /* and its keys */
    BW_DIR_NEWER, /* keys asked for once more: at most once a minute */
    BW_DIR_NEEDS
};

/* r: 0 there it is; -EIO the directory gave none; -ECANCELED. */
typedef void (*bw_dir_ready_cb)(void *owner, int r);

/* Reads the secret or the key, whose file others must not be able to read. conf is lent. */
int bw_directory_new(struct uv_loop_s *loop,
                     const struct bw_config_oidc *conf,
                     struct bw_directory **ret,
                     struct bw_err *reterr);
/* What waits is called back with -ECANCELED; closed() later. */
void bw_directory_close(struct bw_directory *d, void (*closed)(void *owner), void *owner);

/* 1: it is there; 0: cb follows; -EBUSY: too many wait; -EIO: it was asked for in vain just
 * now. After BW_DIR_NEWER came 1, nothing newer is to be had. */
int bw_directory_need(struct bw_directory *d,
                      enum bw_dir_need need,
                      bw_dir_ready_cb cb,
                      void *owner);
/* Once BW_DIR_META was there. */
const struct bw_oidc_meta *bw_directory_meta(const struct bw_directory *d);
/* Once BW_DIR_KEYS was there: 0; -ENOENT: its key is not known; -BW_ESIGNATURE. */
int bw_directory_verify(const struct bw_directory *d, const struct bw_oidc_token *t);

/* A code is changed for tokens: 0, cb follows; -errno. */
int bw_directory_redeem(struct bw_directory *d,
                        const char *code,
                        const char *redirect,
                        const char *verifier,
                        bw_dir_answer_cb cb,
                        void *owner);
int bw_directory_userinfo(struct bw_directory *d,
                          const char *access_token,
                          bw_dir_answer_cb cb,
                          void *owner);

#endif
