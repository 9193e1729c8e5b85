/* SPDX-License-Identifier: GPL-3.0-or-later
 * ledger_sql.c - the ledger's tables and statements, all in one place.
 *
 * records holds the hot rows only; what is sealed is known by segments and
 * segment_parts. latest and sites are what pages show, made again from records at will. A
 * change of a table is a new entry of script[] and a higher version; entries that were
 * released never change. */
#include "ledger_private.h"

/* Whether a row takes the place of the one shown: it ended later, or the one shown ends
 * after the receipt (ms) by more than any honest clock is fast. */
#define AHEAD_S "3600"
#define NEWER(received) "(excluded.end >= end OR end > " received " / 1000 + " AHEAD_S ")"

/* clang-format off */
static const char schema_v1[] =
    "CREATE TABLE book(id INTEGER PRIMARY KEY CHECK(id = 1), next_position INTEGER NOT NULL,"
    " next_segment INTEGER NOT NULL);"
    "INSERT INTO book VALUES(1, 0, 1);"
    "CREATE TABLE chains(id INTEGER PRIMARY KEY, kid TEXT NOT NULL UNIQUE, site TEXT NOT NULL,"
    " head_seq INTEGER NOT NULL DEFAULT 0, head_hash TEXT NOT NULL DEFAULT '',"
    " head_position INTEGER, head_received INTEGER, head_end INTEGER,"
    " n_held INTEGER NOT NULL DEFAULT 0, n_forks INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE records(position INTEGER PRIMARY KEY, chain INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, sha256 TEXT NOT NULL, site TEXT NOT NULL, start INTEGER NOT NULL,"
    " end INTEGER NOT NULL, received INTEGER NOT NULL, egress INTEGER NOT NULL,"
    " clock_synced INTEGER, max_error_us INTEGER, step_us INTEGER, jws TEXT NOT NULL,"
    " UNIQUE(chain, seq));"
    "CREATE INDEX records_site ON records(site, start);"
    "CREATE TABLE refused(chain INTEGER NOT NULL, seq INTEGER NOT NULL, sha256 TEXT NOT NULL,"
    " type TEXT NOT NULL, detail TEXT NOT NULL, site TEXT NOT NULL, start INTEGER,"
    " end INTEGER, received INTEGER NOT NULL, PRIMARY KEY(chain, seq)) WITHOUT ROWID;"
    "CREATE TABLE held(chain INTEGER NOT NULL, seq INTEGER NOT NULL, sha256 TEXT NOT NULL,"
    " received INTEGER NOT NULL, egress INTEGER NOT NULL, refuse_type TEXT,"
    " refuse_detail TEXT, jws TEXT NOT NULL, PRIMARY KEY(chain, seq, sha256)) WITHOUT ROWID;"
    "CREATE INDEX held_received ON held(received);"
    "CREATE TABLE forks(chain INTEGER NOT NULL, seq INTEGER NOT NULL, sha256 TEXT NOT NULL,"
    " received INTEGER NOT NULL, jws TEXT NOT NULL, PRIMARY KEY(chain, seq, sha256))"
    " WITHOUT ROWID;"
    "CREATE TABLE holes(chain INTEGER NOT NULL, from_seq INTEGER NOT NULL,"
    " to_seq INTEGER NOT NULL, declared INTEGER NOT NULL, PRIMARY KEY(chain, from_seq))"
    " WITHOUT ROWID;"
    "CREATE TABLE sites(site TEXT PRIMARY KEY, start INTEGER, end INTEGER, received INTEGER,"
    " agent TEXT, clock_synced INTEGER) WITHOUT ROWID;"
    "CREATE TABLE latest(site TEXT NOT NULL, id TEXT NOT NULL, start INTEGER, end INTEGER,"
    " first_start INTEGER, vantage INTEGER, behind INTEGER, source INTEGER, layer INTEGER,"
    " resolution_ms INTEGER, covered_s INTEGER, link_bps INTEGER, mtu INTEGER,"
    " saturated_s INTEGER, down_bytes INTEGER, down_packets INTEGER,"
    " down_p95_1s_bps INTEGER, down_peak_1s_bps INTEGER, down_drops INTEGER,"
    " down_errors INTEGER, up_bytes INTEGER, up_packets INTEGER, up_p95_1s_bps INTEGER,"
    " up_peak_1s_bps INTEGER, up_drops INTEGER, up_errors INTEGER, latency_sent INTEGER,"
    " latency_lost INTEGER, latency_p50_us INTEGER, latency_p95_us INTEGER, silent INTEGER,"
    " down_at_ms INTEGER, down_goodput_bps INTEGER, down_line_bps INTEGER,"
    " up_at_ms INTEGER, up_goodput_bps INTEGER, up_line_bps INTEGER,"
    " PRIMARY KEY(site, id)) WITHOUT ROWID;"
    "CREATE TABLE segments(id INTEGER PRIMARY KEY, from_position INTEGER NOT NULL UNIQUE,"
    " to_position INTEGER NOT NULL, day INTEGER NOT NULL, file TEXT NOT NULL,"
    " sha256 TEXT NOT NULL, index_sha256 TEXT NOT NULL, file_bytes INTEGER NOT NULL,"
    " raw_bytes INTEGER NOT NULL, sealed INTEGER NOT NULL);"
    "CREATE TABLE segment_parts(segment INTEGER NOT NULL, chain INTEGER NOT NULL,"
    " site TEXT NOT NULL, from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL,"
    " min_start INTEGER NOT NULL, max_start INTEGER NOT NULL,"
    " PRIMARY KEY(chain, segment)) WITHOUT ROWID;"
    "CREATE INDEX parts_site ON segment_parts(site, segment);"
    "CREATE TABLE days(site TEXT NOT NULL, circuit TEXT NOT NULL, day INTEGER NOT NULL,"
    " segment INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,"
    " sha256 TEXT NOT NULL, through INTEGER NOT NULL, PRIMARY KEY(site, circuit, day)) WITHOUT ROWID;";

/* From here on a day row that misses a record of a sealed file is not kept. Those of before
 * go: their form is one that no reader takes any more, and such a day is folded from its
 * records. (To tell which of them miss a record would take a row for each day that a part
 * spans: a clock that once stood at 1970 makes twenty thousand of one part.) */
static const char schema_v4[] =
    "DROP INDEX parts_site;"
    "CREATE INDEX parts_start ON segment_parts(site, max_start, min_start);"
    "ALTER TABLE segments ADD COLUMN min_start INTEGER;"
    "ALTER TABLE segments ADD COLUMN max_start INTEGER;"
    "UPDATE segments SET min_start = p.a, max_start = p.b FROM (SELECT segment,"
    " min(min_start) AS a, max(max_start) AS b FROM segment_parts GROUP BY segment) AS p"
    " WHERE p.segment = segments.id;"
    "DELETE FROM days;";

/* The leaves of the log that are no summaries: at idx, after the first `position` records. */
static const char schema_v6[] =
    "CREATE TABLE log_leaves(idx INTEGER PRIMARY KEY, position INTEGER NOT NULL,"
    " type INTEGER NOT NULL, unix_ms INTEGER NOT NULL, sha256 BLOB NOT NULL,"
    " UNIQUE(type, sha256));"
    "CREATE INDEX log_leaves_position ON log_leaves(position);";

static const char *const v1[] = {schema_v1, BW_COLUMNS_DDL, NULL};
static const char *const v2[] = {BW_COLUMNS_V2, NULL};
static const char *const v3[] = {"ALTER TABLE sites ADD COLUMN usual_s INTEGER;", NULL};
static const char *const v4[] = {schema_v4, NULL};
static const char *const v5[] = {BW_COLUMNS_V3, NULL};
static const char *const v6[] = {schema_v6, NULL};
static const char *const *const script[] = {v1, v2, v3, v4, v5, v6};

/* "BWL1" in the file's header. */
const struct bw_sql_schema bw_ledger_schema = {
    .what = "ledger",
    .application_id = 0x42574c31,
    .version = 6,
    .script = script,
    /* A batch of 100 sites touches some 300 pages all over the indices: with SQLite's 2 MB
     * each was read again, and every third batch was a checkpoint. The log that a long
     * reader let grow is cut when that reader is gone. */
    .tuning = "PRAGMA cache_size=-24576; PRAGMA wal_autocheckpoint=6000;"
              "PRAGMA journal_size_limit=67108864"};

#define RECORD \
    "SELECT r.jws, c.kid, r.sha256, r.site, r.seq, r.start, r.end, r.position, r.received," \
    " r.egress FROM records r JOIN chains c ON c.id = r.chain"
#define SEGMENT "SELECT s.id, s.from_position, s.to_position, s.file, s.index_sha256 FROM segments s"

const char *const bw_ledger_text[N_STMTS] = {
    BW_COLUMNS_TEXTS,
    [NEXT_GET] = "SELECT next_position FROM book",
    [NEXT_SET] = "UPDATE book SET next_position = ?1",
    [CHAIN_GET] = "SELECT id, head_seq, head_hash, n_held, n_forks FROM chains WHERE kid = ?1",
    [CHAIN_ADD] = "INSERT INTO chains(kid, site) VALUES(?1, ?2)",
    [CHAIN_MOVE] = "UPDATE chains SET head_seq = ?4, head_hash = ?5,"
                   " head_position = ifnull(?6, head_position),"
                   " head_received = ifnull(?7, head_received), head_end = ifnull(?8, head_end)"
                   " WHERE id = ?1 AND head_seq = ?2 AND head_hash = ?3",
    [CHAIN_HELD] = "UPDATE chains SET n_held = n_held + ?2 WHERE id = ?1",
    [CHAIN_FORKS] = "UPDATE chains SET n_forks = n_forks + 1 WHERE id = ?1",
    [CHAIN_HEAD] = "SELECT site, head_seq, head_hash, head_position, head_received, head_end,"
                   " n_held, n_forks, id FROM chains WHERE kid = ?1",
    [HOT_SEQ] = RECORD " WHERE r.chain = ?1 AND r.seq = ?2",
    [HOT_POSITION] = RECORD " WHERE r.position = ?1",
    [RECORD_ADD] = "INSERT INTO records VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
    [REFUSED_GET] = "SELECT sha256, received FROM refused WHERE chain = ?1 AND seq = ?2",
    [REFUSED_ADD] = "INSERT INTO refused VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    [HELD_GET] = "SELECT received FROM held WHERE chain = ?1 AND seq = ?2 AND sha256 = ?3",
    [HELD_ADD] = "INSERT INTO held VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
    [HELD_NEXT] = "SELECT sha256, received, egress, refuse_type, refuse_detail, jws, seq"
                  " FROM held WHERE chain = ?1 AND seq <= ?2 ORDER BY seq, received LIMIT 1",
    [HELD_DROP] = "DELETE FROM held WHERE chain = ?1 AND seq = ?2 AND sha256 = ?3",
    [HELD_OLD] = "SELECT DISTINCT h.chain, c.kid FROM held h JOIN chains c ON c.id = h.chain"
                 " WHERE h.received <= ?1",
    [HELD_FIRST] = "SELECT min(seq) FROM held WHERE chain = ?1",
    [FORK_ADD] = "INSERT OR IGNORE INTO forks VALUES(?1,?2,?3,?4,?5)",
    [HOLE_ADD] = "INSERT INTO holes VALUES(?1,?2,?3,?4)",
    [SITE_PUT] =
        "INSERT INTO sites VALUES(?1,?2,?3,?4,?5,?6,?3 - ?2) ON CONFLICT(site) DO UPDATE SET"
        " usual_s = CASE WHEN " NEWER("?4") " THEN max(excluded.usual_s,"
        "           sites.end - sites.start) ELSE usual_s END,"
        " start = CASE WHEN " NEWER("?4") " THEN excluded.start ELSE start END,"
        " agent = CASE WHEN " NEWER("?4") " THEN excluded.agent ELSE agent END,"
        " clock_synced = CASE WHEN " NEWER("?4") " THEN excluded.clock_synced"
        "                ELSE clock_synced END,"
        " received = max(received, excluded.received),"
        " end = CASE WHEN " NEWER("?4") " THEN excluded.end ELSE sites.end END",
    [LATEST_PUT] =
        "INSERT INTO latest(site, id, start, end, first_start, vantage, behind, source, layer,"
        " resolution_ms, covered_s, link_bps, mtu, saturated_s, down_bytes, down_packets,"
        " down_p95_1s_bps, down_peak_1s_bps, down_drops, down_errors, up_bytes, up_packets,"
        " up_p95_1s_bps, up_peak_1s_bps, up_drops, up_errors, latency_sent, latency_lost,"
        " latency_p50_us, latency_p95_us, silent)"
        " VALUES(?1,?2,?3,?4,?3,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,"
        "?21,?22,?23,?24,?25,?26,?27,?28,?29,?30)"
        " ON CONFLICT(site, id) DO UPDATE SET start=excluded.start, end=excluded.end,"
        " first_start=min(first_start, excluded.start), vantage=excluded.vantage,"
        " behind=excluded.behind, source=excluded.source, layer=excluded.layer,"
        " resolution_ms=excluded.resolution_ms, covered_s=excluded.covered_s,"
        " link_bps=excluded.link_bps, mtu=excluded.mtu, saturated_s=excluded.saturated_s,"
        " down_bytes=excluded.down_bytes, down_packets=excluded.down_packets,"
        " down_p95_1s_bps=excluded.down_p95_1s_bps,"
        " down_peak_1s_bps=excluded.down_peak_1s_bps, down_drops=excluded.down_drops,"
        " down_errors=excluded.down_errors, up_bytes=excluded.up_bytes,"
        " up_packets=excluded.up_packets, up_p95_1s_bps=excluded.up_p95_1s_bps,"
        " up_peak_1s_bps=excluded.up_peak_1s_bps, up_drops=excluded.up_drops,"
        " up_errors=excluded.up_errors, latency_sent=excluded.latency_sent,"
        " latency_lost=excluded.latency_lost, latency_p50_us=excluded.latency_p50_us,"
        " latency_p95_us=excluded.latency_p95_us, silent=excluded.silent"
        " WHERE " NEWER("?31"),
    [LATEST_FIRST] = "UPDATE latest SET first_start = min(first_start, ?3)"
                     " WHERE site = ?1 AND id = ?2",
    [LATEST_TEST] =
        "UPDATE latest SET"
        " down_at_ms = CASE WHEN ?3 = 0 THEN ?4 ELSE down_at_ms END,"
        " down_goodput_bps = CASE WHEN ?3 = 0 THEN ?5 ELSE down_goodput_bps END,"
        " down_line_bps = CASE WHEN ?3 = 0 THEN ?6 ELSE down_line_bps END,"
        " up_at_ms = CASE WHEN ?3 = 1 THEN ?4 ELSE up_at_ms END,"
        " up_goodput_bps = CASE WHEN ?3 = 1 THEN ?5 ELSE up_goodput_bps END,"
        " up_line_bps = CASE WHEN ?3 = 1 THEN ?6 ELSE up_line_bps END"
        " WHERE site = ?1 AND id = ?2 AND"
        " (ifnull(CASE WHEN ?3 = 0 THEN down_at_ms ELSE up_at_ms END, ?4) <= ?4 OR"
        " CASE WHEN ?3 = 0 THEN down_at_ms ELSE up_at_ms END > ?7 + " AHEAD_S " * 1000)",
    [SITES_ALL] = "SELECT * FROM sites ORDER BY site",
    [SITES_ONE] = "SELECT * FROM sites WHERE site = ?1",
    [LATEST_ALL] = "SELECT * FROM latest ORDER BY site, id",
    [LATEST_ONE] = "SELECT * FROM latest WHERE site = ?1 ORDER BY id",
    [HOLES_LIST] = "SELECT c.kid, h.from_seq, h.to_seq, h.declared FROM holes h JOIN chains c"
                   " ON c.id = h.chain WHERE (?1 IS NULL OR c.kid = ?1)"
                   " ORDER BY c.id, h.from_seq",
    [FORKS_LIST] = "SELECT c.kid, f.seq, f.sha256, f.received, f.jws FROM forks f JOIN chains c"
                   " ON c.id = f.chain WHERE (?1 IS NULL OR c.kid = ?1)"
                   " ORDER BY c.id, f.seq, f.received",
    [STAT] = "SELECT (SELECT next_position FROM book), (SELECT count(*) FROM segments),"
             " (SELECT count(*) FROM held), (SELECT count(*) FROM forks),"
             " (SELECT count(*) FROM refused), (SELECT count(*) FROM holes),"
             " (SELECT ifnull(sum(file_bytes), 0) FROM segments),"
             " (SELECT ifnull(max(to_position), 0) FROM segments)",
    /* Rows below the last sealed position are sealed already, only not yet deleted: every
     * walk over hot rows leaves them out. */
    [HOT_FROM] = "SELECT ifnull((SELECT to_position FROM segments ORDER BY from_position DESC"
                 " LIMIT 1), 0)",
    [LEAVES_HOT] = "SELECT position, sha256, received FROM records WHERE position >= ?1"
                   " AND position < ?2 ORDER BY position",
    [EACH_HOT] = RECORD " WHERE r.position >= ?4 AND r.start >= ?2 AND r.start < ?3"
                 " ORDER BY r.position",
    [EACH_HOT_SITE] = RECORD " WHERE r.site = ?1 AND r.start >= ?2 AND r.start < ?3"
                      " AND r.position >= ?4 ORDER BY r.position",
    [DAY_HOT] = "SELECT r.position, r.seq, r.start, r.end, r.received, r.clock_synced,"
                " r.max_error_us, r.step_us, c.kid, r.jws FROM records r JOIN chains c ON"
                " c.id = r.chain WHERE r.site = ?1 AND r.start >= ?2 AND r.start < ?3"
                " AND r.position >= ?4",
    [SITE_RANGE] = "SELECT min(a), max(b) FROM (SELECT min(start) AS a, max(start) AS b"
                   " FROM records WHERE site = ?1 UNION ALL"
                   " SELECT min(min_start), max(max_start) FROM segment_parts"
                   " WHERE site = ?1)",
    /* Sealing takes a prefix of the hot positions. `+` keeps to the index by (chain, seq),
     * which holds the position too. */
    [SEAL_NEXT] = "SELECT received FROM records WHERE position = ?1",
    [SEAL_SCAN] = "SELECT position, received FROM records WHERE position >= ?1"
                  " ORDER BY position",
    [SEAL_SURE] = "SELECT position, received FROM records WHERE position > ?1 AND"
                  " received <= ?2 ORDER BY position LIMIT 1",
    [SEAL_CHAINS] = "SELECT id, site FROM chains WHERE head_seq > 0 ORDER BY site, id",
    [SEAL_ROWS] = RECORD " WHERE r.chain = ?1 AND +r.position >= ?2 AND +r.position < ?3"
                  " ORDER BY r.seq",
    [SEAL_BACK] = "SELECT r.jws, r.sha256, r.position FROM records r JOIN chains c"
                  " ON c.id = r.chain WHERE c.kid = ?1 AND r.seq >= ?2 AND r.seq <= ?3"
                  " AND +r.position >= ?4 AND +r.position < ?5 ORDER BY r.seq",
    [SEGMENT_ID] = "SELECT next_segment FROM book",
    [SEGMENT_TAKE] = "UPDATE book SET next_segment = next_segment + 1",
    [SEAL_DROP] = "DELETE FROM records WHERE position >= ?1 AND position < ?2",
    [SEAL_FIRST] = "SELECT min(position) FROM records",
    [SEGMENT_ADD] = "INSERT INTO segments(id, from_position, to_position, day, file, sha256,"
                    " index_sha256, file_bytes, raw_bytes, sealed, min_start, max_start)"
                    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
    [SEGMENT_PART_ADD] = "INSERT INTO segment_parts VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [SEGMENT_FILES] = SEGMENT " WHERE s.file = ?1",
    [SEGMENT_RANGE] = SEGMENT " WHERE s.to_position > ?1 AND s.from_position < ?2"
                      " ORDER BY s.from_position",
    [SEGMENT_OF_SEQ] = SEGMENT " JOIN segment_parts p ON p.segment = s.id WHERE p.chain = ?1"
                       " AND p.from_seq <= ?2 AND p.to_seq >= ?2 ORDER BY s.id",
    [SEGMENT_OF_SITE] = SEGMENT " WHERE s.id IN (SELECT segment FROM segment_parts"
                        " WHERE site = ?1 AND max_start >= ?2 AND min_start < ?3)"
                        " ORDER BY s.from_position",
    [SEGMENT_OF_ALL] = SEGMENT " WHERE s.max_start >= ?2 AND s.min_start < ?3"
                       " ORDER BY s.from_position",
    [DAY_PUT] = "INSERT OR REPLACE INTO days VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
    [DAY_GET] = "SELECT d.offset, d.length, d.through, s.file, d.sha256 FROM days d JOIN segments s ON"
                " s.id = d.segment WHERE d.site = ?1 AND d.circuit = ?2 AND d.day = ?3",
    /* Sealing makes the row anew for a record that came later, or takes it away. */
    [DAY_STALE] = "SELECT EXISTS(SELECT 1 FROM records WHERE site = ?1 AND start >= ?2 AND"
                  " start < ?3 AND position >= ?4)",
    [DAY_DROP] = "DELETE FROM days WHERE site = ?1 AND circuit = ?2 AND day = ?3",
    [SITE_CIRCUITS] = "SELECT id FROM latest WHERE site = ?1 ORDER BY id",
    [LOG_ADD] = "INSERT OR IGNORE INTO log_leaves VALUES(?1,?2,?3,?4,?5)",
    [LOG_LAST] = "SELECT idx, position FROM log_leaves ORDER BY idx DESC LIMIT 1",
    [LOG_BEFORE] = "SELECT idx, position FROM log_leaves WHERE position <= ?1"
                   " ORDER BY position DESC, idx DESC LIMIT 1",
    [LOG_AT] = "SELECT idx, position FROM log_leaves WHERE idx < ?1 ORDER BY idx DESC LIMIT 1",
    [LOG_RANGE] = "SELECT idx, position, type, unix_ms, sha256 FROM log_leaves"
                  " WHERE idx >= ?1 AND idx < ?2 ORDER BY idx",
    [LOG_FIND] = "SELECT idx, unix_ms FROM log_leaves WHERE type = ?1 AND sha256 = ?2",
};
/* clang-format on */
