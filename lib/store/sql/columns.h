/* SPDX-License-Identifier: GPL-3.0-or-later
 * columns.h - a summary's figures as typed columns beside its signed bytes, the same in
 * the journal and the ledger. For the back ends.
 *
 * Pages and reports read these; `verify` makes them again from the bytes. A row's key is
 * record * 1024 + its index in the summary's array, so one record's rows lie together. */
#ifndef BW_STORE_COLUMNS_H
#define BW_STORE_COLUMNS_H

#include <bw/summary.h>
#include <stdint.h>

struct bw_err;
struct bw_sql;
struct sqlite3_stmt;

/* clang-format off */
/* The tables; part of version 1 of both schemas. */
#define BW_COLUMNS_DDL \
    "CREATE TABLE circuits(key INTEGER PRIMARY KEY, id TEXT NOT NULL, vantage INTEGER," \
    " behind INTEGER, source INTEGER, layer INTEGER, resolution_ms INTEGER," \
    " covered_s INTEGER, link_bps INTEGER, mtu INTEGER, saturated_s INTEGER," \
    " down_bytes INTEGER, down_packets INTEGER, down_p95_1s_bps INTEGER," \
    " down_peak_1s_bps INTEGER, down_drops INTEGER, down_errors INTEGER," \
    " up_bytes INTEGER, up_packets INTEGER, up_p95_1s_bps INTEGER," \
    " up_peak_1s_bps INTEGER, up_drops INTEGER, up_errors INTEGER);" \
    "CREATE TABLE outages(key INTEGER PRIMARY KEY, circuit TEXT NOT NULL," \
    " from_ms INTEGER, to_ms INTEGER, why TEXT);" \
    "CREATE TABLE latency(key INTEGER PRIMARY KEY, circuit TEXT NOT NULL, probe TEXT," \
    " kind TEXT, family INTEGER, sent INTEGER, lost INTEGER, late INTEGER," \
    " sum_us INTEGER, rtt_hist TEXT, p50_us INTEGER, p95_us INTEGER, pdv_p95_us INTEGER);" \
    "CREATE TABLE throughput(key INTEGER PRIMARY KEY, circuit TEXT NOT NULL, probe TEXT," \
    " kind TEXT, method TEXT, server TEXT, direction INTEGER, at_ms INTEGER," \
    " duration_ms INTEGER, state INTEGER, reason TEXT, retest_of TEXT, streams INTEGER," \
    " cc TEXT, mtu INTEGER, grade INTEGER, receipt TEXT, egress INTEGER, bytes INTEGER," \
    " goodput_bps INTEGER, line_bps INTEGER, line_error_ppm INTEGER," \
    " concurrent_bps INTEGER, rtt_idle_us INTEGER, rtt_loaded_p95_us INTEGER," \
    " retransmit_ppm INTEGER, tester_busy_ppm INTEGER, flags TEXT);" \
    "CREATE TABLE gaps(key INTEGER PRIMARY KEY, from_s INTEGER, to_s INTEGER, why INTEGER);"
/* What version 2 of both schemas added. Codes, phases and hops are texts of lines of
 * fields, which only columns.c writes and reads. */
#define BW_COLUMNS_V2 \
    "ALTER TABLE latency ADD COLUMN lost_out INTEGER;" \
    "ALTER TABLE latency ADD COLUMN lost_back INTEGER;" \
    "ALTER TABLE latency ADD COLUMN out_hist TEXT;" \
    "ALTER TABLE latency ADD COLUMN back_hist TEXT;" \
    "ALTER TABLE latency ADD COLUMN one_way_error_us INTEGER;" \
    "ALTER TABLE latency ADD COLUMN codes TEXT;" \
    "ALTER TABLE latency ADD COLUMN phases TEXT;" \
    "ALTER TABLE latency ADD COLUMN cert_days INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN machine TEXT;" \
    "ALTER TABLE throughput ADD COLUMN loss_ppm INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN delay_min_us INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN delay_max_us INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN near_rtt_us INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN near_min_rtt_us INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN near_retransmit_ppm INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN near_app_limited_ppm INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN near_rwnd_limited_ppm INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN near_sndbuf_limited_ppm INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN far_rtt_us INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN far_min_rtt_us INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN far_retransmit_ppm INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN far_app_limited_ppm INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN far_rwnd_limited_ppm INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN far_sndbuf_limited_ppm INTEGER;" \
    "ALTER TABLE throughput ADD COLUMN campaign TEXT;" \
    "CREATE TABLE paths(key INTEGER PRIMARY KEY, circuit TEXT NOT NULL, probe TEXT," \
    " method TEXT, family INTEGER, at_ms INTEGER, reached INTEGER, mtu INTEGER," \
    " hash TEXT, changed INTEGER, flag TEXT, hops TEXT);"
/* What version 3 of the journal's and 5 of the ledger's added: what counters tell besides,
 * and what the line was full of. Shares are lines of fields, as above. */
#define BW_COLUMNS_V3 \
    "ALTER TABLE circuits ADD COLUMN port_full_s INTEGER;" \
    "ALTER TABLE circuits ADD COLUMN down_peak_sliding_1s_bps INTEGER;" \
    "ALTER TABLE circuits ADD COLUMN down_frame_offset_bytes INTEGER;" \
    "ALTER TABLE circuits ADD COLUMN up_peak_sliding_1s_bps INTEGER;" \
    "ALTER TABLE circuits ADD COLUMN up_frame_offset_bytes INTEGER;" \
    "CREATE TABLE traffic(key INTEGER PRIMARY KEY, circuit TEXT NOT NULL, state TEXT," \
    " covered_s INTEGER, sampled_1_in INTEGER, captured INTEGER, capture_drops INTEGER," \
    " flows_1_in INTEGER, mix TEXT, families TEXT, sizes TEXT, tcp_rtt_hist TEXT," \
    " saturated_rtt_hist TEXT, wan_min_hist TEXT, lan_rtt_hist TEXT, lan_min_hist TEXT," \
    " flow_size_hist TEXT, flows INTEGER, retransmit_ppm INTEGER, down_bytes INTEGER," \
    " down_resent_bytes INTEGER, down_resent_ppm INTEGER, down_resent_low_ppm INTEGER," \
    " down_resent_high_ppm INTEGER, down_reordered_ppm INTEGER," \
    " down_reordered_low_ppm INTEGER, down_reordered_high_ppm INTEGER," \
    " up_bytes INTEGER, up_resent_bytes INTEGER, up_resent_ppm INTEGER," \
    " up_resent_low_ppm INTEGER, up_resent_high_ppm INTEGER, up_reordered_ppm INTEGER," \
    " up_reordered_low_ppm INTEGER, up_reordered_high_ppm INTEGER, devices_min INTEGER," \
    " flags TEXT);"
/* clang-format on */

enum bw_columns_stmt {
    BW_COLUMNS_PUT_CIRCUIT,
    BW_COLUMNS_PUT_OUTAGE,
    BW_COLUMNS_PUT_LATENCY,
    BW_COLUMNS_PUT_THROUGHPUT,
    BW_COLUMNS_PUT_GAP,
    BW_COLUMNS_PUT_PATH,
    BW_COLUMNS_PUT_TRAFFIC,
    BW_COLUMNS_GET_CIRCUIT,
    BW_COLUMNS_GET_OUTAGE,
    BW_COLUMNS_GET_LATENCY,
    BW_COLUMNS_GET_THROUGHPUT,
    BW_COLUMNS_GET_GAP,
    BW_COLUMNS_GET_PATH,
    BW_COLUMNS_GET_TRAFFIC,
    BW_COLUMNS_DROP_CIRCUITS,
    BW_COLUMNS_DROP_OUTAGES,
    BW_COLUMNS_DROP_LATENCY,
    BW_COLUMNS_DROP_THROUGHPUT,
    BW_COLUMNS_DROP_GAPS,
    BW_COLUMNS_DROP_PATHS,
    BW_COLUMNS_DROP_TRAFFIC,
    BW_COLUMNS_STMTS
};

/* clang-format off */
/* Their texts, for the head of a back end's own table of statements. */
#define BW_COLUMNS_TEXTS \
    [BW_COLUMNS_PUT_CIRCUIT] = \
        "INSERT INTO circuits VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15," \
        "?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28)", \
    [BW_COLUMNS_PUT_OUTAGE] = "INSERT INTO outages VALUES(?1,?2,?3,?4,?5)", \
    [BW_COLUMNS_PUT_LATENCY] = \
        "INSERT INTO latency VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16," \
        "?17,?18,?19,?20,?21)", \
    [BW_COLUMNS_PUT_THROUGHPUT] = \
        "INSERT INTO throughput VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15," \
        "?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28,?29,?30,?31,?32,?33,?34,?35," \
        "?36,?37,?38,?39,?40,?41,?42,?43,?44,?45)", \
    [BW_COLUMNS_PUT_GAP] = "INSERT INTO gaps VALUES(?1,?2,?3,?4)", \
    [BW_COLUMNS_PUT_PATH] = \
        "INSERT INTO paths VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)", \
    [BW_COLUMNS_PUT_TRAFFIC] = \
        "INSERT INTO traffic VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16," \
        "?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28,?29,?30,?31,?32,?33,?34,?35,?36," \
        "?37)", \
    [BW_COLUMNS_GET_CIRCUIT] = \
        "SELECT * FROM circuits WHERE key BETWEEN ?1 AND ?2 AND id=?3 ORDER BY key", \
    [BW_COLUMNS_GET_OUTAGE] = \
        "SELECT * FROM outages WHERE key BETWEEN ?1 AND ?2 AND circuit=?3 ORDER BY key", \
    [BW_COLUMNS_GET_LATENCY] = \
        "SELECT * FROM latency WHERE key BETWEEN ?1 AND ?2 AND circuit=?3 ORDER BY key", \
    [BW_COLUMNS_GET_THROUGHPUT] = \
        "SELECT * FROM throughput WHERE key BETWEEN ?1 AND ?2 AND circuit=?3 ORDER BY key", \
    [BW_COLUMNS_GET_GAP] = \
        "SELECT * FROM gaps WHERE key BETWEEN ?1 AND ?2 ORDER BY key", \
    [BW_COLUMNS_GET_PATH] = \
        "SELECT * FROM paths WHERE key BETWEEN ?1 AND ?2 AND circuit=?3 ORDER BY key", \
    [BW_COLUMNS_GET_TRAFFIC] = \
        "SELECT * FROM traffic WHERE key BETWEEN ?1 AND ?2 AND circuit=?3 ORDER BY key", \
    [BW_COLUMNS_DROP_CIRCUITS] = "DELETE FROM circuits WHERE key BETWEEN ?1 AND ?2", \
    [BW_COLUMNS_DROP_OUTAGES] = "DELETE FROM outages WHERE key BETWEEN ?1 AND ?2", \
    [BW_COLUMNS_DROP_LATENCY] = "DELETE FROM latency WHERE key BETWEEN ?1 AND ?2", \
    [BW_COLUMNS_DROP_THROUGHPUT] = "DELETE FROM throughput WHERE key BETWEEN ?1 AND ?2", \
    [BW_COLUMNS_DROP_GAPS] = "DELETE FROM gaps WHERE key BETWEEN ?1 AND ?2", \
    [BW_COLUMNS_DROP_PATHS] = "DELETE FROM paths WHERE key BETWEEN ?1 AND ?2", \
    [BW_COLUMNS_DROP_TRAFFIC] = "DELETE FROM traffic WHERE key BETWEEN ?1 AND ?2"
/* clang-format on */

/* What a circuit is and what was counted on it: the columns vantage … up_errors of the
 * table above, bound from parameter `at` on, read from column `at` on. */
void bw_columns_bind_facts(struct sqlite3_stmt *st,
                           int at,
                           const struct bw_circuit_summary *c);
void bw_columns_read_facts(struct sqlite3_stmt *st, int at, struct bw_circuit_summary *c);

/* Within the caller's transaction. -E2BIG when an array is longer than 1024. */
int bw_columns_put(struct bw_sql *s,
                   int64_t record,
                   const struct bw_summary *summary,
                   struct bw_err *reterr);

/* The arrays of one circuit of one record into *ret, which the caller initialised and
 * gave site, seq, times and clock; strings live in its arena. */
int bw_columns_get(struct bw_sql *s,
                   int64_t record,
                   const char *circuit,
                   struct bw_summary *ret,
                   struct bw_err *reterr);

/* Delete the rows of records [from, to]. */
int bw_columns_drop(struct bw_sql *s, int64_t from, int64_t to, struct bw_err *reterr);

#endif
