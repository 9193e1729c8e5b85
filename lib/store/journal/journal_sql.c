/* SPDX-License-Identifier: GPL-3.0-or-later
 * journal_sql.c - the journal's tables and statements, all in one place.
 *
 * A change of a table is a new entry of script[] and a higher version; entries that were
 * released never change. */
#include "journal_private.h"

#include "enrolment.h"

/* clang-format off */
static const char schema_v1[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE chains(id INTEGER PRIMARY KEY, kid TEXT NOT NULL UNIQUE,"
    " head_seq INTEGER NOT NULL, head_hash TEXT NOT NULL, head_end INTEGER NOT NULL,"
    " acked_through INTEGER NOT NULL DEFAULT 0, forked INTEGER NOT NULL DEFAULT 0,"
    " last_append INTEGER NOT NULL);"
    "CREATE TABLE records(id INTEGER PRIMARY KEY AUTOINCREMENT, chain INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, site TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " start INTEGER NOT NULL, end INTEGER NOT NULL, clock_synced INTEGER,"
    " max_error_us INTEGER, step_us INTEGER, jws TEXT NOT NULL, UNIQUE(chain, seq));"
    "CREATE INDEX records_start ON records(start);"
    "CREATE TABLE refusals(id INTEGER PRIMARY KEY AUTOINCREMENT, chain INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,"
    " type TEXT NOT NULL, detail TEXT NOT NULL, reported INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE(chain, seq));"
    "CREATE INDEX refusals_open ON refusals(id) WHERE reported = 0;"
    "CREATE TABLE receipts(chain INTEGER NOT NULL, through INTEGER NOT NULL,"
    " received_ms INTEGER, receipt TEXT NOT NULL, PRIMARY KEY(chain, through)) WITHOUT ROWID;"
    "CREATE TABLE usage(day INTEGER NOT NULL, circuit TEXT NOT NULL, bytes INTEGER NOT NULL,"
    " PRIMARY KEY(day, circuit)) WITHOUT ROWID;";

static const char *const v1[] = {schema_v1, BW_COLUMNS_DDL, NULL};
static const char *const v2[] = {BW_COLUMNS_V2, NULL};
static const char *const v3[] = {BW_COLUMNS_V3, NULL};
static const char *const *const script[] = {v1, v2, v3};

#define NOT_REFUSED \
    " NOT EXISTS(SELECT 1 FROM refusals f WHERE f.chain = r.chain AND f.seq = r.seq)"

const char *const bw_journal_text[N_STMTS] = {
    BW_COLUMNS_TEXTS,
    [HEAD_KID] = "SELECT kid, head_seq, head_hash, head_end, acked_through, forked, id"
                 " FROM chains WHERE kid = ?1",
    [HEAD_LAST] = "SELECT kid, head_seq, head_hash, head_end, acked_through, forked, id"
                  " FROM chains ORDER BY last_append DESC LIMIT 1",
    [CHAIN_ADD] = "INSERT INTO chains(kid, head_seq, head_hash, head_end, last_append)"
                  " VALUES(?1, ?2, ?3, ?4, (SELECT ifnull(max(last_append), 0) + 1 FROM chains))",
    [CHAIN_MOVE] = "UPDATE chains SET head_seq = ?3, head_hash = ?4, head_end = ?5,"
                   " last_append = (SELECT max(last_append) + 1 FROM chains)"
                   " WHERE id = ?1 AND head_seq = ?2",
    [SAME] = "SELECT sha256 FROM records WHERE chain = ?1 AND seq = ?2",
    [RECORD_ADD] = "INSERT INTO records(chain, seq, site, sha256, start, end, clock_synced,"
                   " max_error_us, step_us, jws) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    [REPORTED] = "UPDATE refusals SET reported = 1 WHERE reported = 0 AND id <= ?1",
    [PENDING] = "SELECT c.kid, r.seq, r.jws FROM chains c JOIN records r ON r.chain = c.id"
                " AND r.seq > c.acked_through WHERE c.head_seq > c.acked_through"
                " AND instr(?2, c.kid) = 0 AND" NOT_REFUSED " ORDER BY c.id, r.seq LIMIT ?1",
    [CHAIN_GET] = "SELECT id, acked_through, head_seq FROM chains WHERE kid = ?1",
    [ACK] = "UPDATE chains SET acked_through = ?2 WHERE id = ?1 AND acked_through < ?2",
    [REWIND] = "UPDATE chains SET acked_through = ?2 WHERE id = ?1 AND acked_through > ?2",
    [RECEIPT_ADD] = "INSERT OR IGNORE INTO receipts VALUES(?1, ?2, ?3, ?4)",
    [REFUSE] = "INSERT OR IGNORE INTO refusals(chain, seq, start, end, type, detail)"
               " SELECT r.chain, r.seq, r.start, r.end, ?3, ?4 FROM records r"
               " WHERE r.chain = ?1 AND r.seq = ?2",
    [FORK_ROWS] = "INSERT OR IGNORE INTO refusals(chain, seq, start, end, type, detail)"
                  " SELECT r.chain, r.seq, r.start, r.end, 'fork', ?3 FROM records r"
                  " JOIN chains c ON c.id = r.chain WHERE r.chain = ?1 AND r.seq >= ?2"
                  " AND r.seq > c.acked_through ORDER BY r.seq",
    [FORK_CHAIN] = "UPDATE chains SET forked = 1 WHERE id = ?1",
    [REFUSALS] = "SELECT f.id, c.kid, f.seq, f.start, f.end, f.type FROM refusals f"
                 " JOIN chains c ON c.id = f.chain WHERE f.reported = 0 ORDER BY f.id LIMIT ?1",
    /* `+`: by the index of starts, not down from the newest row */
    [PRUNE_PICK] = "SELECT r.id, r.chain, r.seq FROM records r JOIN chains c ON c.id = r.chain"
                   " LEFT JOIN refusals f ON f.chain = r.chain AND f.seq = r.seq"
                   " WHERE r.id > ?3 AND r.id <= (SELECT max(+id) FROM records WHERE start <= ?1)"
                   " AND r.end <= ?1 AND (f.reported = 1 OR r.site = '" BW_SITE_LOCAL "' OR"
                   " (f.id IS NULL AND r.seq <= c.acked_through)) ORDER BY r.id LIMIT ?2",
    [PRUNE_ROW] = "DELETE FROM records WHERE id = ?1",
    [PRUNE_RECEIPTS] = "DELETE FROM receipts WHERE chain = ?1 AND through <= ?2 AND"
                       " through < (SELECT min(seq) FROM records WHERE chain = ?1)",
    [META_SET] = "INSERT INTO meta VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2",
    [META_DROP] = "DELETE FROM meta WHERE name = ?1",
    [META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [USAGE_ADD] = "INSERT INTO usage VALUES(?1, ?2, ?3)"
                  " ON CONFLICT(day, circuit) DO UPDATE SET bytes = bytes + ?3",
    [USAGE_ALL] = "SELECT ifnull(sum(bytes), 0) FROM usage WHERE day >= ?1 AND day < ?2",
    [USAGE_ONE] = "SELECT ifnull(sum(bytes), 0) FROM usage WHERE day >= ?1 AND day < ?2"
                  " AND circuit = ?3",
    [STAT] = "SELECT (SELECT count(*) FROM records), (SELECT min(start) FROM records),"
             " (SELECT max(head_end) FROM chains), (SELECT count(*) FROM refusals),"
             " (SELECT count(*) FROM refusals WHERE reported = 0),"
             " (SELECT max((SELECT t.received_ms FROM receipts t WHERE t.chain = c.id AND"
             "   t.through <= c.acked_through AND t.received_ms IS NOT NULL"
             "   ORDER BY t.through DESC LIMIT 1)) FROM chains c)",
    [STAT_PENDING] = "SELECT count(*) FROM chains c CROSS JOIN records r ON"
                     " r.chain = c.id AND r.seq > c.acked_through"
                     " WHERE c.head_seq > c.acked_through AND" NOT_REFUSED,
    [RECEIPT_GET] = "SELECT t.receipt FROM receipts t JOIN chains c ON c.id = t.chain"
                    " WHERE c.kid = ?1 AND t.through >= ?2 ORDER BY t.through LIMIT 1",
};
/* clang-format on */

/* "BWJ1" in the file's header, for file(1) and for us. */
const struct bw_sql_schema bw_journal_schema = {
    .what = "journal", .application_id = 0x42574a31, .version = 3, .script = script};
