/* SPDX-License-Identifier: GPL-3.0-or-later
 * catalogue.c - the catalogue's SQLite back end: tables, statements, opening, closing.
 *
 * Invariant: what has a date is only added to. A change of a table is a new entry of
 * script[] and a higher version; entries that were released never change. */
#include "catalogue.h"

#include "catalogue_private.h"

#include <bw/err.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char schema_v1[] =
    "CREATE TABLE entities(id TEXT PRIMARY KEY, name TEXT NOT NULL, kind INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE parents(entity TEXT NOT NULL, from_s INTEGER NOT NULL, parent TEXT NOT NULL,"
    " PRIMARY KEY(entity, from_s)) WITHOUT ROWID;"
    "CREATE TABLE sites(id TEXT PRIMARY KEY, entity TEXT NOT NULL, name TEXT NOT NULL,"
    " state INTEGER NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE tokens(id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE,"
    " site TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER,"
    " used_by TEXT);"
    "CREATE TABLE keys(kid TEXT PRIMARY KEY, alg INTEGER NOT NULL, raw BLOB NOT NULL,"
    " site TEXT NOT NULL, from_s INTEGER NOT NULL, revoked INTEGER, replaced_by TEXT)"
    " WITHOUT ROWID;"
    "CREATE INDEX keys_site ON keys(site, from_s);"
    "CREATE TABLE facts(site TEXT NOT NULL, circuit TEXT NOT NULL, from_s INTEGER NOT NULL,"
    " vantage INTEGER, behind INTEGER, source INTEGER, layer INTEGER, resolution_ms INTEGER,"
    " link_bps INTEGER, mtu INTEGER, PRIMARY KEY(site, circuit, from_s)) WITHOUT ROWID;"
    "CREATE TABLE claims(id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL,"
    " circuit TEXT NOT NULL, from_s INTEGER NOT NULL, to_s INTEGER, down_bps INTEGER,"
    " up_bps INTEGER, layer INTEGER, frn_line TEXT, spin TEXT, provider TEXT,"
    " monthly_cost_cents INTEGER, origin TEXT, recorded INTEGER NOT NULL);"
    "CREATE INDEX claims_circuit ON claims(site, circuit, from_s);"
    "CREATE TABLE prefixes(id INTEGER PRIMARY KEY, site TEXT NOT NULL, circuit TEXT NOT NULL,"
    " family INTEGER NOT NULL, addr BLOB NOT NULL, bits INTEGER NOT NULL,"
    " from_s INTEGER NOT NULL, to_s INTEGER,"
    " UNIQUE(site, circuit, family, addr, bits, from_s));"
    "CREATE TABLE servers(name TEXT PRIMARY KEY, kind TEXT NOT NULL, address TEXT NOT NULL,"
    " enabled INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;";

static const char schema_v2[] =
    "CREATE TABLE names(id INTEGER PRIMARY KEY AUTOINCREMENT, what INTEGER NOT NULL,"
    " owner TEXT NOT NULL, from_s INTEGER NOT NULL, name TEXT NOT NULL,"
    " recorded INTEGER NOT NULL);"
    "CREATE INDEX names_owner ON names(what, owner, from_s);";

/* Of several keys that one key signed for, replaced_by names the first alone. */
static const char schema_v3[] =
    "ALTER TABLE keys ADD COLUMN prev_kid TEXT;"
    "UPDATE keys SET prev_kid = (SELECT p.kid FROM keys p WHERE p.replaced_by = keys.kid);";

/* ends is what statements say of others, by the id of what ended: an index that could be
 * made again from the bytes. */
static const char schema_v4[] =
    "CREATE TABLE statements(position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " kind TEXT NOT NULL, about TEXT NOT NULL, recorded_ms INTEGER NOT NULL,"
    " bytes BLOB NOT NULL);"
    "CREATE INDEX statements_kind ON statements(kind, about);"
    "CREATE INDEX statements_about ON statements(about);"
    "CREATE TABLE ends(id TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;";

static const char *const v1[] = {schema_v1, NULL};
static const char *const v2[] = {schema_v2, NULL};
static const char *const v3[] = {schema_v3, NULL};
static const char *const v4[] = {schema_v4, NULL};
static const char *const *const script[] = {v1, v2, v3, v4};

/* "BWC1" in the file's header. */
const struct bw_sql_schema bw_catalogue_schema = {
    .what = "catalogue", .application_id = 0x42574331, .version = 4, .script = script};

/* The newest name by date (catalogue_names.c), else the one it began with. */
#define NAME(what, id, first) \
    "ifnull((SELECT n.name FROM names n WHERE n.what = " what " AND n.owner = " id \
    " ORDER BY n.from_s DESC, n.id DESC LIMIT 1), " first ")"
/* The newest parent row of an entity, and since when. */
#define ENTITY \
    "SELECT e.id, " NAME("2", "e.id", "e.name") ", e.kind," \
    " ifnull((SELECT p.parent FROM parents p WHERE p.entity = e.id" \
    "         ORDER BY p.from_s DESC LIMIT 1), '') AS parent," \
    " (SELECT max(p.from_s) FROM parents p WHERE p.entity = e.id) FROM entities e"
#define SITE \
    "SELECT s.id, s.entity, " NAME("1", "s.id", "s.name") ", s.state, s.created FROM sites s"
#define TOKEN "SELECT id, site, created, expires, used, used_by FROM tokens"
#define KEY "SELECT kid, alg, raw, site, from_s, revoked, replaced_by, prev_kid FROM keys"
/* Is it ?1, or any where ?1 is NULL: as bounds (every text is below a blob), so that an index
 * finds the one. */
#define ONE_OR_ALL "BETWEEN ifnull(?1, '') AND ifnull(?1, x'')"
#define FACTS \
    "SELECT site, circuit, from_s, vantage, behind, source, layer, resolution_ms, link_bps," \
    " mtu FROM facts f"
/* ?1 is the position before which things count. */
#define SAID \
    "SELECT s.position, s.recorded_ms, s.id, s.bytes, e.position, b.id FROM statements s" \
    " LEFT JOIN ends e ON e.id = s.id AND e.position < ?1" \
    " LEFT JOIN statements b ON b.position = e.position WHERE s.position < ?1"
#define SAID_WHICH " AND s.about >= ?3 AND s.about <= ?4 AND (?5 OR e.position IS NULL)"

const char *const bw_catalogue_text[N_STMTS] = {
    [ENTITY_ADD] = "INSERT INTO entities VALUES(?1, ?2, ?3)",
    [ENTITY_PARENT] = "INSERT OR REPLACE INTO parents VALUES(?1, ?2, ?3)",
    [ENTITY_GET] = ENTITY " WHERE e.id = ?1",
    [ENTITY_ALL] = ENTITY " ORDER BY e.id",
    [ENTITY_CHILDREN] = "SELECT * FROM (" ENTITY ") WHERE parent = ?1 ORDER BY id",
    [SITE_ADD] = "INSERT INTO sites VALUES(?1, ?2, ?3, ?4, ?5)",
    [SITE_GET] = SITE " WHERE id = ?1",
    [SITE_ALL] = SITE " ORDER BY id",
    [SITE_OF_ENTITY] = SITE " WHERE entity = ?1 ORDER BY id",
    [SITE_MOVE] = "UPDATE sites SET entity = ?2 WHERE id = ?1 AND ?2 IN (SELECT id FROM"
                  " entities)",
    [SITE_STATE] = "UPDATE sites SET state = ?2 WHERE id = ?1",
    [TOKEN_ADD] = "INSERT INTO tokens(sha256, site, created, expires) VALUES(?1, ?2, ?3, ?4)",
    [TOKEN_GET] = TOKEN " WHERE sha256 = ?1",
    [TOKEN_SPEND] = "UPDATE tokens SET used = ?2, used_by = ?3 WHERE id = ?1 AND used IS NULL",
    [TOKEN_ALL] = TOKEN " ORDER BY id",
    [KEY_ADD] = "INSERT INTO keys VALUES(?1, ?2, ?3, ?4, ?5, NULL, NULL, ?6)",
    [KEY_GET] = KEY " WHERE kid = ?1",
    [KEY_ALL] = KEY " ORDER BY site, from_s, kid",
    [KEY_OF_SITE] = KEY " WHERE site = ?1 ORDER BY from_s, kid",
    [KEY_REPLACED] = "UPDATE keys SET replaced_by = ?2 WHERE kid = ?1"
                     " AND replaced_by IS NULL",
    [KEY_RETIRE] = "UPDATE keys SET replaced_by = ?2 WHERE site = ?1 AND kid <> ?2"
                   " AND replaced_by IS NULL",
    [KEY_REVOKE] = "UPDATE keys SET revoked = ?2 WHERE kid = ?1"
                   " AND (revoked IS NULL OR revoked > ?2)",
    [FACTS_AT] = FACTS " WHERE site = ?1 AND circuit = ?2 AND from_s <= ?3"
                 " ORDER BY from_s DESC LIMIT 1",
    [FACTS_ADD] = "INSERT OR IGNORE INTO facts VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    [FACTS_NOW] = FACTS " WHERE site " ONE_OR_ALL " AND NOT EXISTS("
                  "SELECT 1 FROM facts n WHERE n.site = f.site AND n.circuit = f.circuit"
                  " AND n.from_s > f.from_s) ORDER BY site, circuit",
    [FACTS_HISTORY] = FACTS " WHERE site " ONE_OR_ALL " ORDER BY site, circuit, from_s",
    [SITE_FIRST_NAME] = "SELECT name, created FROM sites WHERE id = ?1",
    [ENTITY_FIRST_NAME] = "SELECT name, NULL FROM entities WHERE id = ?1",
    [NAME_ADD] = "INSERT INTO names(what, owner, from_s, name, recorded)"
                 " VALUES(?1, ?2, ?3, ?4, ?5)",
    [NAME_LIST] = "SELECT name, from_s, recorded FROM names WHERE what = ?1 AND owner = ?2"
                  " ORDER BY id",
    [CLAIM_ADD] = "INSERT INTO claims(site, circuit, from_s, to_s, down_bps, up_bps, layer,"
                  " frn_line, spin, provider, monthly_cost_cents, origin, recorded)"
                  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
    /* A claim ends where the next one of its circuit begins; of two with the same date the
     * later recorded one is in force; one that ends where it begins withdraws its date, as if
     * nothing had been said there. */
    [CLAIM_LIST] =
        "SELECT * FROM (SELECT c.id, c.site, c.circuit, c.from_s,"
        " min(ifnull(c.to_s, 9223372036854775807), ifnull((SELECT min(n.from_s) FROM claims n"
        "  WHERE n.site = c.site AND n.circuit = c.circuit AND n.from_s > c.from_s"
        "  AND (n.to_s IS NULL OR n.to_s > n.from_s) AND NOT EXISTS(SELECT 1 FROM claims l"
        "   WHERE l.site = n.site AND l.circuit = n.circuit AND l.from_s = n.from_s"
        "   AND l.id > n.id)), 9223372036854775807)) AS until, c.down_bps, c.up_bps, c.layer, c.frn_line, c.spin,"
        " c.provider, c.monthly_cost_cents, c.origin, c.recorded FROM claims c"
        " WHERE c.site " ONE_OR_ALL " AND (?2 IS NULL OR c.circuit = ?2)"
        " AND c.from_s < ?4 AND NOT EXISTS(SELECT 1 FROM claims n WHERE n.site = c.site"
        "  AND n.circuit = c.circuit AND n.from_s = c.from_s AND n.id > c.id))"
        " WHERE until > ?3 AND until > from_s ORDER BY site, circuit, from_s",
    [CLAIM_HISTORY] =
        "SELECT id, site, circuit, from_s, ifnull(to_s, 9223372036854775807), down_bps, up_bps,"
        " layer, frn_line, spin, provider, monthly_cost_cents, origin, recorded FROM claims"
        " WHERE site = ?1 ORDER BY circuit, from_s, id",
    [PREFIX_ADD] = "INSERT OR IGNORE INTO prefixes(site, circuit, family, addr, bits, from_s,"
                   " to_s) VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [PREFIX_END] = "UPDATE prefixes SET to_s = ?6 WHERE site = ?1 AND circuit = ?2"
                   " AND family = ?3 AND addr = ?4 AND bits = ?5 AND to_s IS NULL",
    [PREFIX_LIST] = "SELECT site, circuit, family, addr, bits, from_s, to_s FROM prefixes"
                    " WHERE site " ONE_OR_ALL " ORDER BY site, circuit, id",
    [SERVER_SET] = "INSERT OR REPLACE INTO servers VALUES(?1, ?2, ?3, ?4)",
    [SERVER_LIST] = "SELECT name, kind, address, enabled FROM servers ORDER BY name",
    [META_SET] = "INSERT OR REPLACE INTO meta VALUES(?1, ?2)",
    [META_DROP] = "DELETE FROM meta WHERE name = ?1",
    [META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [META_LIST] = "SELECT name, value FROM meta WHERE name >= ?1 AND name < ?2 ORDER BY name",
    [SAID_NEXT] = "SELECT ifnull(max(position) + 1, 0) FROM statements",
    [SAID_PUT] = "INSERT INTO statements VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [SAID_END] = "INSERT INTO ends VALUES(?1, ?2)",
    [SAID_AT] = "SELECT s.kind, e.position FROM statements s LEFT JOIN ends e ON e.id = s.id"
                " WHERE s.id = ?1",
    [SAID_OF_KIND] =
        SAID " AND s.kind = ?2" SAID_WHICH " ORDER BY s.kind, s.about, s.position",
    [SAID_OF_ANY] =
        SAID " AND ?2 IS NULL" SAID_WHICH " ORDER BY s.kind, s.about, s.position",
    [SAID_FROM] = SAID " AND s.position >= ?2 ORDER BY s.position",
    [SAID_FIND] = SAID " AND s.id >= ?2 AND s.id <= ?3 ORDER BY s.id LIMIT 2",
    [DATA_VERSION] = "PRAGMA data_version",
};
/* clang-format on */

static const char *const kind_names[] = {
    [BW_ENTITY_SCHOOL] = "school",   [BW_ENTITY_DISTRICT] = "district",
    [BW_ENTITY_LIBRARY] = "library", [BW_ENTITY_INDEPENDENT] = "independent",
    [BW_ENTITY_AGENCY] = "agency",   [BW_ENTITY_CONSORTIUM] = "consortium",
    [BW_ENTITY_REGION] = "region",   [BW_ENTITY_STATE] = "state",
};

const char *bw_entity_kind_name(enum bw_entity_kind k)
{
    size_t n = sizeof(kind_names) / sizeof(kind_names[0]);
    return (size_t)k < n ? kind_names[k] : NULL;
}

int bw_entity_kind_parse(const char *word, enum bw_entity_kind *ret)
{
    for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
        if (strcmp(word, kind_names[i]) == 0) {
            *ret = (enum bw_entity_kind)i;
            return 0;
        }
    }
    return -EINVAL;
}

const char *bw_site_state_name(enum bw_site_state s)
{
    static const char *const names[] = {
        [BW_SITE_EXPECTED] = "expected",
        [BW_SITE_ENROLLED] = "enrolled",
        [BW_SITE_RETIRED] = "retired",
    };
    return (size_t)s < sizeof(names) / sizeof(names[0]) ? names[s] : NULL;
}

/* data_version moves by others' commits only, total_changes by ours only. */
static int version(struct bw_catalogue *c, int64_t *ret, struct bw_err *reterr)
{
    struct bw_sql *s = bw_catalogue_db(c);
    struct sqlite3_stmt *st = NULL;
    int r = bw_sql_use(s, DATA_VERSION, &st, reterr);
    if (r == 0) {
        r = bw_sql_row(s, st, reterr);
    }
    if (r > 0) {
        *ret = sqlite3_column_int64(st, 0) * INT64_C(0x100000000) +
               (sqlite3_total_changes64(s->db) & INT64_C(0xffffffff));
        (void)sqlite3_reset(st);
        r = 0;
    }
    return r;
}

static void close_catalogue(struct bw_catalogue *c)
{
    bw_sql_close(bw_catalogue_db(c));
    free((struct catalogue *)(void *)c);
}

static const struct bw_catalogue_ops ops = {
    .entity_add = bw_cat_entity_add,
    .entity_move = bw_cat_entity_move,
    .entity_get = bw_cat_entity_get,
    .entities = bw_cat_entities,
    .site_add = bw_cat_site_add,
    .site_get = bw_cat_site_get,
    .site_move = bw_cat_site_move,
    .site_set_state = bw_cat_site_set_state,
    .sites = bw_cat_sites,
    .rename = bw_cat_rename,
    .names = bw_cat_names,
    .token_add = bw_cat_token_add,
    .tokens = bw_cat_tokens,
    .token_get = bw_cat_token_get,
    .expect = bw_cat_expect,
    .enrol = bw_cat_enrol,
    .key_get = bw_cat_key_get,
    .keys = bw_cat_keys,
    .key_replace = bw_cat_key_replace,
    .key_revoke = bw_cat_key_revoke,
    .circuits_note = bw_cat_circuits_note,
    .circuits = bw_cat_circuits,
    .claim_add = bw_cat_claim_add,
    .claim_end = bw_cat_claim_end,
    .claim_history = bw_cat_claim_history,
    .claims = bw_cat_claims,
    .prefix_add = bw_cat_prefix_add,
    .prefix_end = bw_cat_prefix_end,
    .prefixes = bw_cat_prefixes,
    .server_set = bw_cat_server_set,
    .servers = bw_cat_servers,
    .meta_set = bw_cat_meta_set,
    .meta_get = bw_cat_meta_get,
    .metas = bw_cat_metas,
    .statements_add = bw_cat_statements_add,
    .statements = bw_cat_statements,
    .statements_from = bw_cat_statements_from,
    .statement_find = bw_cat_statement_find,
    .statements_count = bw_cat_statements_count,
    .version = version,
    .close = close_catalogue,
};

static int open_as(const char *path,
                   enum bw_sql_mode mode,
                   struct bw_catalogue **ret,
                   struct bw_err *reterr)
{
    struct catalogue *c = calloc(1, sizeof(*c));
    if (!c) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    c->base.ops = &ops;
    int r = bw_sql_open(&c->sql, path, mode, false, &bw_catalogue_schema, bw_catalogue_text,
                        N_STMTS, reterr);
    if (r < 0) {
        close_catalogue(&c->base);
        return r;
    }
    *ret = &c->base;
    return 0;
}

int bw_catalogue_open(const char *path, struct bw_catalogue **ret, struct bw_err *reterr)
{
    return open_as(path, BW_SQL_WRITE, ret, reterr);
}

int bw_catalogue_open_read(const char *path,
                           struct bw_catalogue **ret,
                           struct bw_err *reterr)
{
    return open_as(path, BW_SQL_READ, ret, reterr);
}
