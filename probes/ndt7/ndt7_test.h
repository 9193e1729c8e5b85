/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7_test.h - one ndt7 test in one direction against one server, from the connection to
 * the last word, within the protocol's limits of time. A test owns itself: it is gone
 * after _end(). */
#ifndef BW_NDT7_TEST_H
#define BW_NDT7_TEST_H

#include <bw/probe.h>
#include <ndt7.h>
#include <stdbool.h>
#include <stdint.h>

struct ndt7_test;
struct uv_loop_s;

struct ndt7_test_setup {
    struct uv_loop_s *loop;
    const struct bw_opts *opts;
    enum bw_direction direction;
    bool tls;
    const char *host; /* copied, as are all texts but those of opts */
    uint16_t port;
    const char *authority; /* the Host field */
    const char *target;    /* path and query */
    int64_t setup_ms;      /* until the upgrade is complete */
    /* About four times a second from the upgrade on. */
    void (*tick)(void *owner);
    /* Once, later: how it ended. begun: the upgrade was complete, so that nobody else is
     * to be asked. error 0: there is a figure; a warning may have come with it. */
    void (*ended)(void *owner, bool begun, int error, const char *reason);
    void *owner;
};

/* 0, -ENOMEM. ended() follows, later. */
int ndt7_test_start(const struct ndt7_test_setup *setup, struct ndt7_test **ret);
/* Nothing is called any more. NULL is a no-op. */
void ndt7_test_end(struct ndt7_test *t);

/* Everything a sample says but machine, grade, state, error and reason; texts are lent
 * until the test ends. */
void ndt7_test_read(struct ndt7_test *t, struct bw_run_sample *ret);
/* The connection's name at the server; "" unless it told. */
const char *ndt7_test_uuid(const struct ndt7_test *t);
const char *ndt7_test_receipt(const struct ndt7_test *t);
/* The test was shorter than it should be, for a reason of the other side or the line. */
bool ndt7_test_was_cut(const struct ndt7_test *t);
/* What the two ends counted cannot both be true: by more than a tenth. */
bool ndt7_test_ends_disagree(const struct ndt7_test *t);

#endif
