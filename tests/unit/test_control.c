/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_control.c - the control socket answers each request once and in order, and a peer
 * that misbehaves is nobody else's trouble. */
#include "bw_test.h"
#include "control.h"

#include <bw/err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct world {
    uv_loop_t loop;
    uv_timer_t later;
    struct bw_control *control;
    struct bw_control_peer *held;
    char folder[64];
    char path[96];
    int requests;
    bool closed;
};

static void on_later(uv_timer_t *t)
{
    struct world *w = t->data;
    bw_control_answer(w->held, json_pack("{s:s}", "said", "later"), NULL);
    bw_control_drop(w->held);
    w->held = NULL;
}

static void on_request(void *owner, struct bw_control_peer *peer, const json_t *request)
{
    struct world *w = owner;
    const char *verb = json_string_value(json_object_get(request, "verb"));
    w->requests++;
    if (verb && strcmp(verb, "later") == 0) {
        json_t *line = json_pack("{s:i}", "percent", 50);
        bw_control_hold(peer);
        w->held = peer;
        bw_control_progress(peer, line);
        json_decref(line);
        (void)uv_timer_start(&w->later, on_later, 1, 0);
    } else if (verb && strcmp(verb, "no") == 0) {
        bw_control_answer(peer, NULL, "not today");
    } else {
        bw_control_answer(peer, json_pack("{s:s}", "said", verb ? verb : "?"), NULL);
    }
}

static void begin(struct world *w)
{
    struct bw_err err = {0};
    memset(w, 0, sizeof(*w));
    (void)snprintf(w->folder, sizeof(w->folder), "/tmp/bw-control-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(w->path, sizeof(w->path), "%s/c.sock", w->folder);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    (void)uv_timer_init(&w->loop, &w->later);
    w->later.data = w;
    if (bw_control_start(&w->loop, w->path, "", on_request, w, &w->control, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static void on_closed(void *owner)
{
    struct world *w = owner;
    w->closed = true;
}

static void end(struct world *w)
{
    bw_control_close(w->control, on_closed, w);
    uv_close((uv_handle_t *)&w->later, NULL);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(w->closed);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    assert_int_equal(access(w->path, F_OK), -1);
    assert_int_equal(rmdir(w->folder), 0);
}

static int dial(const struct world *w)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", w->path);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Run the loop until n lines have come, or the other side closed (then what there is). */
static size_t hear(struct world *w, int fd, size_t n_lines, char *out, size_t cap)
{
    size_t n = 0;
    size_t lines = 0;
    while (lines < n_lines) {
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        ssize_t got = recv(fd, out + n, cap - 1 - n, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) {
            break;
        }
        for (ssize_t i = 0; i < got; i++) {
            lines += out[n++] == '\n';
        }
    }
    out[n] = '\0';
    return lines;
}

static void answers_in_order(void **state)
{
    struct world w;
    struct stat st;
    char out[4096];
    (void)state;
    begin(&w);
    assert_int_equal(stat(w.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    int fd = dial(&w);
    say(fd, "{\"verb\":\"a\"}\n{\"verb\":\"later\"}\n{\"verb\":\"no\"}\n{\"ve");
    assert_int_equal(hear(&w, fd, 4, out, sizeof(out)), 4);
    assert_string_equal(out, "{\"said\":\"a\",\"ok\":true}\n"
                             "{\"percent\":50}\n"
                             "{\"said\":\"later\",\"ok\":true}\n"
                             "{\"ok\":false,\"error\":\"not today\"}\n");
    say(fd, "rb\":\"b\"}\n");
    assert_int_equal(hear(&w, fd, 1, out, sizeof(out)), 1);
    assert_string_equal(out, "{\"said\":\"b\",\"ok\":true}\n");
    assert_int_equal(w.requests, 4);
    (void)close(fd);
    end(&w);
}

static void bad_lines(void **state)
{
    struct world w;
    char out[4096];
    (void)state;
    begin(&w);
    int fd = dial(&w);
    say(fd, "hello\n[1]\n{\"verb\":\"a\",\"verb\":\"b\"}\n\n{\"verb\":\"c\"}\n");
    assert_int_equal(hear(&w, fd, 5, out, sizeof(out)), 5);
    assert_int_equal(w.requests, 1);
    assert_non_null(strstr(out, "{\"said\":\"c\",\"ok\":true}\n"));
    (void)close(fd);

    /* A line without end is cut off. */
    fd = dial(&w);
    char *long_line = malloc(BW_CONTROL_LINE_MAX + 1);
    assert_non_null(long_line);
    memset(long_line, 'x', BW_CONTROL_LINE_MAX);
    size_t sent = 0;
    while (sent < BW_CONTROL_LINE_MAX) {
        ssize_t n = send(fd, long_line + sent, BW_CONTROL_LINE_MAX - sent, MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(hear(&w, fd, 1, out, sizeof(out)), 0);
    free(long_line);
    (void)close(fd);
    end(&w);
}

static void peer_goes_before_its_answer(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    int fd = dial(&w);
    say(fd, "{\"verb\":\"later\"}\n");
    while (w.requests == 0) {
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    }
    (void)close(fd);
    while (w.held) {
        (void)uv_run(&w.loop, UV_RUN_ONCE);
    }
    end(&w);
}

static void closes_with_peers(void **state)
{
    struct world w;
    int fds[BW_CONTROL_PEERS_MAX + 4];
    char out[64];
    (void)state;
    begin(&w);
    for (size_t i = 0; i < BW_CONTROL_PEERS_MAX + 4; i++) {
        fds[i] = dial(&w);
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    }
    /* The oldest were let go for those beyond the limit, who are heard. */
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(hear(&w, fds[i], 1, out, sizeof(out)), 0);
        say(fds[BW_CONTROL_PEERS_MAX + i], "{\"verb\":\"a\"}\n");
        assert_int_equal(hear(&w, fds[BW_CONTROL_PEERS_MAX + i], 1, out, sizeof(out)), 1);
    }
    end(&w);
    for (size_t i = 0; i < BW_CONTROL_PEERS_MAX + 4; i++) {
        (void)close(fds[i]);
    }
}

/* The file of requests is a hundred times what a peer may leave lying. */
static void answers_that_lie_stop_the_requests(void **state)
{
    enum {
        REQUESTS = 2000,
        ANSWER = 16384, /* the verb comes back */
        /* what the kernel takes of a Unix socket besides, both ways */
        KERNEL = 2 * 1024 * 1024
    };
    struct world w;
    (void)state;
    begin(&w);
    int fd = dial(&w);
    char *line = malloc(ANSWER + 64);
    char *out = malloc(ANSWER + 64);
    assert_true(line && out);
    (void)snprintf(line, ANSWER + 64, "{\"verb\":\"%0*d\"}\n", ANSWER, 0);
    size_t n = strlen(line);
    size_t sent = 0; /* of all requests */
    for (int idle = 0; idle < 50;) {
        ssize_t got = sent < REQUESTS * n
                          ? send(fd, line + sent % n, n - sent % n, MSG_NOSIGNAL)
                          : -1;
        idle = got > 0 ? 0 : idle + 1;
        sent += got > 0 ? (size_t)got : 0;
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    }
    assert_true((size_t)w.requests * ANSWER < BW_CONTROL_LYING_MAX + ANSWER + KERNEL);
    assert_true(w.requests > 0 && sent < REQUESTS * n);
    /* Once they are taken, all the others are answered. */
    size_t lines = 0;
    while (lines < REQUESTS) {
        if (sent < REQUESTS * n) {
            ssize_t got = send(fd, line + sent % n, n - sent % n, MSG_NOSIGNAL);
            sent += got > 0 ? (size_t)got : 0;
        }
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
        ssize_t got = recv(fd, out, ANSWER, 0);
        assert_int_not_equal(got, 0);
        for (ssize_t i = 0; i < got; i++) {
            lines += out[i] == '\n';
        }
    }
    assert_int_equal(w.requests, REQUESTS);
    free(line);
    free(out);
    (void)close(fd);
    end(&w);
}

static void the_file(void **state)
{
    struct world w;
    struct bw_control *second = NULL;
    struct bw_err err = {0};
    (void)state;
    begin(&w);
    assert_int_equal(bw_control_start(&w.loop, w.path, "", on_request, &w, &second, &err),
                     -EADDRINUSE);
    assert_non_null(strstr(err.text, "another"));
    end(&w);

    /* Left by one that was killed. */
    begin(&w);
    char other[100];
    (void)snprintf(other, sizeof(other), "%s2", w.path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", other);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    (void)close(fd);
    assert_int_equal(bw_control_start(&w.loop, other, "", on_request, &w, &second, &err),
                     0);
    bw_control_close(second, NULL, NULL);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_in_order),
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(peer_goes_before_its_answer),
        cmocka_unit_test(closes_with_peers),
        cmocka_unit_test(answers_that_lie_stop_the_requests),
        cmocka_unit_test(the_file),
    };
    /* As daemon/main.c does: libuv writes to a peer that may be gone. */
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
