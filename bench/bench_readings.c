/* SPDX-License-Identifier: GPL-3.0-or-later
 * bench_readings.c - the least that readings of a counter cost: a process that sleeps,
 * reads bandwitnessd's own way, and does nothing else. SIGTERM ends it with one JSON line:
 * the packets received since it began.
 *
 *     bench_readings INTERFACE EVERY_MS */
#include <bw/counter.h>
#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t over;

static void on_signal(int number)
{
    (void)number;
    over = 1;
}

int main(int argc, char *argv[])
{
    const struct bw_counter_ops *ops = &bw_counter_kernel;
    struct bw_counter *c = NULL;
    struct bw_reading first;
    struct bw_reading last;
    struct bw_err err = {0};
    struct sigaction on = {.sa_handler = on_signal};
    int every_ms = argc == 3 ? atoi(argv[2]) : 0; /* NOLINT(cert-err34-c) */
    if (every_ms <= 0) {
        (void)fprintf(stderr, "usage: bench_readings INTERFACE EVERY_MS\n");
        return 2;
    }
    if (sigaction(SIGTERM, &on, NULL) < 0 || ops->open(argv[1], false, &c, &err) < 0 ||
        ops->read(c, &first) < 0) {
        (void)fprintf(stderr, "bench_readings: %s: %s\n", argv[1],
                      err.text[0] ? err.text : "cannot be read");
        return 1;
    }
    last = first;
    while (!over) {
        (void)poll(NULL, 0, every_ms);
        (void)ops->peek(c, &last);
    }
    (void)printf("{\"packets\":%" PRId64 "}\n",
                 last.dir[BW_DOWN].packets - first.dir[BW_DOWN].packets);
    ops->close(c);
    return 0;
}
