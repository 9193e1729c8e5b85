/* SPDX-License-Identifier: GPL-3.0-or-later
 * child.c - the inside of a throughput run.
 *
 * Order matters: rights go before the job is even read, the parent's death is watched for
 * after the last change of identity (which clears it), and the parent is compared with
 * the one the job names, so that a parent that died in between is noticed too. */
#include "child.h"

#include "host.h"
#include "job.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <grp.h>
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
    SCRATCH_BYTES = 1000000
};

struct child {
    struct bw_host *host;
    uv_signal_t term;
    struct bw_buf line;
    struct bw_runner_job job;
    int status; /* exit */
};

/* Did a change of identity fail in a way that is not allowed? errno tells why. */
static bool not_dropped(int r)
{
    return r < 0 && errno != EINVAL && errno != EPERM;
}

int bw_child_drop_rights(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2];
    const struct rlimit zero = {0, 0};
    const struct rlimit scratch = {SCRATCH_BYTES, SCRATCH_BYTES};
    (void)memset(none, 0, sizeof(none));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        return -errno;
    }
    /* Where this user namespace has no nobody (EINVAL), no groups to set (EPERM) or no
     * right to change, the identity stays, without capabilities; every other failure ends
     * the child. */
    if (geteuid() == 0 && (not_dropped(setgroups(0, NULL)) ||
                           not_dropped(setresgid(NOBODY, NOBODY, NOBODY)) ||
                           not_dropped(setresuid(NOBODY, NOBODY, NOBODY)))) {
        return -errno;
    }
    if (syscall(SYS_capset, &header, none) < 0 || setrlimit(RLIMIT_CORE, &zero) < 0 ||
        setrlimit(RLIMIT_FSIZE, &scratch) < 0) {
        return -errno;
    }
    (void)setpriority(PRIO_PROCESS, 0, BW_CHILD_NICE);
    /* The limit alone does not hold where the kernel pipes cores to a program. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
        return -errno;
    }
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0;
}

/* The last right goes when the job is known: few kinds need a file at all. */
static int drop_files(const struct bw_probe_ops *ops)
{
    const struct rlimit zero = {0, 0};
    if ((ops->needs & BW_NEED_SCRATCH) != 0) {
        return 0;
    }
    return setrlimit(RLIMIT_FSIZE, &zero) < 0 ? -errno : 0;
}

/* All of standard input; -E2BIG when it is no job. */
static int read_job(struct bw_buf *text)
{
    char part[4096];
    for (;;) {
        ssize_t n = read(STDIN_FILENO, part, sizeof(part));
        if (n == 0) {
            return bw_buf_error(text);
        }
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n > 0) {
            bw_buf_add(text, part, (size_t)n);
        }
    }
}

/* The parent always reads; one that is gone ends this process. */
static void send_line(struct child *c)
{
    size_t sent = 0;
    bw_buf_putc(&c->line, '\n');
    while (bw_buf_error(&c->line) == 0 && sent < c->line.len) {
        ssize_t n = write(STDOUT_FILENO, c->line.data + sent, c->line.len - sent);
        if (n < 0 && errno != EINTR) {
            _exit(1);
        }
        sent += n > 0 ? (size_t)n : 0;
    }
    bw_buf_clear(&c->line);
}

static void on_run(void *owner, const struct bw_run_sample *s)
{
    struct child *c = owner;
    (void)bw_child_sample_encode(s, &c->line);
    send_line(c);
}

static void on_done(void *owner, int status)
{
    struct child *c = owner;
    (void)bw_child_done_encode(status, &c->line);
    send_line(c);
    bw_host_close(c->host);
    uv_close((uv_handle_t *)&c->term, NULL);
}

static void on_term(uv_signal_t *handle, int number)
{
    struct child *c = handle->data;
    (void)number;
    bw_host_cancel(c->host);
}

static int run_job(struct child *c, uv_loop_t *loop, struct bw_err *err)
{
    static const struct bw_host_callbacks callbacks = {.run = on_run, .done = on_done};
    int r = uv_signal_init(loop, &c->term);
    if (r < 0) {
        return bw_err_set(err, r, "%s", uv_strerror(r));
    }
    c->term.data = c;
    r = bw_host_new(loop, c->job.ops, c->job.opts, &callbacks, c, &c->host, err);
    if (r == 0) {
        bw_host_set_ticket(c->host, c->job.ticket);
        bw_host_set_secret(c->host, c->job.secret ? c->job.secret : "");
        r = bw_host_open(c->host, err);
    }
    if (r == 0) {
        r = uv_signal_start(&c->term, on_term, SIGTERM);
    }
    if (r == 0) {
        r = bw_host_round(c->host, c->job.budget_ms);
        if (r < 0) {
            (void)bw_err_set(err, r, "the run could not be started: %s", bw_strerror(r));
        }
    }
    if (r < 0) { /* a result that says why, for each direction */
        struct bw_run_sample s;
        for (int d = 0; d < BW_DIRECTIONS; d++) {
            if (bw_job_has_direction(&c->job, (enum bw_direction)d)) {
                bw_run_sample_failed(&s, (enum bw_direction)d, r, err->text);
                on_run(c, &s);
            }
        }
        on_done(c, 0);
    }
    (void)uv_run(loop, UV_RUN_DEFAULT);
    return 0;
}

int bw_child_main(void)
{
    struct child c = {.status = 1};
    struct bw_buf text;
    struct bw_opts *opts = NULL;
    struct bw_err err = {""};
    uv_loop_t loop;
    int64_t parent = 0;
    int r = bw_child_drop_rights();
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    /* Ctrl-C on a terminal reaches the whole group; the parent asks by SIGTERM. */
    (void)sigaction(SIGINT, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    bw_buf_init(&text, BW_CHILD_JOB_MAX);
    bw_buf_init(&c.line, BW_CHILD_LINE_MAX);
    if (r < 0) {
        (void)fprintf(stderr, "test process: rights cannot be dropped: %s\n",
                      bw_strerror(r));
        goto out;
    }
    r = read_job(&text);
    if (r == 0) {
        r = bw_child_job_decode(text.data ? text.data : "", text.len, &c.job, &opts,
                                &parent, &err);
    }
    if (r < 0) {
        (void)fprintf(stderr, "test process: not a job on standard input: %s\n",
                      err.text[0] ? err.text : bw_strerror(r));
        goto out;
    }
    r = drop_files(c.job.ops);
    if (r < 0) {
        (void)fprintf(stderr, "test process: rights cannot be dropped: %s\n",
                      bw_strerror(r));
        goto out;
    }
    if (getppid() != (pid_t)parent) {
        goto out; /* nobody is left to read the result */
    }
    if (uv_loop_init(&loop) < 0) {
        goto out;
    }
    c.status = run_job(&c, &loop, &err) < 0 ? 1 : 0;
    (void)uv_loop_close(&loop);
out:
    bw_opts_free(opts);
    bw_child_job_done(&c.job);
    bw_buf_done(&text);
    bw_buf_done(&c.line);
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* no secret is left; leak checkers work */
    return c.status;
}
