/* SPDX-License-Identifier: GPL-3.0-or-later
 * people_private.h - what the files of the SQLite back end share. */
#ifndef BW_STORE_PEOPLE_PRIVATE_H
#define BW_STORE_PEOPLE_PRIVATE_H

#include "people.h"

#include <sql.h>

struct people {
    struct bw_people base;
    struct bw_sql sql;
};

static inline struct bw_sql *bw_people_db(struct bw_people *p)
{
    return &((struct people *)(void *)p)->sql;
}

/* clang-format off */
enum {
    PERSON_ADD, PERSON_GET, PERSON_ALL, PERSON_CHANGE, PERSON_CLEAR, PERSON_REMOVE,
    PERSON_FAILED, PERSON_READY, PERSON_SIGNED_IN, PERSON_ADMINS, PERSON_ANY,
    SCOPE_ADD, SCOPE_DROP, SCOPE_LIST, RECOVERY_ADD, RECOVERY_DROP, RECOVERY_SPEND,
    SESSION_ADD, SESSION_END, SESSIONS_END, SESSION_SEEN, SESSION_ALL, SESSION_TIDY,
    SESSION_OLDEST, SESSION_COUNT,
    KEY_ADD, KEY_GOOD, KEY_REVOKE, KEY_ALL, KEY_SCOPE_ADD, KEY_SCOPE_LIST,
    LINK_ADD, LINK_DROP, LINK_GET, LINK_SPEND, ACT_ADD, ACT_FROM, META_GET, META_SET,
    DATA_VERSION, N_STMTS
};
/* clang-format on */

/* Begin; then end by this: commit where r is 0, with the act in it, else undo. */
int bw_people_end(struct bw_people *p,
                  int r,
                  const struct bw_act_said *act,
                  struct bw_err *reterr);
/* Statement `i` for one name, run. */
int bw_people_of(struct bw_people *p, size_t i, const char *name, struct bw_err *reterr);
/* The first column of the only row of a statement, to which a name is bound where it is not
 * NULL; 0 where there is no row. */
int bw_people_number(
    struct bw_people *p, size_t i, const char *name, int64_t *ret, struct bw_err *reterr);
/* What statement `i` lists for ?1 (a text, or where NULL a number) as scopes. */
int bw_people_scopes(struct bw_people *p,
                     size_t i,
                     const char *name,
                     int64_t id,
                     char scopes[BW_PERSON_SCOPES][BW_PERSON_ENTITY_MAX + 1],
                     size_t *ret_n,
                     struct bw_err *reterr);

int bw_ppl_person_add(struct bw_people *p,
                      const struct bw_person *person,
                      int64_t now_unix_s,
                      const struct bw_act_said *act,
                      struct bw_err *reterr);
int bw_ppl_person_get(struct bw_people *p,
                      const char *name,
                      struct bw_person *ret,
                      struct bw_err *reterr);
int bw_ppl_persons(struct bw_people *p,
                   bw_person_cb cb,
                   void *owner,
                   struct bw_err *reterr);
int bw_ppl_person_change(struct bw_people *p,
                         const struct bw_person *person,
                         const struct bw_act_said *act,
                         struct bw_err *reterr);
int bw_ppl_person_clear(struct bw_people *p,
                        const char *name,
                        bool reset,
                        int64_t now_unix_s,
                        const struct bw_act_said *act,
                        struct bw_err *reterr);
int bw_ppl_person_failed(struct bw_people *p,
                         const char *name,
                         int64_t failures,
                         int64_t locked_until_unix_s,
                         struct bw_err *reterr);
int bw_ppl_link_add(struct bw_people *p,
                    const struct bw_link *l,
                    const struct bw_act_said *act,
                    struct bw_err *reterr);
int bw_ppl_link_get(struct bw_people *p,
                    const uint8_t sha256[32],
                    int64_t now_unix_s,
                    struct bw_link *ret,
                    struct bw_err *reterr);
int bw_ppl_link_spend(struct bw_people *p,
                      const uint8_t sha256[32],
                      const struct bw_person_ready *ready,
                      int64_t now_unix_s,
                      const struct bw_act_said *act,
                      struct bw_err *reterr);
int bw_ppl_sign_in(struct bw_people *p,
                   const struct bw_session *s,
                   int64_t step,
                   const uint8_t recovery_sha256[32],
                   struct bw_err *reterr);
int bw_ppl_session_end(struct bw_people *p,
                       const uint8_t sha256[32],
                       struct bw_err *reterr);
int bw_ppl_sessions_end(struct bw_people *p,
                        const char *person,
                        const uint8_t but_sha256[32],
                        struct bw_err *reterr);
int bw_ppl_sessions_seen(struct bw_people *p,
                         const struct bw_session *s,
                         size_t n,
                         struct bw_err *reterr);
int bw_ppl_sessions(struct bw_people *p,
                    bw_session_cb cb,
                    void *owner,
                    struct bw_err *reterr);
int bw_ppl_key_add(struct bw_people *p,
                   const struct bw_api_key *k,
                   int64_t *ret_id,
                   const struct bw_act_said *act,
                   struct bw_err *reterr);
int bw_ppl_key_revoke(struct bw_people *p,
                      const char *name,
                      int64_t now_unix_s,
                      const struct bw_act_said *act,
                      struct bw_err *reterr);
int bw_ppl_keys(struct bw_people *p, bw_api_key_cb cb, void *owner, struct bw_err *reterr);

#endif
