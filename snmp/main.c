/* SPDX-License-Identifier: GPL-3.0-or-later
 * main.c - bandwitness-snmp: reads one circuit's counters from an edge device for the
 * daemon that started it. The words between them: snmpline.h.
 *
 * One question at a time, each at a moment of a fixed grid; a question that takes longer
 * than the grid is wide lets moments pass, it never queues. The program ends with its
 * standard input. */
#include "agent.h"
#include "confine.h"
#include "reader.h"
#include "secrets.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <snmpline.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    FAST_MS = 250,     /* between questions while a test runs */
    SILENT_MS = 5000,  /* … while the device is silent … */
    REFUSED_MS = 30000 /* … or refuses us: some lock a user out */
};

static const int64_t NS_PER_MS = 1000000;

struct program {
    struct bw_snmp_job job;
    struct bw_snmp_agent *agent;
    struct bw_snmp_reader reader;
    struct bw_buf out;
    char line[BW_SNMP_LINE_MAX]; /* of standard input, as far as it came */
    size_t n_line;
    int64_t fast_until_ns;
    int64_t next_ns;
    bool over; /* nobody is there any more */
};

/* ---- to the daemon */

static void write_line(struct program *p, const struct bw_snmp_line *line)
{
    size_t sent = 0;
    bw_buf_clear(&p->out);
    if (bw_snmp_line_encode(line, &p->out) < 0) {
        p->over = true;
    }
    while (!p->over && sent < p->out.len) {
        ssize_t n = write(STDOUT_FILENO, p->out.data + sent, p->out.len - sent);
        if (n < 0 && errno != EINTR) {
            p->over = true;
        }
        sent += n > 0 ? (size_t)n : 0;
    }
}

static void write_said(struct program *p, const struct bw_snmp_said *said)
{
    struct bw_snmp_line line;
    (void)memset(&line, 0, sizeof(line));
    if (said->has_status) {
        line.what = BW_SNMP_LINE_STATUS;
        line.status = said->status;
        write_line(p, &line);
    }
    if (said->has_port) {
        line.what = BW_SNMP_LINE_PORT;
        line.port = said->port;
        write_line(p, &line);
    }
    if (said->has_reading) {
        line.what = BW_SNMP_LINE_READING;
        line.reading = said->reading;
        write_line(p, &line);
    }
}

/* ---- to the device */

static void on_row(void *owner, int64_t ifindex, const char *text, size_t n)
{
    struct program *p = owner;
    bw_snmp_reader_row(&p->reader, ifindex, text, n);
}

static void missed(struct program *p, int error, const struct bw_err *err)
{
    struct bw_snmp_said said = {0};
    bw_snmp_reader_missed(&p->reader,
                          error == -EACCES   ? BW_SNMP_REFUSED
                          : error == -EPROTO ? BW_SNMP_ERROR
                                             : BW_SNMP_TIMEOUT,
                          err->text, &said);
    write_said(p, &said);
}

static void look(struct program *p)
{
    struct bw_snmp_said said = {0};
    struct bw_err err = {""};
    bool whole = false;
    int r;
    bw_snmp_reader_look(&p->reader);
    r = bw_snmp_agent_column(p->agent, p->job.by_alias, on_row, p, &whole, &err);
    if (r < 0) {
        missed(p, r, &err);
        return;
    }
    for (uint32_t k = 0;; k++) {
        struct bw_snmp_answer answer;
        int64_t ifindex = bw_snmp_reader_candidate(&p->reader, k);
        if (ifindex == BW_UNKNOWN) {
            break;
        }
        r = bw_snmp_agent_ask(p->agent, p->job.by_alias, ifindex, &answer, &err);
        if (r < 0) {
            missed(p, r, &err);
            return;
        }
        bw_snmp_reader_is(&p->reader, k, &answer);
    }
    bw_snmp_reader_looked(&p->reader, bw_clock_mono_ns(), whole, &said);
    write_said(p, &said);
}

static void ask(struct program *p)
{
    struct bw_snmp_answer answer;
    struct bw_snmp_said said = {0};
    struct bw_err err = {""};
    int r = bw_snmp_agent_ask(p->agent, p->job.by_alias, p->reader.ifindex, &answer, &err);
    if (r < 0) {
        missed(p, r, &err);
        return;
    }
    bw_snmp_reader_answer(&p->reader, &answer, &said);
    write_said(p, &said);
}

/* The next moment of the grid that is not over yet. */
static void step(struct program *p)
{
    int64_t now_ns = bw_clock_mono_ns();
    int64_t ms = p->job.every_ms;
    if (p->reader.status.state == BW_SNMP_WRONG_KEY) {
        ms = REFUSED_MS;
    } else if (p->reader.status.state == BW_SNMP_SILENT ||
               p->reader.status.state == BW_SNMP_FAULTY) {
        ms = ms > SILENT_MS ? ms : SILENT_MS;
    } else if (now_ns < p->fast_until_ns) {
        ms = ms < FAST_MS ? ms : FAST_MS;
    }
    p->next_ns += ms * NS_PER_MS;
    if (p->next_ns <= now_ns) {
        p->next_ns = now_ns + ms * NS_PER_MS;
    }
}

static void act(struct program *p)
{
    int64_t now_ns = bw_clock_mono_ns();
    int64_t wait_ms = 0;
    bw_snmp_reader_fast(&p->reader, now_ns < p->fast_until_ns);
    if (!bw_snmp_reader_must_look(&p->reader, now_ns, &wait_ms)) {
        ask(p); /* which may find it to be another one by now */
    }
    if ((bw_snmp_reader_must_look(&p->reader, now_ns, &wait_ms) && wait_ms == 0) ||
        bw_snmp_reader_may_look(&p->reader, now_ns)) {
        look(p);
    }
    step(p);
}

/* ---- from the daemon */

/* Give up to one line out of what came; false: there is none yet. */
static bool take_line(struct program *p, char line[BW_SNMP_LINE_MAX], size_t *ret_n)
{
    char *end = memchr(p->line, '\n', p->n_line);
    size_t n;
    if (!end) {
        return false;
    }
    n = (size_t)(end - p->line);
    (void)memcpy(line, p->line, n);
    *ret_n = n;
    p->n_line -= n + 1;
    (void)memmove(p->line, end + 1, p->n_line);
    return true;
}

/* Whatever has come, without waiting. */
static void hear(struct program *p)
{
    ssize_t n = read(STDIN_FILENO, p->line + p->n_line, sizeof(p->line) - p->n_line);
    if (n > 0) {
        p->n_line += (size_t)n;
    } else if (n == 0 || errno != EINTR) {
        p->over = true;
    }
    if (p->n_line == sizeof(p->line) && !memchr(p->line, '\n', p->n_line)) {
        p->over = true; /* a line that does not end */
    }
}

static void wait_and_hear(struct program *p)
{
    char line[BW_SNMP_LINE_MAX];
    size_t n = 0;
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    int64_t left_ns = p->next_ns - bw_clock_mono_ns();
    int timeout_ms = left_ns > 0 ? (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS) : 0;
    if (poll(&in, 1, timeout_ms) > 0) {
        hear(p);
    }
    while (take_line(p, line, &n)) {
        int64_t ms = 0;
        struct bw_err err = {""};
        if (bw_snmp_fast_decode(line, n, &ms, &err) < 0) {
            (void)fprintf(stderr, "<4>bandwitness-snmp: not a request: %s\n", err.text);
            continue;
        }
        p->fast_until_ns = bw_clock_mono_ns() + ms * NS_PER_MS;
        if (p->reader.status.state == BW_SNMP_COUNTING && ms > 0) {
            p->next_ns = bw_clock_mono_ns();
        }
    }
}

/* ---- its life */

static int read_job(struct program *p, struct bw_err *reterr)
{
    char line[BW_SNMP_LINE_MAX];
    size_t n = 0;
    int64_t parent = 0;
    int r;
    while (!take_line(p, line, &n)) {
        hear(p);
        if (p->over) {
            return bw_err_set(reterr, -EPIPE,
                              "no job on standard input; bandwitnessd starts this program");
        }
    }
    r = bw_snmp_job_decode(line, n, &p->job, &parent, reterr);
    if (r == 0 && getppid() != (pid_t)parent) {
        r = bw_err_set(reterr, -EPIPE, "the daemon that wrote the job is gone");
    }
    return r;
}

/* What cannot be mended by trying again is told as a state, for status pages; then the
 * daemon decides when to start this program anew. */
static void tell_fault(struct program *p, const char *text)
{
    struct bw_snmp_line line = {.what = BW_SNMP_LINE_STATUS};
    line.status = (struct bw_snmp_status){.state = BW_SNMP_NOT_RUNNING,
                                          .refresh_ms = BW_UNKNOWN,
                                          .bits = BW_UNKNOWN,
                                          .ifindex = BW_UNKNOWN};
    (void)snprintf(line.status.text, sizeof(line.status.text), "%.250s", text);
    write_line(p, &line);
}

static int run(struct program *p)
{
    struct bw_snmp_secrets secrets;
    struct bw_err err = {""};
    int r = read_job(p, &err);
    if (r < 0) {
        (void)fprintf(stderr, "<3>bandwitness-snmp: %s\n", err.text);
        return 1;
    }
    (void)memset(&secrets, 0, sizeof(secrets));
    r = bw_snmp_secrets_read(p->job.secrets, p->job.version, &secrets, &err);
    r = r < 0 ? r : bw_snmp_confine(&err);
    r = r < 0 ? r : bw_snmp_agent_new(&p->job, &secrets, &p->agent, &err);
    bw_snmp_secrets_wipe(&secrets);
    if (r < 0) {
        tell_fault(p, err.text);
        bw_snmp_agent_free(p->agent);
        return 1;
    }
    bw_snmp_reader_init(&p->reader, p->job.name, p->job.by_alias, p->job.every_ms);
    p->next_ns = bw_clock_mono_ns();
    while (!p->over) {
        if (bw_clock_mono_ns() >= p->next_ns) {
            act(p);
        } else {
            wait_and_hear(p);
        }
    }
    bw_snmp_agent_free(p->agent);
    return 0;
}

static const char usage[] =
    "Usage: bandwitness-snmp\n"
    "\n"
    "Reads one circuit's counters from an edge device by SNMP. bandwitnessd starts it for\n"
    "circuits with source = snmp; see bandwitness-snmp(8), bandwitness.conf(5).\n";

int main(int argc, char **argv)
{
    static struct program p;
    int status;
    if (argc > 1) {
        bool version = strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0;
        bool help = strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0;
        (void)fputs(version ? "bandwitness-snmp " BW_VERSION "\n" : usage,
                    version || help ? stdout : stderr);
        return version || help ? 0 : 2;
    }
    (void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    /* Ctrl-C on a terminal reaches the whole group; the daemon ends us by our input. */
    (void)sigaction(SIGINT, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    bw_buf_init(&p.out, BW_SNMP_LINE_MAX);
    status = run(&p);
    bw_buf_done(&p.out);
    bw_snmp_confine_end();
    return status;
}
