/* SPDX-License-Identifier: GPL-3.0-or-later
 * crew.c - jobs among worker processes.
 *
 * Invariant: each worker has at most one job; a result is given on only after those of all
 * jobs before it; when this returns no worker lives. */
#include "crew.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <file.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Before a result's three texts, from worker to caller. */
struct head {
    uint64_t job;
    uint64_t n[3];
    int64_t status;
};

struct worker {
    pid_t pid; /* 0: none */
    int fd;
    int told;   /* the file that is its standard error */
    size_t job; /* n_jobs: idle */
};

struct result {
    char *texts; /* all three, one after the other; NULL where they are empty */
    size_t n[3];
    int status;
    int signal;
    bool is_there;
};

struct crew {
    const struct bw_crew_plan *plan;
    struct worker workers[BW_CREW_WORKERS_MAX];
    struct result *results;
    size_t n_given; /* jobs handed out */
    size_t n_ready; /* jobs with a result */
    size_t n_told;  /* results given on */
    sigset_t before;
    int signals; /* descriptor */
};

/* ---- both ends ------------------------------------------------------------------ */

static bool send_all(int fd, const void *data, size_t n)
{
    const char *p = data;

    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k <= 0) {
            return false;
        }
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static bool take_all(int fd, void *data, size_t n)
{
    char *p = data;

    while (n > 0) {
        ssize_t k = recv(fd, p, n, 0);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k <= 0) {
            return false;
        }
        p += k;
        n -= (size_t)k;
    }
    return true;
}

/* ---- the worker ----------------------------------------------------------------- */

/* Everything that went to a caught stream since the last time, into out. */
static bool take_caught(FILE *stream, int fd, struct bw_buf *out)
{
    char part[4096];
    ssize_t n;

    if (fflush(stream) != 0 || lseek(fd, 0, SEEK_SET) < 0) {
        return false;
    }
    while ((n = read(fd, part, sizeof(part))) > 0) {
        bw_buf_add(out, part, (size_t)n);
    }
    return n == 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
           bw_buf_error(out) == 0;
}

static bool work_one(const struct bw_crew_plan *plan, int fd, uint64_t job)
{
    struct head h = {.job = job};
    struct bw_buf texts[3];
    bool ok;

    for (int i = 0; i < 3; i++) {
        bw_buf_init(&texts[i], BW_CREW_BYTES_MAX);
    }
    h.status = plan->do_job(plan->owner, (size_t)job, &texts[0]);
    ok = take_caught(stdout, STDOUT_FILENO, &texts[1]) &&
         take_caught(stderr, STDERR_FILENO, &texts[2]) && bw_buf_error(&texts[0]) == 0;
    for (int i = 0; i < 3; i++) {
        h.n[i] = texts[i].len;
    }
    ok = ok && send_all(fd, &h, sizeof(h));
    for (int i = 0; i < 3; i++) {
        ok = ok && send_all(fd, texts[i].data, texts[i].len);
        bw_buf_done(&texts[i]);
    }
    return ok;
}

static void work(const struct bw_crew_plan *plan, int fd, int told, const sigset_t *before)
{
    int said = bw_file_temporary(NULL);
    uint64_t job;

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)pthread_sigmask(SIG_SETMASK, before, NULL);
    if (said < 0 || dup2(said, STDOUT_FILENO) < 0 || dup2(told, STDERR_FILENO) < 0) {
        return;
    }
    (void)close(said);
    (void)close(told);
    while (take_all(fd, &job, sizeof(job)) && work_one(plan, fd, job)) {
    }
}

/* ---- the caller ----------------------------------------------------------------- */

static int start(struct crew *c, struct worker *w, struct bw_err *reterr)
{
    int pair[2] = {-1, -1};
    int told = bw_file_temporary(reterr);
    int r = 0;

    if (told < 0) {
        return told;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        r = bw_err_set(reterr, -errno, "no way to a worker: %s", bw_strerror(-errno));
        goto out;
    }
    (void)fflush(NULL); /* else the worker would write it again */
    w->pid = fork();
    if (w->pid < 0) {
        r = bw_err_set(reterr, -errno, "no worker: %s", bw_strerror(-errno));
        w->pid = 0;
        goto out;
    }
    if (w->pid == 0) {
        (void)close(pair[0]);
        for (size_t i = 0; i < BW_CREW_WORKERS_MAX; i++) {
            if (c->workers[i].pid > 0 && &c->workers[i] != w) {
                (void)close(c->workers[i].fd); /* else that one would not see it close */
                (void)close(c->workers[i].told);
            }
        }
        (void)close(c->signals);
        work(c->plan, pair[1], told, &c->before);
        _exit(0);
    }
    w->fd = pair[0];
    w->told = told;
    w->job = c->plan->n_jobs;
    pair[0] = -1;
    told = -1;
out:
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0) {
            (void)close(pair[i]);
        }
    }
    if (told >= 0) {
        (void)close(told);
    }
    return r;
}

/* The signal by which it ended, else 0. */
static int end(struct worker *w)
{
    int status = 0;

    (void)close(w->fd);
    (void)close(w->told);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR) {
    }
    w->pid = 0;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void tell_ready(struct crew *c)
{
    const struct bw_crew_plan *p = c->plan;

    if (p->progress) {
        p->progress(p->owner, c->n_ready);
    }
    while (c->n_told < p->n_jobs && c->results[c->n_told].is_there) {
        struct result *r = &c->results[c->n_told];
        const char *at = r->texts ? r->texts : "";
        p->done(p->owner, &(struct bw_crew_done){.job = c->n_told,
                                                 .status = r->status,
                                                 .signal = r->signal,
                                                 .result = at,
                                                 .n_result = r->n[0],
                                                 .said = at + r->n[0],
                                                 .n_said = r->n[1],
                                                 .told = at + r->n[0] + r->n[1],
                                                 .n_told = r->n[2]});
        free(r->texts);
        r->texts = NULL;
        c->n_told++;
    }
}

/* What a worker that died had to say. */
static void take_last_words(const struct worker *w, struct result *r)
{
    enum {
        LAST_WORDS_MAX = 64 * 1024
    };
    ssize_t n;

    free(r->texts);
    r->texts = malloc(LAST_WORDS_MAX);
    n = r->texts ? pread(w->told, r->texts, LAST_WORDS_MAX, 0) : 0;
    r->n[2] = n > 0 ? (size_t)n : 0;
}

/* A worker has said something, or is gone. */
static int hear(struct crew *c, struct worker *w)
{
    struct result *r = &c->results[w->job];
    struct head h;
    bool ok = take_all(w->fd, &h, sizeof(h)) && h.job == w->job &&
              h.n[0] <= BW_CREW_BYTES_MAX && h.n[1] <= BW_CREW_BYTES_MAX &&
              h.n[2] <= BW_CREW_BYTES_MAX;
    size_t n = ok ? h.n[0] + h.n[1] + h.n[2] : 0;

    if (ok && n > 0) {
        r->texts = malloc(n);
        if (!r->texts) {
            return -ENOMEM;
        }
        ok = take_all(w->fd, r->texts, n);
    }
    for (int i = 0; i < 3; i++) {
        r->n[i] = ok ? h.n[i] : 0;
    }
    r->status = ok ? (int)h.status : -1;
    r->is_there = true;
    c->n_ready++;
    w->job = c->plan->n_jobs;
    if (!ok) {
        take_last_words(w, r);
        r->signal = end(w);
    }
    tell_ready(c);
    return 0;
}

/* Every idle worker gets a job; one that died is replaced. */
static int hand_out(struct crew *c, struct bw_err *reterr)
{
    size_t n = c->plan->n_workers;

    for (size_t i = 0; i < n && c->n_given < c->plan->n_jobs; i++) {
        struct worker *w = &c->workers[i];
        uint64_t job = c->n_given;
        int r = w->pid ? 0 : start(c, w, reterr);
        if (r < 0) {
            return r;
        }
        if (w->job != c->plan->n_jobs) {
            continue;
        }
        w->job = c->n_given++; /* that it died is heard like an answer */
        (void)send_all(w->fd, &job, sizeof(job));
    }
    return 0;
}

static int serve(struct crew *c, struct bw_err *reterr)
{
    struct pollfd fds[BW_CREW_WORKERS_MAX + 1];
    struct worker *of[BW_CREW_WORKERS_MAX];
    int r = 0;

    while (r == 0 && c->n_ready < c->plan->n_jobs) {
        nfds_t n = 0;
        r = hand_out(c, reterr);
        for (size_t i = 0; i < c->plan->n_workers; i++) {
            if (c->workers[i].pid && c->workers[i].job != c->plan->n_jobs) {
                of[n] = &c->workers[i];
                fds[n++] = (struct pollfd){.fd = c->workers[i].fd, .events = POLLIN};
            }
        }
        fds[n] = (struct pollfd){.fd = c->signals, .events = POLLIN};
        if (r == 0 && poll(fds, n + 1, -1) < 0 && errno != EINTR) {
            r = bw_err_set(reterr, -errno, "waiting failed: %s", bw_strerror(-errno));
        }
        if (r == 0 && (fds[n].revents & POLLIN)) {
            r = bw_err_set(reterr, -EINTR, "stopped");
        }
        for (nfds_t i = 0; r == 0 && i < n; i++) {
            if (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) {
                r = hear(c, of[i]);
            }
        }
    }
    return r == -ENOMEM ? bw_err_set(reterr, r, "out of memory") : r;
}

int bw_crew_run(const struct bw_crew_plan *plan, struct bw_err *reterr)
{
    struct crew *c = calloc(1, sizeof(*c));
    sigset_t ending;
    int r = 0;

    if (c) {
        c->results = calloc(plan->n_jobs + 1, sizeof(*c->results));
    }
    if (!c || !c->results) {
        free(c);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    c->plan = plan;
    (void)sigemptyset(&ending);
    (void)sigaddset(&ending, SIGINT);
    (void)sigaddset(&ending, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &ending, &c->before);
    c->signals = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
    r = c->signals < 0 ? bw_err_set(reterr, -errno, "no signals: %s", bw_strerror(-errno))
                       : serve(c, reterr);
    for (size_t i = 0; i < BW_CREW_WORKERS_MAX; i++) {
        if (c->workers[i].pid) {
            if (r < 0) {
                (void)kill(c->workers[i].pid, SIGTERM);
            }
            (void)end(&c->workers[i]);
        }
    }
    if (c->signals >= 0) {
        struct signalfd_siginfo gone;
        while (r == -EINTR && read(c->signals, &gone, sizeof(gone)) == sizeof(gone)) {
            /* heard: it shall not end this program when it is let through again */
        }
        (void)close(c->signals);
    }
    (void)pthread_sigmask(SIG_SETMASK, &c->before, NULL);
    for (size_t i = 0; i < plan->n_jobs; i++) {
        free(c->results[i].texts);
    }
    free(c->results);
    free(c);
    return r;
}

size_t bw_crew_default(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

    return n < 1 ? 1 : n > BW_CREW_WORKERS_MAX ? BW_CREW_WORKERS_MAX : (size_t)n;
}
