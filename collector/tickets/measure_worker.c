/* SPDX-License-Identifier: GPL-3.0-or-later
 * measure_worker.c - the measurement process: what listens to the world, with nothing to
 * lose but a test.
 *
 * It gives up every right before it reads a byte of the world's, dies with its parent, and
 * gives way to it: ingest comes first. */
#include "measure_worker.h"
#include "measure_words.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <grp.h>
#include <hash.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

enum {
    NOBODY = 65534,
    NICE = 5,
    FIRST_FD = 3,
    STATS_MS = 1000,
    DESCRIPTORS_BESIDE = 64,
    READ_BYTES = 65536
};

struct worker {
    uv_loop_t loop;
    uv_pipe_t in;
    uv_timer_t stats;
    struct bw_buf said; /* by the parent, up to a line's end */
    struct bw_testsrv *srv;
    char *chunk;
    bool ending;
    int status;
};

static bool not_dropped(int r)
{
    return r < 0 && errno != EINVAL && errno != EPERM;
}

static int drop_rights(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2];
    const struct rlimit zero = {0, 0};
    memset(none, 0, sizeof(none));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        return -errno;
    }
    if (geteuid() == 0 && (not_dropped(setgroups(0, NULL)) ||
                           not_dropped(setresgid(NOBODY, NOBODY, NOBODY)) ||
                           not_dropped(setresuid(NOBODY, NOBODY, NOBODY)))) {
        return -errno;
    }
    if (syscall(SYS_capset, &header, none) < 0 || setrlimit(RLIMIT_CORE, &zero) < 0 ||
        setrlimit(RLIMIT_FSIZE, &zero) < 0) {
        return -errno;
    }
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0;
}

/* ---- to the parent */

/* It always reads; one that is gone ends this process. Its pipe holds many lines, and one
 * comes for each test, so that waiting for it is never long. */
static void say(struct worker *k, const struct bw_measure_line *l)
{
    struct bw_buf out;
    size_t sent = 0;
    (void)k;
    bw_buf_init(&out, BW_MEASURE_SAID_MAX);
    if (bw_measure_write(l, &out) < 0) {
        bw_buf_done(&out);
        return;
    }
    while (sent < out.len) {
        ssize_t n = write(STDOUT_FILENO, out.data + sent, out.len - sent);
        if (n < 0 && errno != EINTR) {
            _exit(1);
        }
        sent += n > 0 ? (size_t)n : 0;
    }
    bw_buf_done(&out);
}

static void on_ask(void *owner, uint64_t test, const struct bw_testsrv_ask *ask)
{
    struct bw_measure_line l = {.what = BW_MEASURE_ASK,
                                .test = test,
                                .kind = ask->kind,
                                .direction = ask->direction};
    (void)snprintf(l.token, sizeof(l.token), "%s", ask->token);
    (void)snprintf(l.peer, sizeof(l.peer), "%s", ask->peer);
    say(owner, &l);
}

static void on_joined(void *owner, uint64_t test, const char *peer)
{
    struct bw_measure_line l = {.what = BW_MEASURE_JOINED, .test = test};
    (void)snprintf(l.peer, sizeof(l.peer), "%s", peer);
    say(owner, &l);
}

static void on_ended(void *owner, uint64_t test, const struct bw_receipt *measured)
{
    struct bw_measure_line l = {
        .what = BW_MEASURE_ENDED, .test = test, .measured = *measured};
    say(owner, &l);
}

static void on_stats(uv_timer_t *timer)
{
    struct worker *k = timer->data;
    struct bw_measure_line l = {.what = BW_MEASURE_STATS};
    bw_testsrv_stats(k->srv, &l.stats);
    say(k, &l);
}

/* ---- from the parent */

static void end(struct worker *k, int status)
{
    if (k->ending) {
        return;
    }
    k->ending = true;
    k->status = status;
    bw_testsrv_close(k->srv, NULL, NULL);
    k->srv = NULL;
    uv_close((uv_handle_t *)&k->in, NULL);
    uv_close((uv_handle_t *)&k->stats, NULL);
}

static int start(struct worker *k, const struct bw_measure_line *job, struct bw_err *reterr)
{
    static const struct bw_testsrv_ops ops = {
        .ask = on_ask, .joined = on_joined, .ended = on_ended};
    int fds[BW_TESTSRV_LISTEN_MAX];
    struct rlimit files;
    rlim_t want = (rlim_t)job->connections + DESCRIPTORS_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < want) {
        files.rlim_cur = files.rlim_max < want ? files.rlim_max : want;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    for (int i = 0; i < job->n_fds; i++) {
        fds[i] = FIRST_FD + i;
    }
    struct bw_testsrv_opts opts = {.server = job->server,
                                   .fds = fds,
                                   .n_fds = (size_t)job->n_fds,
                                   .tls_cert_pem = job->cert_pem,
                                   .tls_key_pem = job->key_pem,
                                   .limits = bw_testsrv_limits_default};
    opts.limits.connections = job->connections;
    return bw_testsrv_new(&k->loop, &opts, &ops, k, &k->srv, reterr);
}

static void act(struct worker *k, const struct bw_measure_line *l)
{
    struct bw_err err = {.text = ""};
    if (!k->srv && l->what == BW_MEASURE_JOB) {
        if (start(k, l, &err) < 0) {
            (void)fprintf(stderr, "<3>measurement process: %s\n", err.text);
            end(k, 1);
            return;
        }
        const struct bw_measure_line ready = {.what = BW_MEASURE_READY};
        say(k, &ready);
        (void)uv_timer_start(&k->stats, on_stats, STATS_MS, STATS_MS);
    } else if (k->srv && l->what == BW_MEASURE_GRANT) {
        const struct bw_testsrv_grant grant = {
            .status = (int)l->status, .reason = l->reason, .max_bytes = l->max_bytes};
        bw_testsrv_grant(k->srv, l->test, &grant);
    } else if (k->srv && l->what == BW_MEASURE_RECEIPT) {
        bw_testsrv_receipt(k->srv, l->test, l->jws[0] ? l->jws : NULL);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct worker *k = handle->data;
    (void)suggested;
    *buf = uv_buf_init(k->chunk, READ_BYTES);
}

static void take_lines(struct worker *k)
{
    size_t used = 0;
    for (;;) {
        const char *at = k->said.data + used;
        const char *newline =
            k->said.len > used ? memchr(at, '\n', k->said.len - used) : NULL;
        struct bw_measure_line l;
        struct bw_err err = {.text = ""};
        if (!newline || k->ending) {
            break;
        }
        if (bw_measure_read(at, (size_t)(newline - at), &l, &err) < 0) {
            (void)fprintf(stderr, "<3>measurement process: %s\n", err.text);
            end(k, 1);
            return;
        }
        act(k, &l);
        bw_measure_line_done(&l);
        explicit_bzero(k->said.data + used, (size_t)(newline - at));
        used += (size_t)(newline - at) + 1;
    }
    if (used > 0) {
        memmove(k->said.data, k->said.data + used, k->said.len - used);
        k->said.len -= used;
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct worker *k = stream->data;
    if (n < 0) {
        end(k, 0);
        return;
    }
    bw_buf_add(&k->said, buf->base, (size_t)n);
    explicit_bzero(buf->base, (size_t)n);
    if (bw_buf_error(&k->said) < 0) {
        end(k, 1);
        return;
    }
    take_lines(k);
}

int bw_measure_worker_main(void)
{
    struct worker k = {.srv = NULL};
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    (void)sigaction(SIGINT, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    (void)sigaction(SIGHUP, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    /* Complaints may go to a file, which it must not write: then they are lost. */
    (void)sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    int r = drop_rights();
    if (r < 0 || bw_crypto_init() < 0 || uv_loop_init(&k.loop) < 0) {
        (void)fprintf(stderr, "<3>measurement process: %s\n",
                      r < 0 ? "rights cannot be dropped" : "cannot start");
        return 1;
    }
    bw_buf_init(&k.said, BW_MEASURE_LINE_MAX);
    k.chunk = malloc(READ_BYTES);
    (void)uv_pipe_init(&k.loop, &k.in, 0);
    (void)uv_timer_init(&k.loop, &k.stats);
    k.in.data = &k;
    k.stats.data = &k;
    if (!k.chunk || uv_pipe_open(&k.in, STDIN_FILENO) < 0 ||
        uv_read_start((uv_stream_t *)&k.in, on_alloc, on_read) < 0) {
        end(&k, 1);
    }
    (void)uv_run(&k.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&k.loop);
    bw_buf_done(&k.said);
    free(k.chunk);
    return k.status;
}
