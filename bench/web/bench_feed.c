/* SPDX-License-Identifier: GPL-3.0-or-later
 * bench_feed.c - boxes deliver to a running collector at a steady pace, one summary a POST.
 *
 * bench_feed DATA PORT SITES FIRST RATE SECONDS
 *
 * RATE records a second from the sites FIRST, FIRST + 1 … in turn, each with what follows
 * its newest record in DATA/ledger: five minutes, or less where so few sites would have to
 * deliver more often. They are signed before the clock starts. Prints JSON: how long each
 * took from when it was due until the whole answer was there (a late answer that holds the
 * next one up counts for both), and which site is next. */
#include "schools.h"
#include "talk.h"

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <gen_summaries.h>
#include <hash.h>
#include <jws.h>
#include <ledger.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    TALKS = 100,
    EVENTS = 128,
    POSTS_MAX = 200000,
    OLD_S = 900 /* a site that was silent for longer goes on at the present */
};

#define NONE SIZE_MAX

struct box {
    struct bw_gen *gen;
    int64_t next_s;
};

struct feed {
    struct box *boxes;
    size_t n_sites;
    size_t first;
    int64_t length_s;
    char **posts;
    size_t *lens;
    size_t n, next, answered;
    int64_t began_ns;
    int64_t gap_ns;
    struct bw_talk talks[TALKS];
    size_t post_of[TALKS]; /* NONE: it is free */
    struct bw_times times;
    size_t faults;
};

static bool delivers(size_t i)
{
    return !bw_web_never(i) && !bw_web_silent(i);
}

static int sign(struct feed *f,
                struct bw_ledger *l,
                size_t site,
                char **ret,
                size_t *ret_len,
                struct bw_err *reterr)
{
    struct box *b = &f->boxes[site];
    int64_t now_s = bw_clock_unix_ms() / 1000;
    const char *jws = NULL;
    size_t n = 0;
    int r = 0;

    if (!b->gen) {
        r = bw_web_school(site, &b->gen, reterr);
        r = r < 0 ? r : bw_web_resume(b->gen, l, &b->next_s, reterr);
        if (r == 0 && (b->next_s == BW_UNKNOWN || b->next_s < now_s - OLD_S)) {
            b->next_s = now_s - now_s % BW_WEB_STEP_S - BW_WEB_STEP_S;
        }
    }
    r = r < 0 ? r : bw_web_record(b->gen, b->next_s, f->length_s, &jws, &n, reterr);
    if (r < 0) {
        return r;
    }
    b->next_s += f->length_s;
    int len = asprintf(ret,
                       "POST /api/v1/summaries HTTP/1.1\r\nHost: localhost\r\n"
                       "Content-Type: application/jose\r\nContent-Length: %zu\r\n\r\n%.*s",
                       n, (int)n, jws);
    *ret_len = (size_t)len;
    return len < 0 ? -ENOMEM : 0;
}

static int prepare(struct feed *f, const char *data, struct bw_err *reterr)
{
    char path[PATH_MAX];
    struct bw_ledger *l = NULL;
    int r;

    (void)snprintf(path, sizeof(path), "%s/ledger", data);
    f->boxes = calloc(f->n_sites, sizeof(*f->boxes));
    f->posts = calloc(f->n, sizeof(*f->posts));
    f->lens = calloc(f->n, sizeof(*f->lens));
    r = f->boxes && f->posts && f->lens ? bw_ledger_open(path, BW_LEDGER_READ, &l, reterr)
                                        : -ENOMEM;
    for (size_t i = 0; r == 0 && i < f->n; i++) {
        while (!delivers(f->first % f->n_sites)) {
            f->first++;
        }
        r = sign(f, l, f->first++ % f->n_sites, &f->posts[i], &f->lens[i], reterr);
    }
    bw_ledger_close(l);
    return r;
}

static int64_t due_ns(const struct feed *f, size_t i)
{
    return f->began_ns + (int64_t)i * f->gap_ns;
}

static void post(struct feed *f, size_t talk)
{
    f->post_of[talk] = f->next;
    if (bw_talk_ask(&f->talks[talk], f->posts[f->next], f->lens[f->next]) < 0) {
        f->post_of[talk] = NONE;
        f->faults++;
        f->answered++;
    }
    f->next++;
}

static void on_readable(struct feed *f, size_t talk)
{
    struct bw_talk *t = &f->talks[talk];
    int r = bw_talk_read(t);

    if (r == 0 || f->post_of[talk] == NONE) {
        return;
    }
    bool good = r == 1 && t->status == 200 && strstr(t->body, "\"refused\":[]");
    if (!good && f->faults++ == 0) {
        (void)fprintf(stderr, "bench_feed: %s\n", r == 1 ? t->body : "cut");
    }
    if (good) {
        (void)bw_times_add(&f->times, bw_clock_mono_ns() - due_ns(f, f->post_of[talk]));
    }
    f->post_of[talk] = NONE;
    f->answered++;
}

static void run(struct feed *f, int epoll)
{
    struct epoll_event events[EVENTS];

    f->began_ns = bw_clock_mono_ns();
    while (f->answered < f->n) {
        int64_t now_ns = bw_clock_mono_ns();
        for (size_t i = 0; i < TALKS && f->next < f->n && due_ns(f, f->next) <= now_ns;
             i++) {
            if (f->post_of[i] == NONE) {
                post(f, i);
            }
        }
        int64_t wait_ms =
            f->next < f->n ? (due_ns(f, f->next) - now_ns + 999999) / 1000000 : 1000;
        int n = epoll_wait(epoll, events, EVENTS, wait_ms > 0 ? (int)wait_ms : 1);
        for (int i = 0; i < n; i++) {
            on_readable(f, (size_t)events[i].data.u64);
        }
    }
}

int main(int argc, char **argv)
{
    static struct feed f;
    struct bw_err err = {.text = ""};
    long port = argc == 7 ? strtol(argv[2], NULL, 10) : 0;
    long sites = argc == 7 ? strtol(argv[3], NULL, 10) : 0;
    double rate = argc == 7 ? strtod(argv[5], NULL) : 0;
    double seconds = argc == 7 ? strtod(argv[6], NULL) : 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int r = bw_crypto_init();

    if (port < 1 || port > 65535 || sites < 1 || sites > BW_WEB_SITES_MAX || rate <= 0 ||
        rate * seconds < 1 || rate * seconds > POSTS_MAX) {
        (void)fprintf(stderr, "Usage: bench_feed DATA PORT SITES FIRST RATE SECONDS\n");
        return 2;
    }
    f.n_sites = (size_t)sites;
    f.first = strtoul(argv[4], NULL, 10);
    f.n = (size_t)(rate * seconds);
    f.gap_ns = (int64_t)(1e9 / rate);
    f.length_s = BW_WEB_STEP_S;
    while (f.length_s > 1 && ((double)f.length_s * rate > (double)sites * 1.1 ||
                              BW_WEB_STEP_S % f.length_s != 0)) {
        f.length_s--; /* a box delivers once an interval; these begin at multiples */
    }
    r = r < 0 ? r : prepare(&f, argv[1], &err);
    for (size_t i = 0; r == 0 && i < TALKS; i++) {
        f.post_of[i] = NONE;
        r = bw_talk_open(&f.talks[i], epoll, (uint16_t)port, i);
    }
    if (r < 0) {
        (void)fprintf(stderr, "bench_feed: %s\n", err.text[0] ? err.text : strerror(-r));
        return 1;
    }
    run(&f, epoll);
    (void)printf("{\"records\":%zu,\"interval_s\":%lld,\"faults\":%zu,\"next\":%zu,", f.n,
                 (long long)f.length_s, f.faults, f.first % f.n_sites);
    bw_times_print(&f.times, stdout);
    (void)printf("}\n");
    for (size_t i = 0; i < f.n_sites; i++) {
        bw_gen_free(f.boxes[i].gen);
    }
    for (size_t i = 0; i < f.n; i++) {
        free(f.posts[i]);
    }
    for (size_t i = 0; i < TALKS; i++) {
        bw_talk_close(&f.talks[i]);
        free(f.talks[i].in);
    }
    free(f.boxes);
    free(f.posts);
    free(f.lens);
    free(f.times.ns);
    (void)close(epoll);
    return f.faults ? 1 : 0;
}
