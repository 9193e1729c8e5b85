/* SPDX-License-Identifier: GPL-3.0-or-later
 * bench_ingest.c - many boxes deliver to a running collector, one summary a POST, each on
 * a keep-alive connection of its own, and the collector's CPU is read from /proc.
 *
 * bench_ingest prepare DATA SITES              write sites and keys into DATA/catalogue.db
 * bench_ingest load PORT PID SITES ROUNDS      deliver ROUNDS records of every site; JSON
 *
 * Sites, keys and records follow from their number, so both calls mean the same. Records
 * are made and signed before the clock starts. */
#include <arpa/inet.h>
#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <catalogue.h>
#include <clock.h>
#include <errno.h>
#include <fcntl.h>
#include <gen_summaries.h>
#include <hash.h>
#include <jws.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SITES_MAX = 20000,
    AT_ONCE = 200, /* posts under way; boxes spread theirs over five minutes */
    EVENTS = 256,
    ANSWER_BYTES = 4096,
    VERIFY_MAX = 4000
};

#define FROM_UNIX_S INT64_C(1789000200)

struct box {
    int fd;
    char **posts; /* of every round, whole requests */
    size_t *lens;
    size_t round;
    size_t sent;
    char answer[ANSWER_BYTES];
    size_t got;
    int64_t began_ns;
};

struct load {
    struct box *boxes;
    size_t n;
    size_t rounds;
    int epoll;
    size_t left;  /* answers still to come */
    size_t *idle; /* ring of boxes that wait for their turn */
    size_t first_idle;
    size_t n_idle;
    size_t faults;
    int64_t *latency_ns;
    size_t n_latency;
    size_t bytes;
};

static int new_gen(size_t site, size_t rounds, struct bw_gen **ret, struct bw_err *err)
{
    struct bw_gen_options o;
    bw_gen_options_init(&o);
    o.seed = 17;
    o.site_index = (int)site;
    o.from_unix_s = FROM_UNIX_S - FROM_UNIX_S % 300;
    o.to_unix_s = o.from_unix_s + (int64_t)(rounds + 1) * 300;
    o.without_gaps = true;
    return bw_gen_new(&o, ret, err);
}

/* --- prepare
 * ------------------------------------------------------------------------------ */

static int
add_site(struct bw_catalogue *c, const struct bw_gen *g, size_t i, struct bw_err *err)
{
    struct bw_site s;
    struct bw_site_key key;
    uint8_t token[32];
    const struct bw_pubkey *p = bw_gen_key(g);
    memset(&s, 0, sizeof(s));
    memset(&key, 0, sizeof(key));
    (void)snprintf(s.id, sizeof(s.id), "%s", bw_gen_site(g));
    (void)snprintf(s.name, sizeof(s.name), "Site %zu", i);
    s.created_unix_s = FROM_UNIX_S;
    bw_sha256(s.id, strlen(s.id), token);
    memcpy(key.kid, p->kid, sizeof(key.kid));
    key.alg = (int)p->alg;
    memcpy(key.raw, p->raw, sizeof(p->raw));
    key.from_unix_s = FROM_UNIX_S;
    key.revoked_unix_s = BW_UNKNOWN;
    int r = c->ops->site_add(c, &s, err);
    r = r < 0 ? r : c->ops->token_add(c, token, s.id, FROM_UNIX_S, FROM_UNIX_S + 600, err);
    return r < 0 ? r : c->ops->enrol(c, token, &key, FROM_UNIX_S, &s, err);
}

static int prepare(const char *data, size_t n)
{
    char path[4096];
    struct bw_err err = {.text = ""};
    struct bw_catalogue *c = NULL;
    (void)snprintf(path, sizeof(path), "%s/catalogue.db", data);
    int r = bw_catalogue_open(path, &c, &err);
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct bw_gen *g = NULL;
        r = new_gen(i, 1, &g, &err);
        r = r < 0 ? r : add_site(c, g, i, &err);
        bw_gen_free(g);
    }
    bw_catalogue_close(c);
    if (r < 0) {
        (void)fprintf(stderr, "bench_ingest: %s\n", err.text);
    }
    return r < 0 ? 1 : 0;
}

/* --- load
 * --------------------------------------------------------------------------------- */

static int make_posts(struct load *l, size_t i, struct bw_err *err)
{
    struct bw_gen *g = NULL;
    struct box *b = &l->boxes[i];
    b->fd = -1;
    b->posts = calloc(l->rounds, sizeof(b->posts[0]));
    b->lens = calloc(l->rounds, sizeof(b->lens[0]));
    int r = b->posts && b->lens ? new_gen(i, l->rounds, &g, err) : -ENOMEM;
    for (size_t k = 0; r == 0 && k < l->rounds; k++) {
        const char *jws = NULL;
        size_t n = 0;
        r = bw_gen_next(g, &jws, &n, err);
        if (r < 0 || !jws) {
            r = r < 0 ? r : bw_err_set(err, -EINVAL, "the generator ended early");
            break;
        }
        int len =
            asprintf(&b->posts[k],
                     "POST /api/v1/summaries HTTP/1.1\r\nHost: c\r\n"
                     "Content-Type: application/jose\r\nContent-Length: %zu\r\n\r\n%.*s",
                     n, (int)n, jws);
        r = len < 0 ? -ENOMEM : 0;
        b->lens[k] = (size_t)len;
        l->bytes += n;
    }
    bw_gen_free(g);
    return r;
}

static int open_box(struct load *l, size_t i, uint16_t port)
{
    /* 127.0.0.x: one address has only some 28,000 ports. */
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(0x7F000001);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
        int r = -errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return r;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    l->boxes[i].fd = fd;
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = i};
    return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* The box that has waited longest posts its next record. */
static void begin_next(struct load *l)
{
    while (l->n_idle > 0) {
        struct box *b = &l->boxes[l->idle[l->first_idle]];
        l->first_idle = (l->first_idle + 1) % l->n;
        l->n_idle--;
        b->got = 0;
        b->began_ns = bw_clock_mono_ns();
        if (send(b->fd, b->posts[b->round], b->lens[b->round], MSG_NOSIGNAL) ==
            (ssize_t)b->lens[b->round]) {
            return; /* a record fits any socket buffer */
        }
        l->faults++;
        l->left -= l->rounds - b->round;
    }
}

static void make_idle(struct load *l, const struct box *b)
{
    l->idle[(l->first_idle + l->n_idle) % l->n] = (size_t)(b - l->boxes);
    l->n_idle++;
}

/* 1 when the answer is whole, -1 when it is not a good one, 0 when more is to come. */
static int judge(struct box *b)
{
    b->answer[b->got] = '\0';
    const char *end = strstr(b->answer, "\r\n\r\n");
    const char *length = strcasestr(b->answer, "content-length:");
    if (!end || !length) {
        return 0;
    }
    size_t whole = (size_t)(end + 4 - b->answer) + strtoul(length + 15, NULL, 10);
    if (b->got < whole) {
        return 0;
    }
    return strncmp(b->answer, "HTTP/1.1 200", 12) == 0 && strstr(end, "\"refused\":[]")
               ? 1
               : -1;
}

static void on_readable(struct load *l, struct box *b)
{
    ssize_t n = recv(b->fd, b->answer + b->got, ANSWER_BYTES - 1 - b->got, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) {
            l->faults++;
            l->left -= l->rounds - b->round;
            (void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, b->fd, NULL);
            begin_next(l);
        }
        return;
    }
    b->got += (size_t)n;
    int r = judge(b);
    if (r == 0) {
        return;
    }
    if (r < 0 && l->faults++ == 0) {
        (void)fprintf(stderr, "bench_ingest: %s\n", b->answer);
    }
    l->latency_ns[l->n_latency++] = bw_clock_mono_ns() - b->began_ns;
    l->left--;
    b->round++;
    if (b->round < l->rounds) {
        make_idle(l, b);
    }
    begin_next(l);
}

static void run(struct load *l)
{
    struct epoll_event events[EVENTS];
    for (size_t i = 0; i < l->n; i++) {
        make_idle(l, &l->boxes[i]);
    }
    for (size_t i = 0; i < AT_ONCE; i++) {
        begin_next(l);
    }
    while (l->left > 0) {
        int n = epoll_wait(l->epoll, events, EVENTS, 30000);
        if (n <= 0) {
            l->faults += l->left;
            return;
        }
        for (int i = 0; i < n; i++) {
            on_readable(l, &l->boxes[events[i].data.u64]);
        }
    }
}

/* CPU seconds of all threads of a process. */
static double cpu_of(long pid)
{
    char path[64];
    char text[1024];
    (void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0) {
        (void)close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    const char *p = strrchr(text, ')');
    unsigned long user = 0;
    unsigned long system = 0;
    if (!p || sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                     &system) != 2) {
        return -1;
    }
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long status_kib(long pid, const char *name)
{
    char path[64];
    char line[256];
    long v = -1;
    (void)snprintf(path, sizeof(path), "/proc/%ld/status", pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, name, strlen(name)) == 0) {
            v = strtol(line + strlen(name) + 1, NULL, 10);
        }
    }
    if (f) {
        (void)fclose(f);
    }
    return v;
}

/* CPU of the signature check alone, on this machine, now: seconds a check. */
static double verify_cost(const struct load *l)
{
    struct bw_buf scratch;
    struct bw_err err;
    struct timespec a;
    struct timespec b;
    size_t n = 0;
    double spent = 0;
    bw_buf_init(&scratch, BW_JWS_MAX + 1);
    for (size_t i = 0; i < l->n && n < VERIFY_MAX; i++) {
        struct bw_gen *g = NULL;
        if (new_gen(i, 1, &g, &err) < 0) {
            break;
        }
        struct bw_pubkey key = *bw_gen_key(g);
        bw_gen_free(g);
        for (size_t k = 0; k < l->rounds && k < 4; k++, n++) {
            struct bw_jws j;
            const char *jws = strstr(l->boxes[i].posts[k], "\r\n\r\n") + 4;
            if (bw_jws_parse(jws, strlen(jws), &scratch, &j, &err) < 0) {
                continue;
            }
            (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
            int r = bw_jws_verify(&j, &key);
            (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
            spent += r < 0 ? 0
                           : (double)(b.tv_sec - a.tv_sec) +
                                 (double)(b.tv_nsec - a.tv_nsec) / 1e9;
        }
    }
    bw_buf_done(&scratch);
    return n ? spent / (double)n : 0;
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void print(struct load *l, long pid, double cpu_s, double verify_s, int64_t wall_ns)
{
    size_t n = l->n_latency;
    qsort(l->latency_ns, n, sizeof(l->latency_ns[0]), by_value);
    double per_1000 = n ? cpu_s * 1000 / (double)n : 0;
    (void)printf(
        "{\"sites\":%zu,\"records\":%zu,\"faults\":%zu,\"jws_bytes\":%.0f,"
        "\"cpu_s_per_1000\":%.4f,\"verify_s_per_1000\":%.4f,"
        "\"other_s_per_1000\":%.4f,\"rss_mib\":%.1f,\"peak_rss_mib\":%.1f,"
        "\"records_per_s\":%.0f,\"p50_ms\":%.1f,\"p95_ms\":%.1f,\"max_ms\":%.1f}\n",
        l->n, n, l->faults, (double)l->bytes / (double)(l->n * l->rounds), per_1000,
        verify_s * 1000, per_1000 - verify_s * 1000,
        (double)status_kib(pid, "VmRSS:") / 1024, (double)status_kib(pid, "VmHWM:") / 1024,
        (double)n / ((double)wall_ns / 1e9), n ? (double)l->latency_ns[n / 2] / 1e6 : 0,
        n ? (double)l->latency_ns[n * 95 / 100] / 1e6 : 0,
        n ? (double)l->latency_ns[n - 1] / 1e6 : 0);
}

static int load(uint16_t port, long pid, size_t n, size_t rounds)
{
    struct bw_err err = {.text = ""};
    struct load l = {.n = n, .rounds = rounds, .left = n * rounds};
    struct rlimit files = {.rlim_cur = n + 100, .rlim_max = n + 100};
    int r = 0;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    l.epoll = epoll_create1(EPOLL_CLOEXEC);
    l.boxes = calloc(n, sizeof(l.boxes[0]));
    l.latency_ns = calloc(n * rounds, sizeof(l.latency_ns[0]));
    l.idle = calloc(n, sizeof(l.idle[0]));
    if (l.epoll < 0 || !l.boxes || !l.idle || !l.latency_ns) {
        return 1;
    }
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = make_posts(&l, i, &err);
    }
    double verify_s = r == 0 ? verify_cost(&l) : 0;
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = open_box(&l, i, port);
    }
    if (r < 0) {
        (void)fprintf(stderr, "bench_ingest: %s\n", err.text[0] ? err.text : strerror(-r));
        return 1;
    }
    double before = cpu_of(pid);
    int64_t began = bw_clock_mono_ns();
    run(&l);
    int64_t wall_ns = bw_clock_mono_ns() - began;
    print(&l, pid, cpu_of(pid) - before, verify_s, wall_ns);
    for (size_t i = 0; i < n; i++) {
        (void)close(l.boxes[i].fd);
        for (size_t k = 0; k < rounds; k++) {
            free(l.boxes[i].posts[k]);
        }
        free(l.boxes[i].posts);
        free(l.boxes[i].lens);
    }
    free(l.boxes);
    free(l.latency_ns);
    free(l.idle);
    (void)close(l.epoll);
    return l.faults ? 1 : 0;
}

int main(int argc, char **argv)
{
    long sites = argc >= 4 ? strtol(argv[argc == 4 ? 3 : 4], NULL, 10) : 0;
    if (bw_crypto_init() < 0) {
        return 1;
    }
    if (argc == 4 && strcmp(argv[1], "prepare") == 0 && sites > 0 && sites <= SITES_MAX) {
        return prepare(argv[2], (size_t)sites);
    }
    long rounds = argc == 6 ? strtol(argv[5], NULL, 10) : 0;
    if (argc == 6 && strcmp(argv[1], "load") == 0 && sites > 0 && sites <= SITES_MAX &&
        rounds > 0 && rounds <= 1000) {
        return load((uint16_t)strtol(argv[2], NULL, 10), strtol(argv[3], NULL, 10),
                    (size_t)sites, (size_t)rounds);
    }
    (void)fprintf(stderr, "Usage: bench_ingest prepare DATA SITES\n"
                          "       bench_ingest load PORT PID SITES ROUNDS\n");
    return 2;
}
