/* SPDX-License-Identifier: GPL-3.0-or-later
 * catalogue_private.h - what the files of the catalogue's SQLite back end share. */
#ifndef BW_STORE_CATALOGUE_PRIVATE_H
#define BW_STORE_CATALOGUE_PRIVATE_H

#include "catalogue.h"

#include <sql.h>

struct catalogue {
    struct bw_catalogue base;
    struct bw_sql sql;
};

static inline struct bw_sql *bw_catalogue_db(struct bw_catalogue *c)
{
    return &((struct catalogue *)(void *)c)->sql;
}

/* clang-format off */
enum {
    ENTITY_ADD, ENTITY_PARENT, ENTITY_GET, ENTITY_ALL, ENTITY_CHILDREN,
    SITE_ADD, SITE_GET, SITE_ALL, SITE_OF_ENTITY, SITE_STATE, SITE_MOVE,
    TOKEN_ADD, TOKEN_GET, TOKEN_SPEND, TOKEN_ALL,
    KEY_ADD, KEY_GET, KEY_ALL, KEY_OF_SITE, KEY_REPLACED, KEY_RETIRE, KEY_REVOKE,
    FACTS_AT, FACTS_ADD, FACTS_NOW, FACTS_HISTORY,
    SITE_FIRST_NAME, ENTITY_FIRST_NAME, NAME_ADD, NAME_LIST,
    CLAIM_ADD, CLAIM_LIST, CLAIM_HISTORY, PREFIX_ADD, PREFIX_END, PREFIX_LIST,
    SERVER_SET, SERVER_LIST, META_SET, META_DROP, META_GET, META_LIST, DATA_VERSION,
    SAID_NEXT, SAID_PUT, SAID_END, SAID_AT, SAID_OF_KIND, SAID_OF_ANY, SAID_FROM, SAID_FIND,
    N_STMTS
};
/* clang-format on */

extern const struct bw_sql_schema bw_catalogue_schema;
extern const char *const bw_catalogue_text[N_STMTS];

/* catalogue_people.c: entities, sites, tokens, keys */
int bw_cat_entity_add(struct bw_catalogue *c,
                      const struct bw_entity *e,
                      struct bw_err *reterr);
int bw_cat_entity_move(struct bw_catalogue *c,
                       const char *id,
                       const char *parent,
                       int64_t from_unix_s,
                       struct bw_err *reterr);
int bw_cat_entity_get(struct bw_catalogue *c,
                      const char *id,
                      struct bw_entity *ret,
                      struct bw_err *reterr);
int bw_cat_entities(struct bw_catalogue *c,
                    const char *parent,
                    bw_entity_cb cb,
                    void *owner,
                    struct bw_err *reterr);
int bw_cat_site_add(struct bw_catalogue *c, struct bw_site *s, struct bw_err *reterr);
int bw_cat_site_move(struct bw_catalogue *c,
                     const char *id,
                     const char *entity,
                     struct bw_err *reterr);
int bw_cat_site_get(struct bw_catalogue *c,
                    const char *id,
                    struct bw_site *ret,
                    struct bw_err *reterr);
int bw_cat_site_set_state(struct bw_catalogue *c,
                          const char *id,
                          enum bw_site_state state,
                          struct bw_err *reterr);
int bw_cat_sites(struct bw_catalogue *c,
                 const char *entity,
                 bw_site_cb cb,
                 void *owner,
                 struct bw_err *reterr);
int bw_cat_token_add(struct bw_catalogue *c,
                     const uint8_t sha256[32],
                     const char *site,
                     int64_t now_unix_s,
                     int64_t expires_unix_s,
                     struct bw_err *reterr);
/* Within a transaction; id "" makes a fresh one. */
int bw_cat_site_put(struct bw_catalogue *c, struct bw_site *u, struct bw_err *reterr);
struct sqlite3_stmt;
void bw_cat_read_token(struct sqlite3_stmt *st, struct bw_token *t);
int bw_cat_tokens(struct bw_catalogue *c,
                  bw_token_cb cb,
                  void *owner,
                  struct bw_err *reterr);
int bw_cat_enrol(struct bw_catalogue *c,
                 const uint8_t token_sha256[32],
                 const struct bw_site_key *key,
                 int64_t now_unix_s,
                 struct bw_site *ret,
                 struct bw_err *reterr);
int bw_cat_key_get(struct bw_catalogue *c,
                   const char *kid,
                   struct bw_site_key *ret,
                   struct bw_err *reterr);
int bw_cat_keys(struct bw_catalogue *c,
                const char *site,
                bw_site_key_cb cb,
                void *owner,
                struct bw_err *reterr);
/* Whoever has one key of a box has no more than so many of the site's to come. */
enum {
    BW_CATALOGUE_HEIRS_MAX = 32 /* keys of a site that came by keys, since a token's */
};
/* -EDQUOT where `kid` would be one more; -EPERM at a retired site. */
int bw_cat_heirs_check(struct bw_catalogue *c,
                       const char *site,
                       const char *kid,
                       struct bw_err *reterr);
int bw_cat_key_replace(struct bw_catalogue *c,
                       const char *old_kid,
                       const struct bw_site_key *key,
                       int64_t now_unix_s,
                       struct bw_err *reterr);
int bw_cat_key_revoke(struct bw_catalogue *c,
                      const char *kid,
                      int64_t since_unix_s,
                      struct bw_err *reterr);

/* catalogue_replaced.c: boxes that took another's place. Within a transaction: if the token
 * replaces, every key of the site that has no successor gets this one. */
int bw_cat_retire(struct bw_catalogue *c,
                  const uint8_t token_sha256[32],
                  const char *site,
                  const char *kid,
                  struct bw_err *reterr);
/* A key that a retired one signed for is retired with it. */
int bw_cat_retire_heir(struct bw_catalogue *c,
                       const struct bw_site_key *old,
                       const char *kid,
                       struct bw_err *reterr);

/* catalogue_expected.c: tokens of many boxes, and one by its hash */
int bw_cat_token_get(struct bw_catalogue *c,
                     const uint8_t sha256[32],
                     struct bw_token *ret,
                     struct bw_err *reterr);
int bw_cat_expect(struct bw_catalogue *c,
                  struct bw_expected *list,
                  size_t n,
                  int64_t now_unix_s,
                  struct bw_err *reterr);

/* catalogue_names.c: names and their history */
int bw_cat_rename(struct bw_catalogue *c,
                  enum bw_named what,
                  const char *id,
                  const struct bw_dated_name *name,
                  struct bw_err *reterr);
int bw_cat_names(struct bw_catalogue *c,
                 enum bw_named what,
                 const char *id,
                 bw_dated_name_cb cb,
                 void *owner,
                 struct bw_err *reterr);

/* catalogue_lines.c: circuits, claims, prefixes, servers, small values */
int bw_cat_circuits_note(struct bw_catalogue *c,
                         const struct bw_circuit_facts *f,
                         size_t n,
                         struct bw_err *reterr);
int bw_cat_circuits(struct bw_catalogue *c,
                    const char *site,
                    bool history,
                    bw_circuit_facts_cb cb,
                    void *owner,
                    struct bw_err *reterr);
int bw_cat_claim_add(struct bw_catalogue *c,
                     const struct bw_claim *claim,
                     int64_t *ret_id,
                     struct bw_err *reterr);
int bw_cat_claim_end(struct bw_catalogue *c,
                     const char *site,
                     const char *circuit,
                     int64_t to_unix_s,
                     int64_t recorded_unix_s,
                     const char *origin,
                     struct bw_err *reterr);
int bw_cat_claim_history(struct bw_catalogue *c,
                         const char *site,
                         bw_claim_cb cb,
                         void *owner,
                         struct bw_err *reterr);
int bw_cat_claims(struct bw_catalogue *c,
                  const char *site,
                  const char *circuit,
                  int64_t from_unix_s,
                  int64_t to_unix_s,
                  bw_claim_cb cb,
                  void *owner,
                  struct bw_err *reterr);
int bw_cat_prefix_add(struct bw_catalogue *c,
                      const struct bw_prefix *p,
                      struct bw_err *reterr);
int bw_cat_prefix_end(struct bw_catalogue *c,
                      const struct bw_prefix *p,
                      int64_t to_unix_s,
                      struct bw_err *reterr);
int bw_cat_prefixes(struct bw_catalogue *c,
                    const char *site,
                    bw_prefix_cb cb,
                    void *owner,
                    struct bw_err *reterr);
int bw_cat_server_set(struct bw_catalogue *c,
                      const struct bw_server *s,
                      struct bw_err *reterr);
int bw_cat_servers(struct bw_catalogue *c,
                   bw_server_cb cb,
                   void *owner,
                   struct bw_err *reterr);
int bw_cat_meta_set(struct bw_catalogue *c,
                    const char *name,
                    const void *value,
                    size_t n,
                    struct bw_err *reterr);
int bw_cat_meta_get(struct bw_catalogue *c,
                    const char *name,
                    struct bw_buf *out,
                    struct bw_err *reterr);
int bw_cat_metas(struct bw_catalogue *c,
                 const char *prefix,
                 bw_meta_cb cb,
                 void *owner,
                 struct bw_err *reterr);

/* catalogue_said.c: statements */
int bw_cat_statements_add(struct bw_catalogue *c,
                          bw_say_cb next,
                          void *owner,
                          int64_t recorded_unix_ms,
                          struct bw_said_sum *ret_sum,
                          struct bw_err *reterr);
int bw_cat_statements(struct bw_catalogue *c,
                      const struct bw_said_query *q,
                      bw_said_cb cb,
                      void *owner,
                      struct bw_err *reterr);
int bw_cat_statements_from(struct bw_catalogue *c,
                           int64_t position,
                           bw_said_cb cb,
                           void *owner,
                           struct bw_err *reterr);
int bw_cat_statement_find(struct bw_catalogue *c,
                          const char *id,
                          bw_said_cb cb,
                          void *owner,
                          struct bw_err *reterr);
int bw_cat_statements_count(struct bw_catalogue *c, int64_t *ret, struct bw_err *reterr);

#endif
