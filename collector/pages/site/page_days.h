/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_days.h - the last days of a circuit for its page: targets, newest outages, tests and
 * gaps; and the site's keys with their counts. A reader's thread. */
#ifndef BW_PAGE_DAYS_H
#define BW_PAGE_DAYS_H

#include <bw/records.h>
#include <bw/summary.h>
#include <stdbool.h>
#include <stddef.h>

struct bw_buf;
struct bw_err;
struct bw_ledger_circuit;
struct bw_reader;

enum {
    BW_PAGE_DAYS = 7,
    BW_PAGE_ROWS = 10
};

struct bw_page_test {
    int64_t at_unix_ms;
    enum bw_direction direction;
    enum bw_test_state state;
    int64_t goodput_bps;
    int64_t line_bps;
    char server[BW_NAME_MAX + 1];
    char kind[16];
    char reason[120];
    char notes[240]; /* retest, another line, flags: "retest, tester-busy" */
};

struct bw_page_days {
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t n_summaries;
    int64_t covered_s; /* length of all intervals */
    bool has_traffic;  /* some interval says what the line was full of */
    bool past;         /* the newest is so old that these are not the last days */
    bool at_least;     /* on some day a mirror port counted: its figures are lower bounds */
    enum bw_source source;
    char (*probes)[BW_NAME_MAX + 1];
    size_t n_probes;
    int64_t watched_s;         /* at most: two targets could have shown an outage */
    struct bw_outage *outages; /* joined, oldest first */
    size_t n_outages;
    struct bw_page_test *tests; /* oldest first */
    size_t n_tests;
    struct bw_gap *gaps;
    size_t n_gaps;
    char layer[16]; /* of the counters */
};

/* The BW_PAGE_DAYS before the end of the circuit's newest interval. */
int bw_page_days_read(struct bw_reader *r,
                      const struct bw_ledger_circuit *c,
                      int64_t now_unix_s,
                      struct bw_page_days *ret,
                      struct bw_err *reterr);
void bw_page_days_done(struct bw_page_days *d);

/* "Outages, last 7 days"; of days long past: "Outages, 7 days to …". */
void bw_page_days_head(struct bw_buf *b, const struct bw_page_days *d, const char *what);
void bw_page_days_outages(struct bw_buf *b, const struct bw_page_days *d);
void bw_page_days_tests(struct bw_buf *b, const struct bw_page_days *d);
void bw_page_days_gaps(struct bw_buf *b, const struct bw_page_days *d);

/* The section about keys, chains and counts. */
int bw_page_keys(struct bw_buf *b,
                 struct bw_reader *r,
                 const char *site,
                 struct bw_err *reterr);

#endif
