/* SPDX-License-Identifier: GPL-3.0-or-later
 * enrolment.h - what a box knows of its collector: STATE_DIR/enrolment.json, written by
 * `bandwitness enroll` (atomically: a reader sees the old file or the new one) and read
 * by the daemon at start and on reload.
 *
 * The key that was enrolled is STATE_DIR/keys/KID.jwk. While the site is "" the
 * enrolment has been tried but not answered: a further try uses the same key, because
 * the collector gives a spent token's answer again only to the key that spent it. */
#ifndef BW_ENROLMENT_H
#define BW_ENROLMENT_H

#include <bw/summary.h>
#include <bw/units.h>
#include <json.h>
#include <jws.h>
#include <stdbool.h>
#include <stddef.h>

struct bw_err;

/* The site named in records of a box that no collector knows; such records stay here. */
#define BW_SITE_LOCAL "s-local"

struct bw_enrolment {
    char url[512]; /* the collector's base address at enrolment */
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    char name[201];
    char entity[201];
    bool has_log_key;
    struct bw_pubkey log_key; /* signs receipts and checkpoints */
    /* Where the chain of the box stood whose place this one takes; "", 0: of none. */
    char prev_kid[BW_KID_LEN + 1];
    int64_t prev_seq;
    char prev_hash[BW_HASH_LEN + 1];
};

/* The member "replaces" of the collector's answer, and of the file; absent: of none. */
int bw_enrolment_read_replaces(const json_t *o,
                               struct bw_enrolment *e,
                               struct bw_err *reterr);
/* -ENOENT: never tried. Anything unreadable is -EINVAL with the sentence. */
int bw_enrolment_load(const char *state_dir,
                      struct bw_enrolment *ret,
                      struct bw_err *reterr);
/* Durable before it returns; owned like state_dir itself when called by root. */
int bw_enrolment_save(const char *state_dir,
                      const struct bw_enrolment *e,
                      struct bw_err *reterr);

/* A try of an enrolled box to come in anew: STATE_DIR/enrolment.pending.json, beside the
 * enrolment in force until the new one is answered. The same url and token go on with
 * the same key. */
struct bw_enrolment_try {
    char url[512];
    char kid[BW_KID_LEN + 1];
    char token_sha256[BW_HASH_LEN + 1];
};

/* -ENOENT: there is none; unreadable: -EINVAL. */
int bw_enrolment_try_load(const char *state_dir,
                          struct bw_enrolment_try *ret,
                          struct bw_err *reterr);
/* As bw_enrolment_save(). */
int bw_enrolment_try_save(const char *state_dir,
                          const struct bw_enrolment_try *t,
                          struct bw_err *reterr);
void bw_enrolment_try_forget(const char *state_dir);

/* STATE_DIR/keys/KID.jwk into out[PATH_MAX]. */
void bw_enrolment_key_path(const char *state_dir, const char *kid, char *out);
/* Make a key, keep it in STATE_DIR/keys (0700, owned like state_dir), its public half in
 * STATE_DIR/public (0755). */
int bw_enrolment_new_key(const char *state_dir,
                         enum bw_alg alg,
                         struct bw_key **ret,
                         struct bw_err *reterr);

/* The public half as STATE_DIR/public/KID.jwk, unless it is there. */
int bw_enrolment_publish(const char *state_dir,
                         const struct bw_pubkey *p,
                         struct bw_err *reterr);
/* Every key this box ever had, by kid: of STATE_DIR/public, and of STATE_DIR/keys where
 * the caller may look into it. *ret is freed with free(). A file that is no key, or is
 * another than its name says, is an error that names it; none at all is -ENOENT. */
int bw_enrolment_public_keys(const char *state_dir,
                             struct bw_pubkey **ret,
                             size_t *ret_n,
                             struct bw_err *reterr);

#endif
