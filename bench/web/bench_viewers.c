/* SPDX-License-Identifier: GPL-3.0-or-later
 * bench_viewers.c - people who look at pages: each on a keep-alive connection, one view
 * after the other (a page and its pictures), a pause of random length between them.
 *
 * bench_viewers PORT VIEWERS SECONDS PAUSE_MS [COOKIE] < VIEWS
 *
 * A line of VIEWS is a view: WEIGHT NAME=PATH [NAME=PATH …]. Prints JSON: for each NAME how
 * long answers took from the request to their last byte, and the most bytes of one. A view
 * ends with its pictures: the next one's pause begins then. */
#include "talk.h"

#include <clock.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    NAMES_MAX = 128,
    STEPS_MAX = 12,
    VIEWS_MAX = 20000,
    VIEWERS_MAX = 1000,
    REQUEST_BYTES = 4096,
    EVENTS = 128
};

struct kind {
    char name[48];
    struct bw_times times;
    size_t most_bytes;
    size_t not_ok;
    int worst_status;
};

struct view {
    int kinds[STEPS_MAX];
    char *paths[STEPS_MAX];
    int n;
    double below; /* sum of weights up to here */
};

struct viewer {
    struct bw_talk talk;
    const struct view *view;
    int step;
    int64_t began_ns;
    int64_t due_ns; /* when it looks again; 0: it is looking */
};

struct crowd {
    struct kind kinds[NAMES_MAX];
    int n_kinds;
    struct view *views;
    size_t n_views;
    double weight;
    struct viewer *viewers;
    size_t n;
    const char *cookie;
    int64_t pause_ns;
    uint64_t luck;
    size_t faults;
    size_t requests;
    size_t views_done;
};

static double luck(struct crowd *c) /* [0, 1) */
{
    c->luck = c->luck * 6364136223846793005u + 1442695040888963407u;
    return (double)(c->luck >> 11) / 9007199254740992.0;
}

static int kind_of(struct crowd *c, const char *name)
{
    for (int i = 0; i < c->n_kinds; i++) {
        if (strcmp(c->kinds[i].name, name) == 0) {
            return i;
        }
    }
    if (c->n_kinds == NAMES_MAX) {
        return -1;
    }
    (void)snprintf(c->kinds[c->n_kinds].name, sizeof(c->kinds[0].name), "%s", name);
    return c->n_kinds++;
}

static int read_views(struct crowd *c)
{
    char *line = NULL;
    size_t cap = 0;
    int r = 0;

    c->views = calloc(VIEWS_MAX, sizeof(*c->views));
    while (c->views && r == 0 && c->n_views < VIEWS_MAX &&
           getline(&line, &cap, stdin) > 0) {
        struct view *v = &c->views[c->n_views];
        char *rest = NULL;
        char *word = strtok_r(line, " \n", &rest);
        double weight = word ? strtod(word, NULL) : 0;
        while ((word = strtok_r(NULL, " \n", &rest)) && v->n < STEPS_MAX) {
            char *path = strchr(word, '=');
            *(path ? path : word) = '\0';
            v->kinds[v->n] = kind_of(c, word);
            v->paths[v->n] = path ? strdup(path + 1) : NULL;
            r = v->kinds[v->n] < 0 || !v->paths[v->n] ? -EINVAL : 0;
            v->n++;
        }
        c->weight += weight;
        v->below = c->weight;
        c->n_views += v->n > 0;
    }
    free(line);
    return !c->views || c->n_views == 0 ? -EINVAL : r;
}

static void rest(struct crowd *c, struct viewer *v, int64_t now_ns)
{
    v->view = NULL;
    v->due_ns = now_ns + 1 + (int64_t)(-log(1 - luck(c)) * (double)c->pause_ns);
}

static void ask(struct crowd *c, struct viewer *v)
{
    char text[REQUEST_BYTES];
    int n = snprintf(
        text, sizeof(text),
        "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n%s%s%s\r\n",
        v->view->paths[v->step], c->cookie ? "Cookie: " : "", c->cookie ? c->cookie : "",
        c->cookie ? "\r\n" : "");

    v->began_ns = bw_clock_mono_ns();
    c->requests++;
    if (n >= (int)sizeof(text) || bw_talk_ask(&v->talk, text, (size_t)n) < 0) {
        c->faults++;
        rest(c, v, v->began_ns);
    }
}

static void begin_view(struct crowd *c, struct viewer *v)
{
    double x = luck(c) * c->weight;
    size_t low = 0;
    size_t high = c->n_views - 1;

    while (low < high) {
        size_t mid = (low + high) / 2;
        if (c->views[mid].below > x) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    v->view = &c->views[low];
    v->step = 0;
    v->due_ns = 0;
    ask(c, v);
}

static void answered(struct crowd *c, struct viewer *v)
{
    int64_t now_ns = bw_clock_mono_ns();
    struct kind *k = &c->kinds[v->view->kinds[v->step]];

    (void)bw_times_add(&k->times, now_ns - v->began_ns);
    k->most_bytes = v->talk.body_bytes > k->most_bytes ? v->talk.body_bytes : k->most_bytes;
    if (v->talk.status != 200) {
        k->not_ok++;
        k->worst_status = v->talk.status;
    }
    if (strcasestr(v->talk.head, "\r\nconnection: close")) {
        bw_talk_close(&v->talk);
    }
    if (++v->step < v->view->n) {
        ask(c, v);
        return;
    }
    c->views_done++;
    rest(c, v, now_ns);
}

static void look(struct crowd *c, int epoll, int64_t until_ns)
{
    struct epoll_event events[EVENTS];

    for (int64_t now_ns; (now_ns = bw_clock_mono_ns()) < until_ns;) {
        int64_t next_ns = until_ns;
        for (size_t i = 0; i < c->n; i++) {
            struct viewer *v = &c->viewers[i];
            if (!v->view && v->due_ns <= now_ns) {
                begin_view(c, v);
            }
            next_ns = !v->view && v->due_ns < next_ns ? v->due_ns : next_ns;
        }
        int64_t wait_ms = (next_ns - now_ns) / 1000000;
        int n = epoll_wait(epoll, events, EVENTS, wait_ms > 0 ? (int)wait_ms : 1);
        for (int i = 0; i < n; i++) {
            struct viewer *v = &c->viewers[events[i].data.u64];
            int r = bw_talk_read(&v->talk);
            if (r == 1) {
                answered(c, v);
            } else if (r < 0 && v->view) {
                c->faults++;
                rest(c, v, bw_clock_mono_ns());
            }
        }
    }
}

static void print(struct crowd *c, double seconds)
{
    (void)printf(
        "{\"seconds\":%.1f,\"requests\":%zu,\"views\":%zu,\"faults\":%zu,\"names\":{",
        seconds, c->requests, c->views_done, c->faults);
    for (int i = 0; i < c->n_kinds; i++) {
        struct kind *k = &c->kinds[i];
        (void)printf("%s\"%s\":{", i ? "," : "", k->name);
        bw_times_print(&k->times, stdout);
        (void)printf(",\"bytes\":%zu,\"not_ok\":%zu,\"status\":%d}", k->most_bytes,
                     k->not_ok, k->worst_status);
    }
    (void)printf("}}\n");
}

int main(int argc, char **argv)
{
    struct crowd c = {.luck = 4711};
    long port = argc > 4 ? strtol(argv[1], NULL, 10) : 0;
    long viewers = argc > 4 ? strtol(argv[2], NULL, 10) : 0;
    double seconds = argc > 4 ? strtod(argv[3], NULL) : 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int r;

    if (port < 1 || port > 65535 || viewers < 1 || viewers > VIEWERS_MAX || seconds <= 0) {
        (void)fprintf(stderr,
                      "Usage: bench_viewers PORT VIEWERS SECONDS PAUSE_MS [COOKIE]\n");
        return 2;
    }
    c.pause_ns = strtol(argv[4], NULL, 10) * 1000000;
    c.cookie = argc > 5 ? argv[5] : NULL;
    c.n = (size_t)viewers;
    c.viewers = calloc(c.n, sizeof(*c.viewers));
    r = c.viewers && epoll >= 0 ? read_views(&c) : -ENOMEM;
    int64_t began_ns = bw_clock_mono_ns();
    for (size_t i = 0; r == 0 && i < c.n; i++) {
        r = bw_talk_open(&c.viewers[i].talk, epoll, (uint16_t)port, i);
        rest(&c, &c.viewers[i], began_ns);
    }
    if (r < 0) {
        (void)fprintf(stderr, "bench_viewers: %s\n", strerror(-r));
        return 1;
    }
    look(&c, epoll, began_ns + (int64_t)(seconds * 1e9));
    print(&c, (double)(bw_clock_mono_ns() - began_ns) / 1e9);
    for (size_t i = 0; i < c.n; i++) {
        bw_talk_close(&c.viewers[i].talk);
        free(c.viewers[i].talk.in);
    }
    for (size_t i = 0; i < c.n_views; i++) {
        for (int k = 0; k < c.views[i].n; k++) {
            free(c.views[i].paths[k]);
        }
    }
    for (int i = 0; i < c.n_kinds; i++) {
        free(c.kinds[i].times.ns);
    }
    free(c.viewers);
    free(c.views);
    (void)close(epoll);
    return 0;
}
