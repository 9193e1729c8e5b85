/* SPDX-License-Identifier: GPL-3.0-or-later
 * measure_words.h - the JSON lines between the collector and its measurement process.
 *
 * The process is given its job first, then asks and is answered. It never sees a key but
 * that of its TLS certificate: tickets are checked and receipts signed by the collector. */
#ifndef BW_MEASURE_WORDS_H
#define BW_MEASURE_WORDS_H

#include <receipt.h>
#include <testsrv.h>

struct bw_buf;
struct bw_err;

enum {
    BW_MEASURE_LINE_MAX = 512 * 1024, /* of a job, with its PEM texts */
    BW_MEASURE_SAID_MAX = 8192        /* of what the process says */
};

struct bw_measure_line {
    enum {
        BW_MEASURE_JOB,     /* to the process, once */
        BW_MEASURE_GRANT,   /* to it */
        BW_MEASURE_RECEIPT, /* to it; jws "" for none */
        BW_MEASURE_READY,   /* from it */
        BW_MEASURE_ASK,     /* from it */
        BW_MEASURE_JOINED,  /* from it: one more address in a test */
        BW_MEASURE_ENDED,   /* from it */
        BW_MEASURE_STATS    /* from it, now and then */
    } what;
    uint64_t test;
    /* job */
    char server[BW_NAME_MAX + 1];
    int64_t n_fds; /* 3, 4, … */
    int64_t connections;
    char *cert_pem; /* malloc'd; NULL: none */
    char *key_pem;
    /* grant */
    int64_t status;
    char reason[256];
    int64_t max_bytes;
    /* ask; joined (peer alone) */
    char token[BW_TICKET_JWS_MAX + 1];
    char peer[64];
    enum bw_test_kind kind;
    enum bw_direction direction;
    /* ended, receipt */
    struct bw_receipt measured;
    char jws[BW_RECEIPT_JWS_MAX + 1];
    /* stats */
    struct bw_testsrv_stats stats;
};

/* Append the line with its end. */
int bw_measure_write(const struct bw_measure_line *l, struct bw_buf *out);
/* -EBADMSG with the sentence. PEM texts are freed with bw_measure_line_done(). */
int bw_measure_read(const char *text,
                    size_t n,
                    struct bw_measure_line *ret,
                    struct bw_err *reterr);
void bw_measure_line_done(struct bw_measure_line *l);

#endif
