/* SPDX-License-Identifier: GPL-3.0-or-later
 * people.h - who may look at a collector: persons, their sessions, API keys, one-time
 * links, and every act of an administrator. Small and transactional; every change is
 * durable when its call returns 0, and an act is kept in the transaction that does it.
 *
 * No secret is kept that a copy of the file would give away, but those of one-time codes:
 * of tokens there are SHA-256s, of passwords Argon2id. Names are never used again.
 *
 * This is an interface: callers see only what stands here. Several processes may write
 * (the collector, the command line); a handle belongs to one thread at a time. Failures
 * come in the bins of store.h. */
#ifndef BW_STORE_PEOPLE_H
#define BW_STORE_PEOPLE_H

#include <bw/units.h>
#include <password.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <store.h>
#include <totp.h>

struct bw_buf;
struct bw_err;
struct bw_people;

enum bw_people_limits {
    BW_PERSON_MAX = 64, /* bytes of a name, without NUL */
    BW_PERSON_SHOWN_MAX = 127,
    BW_PERSON_SCOPES = 16,
    BW_PERSON_ENTITY_MAX = 31, /* as BW_ENTITY_MAX */
    BW_RECOVERY_CODES = 10,
    BW_PEOPLE_SECRET = 32,
    BW_SESSION_CSRF = 24,
    BW_ACT_SALT = 16,
    BW_ACT_TEXT_MAX = 2048,
    BW_SESSIONS_MAX = 4096, /* at once; of one person: */
    BW_SESSIONS_EACH = 32
};

/* Never renumbered: they are kept. */
enum bw_role {
    BW_ROLE_ADMIN = 1,      /* everything */
    BW_ROLE_VIEWER = 2,     /* sees the whole state */
    BW_ROLE_AGENCY = 3,     /* sees and serves what is below its entities */
    BW_ROLE_DISTRICT = 4,   /* its own entities and what is below them */
    BW_ROLE_COORDINATOR = 5 /* packs and pages of its entities, no records */
};

struct bw_person {
    char name[BW_PERSON_MAX + 1]; /* [a-z0-9._-] */
    char shown[BW_PERSON_SHOWN_MAX + 1];
    enum bw_role role;
    char scopes[BW_PERSON_SCOPES][BW_PERSON_ENTITY_MAX + 1];
    size_t n_scopes;
    char hash[BW_PASSWORD_HASH_MAX]; /* "": may not sign in yet */
    uint8_t totp[BW_TOTP_KEY];
    int64_t totp_step;           /* the last one that was used; unknown: none */
    int64_t failures;            /* since the last time it went well */
    int64_t locked_until_unix_s; /* unknown: it is not */
    int64_t created_unix_s;
    int64_t signed_in_unix_s; /* unknown: never */
    int64_t removed_unix_s;   /* unknown: it is there */
    int64_t n_recovery;       /* codes that are left */
};

struct bw_session {
    uint8_t sha256[32]; /* of its token */
    char person[BW_PERSON_MAX + 1];
    uint8_t csrf[BW_SESSION_CSRF];
    int64_t created_unix_s;
    int64_t seen_unix_s;
    int64_t expires_unix_s; /* whatever is done with it */
};

struct bw_api_key {
    int64_t id; /* given by the store */
    uint8_t sha256[32];
    char name[BW_PERSON_MAX + 1]; /* as a person's; for whom */
    enum bw_role role;            /* what it sees; it changes nothing, whatever it is */
    char scopes[BW_PERSON_SCOPES][BW_PERSON_ENTITY_MAX + 1];
    size_t n_scopes;
    int64_t created_unix_s;
    int64_t expires_unix_s;
    int64_t revoked_unix_s; /* unknown: it is good */
};

enum bw_link_kind {
    BW_LINK_FIRST = 1,  /* makes the first administrator */
    BW_LINK_INVITE = 2, /* password and codes of a person who has none */
    BW_LINK_RESET = 3   /* new ones */
};

struct bw_link {
    uint8_t sha256[32]; /* of its token */
    enum bw_link_kind kind;
    char person[BW_PERSON_MAX + 1]; /* "" of the first */
    int64_t created_unix_s;
    int64_t expires_unix_s;
    int64_t used_unix_s; /* unknown: not yet */
};

/* An administrator's act, as it is asked for: what it is ("account-add"), by whom, by which
 * way ("command", "web", "collector"), about whom or what, more of it ("" none). */
struct bw_act_said {
    const char *act;
    const char *by;
    const char *via;
    const char *about;
    const char *detail;
};

/* As it is kept: text is JSON, and SHA-256(salt ‖ text) its leaf in the log. */
struct bw_act {
    int64_t position; /* 0, 1, 2 … without holes */
    int64_t at_unix_ms;
    uint8_t salt[BW_ACT_SALT];
    const char *text; /* text[n], lent */
    size_t n;
};

/* What a link sets. */
struct bw_person_ready {
    const char *name; /* of the first administrator alone: of the others the link's */
    const char *shown;
    const char *hash;
    const uint8_t *totp;                     /* [BW_TOTP_KEY] */
    int64_t totp_step;                       /* of the code that showed that it works */
    uint8_t recovery[BW_RECOVERY_CODES][32]; /* SHA-256 of each */
};

typedef int (*bw_person_cb)(void *owner, const struct bw_person *p);
typedef int (*bw_session_cb)(void *owner, const struct bw_session *s);
typedef int (*bw_api_key_cb)(void *owner, const struct bw_api_key *k);
typedef int (*bw_act_cb)(void *owner, const struct bw_act *a);

/* Callbacks: everything lent until they return; non-zero ends the walk and is given back.
 * They must not call the handle that calls them. Look-ups give -ENOENT, of who was removed
 * too. Acts may be NULL: none. */
struct bw_people_ops {
    /* Name, shown name, role and scopes of *p. -EEXIST: the name is or was somebody's. */
    int (*person_add)(struct bw_people *p,
                      const struct bw_person *person,
                      int64_t now_unix_s,
                      const struct bw_act_said *act,
                      struct bw_err *reterr);
    int (*person_get)(struct bw_people *p,
                      const char *name,
                      struct bw_person *ret,
                      struct bw_err *reterr);
    /* By name, the removed ones too. */
    int (*persons)(struct bw_people *p,
                   bw_person_cb cb,
                   void *owner,
                   struct bw_err *reterr);
    /* Another role, other scopes, another shown name; sessions go on with them. */
    int (*person_change)(struct bw_people *p,
                         const struct bw_person *person,
                         const struct bw_act_said *act,
                         struct bw_err *reterr);
    /* Password, codes, sessions and links are gone, and so is a lock; reset: the person is
     * still there and needs a link, else only the name stays. -EPERM: nobody else is an
     * administrator who can sign in. */
    int (*person_clear)(struct bw_people *p,
                        const char *name,
                        bool reset,
                        int64_t now_unix_s,
                        const struct bw_act_said *act,
                        struct bw_err *reterr);
    /* It went wrong again. */
    int (*person_failed)(struct bw_people *p,
                         const char *name,
                         int64_t failures,
                         int64_t locked_until_unix_s,
                         struct bw_err *reterr);
    /* It went well: by this step of the codes, or (unknown) by this recovery code, which
     * is spent. One transaction: the session is there, failures are forgotten, the
     * oldest sessions above the limits and all that are over are gone. -EALREADY: the step
     * was used; -EACCES: there is no such code; -ENOSPC: too many sessions. */
    int (*sign_in)(struct bw_people *p,
                   const struct bw_session *s,
                   int64_t step,
                   const uint8_t recovery_sha256[32],
                   struct bw_err *reterr);

    int (*session_end)(struct bw_people *p,
                       const uint8_t sha256[32],
                       struct bw_err *reterr);
    /* All of a person but this one (NULL: all). */
    int (*sessions_end)(struct bw_people *p,
                        const char *person,
                        const uint8_t but_sha256[32],
                        struct bw_err *reterr);
    /* They were seen then; the others stay as they are. */
    int (*sessions_seen)(struct bw_people *p,
                         const struct bw_session *s,
                         size_t n,
                         struct bw_err *reterr);
    int (*sessions)(struct bw_people *p,
                    bw_session_cb cb,
                    void *owner,
                    struct bw_err *reterr);

    /* -EEXIST: a key of this name is good. */
    int (*key_add)(struct bw_people *p,
                   const struct bw_api_key *k,
                   int64_t *ret_id,
                   const struct bw_act_said *act,
                   struct bw_err *reterr);
    /* By its name. -ENOENT: no key of this name is good. */
    int (*key_revoke)(struct bw_people *p,
                      const char *name,
                      int64_t now_unix_s,
                      const struct bw_act_said *act,
                      struct bw_err *reterr);
    int (*keys)(struct bw_people *p, bw_api_key_cb cb, void *owner, struct bw_err *reterr);

    /* One that there was before for the same person, or to be the first, is void. */
    int (*link_add)(struct bw_people *p,
                    const struct bw_link *l,
                    const struct bw_act_said *act,
                    struct bw_err *reterr);
    /* -ENOENT; -ETIME: it has expired; -EALREADY: it was used. */
    int (*link_get)(struct bw_people *p,
                    const uint8_t sha256[32],
                    int64_t now_unix_s,
                    struct bw_link *ret,
                    struct bw_err *reterr);
    /* The link is spent and its person set, whose sessions end; the first one is made. As
     * link_get; -EEXIST: the name is or was somebody's, or there is a first one. */
    int (*link_spend)(struct bw_people *p,
                      const uint8_t sha256[32],
                      const struct bw_person_ready *ready,
                      int64_t now_unix_s,
                      const struct bw_act_said *act,
                      struct bw_err *reterr);

    int (*act_add)(struct bw_people *p,
                   const struct bw_act_said *act,
                   struct bw_err *reterr);
    /* By position, from this one on. */
    int (*acts)(struct bw_people *p,
                int64_t position,
                bw_act_cb cb,
                void *owner,
                struct bw_err *reterr);
    /* Up to which position acts were told to whoever watches; -1: none was. */
    int (*told_get)(struct bw_people *p, int64_t *ret, struct bw_err *reterr);
    int (*told_set)(struct bw_people *p, int64_t position, struct bw_err *reterr);

    /* Made with the file: for what is derived and not kept. */
    int (*secret)(struct bw_people *p,
                  uint8_t ret[BW_PEOPLE_SECRET],
                  struct bw_err *reterr);
    /* A number that moves whenever any process changed anything. Cheap. */
    int (*version)(struct bw_people *p, int64_t *ret, struct bw_err *reterr);
    void (*close)(struct bw_people *p);
};

/* Every back end's handle begins with this. */
struct bw_people {
    const struct bw_people_ops *ops;
};

/* The embedded back end: one SQLite file, made when missing, for its owner alone (mode
 * 0600; one that others can read is refused with -EPERM). */
int bw_people_open(const char *path, struct bw_people **ret, struct bw_err *reterr);
/* Look only; -ENOENT when there is none. */
int bw_people_open_read(const char *path, struct bw_people **ret, struct bw_err *reterr);

static inline void bw_people_close(struct bw_people *p)
{
    if (p) {
        p->ops->close(p);
    }
}

/* 1 to BW_PERSON_MAX of [a-z0-9._-], the first a letter or digit. */
bool bw_person_name_fits(const char *name);
const char *bw_role_name(enum bw_role role); /* "district"; NULL: none */
int bw_role_parse(const char *word, enum bw_role *ret);
/* Does what it sees end at entities? */
bool bw_role_scoped(enum bw_role role);

/* The JSON of an act, as it is kept. */
void bw_act_text(const struct bw_act_said *act, int64_t at_unix_ms, struct bw_buf *out);
/* What stands for it in the log. */
void bw_act_leaf(const struct bw_act *a, uint8_t ret[32]);

#endif
