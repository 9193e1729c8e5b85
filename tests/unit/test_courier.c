/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_courier.c - whatever the collector does, no record is lost, none is given up that
 * it did not refuse for good, and delivery goes on by itself.
 *
 * The other side is tests/support/courier_server.py, which behaves as told. */
#include "bw_test.h"
#include "courier.h"

#include <buf.h>
#include <bw/err.h>
#include <hash.h>
#include <log.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#define KID_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KID_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

enum {
    ROWS = 12,
    WATCHDOG_MS = 60000
};

enum fate {
    WAITS,
    NOT_YET, /* signed */
    ACKED,
    REFUSED
};

struct world {
    uv_loop_t loop;
    uv_timer_t watchdog;
    uv_timer_t later;
    struct bw_courier *courier;
    const char *behaviour; /* the server's first */
    pid_t server;
    int to_server;
    FILE *from_server;
    char ca_file[256];
    int port;

    enum fate fate[ROWS + 1]; /* by seq */
    const char *kid;
    int old; /* rows up to this one are of KID_B, a key from before */
    char without_kid[BW_KID_LEN + 1];
    size_t most; /* rows of a batch; 0: any */
    bool with_key;
    int keys_known;
    int forks;
    int rewinds;
    int fetches;
    size_t asked_lines;
    size_t least_lines; /* fewest that were ever asked for */
    size_t carried;     /* lines that the line carries; 0: any */
    int too_large;      /* batches of more */
    bool asked_zstd;
    bool plain_asked;
    bool bad_receipt;
    bool stuck; /* what is said cannot be written down */
    bool ahead;
    bool closed;
};

static void start_server(struct world *w, const char *const *words)
{
    int in[2];
    int out[2];
    char line[300];
    const char *argv[16] = {"python3", BW_SOURCE_DIR "/tests/support/courier_server.py"};
    size_t n = 2;
    for (size_t i = 0; words[i]; i++) {
        argv[n++] = words[i];
    }
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    w->server = fork();
    assert_true(w->server >= 0);
    if (w->server == 0) {
        union {
            const char **from;
            char *const *to;
        } args = {.from = argv};
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)close(in[1]);
        (void)close(out[0]);
        (void)execvp("python3", args.to);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    w->to_server = in[1];
    w->from_server = fdopen(out[0], "r");
    if (strcmp(words[0], "--tls") == 0) {
        assert_non_null(fgets(w->ca_file, sizeof(w->ca_file), w->from_server));
        w->ca_file[strcspn(w->ca_file, "\n")] = '\0';
    }
    assert_non_null(fgets(line, sizeof(line), w->from_server));
    w->port = (int)strtol(line, NULL, 10);
    assert_true(w->port > 0);
}

/* ---- the journal's part */

static size_t waiting(const struct world *w)
{
    size_t n = 0;
    for (int i = 1; i <= ROWS; i++) {
        n += w->fate[i] == WAITS;
    }
    return n;
}

static const char *kid_of(const struct world *w, int i)
{
    return i <= w->old ? KID_B : w->kid;
}

static void on_later(uv_timer_t *t)
{
    struct world *w = t->data;
    struct bw_courier_batch b = {0};
    struct bw_buf body;
    bw_buf_init(&body, 1000000);
    b.refs = calloc(ROWS, sizeof(*b.refs));
    assert_non_null(b.refs);
    for (int i = 1; i <= ROWS && b.n_refs < w->asked_lines; i++) {
        const char *kid = kid_of(w, i);
        if (w->fate[i] == WAITS && strcmp(kid, w->without_kid) != 0) {
            struct bw_courier_ref *ref = &b.refs[b.n_refs++];
            memcpy(ref->kid, kid, BW_KID_LEN + 1);
            ref->seq = i;
            (void)snprintf(ref->hash, sizeof(ref->hash), "hash-%d", i);
            bw_buf_printf(&body, "%s %d and more\n", kid, i);
        }
    }
    b.more = waiting(w) > b.n_refs;
    w->too_large += w->carried > 0 && b.n_refs > w->carried;
    if (w->asked_zstd && body.len > 0) {
        b.body = malloc(ZSTD_compressBound(body.len));
        assert_non_null(b.body);
        b.n_body =
            ZSTD_compress(b.body, ZSTD_compressBound(body.len), body.data, body.len, 1);
        b.zstd = true;
        bw_buf_done(&body);
    } else {
        b.body = bw_buf_take(&body, &b.n_body);
    }
    if (w->with_key && w->keys_known == 0) {
        b.key_jws = strdup("a.b.c");
        memcpy(b.key_kid, w->kid, BW_KID_LEN + 1);
    }
    bw_courier_batch(w->courier, &b);
    assert_null(b.body); /* moved */
}

static void on_fetch(void *owner, size_t max_lines, bool zstd, const char *without_kid)
{
    struct world *w = owner;
    w->fetches++;
    w->asked_lines = w->most > 0 && w->most < max_lines ? w->most : max_lines;
    (void)snprintf(w->without_kid, sizeof(w->without_kid), "%s", without_kid);
    w->asked_zstd = zstd;
    w->plain_asked = w->plain_asked || !zstd;
    if (max_lines < w->least_lines) {
        w->least_lines = max_lines;
    }
    (void)uv_timer_start(&w->later, on_later, 0, 0);
}

static int on_acked(void *owner,
                    const char *kid,
                    int64_t through,
                    int64_t said,
                    const char *hash,
                    const char *receipt,
                    struct bw_err *reterr)
{
    struct world *w = owner;
    char want[32];
    (void)snprintf(want, sizeof(want), "hash-%d", (int)through);
    assert_string_equal(hash, said > through || !receipt ? "" : want);
    w->ahead = w->ahead || said > through;
    assert_string_equal(kid, kid_of(w, (int)through));
    if (w->bad_receipt && receipt) {
        w->bad_receipt = false;
        return bw_err_set(reterr, -BW_ESIGNATURE, "a receipt that does not hold");
    }
    for (int i = 1; i <= through && !w->stuck; i++) {
        if (w->fate[i] == WAITS && strcmp(kid_of(w, i), kid) == 0) {
            w->fate[i] = ACKED;
        }
    }
    return 0;
}

static int on_rewind(void *owner,
                     const char *kid,
                     int64_t through,
                     const char *receipt,
                     struct bw_err *reterr)
{
    struct world *w = owner;
    (void)reterr;
    assert_string_equal(kid, w->kid);
    if (through > 0) {
        assert_string_equal(receipt, "receipt");
    } else {
        assert_null(receipt);
    }
    w->rewinds++;
    for (int i = (int)through + 1; i <= ROWS; i++) {
        w->fate[i] = WAITS;
    }
    return 0;
}

static void
on_refused(void *owner, const char *kid, int64_t seq, const char *type, const char *detail)
{
    struct world *w = owner;
    (void)kid;
    assert_non_null(type);
    assert_non_null(detail);
    for (const char *p = detail; *p; p++) { /* it goes to logs and terminals */
        assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
    }
    assert_null(strstr(detail, "\xc2\x9b"));
    assert_int_equal(w->fate[seq], WAITS);
    w->fate[seq] = REFUSED;
}

static void on_forked(void *owner, const char *kid, int64_t seq, const char *detail)
{
    struct world *w = owner;
    (void)kid;
    (void)detail;
    w->forks++;
    assert_int_equal(w->fate[seq], WAITS);
    w->kid = KID_B; /* the rest is signed anew in this test */
    w->with_key = true;
}

static void on_key_known(void *owner, const char *kid)
{
    struct world *w = owner;
    assert_string_equal(kid, w->kid);
    w->keys_known++;
}

static int64_t on_pending(void *owner)
{
    return (int64_t)waiting(owner);
}

static const struct bw_courier_ops ops = {
    .fetch = on_fetch,
    .acked = on_acked,
    .rewind = on_rewind,
    .refused = on_refused,
    .forked = on_forked,
    .key_known = on_key_known,
    .pending = on_pending,
};

static void on_watchdog(uv_timer_t *t)
{
    const struct world *w = t->data;
    struct bw_courier_status st;
    bw_courier_status(w->courier, &st);
    fail_msg("%s: nothing came of it within a minute: %zu of %d records wait, %d fetches, "
             "%d posts taken, %d failures in a row, \"%s\", next in %d ms",
             w->behaviour, waiting(w), ROWS, w->fetches, (int)st.posts,
             (int)st.failures_in_a_row, st.last_error, (int)st.next_in_ms);
}

static void
make_courier(struct world *w, const char *scheme, int64_t backoff_max_ms, int64_t post_ms)
{
    char url[64];
    struct bw_err err = {0};
    (void)snprintf(url, sizeof(url), "%s://127.0.0.1:%d", scheme, w->port);
    const struct bw_courier_params p = {.url = url,
                                        .ca_file = w->ca_file,
                                        .agent = "courier-test",
                                        .every_ms = 20,
                                        .backoff_min_ms = 5,
                                        .backoff_max_ms = backoff_max_ms,
                                        .post_ms = post_ms};
    assert_int_equal(bw_courier_new(&w->loop, &p, &ops, w, &w->courier, &err), 0);
}

/* The same world with other times. */
static void
renew_courier(struct world *w, const char *scheme, int64_t backoff_max_ms, int64_t post_ms)
{
    bw_courier_close(w->courier, NULL, NULL);
    make_courier(w, scheme, backoff_max_ms, post_ms);
}

static void begin(struct world *w, const char *scheme, const char *const *words)
{
    memset(w, 0, sizeof(*w));
    w->kid = KID_A;
    w->least_lines = BW_POST_LINES_MAX;
    start_server(w, words);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    (void)uv_timer_init(&w->loop, &w->watchdog);
    (void)uv_timer_init(&w->loop, &w->later);
    w->later.data = w;
    w->watchdog.data = w;
    w->behaviour = words[0];
    (void)uv_timer_start(&w->watchdog, on_watchdog, WATCHDOG_MS, 0);
    make_courier(w, scheme, 20, 0);
}

static void run_until_settled(struct world *w)
{
    struct bw_courier_status st;
    bw_courier_wake(w->courier, true);
    do {
        (void)uv_run(&w->loop, UV_RUN_ONCE);
        bw_courier_status(w->courier, &st);
    } while (waiting(w) > 0);
    /* What is not yet done of the last post: it says so by its count. */
    while (st.failures_in_a_row > 0) {
        bw_courier_wake(w->courier, true);
        (void)uv_run(&w->loop, UV_RUN_ONCE);
        bw_courier_status(w->courier, &st);
    }
}

static void run_until_waiting(struct world *w, size_t n)
{
    bw_courier_wake(w->courier, true);
    while (waiting(w) > n) {
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    }
}

static void run_until_failures(struct world *w, int64_t n)
{
    struct bw_courier_status st;
    bw_courier_wake(w->courier, true);
    do {
        (void)uv_run(&w->loop, UV_RUN_ONCE);
        bw_courier_status(w->courier, &st);
    } while (st.failures_in_a_row < n);
}

static void on_closed(void *owner)
{
    struct world *w = owner;
    w->closed = true;
}

static void end(struct world *w)
{
    int status = 0;
    bw_courier_close(w->courier, on_closed, w);
    uv_close((uv_handle_t *)&w->watchdog, NULL);
    uv_close((uv_handle_t *)&w->later, NULL);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(w->closed);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    (void)close(w->to_server);
    (void)fclose(w->from_server);
    (void)kill(w->server, SIGTERM);
    assert_true(waitpid(w->server, &status, 0) == w->server);
    if (w->ca_file[0]) {
        char *slash = strrchr(w->ca_file, '/');
        (void)unlink(w->ca_file);
        (void)snprintf(slash, sizeof(w->ca_file) - (size_t)(slash - w->ca_file),
                       "/key.pem");
        (void)unlink(w->ca_file);
        *slash = '\0';
        (void)rmdir(w->ca_file);
    }
}

static size_t count(const struct world *w, enum fate f)
{
    size_t n = 0;
    for (int i = 1; i <= ROWS; i++) {
        n += w->fate[i] == f;
    }
    return n;
}

/* ---- the tests */

static void delivers(void **state)
{
    struct world w;
    struct bw_courier_status st;
    (void)state;
    begin(&w, "http", (const char *const[]){"ok", NULL});
    run_until_settled(&w);
    bw_courier_status(w.courier, &st);
    assert_int_equal(count(&w, ACKED), ROWS);
    assert_int_equal(st.posts, 1);
    assert_int_equal(st.failures_in_a_row, 0);
    assert_true(st.last_ok_unix_ms > 0);
    assert_string_equal(st.last_error, "");
    end(&w);
}

static void takes_a_part(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"half", "half", "ok", NULL});
    run_until_settled(&w);
    assert_int_equal(count(&w, ACKED), ROWS);
    end(&w);
}

/* Each of these leaves every record where it was, and the next post brings them over. */
static void survives(void **state)
{
    static const char *const bad[] = {"status:500",
                                      "status:503",
                                      "status:429",
                                      "status:404",
                                      "garbage",
                                      "types",
                                      "others",
                                      "beyond",
                                      "cut",
                                      "shut",
                                      "nothing",
                                      "noreceipt",
                                      "moved",
                                      "endless",
                                      "headers",
                                      "continue",
                                      "deep",
                                      "negative",
                                      "number",
                                      "line:0",
                                      "line:-1",
                                      "line:9999999",
                                      "twice",
                                      "chains",
                                      "keys",
                                      "wait:unknown-key",
                                      "wait:not-yet-readable",
                                      "wait:too-far-ahead",
                                      "wait:some-new-word"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct world w;
        struct bw_courier_status st;
        begin(&w, "http", (const char *const[]){bad[i], "ok", NULL});
        run_until_failures(&w, 1);
        bw_courier_status(w.courier, &st);
        if (waiting(&w) != ROWS) {
            fail_msg("%s: %zu of %d records wait", bad[i], waiting(&w), ROWS);
        }
        assert_true(st.last_error[0] != '\0');
        if (strncmp(bad[i], "status:", 7) == 0) {
            assert_true(st.next_in_ms > 500); /* Retry-After: 1, far beyond the back-off */
        }
        assert_null(strchr(st.last_error, '\n'));
        run_until_settled(&w);
        assert_int_equal(count(&w, ACKED), ROWS);
        end(&w);
    }
}

static void refused_for_good(void **state)
{
    static const char *const words[] = {"malformed", "too-long", "bad-signature",
                                        "wrong-site"};
    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct world w;
        char behaviour[64];
        (void)snprintf(behaviour, sizeof(behaviour), "refuse:%s", words[i]);
        begin(&w, "http", (const char *const[]){behaviour, "ok", NULL});
        run_until_settled(&w);
        assert_int_equal(count(&w, REFUSED), 1);
        assert_int_equal(count(&w, ACKED), ROWS - 1);
        end(&w);
    }
}

/* The newest record is refused: the receipt is about the one before it, and a refusal
 * alone does not settle what nobody signed for. */
static void newest_refused(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"refuselast:malformed", NULL});
    run_until_settled(&w);
    assert_int_equal(count(&w, REFUSED), 1);
    assert_int_equal(count(&w, ACKED), ROWS - 1);
    end(&w);

    begin(&w, "http", (const char *const[]){"hide:malformed", "status:503", "ok", NULL});
    run_until_failures(&w, 2);
    assert_int_equal(count(&w, REFUSED), 1);
    assert_int_equal(count(&w, ACKED), 0);
    run_until_settled(&w);
    assert_int_equal(count(&w, ACKED), ROWS - 1);
    end(&w);
}

/* Somebody with our key delivered more: what we sent is settled, the rest is not ours. */
static void further_than_sent(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"ahead", NULL});
    run_until_settled(&w);
    assert_true(w.ahead);
    assert_int_equal(count(&w, ACKED), ROWS);
    end(&w);
}

static void forks(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"fork", "status:503", "ok", NULL});
    run_until_settled(&w);
    assert_int_equal(w.forks, 1);
    assert_int_equal(w.keys_known, 1);
    assert_int_equal(count(&w, ACKED), ROWS);
    end(&w);
}

/* One fork of many lines is one new key, told with the next post. */
static void forks_once(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"forkall", "ok", NULL});
    run_until_settled(&w);
    assert_int_equal(w.forks, 1);
    assert_int_equal(w.keys_known, 1);
    assert_int_equal(w.fetches, 2);
    assert_int_equal(count(&w, ACKED), ROWS);
    end(&w);
}

/* A collector that says "fork" to everything costs a few keys and no more; it neither
 * makes the box spin nor loses a record. */
static void forked_without_end(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"forks", NULL});
    run_until_failures(&w, 3);
    assert_int_equal(w.forks, BW_COURIER_FORKS_MAX);
    assert_int_equal(waiting(&w), ROWS);
    end(&w);
}

static void foreign_words_are_tamed(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"escape", NULL});
    run_until_settled(&w);
    assert_int_equal(count(&w, REFUSED), 1);
    end(&w);
}

static void in_other_form(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"long", NULL}); /* too much to say of many */
    run_until_settled(&w);
    assert_true(w.least_lines <= 10);
    assert_int_equal(count(&w, ACKED), ROWS);
    end(&w);

    begin(&w, "http", (const char *const[]){"status:413", "status:413", "ok", NULL});
    run_until_settled(&w);
    assert_int_equal(w.least_lines, ROWS / 4);
    assert_int_equal(count(&w, ACKED), ROWS);
    assert_false(w.plain_asked);
    end(&w);

    begin(&w, "http", (const char *const[]){"status:415", "ok", NULL});
    run_until_settled(&w);
    assert_true(w.plain_asked);
    assert_int_equal(count(&w, ACKED), ROWS);
    end(&w);
}

/* A key that the collector does not know: its records wait, those of the next one go on,
 * and once it is known they are taken like all others. */
static void unknown_key(void **state)
{
    struct world w;
    struct bw_courier_status st;
    (void)state;
    begin(&w, "http", (const char *const[]){"unknown:B", NULL});
    renew_courier(&w, "http", 30000, 0);
    w.old = 4;
    w.fate[ROWS] = NOT_YET;
    run_until_waiting(&w, 4);
    bw_courier_status(w.courier, &st);
    assert_int_equal(st.failures_in_a_row, 0);
    assert_non_null(strstr(st.last_error, "unknown-key"));
    assert_int_equal(w.fetches, 1);
    w.fate[ROWS] = WAITS; /* the next interval */
    run_until_waiting(&w, 4);
    bw_courier_status(w.courier, &st);
    assert_string_equal(w.without_kid, KID_B);
    assert_non_null(strstr(st.last_error, "unknown-key"));
    assert_int_equal(st.posts, 2);
    end(&w);

    /* A batch is full of them. */
    begin(&w, "http", (const char *const[]){"unknown:B", NULL});
    renew_courier(&w, "http", 30000, 0);
    w.old = 4;
    w.most = 4;
    run_until_waiting(&w, 4);
    assert_int_equal(count(&w, ACKED), ROWS - 4);
    bw_courier_status(w.courier, &st);
    assert_int_equal(st.posts, 2); /* the first was refused whole */
    end(&w);

    begin(&w, "http", (const char *const[]){"unknown:B", "unknown:B", "ok", NULL});
    w.old = 4;
    w.fate[ROWS] = NOT_YET;
    run_until_waiting(&w, 4);
    w.fate[ROWS] = WAITS;
    while (waiting(&w) > 0) { /* each interval asks, for some milliseconds in vain */
        bw_courier_wake(w.courier, true);
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    }
    bw_courier_status(w.courier, &st);
    assert_int_equal(count(&w, ACKED), ROWS);
    assert_string_equal(st.last_error, "");
    end(&w);
}

/* The journal takes no answers: the same records are not posted without a pause, and the
 * box says so until they are written down. */
static void answers_not_taken(void **state)
{
    struct world w;
    struct bw_courier_status st;
    (void)state;
    begin(&w, "http", (const char *const[]){"ok", NULL});
    w.most = 4;
    w.stuck = true;
    bw_courier_wake(w.courier, true);
    do {
        (void)uv_run(&w.loop, UV_RUN_ONCE);
        bw_courier_status(w.courier, &st);
    } while (st.failures_in_a_row < 3 && w.fetches < 100);
    assert_int_equal(st.failures_in_a_row, 3);
    assert_int_equal(st.posts, 3); /* each followed by a look and a pause */
    assert_int_equal(w.fetches, 6);
    assert_string_equal(st.last_error, "the journal did not take the last answer");
    w.stuck = false;
    run_until_settled(&w);
    bw_courier_status(w.courier, &st);
    assert_int_equal(count(&w, ACKED), ROWS);
    assert_string_equal(st.last_error, "");
    end(&w);
}

/* The collector was restored from a backup: what it had acknowledged since is sent again.
 * It is not believed twice in a short time, and not without a receipt. */
static void set_back(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"back:3", "ok", NULL});
    for (int i = 1; i <= 6; i++) {
        w.fate[i] = ACKED;
    }
    run_until_failures(&w, 1);
    assert_int_equal(w.rewinds, 1);
    assert_int_equal(waiting(&w), ROWS - 3);
    run_until_settled(&w);
    assert_int_equal(count(&w, ACKED), ROWS);
    end(&w);

    begin(&w, "http", (const char *const[]){"back:3", "back:1", "ok", NULL});
    for (int i = 1; i <= 6; i++) {
        w.fate[i] = ACKED;
    }
    run_until_failures(&w, 2);
    assert_int_equal(w.rewinds, 1);
    run_until_settled(&w);
    assert_int_equal(count(&w, ACKED), ROWS);
    end(&w);

    begin(&w, "http", (const char *const[]){"back:0", "ok", NULL});
    for (int i = 1; i <= 6; i++) {
        w.fate[i] = ACKED;
    }
    run_until_failures(&w, 1); /* it knows nothing of the chain */
    assert_int_equal(waiting(&w), ROWS);
    run_until_settled(&w);
    assert_int_equal(count(&w, ACKED), ROWS);
    end(&w);

    begin(&w, "http", (const char *const[]){"half", "back:6", "ok", NULL});
    run_until_failures(&w, 1); /* a chain in good order */
    run_until_settled(&w);
    assert_int_equal(w.rewinds, 0);
    end(&w);
}

/* A body that does not get over in time becomes smaller until it does, and does not grow
 * again at once. */
static void slow_line(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"slow:3", NULL});
    w.carried = 3;
    renew_courier(&w, "http", 20, 500);
    run_until_settled(&w);
    assert_int_equal(count(&w, ACKED), ROWS);
    assert_true(w.least_lines <= 3);
    assert_true(w.too_large <= 4); /* 12, 6, then 4 twice */
    end(&w);
}

static void wrong_receipt(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"ok", NULL});
    w.bad_receipt = true;
    run_until_failures(&w, 1);
    assert_int_equal(waiting(&w), ROWS);
    run_until_settled(&w);
    assert_int_equal(count(&w, ACKED), ROWS);
    end(&w);
}

static void wrong_certificate(void **state)
{
    struct world w;
    struct bw_courier_status st;
    (void)state;
    begin(&w, "https", (const char *const[]){"--tls", "ok", NULL});
    run_until_settled(&w);
    assert_int_equal(count(&w, ACKED), ROWS);
    end(&w);

    /* The same server, but nobody vouches for it. */
    memset(&w, 0, sizeof(w));
    begin(&w, "https", (const char *const[]){"--tls", "ok", NULL});
    char ca_file[sizeof(w.ca_file)];
    memcpy(ca_file, w.ca_file, sizeof(ca_file));
    w.ca_file[0] = '\0';
    renew_courier(&w, "https", 20, 0);
    memcpy(w.ca_file, ca_file, sizeof(ca_file)); /* end() removes it */
    run_until_failures(&w, 3);
    bw_courier_status(w.courier, &st);
    assert_int_equal(waiting(&w), ROWS);
    assert_non_null(strstr(st.last_error, "certificate"));
    end(&w);
}

static void nobody_there(void **state)
{
    struct world w;
    struct bw_courier_status st;
    (void)state;
    begin(&w, "http", (const char *const[]){"ok", NULL});
    (void)kill(w.server, SIGKILL);
    (void)close(w.to_server);
    w.to_server = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int status = 0;
    assert_true(waitpid(w.server, &status, 0) == w.server);
    run_until_failures(&w, 5);
    bw_courier_status(w.courier, &st);
    assert_int_equal(waiting(&w), ROWS);
    assert_int_equal(st.posts, 0);
    assert_int_equal(st.last_ok_unix_ms, BW_UNKNOWN);
    (void)fclose(w.from_server);
    start_server(&w, (const char *const[]){"ok", NULL}); /* for end() to end */
    end(&w);
}

static void closes_while_posting(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "http", (const char *const[]){"ok", NULL});
    bw_courier_wake(w.courier, true);
    while (w.fetches == 0) {
        (void)uv_run(&w.loop, UV_RUN_ONCE);
    }
    (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    end(&w);
}

static void backs_off(void **state)
{
    (void)state;
    assert_int_equal(bw_courier_backoff_ms(1, 2000, 900000, 0), 2000);
    assert_int_equal(bw_courier_backoff_ms(2, 2000, 900000, 0), 4000);
    assert_int_equal(bw_courier_backoff_ms(3, 2000, 900000, UINT32_MAX), 4001);
    assert_int_equal(bw_courier_backoff_ms(50, 2000, 900000, 0), 900000);
    assert_int_equal(bw_courier_backoff_ms(INT64_MAX, 2000, 900000, UINT32_MAX), 450001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers),
        cmocka_unit_test(takes_a_part),
        cmocka_unit_test(survives),
        cmocka_unit_test(refused_for_good),
        cmocka_unit_test(newest_refused),
        cmocka_unit_test(further_than_sent),
        cmocka_unit_test(forked_without_end),
        cmocka_unit_test(foreign_words_are_tamed),
        cmocka_unit_test(forks),
        cmocka_unit_test(forks_once),
        cmocka_unit_test(in_other_form),
        cmocka_unit_test(unknown_key),
        cmocka_unit_test(answers_not_taken),
        cmocka_unit_test(set_back),
        cmocka_unit_test(slow_line),
        cmocka_unit_test(wrong_receipt),
        cmocka_unit_test(wrong_certificate),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(closes_while_posting),
        cmocka_unit_test(backs_off),
    };
    bw_log_set_level(BW_ERROR);
    assert_int_equal(bw_crypto_init(), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
