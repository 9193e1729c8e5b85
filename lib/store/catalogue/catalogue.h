/* SPDX-License-Identifier: GPL-3.0-or-later
 * catalogue.h - what the state knows besides measurements: entities, sites, keys, tokens,
 * circuits, claims, and the statements of people and imports. Small and transactional;
 * every change is durable when its call returns 0, and what has a date is added to, never
 * overwritten.
 *
 * This is an interface: callers see only what stands here, so that another data base can
 * take SQLite's place. Several processes may write (the collector, the command line); a
 * handle belongs to one thread at a time. Failures come in the bins of store.h; a locked
 * data base is -EAGAIN after a quarter of a second. */
#ifndef BW_STORE_CATALOGUE_H
#define BW_STORE_CATALOGUE_H

#include <bw/summary.h>
#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <store.h>

struct bw_buf;
struct bw_catalogue;
struct bw_err;
struct bw_statement;

enum bw_catalogue_limits {
    BW_ENTITY_MAX = 31, /* bytes of an entity id, without NUL */
    BW_LABEL_MAX = 127, /* bytes of a name for people */
    BW_KEY_RAW_MAX = 64
};

enum bw_entity_kind {
    BW_ENTITY_SCHOOL,
    BW_ENTITY_DISTRICT,
    BW_ENTITY_LIBRARY,
    BW_ENTITY_INDEPENDENT,
    BW_ENTITY_AGENCY,
    BW_ENTITY_CONSORTIUM,
    BW_ENTITY_REGION,
    BW_ENTITY_STATE
};

struct bw_entity {
    char id[BW_ENTITY_MAX + 1]; /* [a-z0-9-], chosen by the state */
    char name[BW_LABEL_MAX + 1];
    enum bw_entity_kind kind;
    char parent[BW_ENTITY_MAX + 1]; /* the parent in force now; "" none */
    int64_t from_unix_s;            /* since when that parent */
};

enum bw_site_state {
    BW_SITE_EXPECTED,
    BW_SITE_ENROLLED,
    BW_SITE_RETIRED
};

struct bw_site {
    char id[BW_SITE_MAX + 1]; /* "s-" and five or more of a-z2-9 */
    char entity[BW_ENTITY_MAX + 1];
    char name[BW_LABEL_MAX + 1];
    enum bw_site_state state;
    int64_t created_unix_s;
};

struct bw_site_key {
    char kid[BW_KID_LEN + 1];
    int alg; /* enum bw_alg of jws.h */
    uint8_t raw[BW_KEY_RAW_MAX];
    char site[BW_SITE_MAX + 1];
    int64_t from_unix_s;
    int64_t revoked_unix_s;           /* unknown: in force */
    char replaced_by[BW_KID_LEN + 1]; /* the first it signed for, or the key of the box
                                         that took its box's place; "" none */
    char prev_kid[BW_KID_LEN + 1];    /* the one that signed for it; "" by a token */
};

struct bw_token {
    int64_t id;
    char site[BW_SITE_MAX + 1];
    int64_t created_unix_s;
    int64_t expires_unix_s;
    int64_t used_unix_s;          /* unknown: not yet */
    char used_by[BW_KID_LEN + 1]; /* "" not yet */
};

/* A site for which a box is expected, and the token that brings it in. */
struct bw_expected {
    struct bw_site site; /* id "": a new one, written into it */
    uint8_t token_sha256[32];
    int64_t expires_unix_s;
};

/* A circuit as the summaries describe it; a change of facts makes a new dated row. */
struct bw_circuit_facts {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    int64_t from_unix_s; /* start of the first interval with these facts */
    enum bw_vantage vantage;
    uint32_t behind;
    enum bw_source source;
    enum bw_layer layer;
    int64_t resolution_ms;
    int64_t link_bps;
    int64_t mtu;
};

/* What was filed or contracted, from a date on until the next claim of that circuit. */
struct bw_claim {
    int64_t id; /* given by the catalogue */
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    int64_t from_unix_s;
    int64_t to_unix_s; /* unknown: until further notice */
    int64_t down_bps;
    int64_t up_bps;
    enum bw_layer layer; /* unknown: not stated */
    char frn_line[24];   /* "1699048824.003", "" unknown */
    char spin[12];       /* provider, "143000555", "" unknown */
    char provider[BW_LABEL_MAX + 1];
    int64_t monthly_cost_cents;    /* unknown */
    char origin[BW_LABEL_MAX + 1]; /* "typed in", or the imported file's name and hash */
    int64_t recorded_unix_s;
};

/* A prefix under which a circuit reaches the world, for the egress mark. */
struct bw_prefix {
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    uint8_t family; /* 4 or 6 */
    uint8_t bits;
    uint8_t addr[16]; /* IPv4 in the first four; bits after the prefix are zero */
    int64_t from_unix_s;
    int64_t to_unix_s; /* unknown: in force */
};

/* A measurement server the boxes may use. */
struct bw_server {
    char name[BW_NAME_MAX + 1];
    char kind[16]; /* "http", "stamp", … */
    char address[512];
    bool enabled;
};

/* Small values with a site's id behind these: when a box came with a token of it that was
 * good no longer, "1793620800 late" or "… spent". */
#define BW_META_REFUSED "token-refused:"

/* What has names that change. */
enum bw_named {
    BW_NAMED_SITE = 1,
    BW_NAMED_ENTITY = 2
};

struct bw_dated_name {
    char name[BW_LABEL_MAX + 1];
    int64_t from_unix_s;     /* unknown: the one it began with */
    int64_t recorded_unix_s; /* unknown: of an entity's first name */
};

/* A statement (statement.h) as it is kept. */
struct bw_said {
    int64_t position; /* 0, 1, 2 … in the order in which statements came; no holes */
    int64_t recorded_unix_ms;
    char id[BW_HASH_LEN + 1];
    const char *text; /* its bytes, text[n], lent */
    size_t n;
    const struct bw_statement *statement; /* the same decoded, lent */
    int64_t ended_position;         /* of what replaced or withdrew it; unknown: current */
    char ended_by[BW_HASH_LEN + 1]; /* and its id, "" */
};

/* Which statements; all zero: every current one. */
struct bw_said_query {
    const char *kind;        /* its word; NULL: any */
    const char *about;       /* its key; NULL: any */
    bool prefix;             /* `about` is how keys begin */
    bool ended;              /* those that are good no longer as well */
    bool as_of;              /* nothing from before_position on counts, neither as a */
    int64_t before_position; /* statement nor as an end */
};

/* What an addition came to. */
struct bw_said_sum {
    int64_t given;
    int64_t added;          /* the others were there already */
    int64_t first_position; /* of those added; unknown: none was */
};

typedef int (*bw_said_cb)(void *owner, const struct bw_said *s);
/* Gives the next statement's bytes, lent until the next call: 1; 0: no more; below 0 a
 * failure (with its sentence) that undoes all. It may ask the same handle for statements,
 * but change nothing by it. */
typedef int (*bw_say_cb)(void *owner,
                         const char **ret_text,
                         size_t *ret_n,
                         struct bw_err *reterr);

typedef int (*bw_dated_name_cb)(void *owner, const struct bw_dated_name *n);
typedef int (*bw_entity_cb)(void *owner, const struct bw_entity *e);
typedef int (*bw_site_cb)(void *owner, const struct bw_site *s);
typedef int (*bw_site_key_cb)(void *owner, const struct bw_site_key *k);
typedef int (*bw_token_cb)(void *owner, const struct bw_token *t);
typedef int (*bw_circuit_facts_cb)(void *owner, const struct bw_circuit_facts *c);
typedef int (*bw_claim_cb)(void *owner, const struct bw_claim *c);
typedef int (*bw_prefix_cb)(void *owner, const struct bw_prefix *p);
typedef int (*bw_server_cb)(void *owner, const struct bw_server *s);
typedef int (*bw_meta_cb)(void *owner, const char *name, const char *value, size_t n);

/* Callbacks: everything lent until they return; non-zero ends the walk and is given back.
 * They must not call the handle that calls them. Look-ups give -ENOENT. */
struct bw_catalogue_ops {
    /* -EEXIST for a used id; -ENOENT names a parent that is unknown. */
    int (*entity_add)(struct bw_catalogue *c,
                      const struct bw_entity *e,
                      struct bw_err *reterr);
    /* A new parent from a date on; the old one stays on record. */
    int (*entity_move)(struct bw_catalogue *c,
                       const char *id,
                       const char *parent,
                       int64_t from_unix_s,
                       struct bw_err *reterr);
    int (*entity_get)(struct bw_catalogue *c,
                      const char *id,
                      struct bw_entity *ret,
                      struct bw_err *reterr);
    /* parent NULL: all, by id. */
    int (*entities)(struct bw_catalogue *c,
                    const char *parent,
                    bw_entity_cb cb,
                    void *owner,
                    struct bw_err *reterr);

    /* s->id "" makes a fresh one, written into *s. The entity must be there or "". */
    int (*site_add)(struct bw_catalogue *c, struct bw_site *s, struct bw_err *reterr);
    int (*site_get)(struct bw_catalogue *c,
                    const char *id,
                    struct bw_site *ret,
                    struct bw_err *reterr);
    int (*site_set_state)(struct bw_catalogue *c,
                          const char *id,
                          enum bw_site_state state,
                          struct bw_err *reterr);
    /* It belongs to this entity from now on. -ENOENT: no such site or entity. */
    int (*site_move)(struct bw_catalogue *c,
                     const char *id,
                     const char *entity,
                     struct bw_err *reterr);
    /* entity NULL: all, by id. */
    int (*sites)(struct bw_catalogue *c,
                 const char *entity,
                 bw_site_cb cb,
                 void *owner,
                 struct bw_err *reterr);

    /* Another name from a date on, not in the future; every name before stays on record. A
     * site's or entity's `name` is always the newest by date. -ENOENT: no such id. */
    int (*rename)(struct bw_catalogue *c,
                  enum bw_named what,
                  const char *id,
                  const struct bw_dated_name *name,
                  struct bw_err *reterr);
    /* Every name it ever had, the first one first, then as they were recorded. */
    int (*names)(struct bw_catalogue *c,
                 enum bw_named what,
                 const char *id,
                 bw_dated_name_cb cb,
                 void *owner,
                 struct bw_err *reterr);

    /* Keep the SHA-256 of a one-time token for a site; the token itself is never kept. */
    int (*token_add)(struct bw_catalogue *c,
                     const uint8_t sha256[32],
                     const char *site,
                     int64_t now_unix_s,
                     int64_t expires_unix_s,
                     struct bw_err *reterr);
    int (*tokens)(struct bw_catalogue *c,
                  bw_token_cb cb,
                  void *owner,
                  struct bw_err *reterr);
    /* One of them, by its hash. */
    int (*token_get)(struct bw_catalogue *c,
                     const uint8_t sha256[32],
                     struct bw_token *ret,
                     struct bw_err *reterr);
    /* New sites (id "", each gets one) and known ones, each with a token: all of the list
     * in one transaction, or nothing. -EINVAL: no entity or site of that id. */
    int (*expect)(struct bw_catalogue *c,
                  struct bw_expected *list,
                  size_t n,
                  int64_t now_unix_s,
                  struct bw_err *reterr);
    /* Spend the token and bind the key to its site, in one transaction; *ret is the site.
     * The same token with the same key again is 0 (an answer that was lost). -ENOENT: no
     * such token; -ETIME: expired; -EALREADY: spent by another key; -EEXIST: the key
     * belongs to another site; -EPERM: the site is retired. */
    int (*enrol)(struct bw_catalogue *c,
                 const uint8_t token_sha256[32],
                 const struct bw_site_key *key,
                 int64_t now_unix_s,
                 struct bw_site *ret,
                 struct bw_err *reterr);

    int (*key_get)(struct bw_catalogue *c,
                   const char *kid,
                   struct bw_site_key *ret,
                   struct bw_err *reterr);
    /* site NULL: all, by site and date. */
    int (*keys)(struct bw_catalogue *c,
                const char *site,
                bw_site_key_cb cb,
                void *owner,
                struct bw_err *reterr);
    /* A new key for old_kid's site; the old one stays good for what it signed before.
     * The same pair again is 0, and so is another new key: of one disk there may be
     * several copies. -EPERM: the old one is revoked; -EEXIST: the new one is another
     * site's. */
    int (*key_replace)(struct bw_catalogue *c,
                       const char *old_kid,
                       const struct bw_site_key *key,
                       int64_t now_unix_s,
                       struct bw_err *reterr);
    /* It was in other hands since; said again, only an earlier time counts. */
    int (*key_revoke)(struct bw_catalogue *c,
                      const char *kid,
                      int64_t since_unix_s,
                      struct bw_err *reterr);

    /* Note what summaries say of n circuits, in their order and in one transaction;
     * nothing is written of what is known. */
    int (*circuits_note)(struct bw_catalogue *c,
                         const struct bw_circuit_facts *f,
                         size_t n,
                         struct bw_err *reterr);
    /* The facts in force now (history false) or all dated rows, oldest first. site NULL:
     * every site. */
    int (*circuits)(struct bw_catalogue *c,
                    const char *site,
                    bool history,
                    bw_circuit_facts_cb cb,
                    void *owner,
                    struct bw_err *reterr);

    /* Ends the claim in force at its from date there and adds this one; id in *ret_id
     * (may be NULL). One with the same from date is corrected by it; with to = from it is
     * withdrawn (-ENOENT when there is none): the claim before goes on. What was recorded
     * first stays in the history. */
    int (*claim_add)(struct bw_catalogue *c,
                     const struct bw_claim *claim,
                     int64_t *ret_id,
                     struct bw_err *reterr);
    /* The claim in force up to `to_unix_s` ends there, by a version that says so; no claim
     * follows it. -ENOENT: none is in force there. */
    int (*claim_end)(struct bw_catalogue *c,
                     const char *site,
                     const char *circuit,
                     int64_t to_unix_s,
                     int64_t recorded_unix_s,
                     const char *origin,
                     struct bw_err *reterr);
    /* Every version as it was recorded (to: as it said itself), corrected and withdrawn
     * ones too, by circuit, from date, and order of recording. */
    int (*claim_history)(struct bw_catalogue *c,
                         const char *site,
                         bw_claim_cb cb,
                         void *owner,
                         struct bw_err *reterr);
    /* Claims that touch [from, to), by from date. circuit NULL: all of the site; site
     * NULL: all. */
    int (*claims)(struct bw_catalogue *c,
                  const char *site,
                  const char *circuit,
                  int64_t from_unix_s,
                  int64_t to_unix_s,
                  bw_claim_cb cb,
                  void *owner,
                  struct bw_err *reterr);

    int (*prefix_add)(struct bw_catalogue *c,
                      const struct bw_prefix *p,
                      struct bw_err *reterr);
    int (*prefix_end)(struct bw_catalogue *c,
                      const struct bw_prefix *p,
                      int64_t to_unix_s,
                      struct bw_err *reterr);
    int (*prefixes)(struct bw_catalogue *c,
                    const char *site,
                    bw_prefix_cb cb,
                    void *owner,
                    struct bw_err *reterr);

    int (*server_set)(struct bw_catalogue *c,
                      const struct bw_server *s,
                      struct bw_err *reterr);
    int (*servers)(struct bw_catalogue *c,
                   bw_server_cb cb,
                   void *owner,
                   struct bw_err *reterr);

    /* Small values under a name ("log-key" is the reference to the collector's own log
     * key). value NULL removes; get replaces the contents of *out, -ENOENT. */
    int (*meta_set)(struct bw_catalogue *c,
                    const char *name,
                    const void *value,
                    size_t n,
                    struct bw_err *reterr);
    int (*meta_get)(struct bw_catalogue *c,
                    const char *name,
                    struct bw_buf *out,
                    struct bw_err *reterr);
    /* All whose names begin so, by name. */
    int (*metas)(struct bw_catalogue *c,
                 const char *prefix,
                 bw_meta_cb cb,
                 void *owner,
                 struct bw_err *reterr);

    /* Keep what `next` gives, all in one transaction and in this order; *ret_sum may be
     * NULL. Bytes that are kept already add nothing. -BW_EMALFORMED: not a statement;
     * -BW_ENEWER: of a higher version; of one that replaces or withdraws: -ENOENT no such
     * statement, -EALREADY it is good no longer, -EINVAL it is of another kind, or a
     * withdrawal. Whatever fails, nothing of all is kept. */
    int (*statements_add)(struct bw_catalogue *c,
                          bw_say_cb next,
                          void *owner,
                          int64_t recorded_unix_ms,
                          struct bw_said_sum *ret_sum,
                          struct bw_err *reterr);
    /* By kind, key, position. */
    int (*statements)(struct bw_catalogue *c,
                      const struct bw_said_query *q,
                      bw_said_cb cb,
                      void *owner,
                      struct bw_err *reterr);
    /* By position, from this one on, ended ones too: for the log and for copies. */
    int (*statements_from)(struct bw_catalogue *c,
                           int64_t position,
                           bw_said_cb cb,
                           void *owner,
                           struct bw_err *reterr);
    /* The one whose id begins with `id`. -ENOENT: none; -ENOTUNIQ: more than one. */
    int (*statement_find)(struct bw_catalogue *c,
                          const char *id,
                          bw_said_cb cb,
                          void *owner,
                          struct bw_err *reterr);
    /* The position that the next one will have: how many there are. */
    int (*statements_count)(struct bw_catalogue *c, int64_t *ret, struct bw_err *reterr);

    /* A number that moves whenever any process changed the catalogue, so that a cache of
     * keys knows when to read again. Cheap. */
    int (*version)(struct bw_catalogue *c, int64_t *ret, struct bw_err *reterr);

    void (*close)(struct bw_catalogue *c);
};

/* Every back end's handle begins with this. */
struct bw_catalogue {
    const struct bw_catalogue_ops *ops;
};

/* The embedded back end: one SQLite file, made when missing (mode 0640). */
int bw_catalogue_open(const char *path, struct bw_catalogue **ret, struct bw_err *reterr);
/* Look only; -ENOENT when there is none. */
int bw_catalogue_open_read(const char *path,
                           struct bw_catalogue **ret,
                           struct bw_err *reterr);

/* The name at an instant; any back end. -ENOENT: no such id. */
int bw_catalogue_name_at(struct bw_catalogue *c,
                         enum bw_named what,
                         const char *id,
                         int64_t unix_s,
                         struct bw_dated_name *ret,
                         struct bw_err *reterr);

/* Note, before token_add, that the box which spends this token takes the place of the
 * site's box; any back end. */
int bw_catalogue_token_replaces(struct bw_catalogue *c,
                                const uint8_t sha256[32],
                                const char *site,
                                struct bw_err *reterr);
/* Since when another box stands in the place of this key's, and the other's first key (may
 * be NULL): it, or one that came after it, was replaced by a key that came by a token.
 * Unknown and "" where none does; any back end. */
int bw_catalogue_retired(struct bw_catalogue *c,
                         const struct bw_site_key *key,
                         int64_t *ret_unix_s,
                         char ret_kid[BW_KID_LEN + 1],
                         struct bw_err *reterr);

/* Encode one statement and keep it; any back end. Its id in ret_id (may be NULL). Failures
 * are those of bw_statement_encode() and of statements_add; -EALREADY where the same was
 * said in this second and holds no longer. */
int bw_catalogue_say(struct bw_catalogue *c,
                     const struct bw_statement *s,
                     int64_t recorded_unix_ms,
                     char ret_id[BW_HASH_LEN + 1],
                     struct bw_err *reterr);

const char *bw_entity_kind_name(enum bw_entity_kind k);
int bw_entity_kind_parse(const char *word, enum bw_entity_kind *ret);
const char *bw_site_state_name(enum bw_site_state s);

static inline void bw_catalogue_close(struct bw_catalogue *c)
{
    if (c) {
        c->ops->close(c);
    }
}

#endif
