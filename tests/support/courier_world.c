/* SPDX-License-Identifier: GPL-3.0-or-later
 * courier_world.c - a courier between a journal of a few rows and a collector that behaves
 * as told. */
#include "courier_world.h"

#include <buf.h>
#include <bw/err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

enum {
    WATCHDOG_MS = 60000
};

void world_start_server(struct world *w, const char *const *words)
{
    int in[2];
    int out[2];
    char line[300];
    const char *argv[16] = {"python3", BW_SOURCE_DIR "/tests/support/courier_server.py"};
    size_t n = 2;
    for (size_t i = 0; words[i]; i++) {
        argv[n++] = words[i];
    }
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
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
    if (words[0] && strcmp(words[0], "--tls") == 0) {
        assert_non_null(fgets(w->ca_file, sizeof(w->ca_file), w->from_server));
        w->ca_file[strcspn(w->ca_file, "\n")] = '\0';
    }
    assert_non_null(fgets(line, sizeof(line), w->from_server));
    w->port = (int)strtol(line, NULL, 10);
    assert_true(w->port > 0);
}

/* ---- the journal's part */

size_t world_waiting(const struct world *w)
{
    size_t n = 0;
    for (int i = 1; i <= ROWS; i++) {
        n += w->fate[i] == WAITS;
    }
    return n;
}

static const char *kid_of(const struct world *w, int i)
{
    if (i <= w->old) {
        return i <= w->older ? KID_C : KID_B;
    }
    return i < w->forked_from ? KID_A : w->kid;
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
        if (w->fate[i] == WAITS && !strstr(w->without_kids, kid)) {
            struct bw_courier_ref *ref = &b.refs[b.n_refs++];
            memcpy(ref->kid, kid, BW_KID_LEN + 1);
            ref->seq = i;
            (void)snprintf(ref->hash, sizeof(ref->hash), "hash-%d", i);
            bw_buf_printf(&body, "%s %d and more\n", kid, i);
        }
    }
    b.more = world_waiting(w) > b.n_refs;
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

static void on_fetch(void *owner, size_t max_lines, bool zstd, const char *without_kids)
{
    struct world *w = owner;
    w->fetches++;
    w->asked_lines = w->most > 0 && w->most < max_lines ? w->most : max_lines;
    (void)snprintf(w->without_kids, sizeof(w->without_kids), "%s", without_kids);
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
    uv_stop(&w->loop); /* who waits for this looks now, and not after the next pause */
    if (w->others && receipt && hash[0]) {
        return bw_err_set(reterr, -BW_ESIGNATURE, "a receipt about another record");
    }
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
    assert_null(strstr(detail, "192.0.2.77"));
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
    if (w->stuck) {
        return;
    }
    memset(w->made, 'B' + w->n_made++, BW_KID_LEN);
    w->kid = w->made; /* the rest is signed anew in this test */
    w->forked_from = (int)seq;
    w->with_key = true;
}

static void on_key_known(void *owner, const char *kid)
{
    struct world *w = owner;
    assert_string_equal(kid, w->kid);
    w->others = false;
    w->acked_at_key = world_count(w, ACKED);
    w->keys_known++;
}

static int64_t on_pending(void *owner)
{
    return (int64_t)world_waiting(owner);
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
             w->behaviour, world_waiting(w), ROWS, w->fetches, (int)st.posts,
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
                                        .post_ms = post_ms,
                                        .aside_max_ms = backoff_max_ms * 4};
    assert_int_equal(bw_courier_new(&w->loop, &p, &ops, w, &w->courier, &err), 0);
}

void world_renew_courier(struct world *w,
                         const char *scheme,
                         int64_t backoff_max_ms,
                         int64_t post_ms)
{
    bw_courier_close(w->courier, NULL, NULL);
    make_courier(w, scheme, backoff_max_ms, post_ms);
}

void world_begin(struct world *w, const char *scheme, const char *const *words)
{
    memset(w, 0, sizeof(*w));
    w->kid = KID_A;
    w->least_lines = BW_POST_LINES_MAX;
    world_start_server(w, words);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    (void)uv_timer_init(&w->loop, &w->watchdog);
    (void)uv_timer_init(&w->loop, &w->later);
    w->later.data = w;
    w->watchdog.data = w;
    w->behaviour = words[0];
    (void)uv_timer_start(&w->watchdog, on_watchdog, WATCHDOG_MS, 0);
    make_courier(w, scheme, 20, 0);
}

void world_run_until_settled(struct world *w)
{
    struct bw_courier_status st;
    bw_courier_wake(w->courier, true);
    do {
        (void)uv_run(&w->loop, UV_RUN_ONCE);
        bw_courier_status(w->courier, &st);
    } while (world_waiting(w) > 0);
    /* What is not yet done of the last post: it says so by its count. */
    while (st.failures_in_a_row > 0) {
        bw_courier_wake(w->courier, true);
        (void)uv_run(&w->loop, UV_RUN_ONCE);
        bw_courier_status(w->courier, &st);
    }
}

void world_run_until_waiting(struct world *w, size_t n)
{
    bw_courier_wake(w->courier, true);
    while (world_waiting(w) > n) {
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    }
}

void world_ask_until_waiting(struct world *w, size_t n)
{
    while (world_waiting(w) > n) {
        bw_courier_wake(w->courier, true);
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    }
}

void world_run_until_failures(struct world *w, int64_t n)
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

void world_end(struct world *w)
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

size_t world_count(const struct world *w, enum fate f)
{
    size_t n = 0;
    for (int i = 1; i <= ROWS; i++) {
        n += w->fate[i] == f;
    }
    return n;
}
