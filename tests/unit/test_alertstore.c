/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_alertstore.c - alerts.db: what is kept, that nothing is made twice, and that a kill
 * leaves all of a step or nothing. */
#include "bw_test.h"

#include "alertstore.h"

#include <bw/err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    char folder[64];
    char path[96];
    struct bw_alertstore *s;
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    (void)snprintf(p->folder, sizeof(p->folder), "/tmp/bwalerts.XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    (void)snprintf(p->path, sizeof(p->path), "%s/alerts.db", p->folder);
    assert_int_equal(bw_alertstore_open(p->path, true, &p->s, NULL), 0);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    struct place *p = *state;
    char name[128];

    bw_alertstore_close(p->s);
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(name, sizeof(name), "%s%s", p->path, ends[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(p->folder), 0);
    free(p);
    return 0;
}

static struct bw_alert_row alert(int64_t id, const char *scope, int64_t opened)
{
    struct bw_alert_row a = {.id = id,
                             .kind = "silent",
                             .site = "s-4f9k2",
                             .name = "Oak \"Hill\" <b>",
                             .words = "silent since then",
                             .since_unix_s = opened - 1500,
                             .opened_unix_s = opened,
                             .closed_unix_s = BW_UNKNOWN,
                             .over_unix_s = BW_UNKNOWN,
                             .told_unix_s = opened,
                             .value = 1500,
                             .worst = BW_UNKNOWN,
                             .acked_unix_s = BW_UNKNOWN};
    (void)snprintf(a.scope, sizeof(a.scope), "%s", scope);
    return a;
}

struct seen {
    int64_t id[16];
    size_t n;
    struct bw_alert_row last;
};

static int on_alert(void *owner, const struct bw_alert_row *a)
{
    struct seen *x = owner;

    assert_true(x->n < 16);
    x->id[x->n++] = a->id;
    x->last = *a;
    return 0;
}

static void alerts_and_acks(void **state)
{
    struct place *p = *state;
    struct bw_alert_row a = alert(1, "s-4f9k2", 1000);
    struct bw_alert_row b = alert(2, "s-4f9k2.wan", 2000);
    struct bw_alert_row back;
    struct seen x = {.n = 0};
    struct bw_err err = {.text = ""};
    struct bw_alertstore *other = NULL;

    assert_int_equal(bw_alertstore_put(p->s, &a, NULL), 0);
    assert_int_equal(bw_alertstore_put(p->s, &b, NULL), 0);
    assert_int_equal(bw_alertstore_get(p->s, 2, &back, NULL), 0);
    assert_memory_equal(&back.since_unix_s, &b.since_unix_s, sizeof(int64_t) * 4);
    assert_string_equal(back.name, b.name);
    assert_int_equal(back.worst, BW_UNKNOWN);
    assert_int_equal(bw_alertstore_get(p->s, 3, &back, &err), -ENOENT);

    /* Another process acknowledges; a later change of the alert leaves that alone. */
    assert_int_equal(bw_alertstore_open(p->path, true, &other, NULL), -EBUSY);
    assert_int_equal(bw_alertstore_open(p->path, false, &other, NULL), 0);
    assert_int_equal(bw_alertstore_ack(other, 1, 1100, "rowan", "we know", NULL), 0);
    assert_int_equal(bw_alertstore_ack(other, 1, 1200, "alder", "", &err), -EALREADY);
    assert_non_null(strstr(err.text, "rowan"));
    assert_int_equal(bw_alertstore_ack(other, 7, 1200, "alder", "", NULL), -ENOENT);
    bw_alertstore_close(other);
    a.closed_unix_s = 3000;
    assert_int_equal(bw_alertstore_put(p->s, &a, NULL), 0);
    assert_int_equal(bw_alertstore_get(p->s, 1, &back, NULL), 0);
    assert_string_equal(back.acked_by, "rowan");
    assert_string_equal(back.note, "we know");
    assert_int_equal(back.acked_unix_s, 1100);
    assert_int_equal(back.closed_unix_s, 3000);

    /* Open ones; those of a time; those of a place. */
    assert_int_equal(bw_alertstore_list(p->s, NULL, 0, 0, true, 10, on_alert, &x, NULL), 0);
    assert_int_equal(x.n, 1);
    assert_int_equal(x.id[0], 2);
    x.n = 0;
    assert_int_equal(
        bw_alertstore_list(p->s, "s-4f9k2", 3000, 3001, true, 10, on_alert, &x, NULL), 0);
    assert_int_equal(x.n, 2);
    x.n = 0;
    assert_int_equal(
        bw_alertstore_list(p->s, "s-4f9k2.wan", 0, 9000, false, 10, on_alert, &x, NULL), 0);
    assert_int_equal(x.n, 1);
    assert_int_equal(x.id[0], 2);
    x.n = 0;
    assert_int_equal(bw_alertstore_causeless(p->s, 3000, on_alert, &x, NULL), 0);
    assert_int_equal(x.n, 1);
    (void)snprintf(a.held, sizeof(a.held), "quiet");
    a.told_unix_s = BW_UNKNOWN;
    (void)snprintf(a.cause, sizeof(a.cause), "line");
    assert_int_equal(bw_alertstore_put(p->s, &a, NULL), 0);
    x.n = 0;
    assert_int_equal(bw_alertstore_causeless(p->s, 3000, on_alert, &x, NULL), 0);
    assert_int_equal(x.n, 0);
    assert_int_equal(bw_alertstore_untold(p->s, on_alert, &x, NULL), 0);
    assert_int_equal(x.n, 1);
    int64_t last = 0;
    assert_int_equal(bw_alertstore_last_id(p->s, &last, NULL), 0);
    assert_int_equal(last, 2);
}

static int on_state(void *owner, const struct bw_alert_state *one)
{
    *(struct bw_alert_state *)owner = *one;
    return 1;
}

static void states(void **state)
{
    struct place *p = *state;
    struct bw_alert_state one = {.kind = "loss", .scope = "s-4f9k2.wan", .n = {1, -2, 3}};
    struct bw_alert_state back;
    int64_t number = 0;

    one.n[BW_ALERT_STATE_NUMBERS - 1] = BW_UNKNOWN;
    assert_int_equal(bw_alertstore_put_state(p->s, &one, false, NULL), 0);
    one.n[0] = 7;
    assert_int_equal(bw_alertstore_put_state(p->s, &one, false, NULL), 0);
    assert_int_equal(bw_alertstore_states(p->s, on_state, &back, NULL), 1);
    assert_memory_equal(back.n, one.n, sizeof(one.n));
    assert_string_equal(back.scope, "s-4f9k2.wan");
    assert_int_equal(bw_alertstore_put_state(p->s, &one, true, NULL), 0);
    assert_int_equal(bw_alertstore_states(p->s, on_state, &back, NULL), 0);
    assert_int_equal(bw_alertstore_number(p->s, "looked", &number, NULL), 0);
    assert_int_equal(number, BW_UNKNOWN);
    assert_int_equal(bw_alertstore_set(p->s, "looked", 5, NULL), 0);
    assert_int_equal(bw_alertstore_number(p->s, "looked", &number, NULL), 0);
    assert_int_equal(number, 5);
}

/* ---- messages --------------------------------------------------------------------------
 */

struct posts {
    struct bw_post_row row[8];
    char bytes[8][32];
    size_t n;
};

static int on_post(void *owner, const struct bw_post_row *p)
{
    struct posts *x = owner;

    assert_true(x->n < 8 && p->n_bytes < 32);
    x->row[x->n] = *p;
    memcpy(x->bytes[x->n], p->n_bytes ? p->bytes : "", p->n_bytes);
    x->bytes[x->n++][p->n_bytes] = '\0';
    return 0;
}

static struct bw_post_row post(const char *key, const char *bytes, int64_t next)
{
    struct bw_post_row p = {.channel = "mail",
                            .recipient = "noc@alder.example",
                            .message_id = "<1@alder.example>",
                            .made_unix_s = 100,
                            .next_unix_s = next,
                            .bytes = bytes,
                            .n_bytes = strlen(bytes)};
    (void)snprintf(p.key, sizeof(p.key), "%s", key);
    return p;
}

static void messages(void **state)
{
    struct place *p = *state;
    struct bw_post_row a = post("1/opened/a", "first", 100);
    struct bw_post_row b = post("2/opened/a", "second", 200);
    struct posts x = {.n = 0};
    struct bw_alertstore_counts counts;

    assert_int_equal(bw_alertstore_post(p->s, &a, NULL), 1);
    assert_int_equal(bw_alertstore_post(p->s, &b, NULL), 1);
    b = post("1/opened/a", "another", 100);
    assert_int_equal(bw_alertstore_post(p->s, &b, NULL), 0); /* made before */
    assert_int_equal(bw_alertstore_posted(p->s, "1/opened/a", NULL), 1);
    assert_int_equal(bw_alertstore_posted(p->s, "1/closed/a", NULL), 0);
    assert_int_equal(bw_alertstore_due(p->s, 199, 10, on_post, &x, NULL), 0);
    assert_int_equal(x.n, 1);
    assert_string_equal(x.bytes[0], "first");
    assert_string_equal(x.row[0].recipient, "noc@alder.example");

    assert_int_equal(bw_alertstore_tried(p->s, x.row[0].id, BW_POST_WAITING, 110, 300,
                                         "451 later", NULL),
                     0);
    x.n = 0;
    assert_int_equal(bw_alertstore_due(p->s, 299, 10, on_post, &x, NULL), 0);
    assert_int_equal(x.n, 1);
    assert_string_equal(x.bytes[0], "second");
    assert_int_equal(
        bw_alertstore_tried(p->s, x.row[0].id, BW_POST_TAKEN, 210, 210, "250", NULL), 0);
    /* What ended stays ended. */
    assert_int_equal(
        bw_alertstore_tried(p->s, x.row[0].id, BW_POST_WAITING, 220, 0, "", NULL), 0);
    x.n = 0;
    assert_int_equal(bw_alertstore_due(p->s, 300, 10, on_post, &x, NULL), 0);
    assert_int_equal(x.n, 1);
    assert_int_equal(x.row[0].tries, 1);
    assert_string_equal(x.row[0].said, "451 later");
    assert_int_equal(bw_alertstore_count(p->s, &counts, NULL), 0);
    assert_int_equal(counts.waiting, 1);
    assert_int_equal(counts.taken, 1);
    assert_int_equal(counts.refused, 0);
    assert_int_equal(counts.oldest_waiting_unix_s, 100);
    assert_int_equal(bw_alertstore_forget(p->s, 1000, NULL), 0);
    x.n = 0;
    assert_int_equal(bw_alertstore_posts(p->s, "2/", 10, on_post, &x, NULL), 0);
    assert_int_equal(x.n, 1);
    assert_int_equal(x.row[0].state, BW_POST_TAKEN);
    assert_int_equal(x.row[0].ended_unix_s, 210);
    /* Bytes that wait are kept, and keys for ever. */
    x.n = 0;
    assert_int_equal(bw_alertstore_due(p->s, 300, 10, on_post, &x, NULL), 0);
    assert_string_equal(x.bytes[0], "first");
    assert_int_equal(bw_alertstore_posted(p->s, "2/opened/a", NULL), 1);
}

/* Steps of one alert with its message, until it is killed. */
static void child(const char *path, int fd)
{
    struct bw_alertstore *s = NULL;

    if (bw_alertstore_open(path, true, &s, NULL) < 0) {
        _exit(1);
    }
    for (int64_t i = 1;; i++) {
        char key[32];
        struct bw_alert_row a = alert(i, "s-4f9k2", 1000 + i);
        (void)snprintf(key, sizeof(key), "%d/opened", (int)i);
        struct bw_post_row p = post(key, "bytes", 100);
        if (bw_alertstore_begin(s, NULL) < 0 || bw_alertstore_put(s, &a, NULL) < 0 ||
            bw_alertstore_post(s, &p, NULL) < 0 || bw_alertstore_commit(s, NULL) < 0 ||
            write(fd, "x", 1) != 1) {
            _exit(1);
        }
    }
}

static void killed(void **state)
{
    struct place *p = *state;
    int ends[2];
    char byte[64];
    int64_t told = 0;
    int64_t last = 0;
    struct bw_alertstore_counts counts;

    bw_alertstore_close(p->s);
    p->s = NULL;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(ends[0]);
        child(p->path, ends[1]);
    }
    (void)close(ends[1]);
    while (told < 20) {
        ssize_t n = read(ends[0], byte, sizeof(byte));
        assert_true(n > 0);
        told += n;
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    for (ssize_t n; (n = read(ends[0], byte, sizeof(byte))) > 0;) {
        told += n;
    }
    (void)close(ends[0]);
    assert_int_equal(bw_alertstore_open(p->path, true, &p->s, NULL), 0);
    assert_int_equal(bw_alertstore_count(p->s, &counts, NULL), 0);
    assert_int_equal(bw_alertstore_last_id(p->s, &last, NULL), 0);
    assert_true(last == told || last == told + 1); /* committed, not told of yet */
    assert_int_equal(counts.open, last);
    assert_int_equal(counts.waiting, last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alerts_and_acks, setup, teardown),
        cmocka_unit_test_setup_teardown(states, setup, teardown),
        cmocka_unit_test_setup_teardown(messages, setup, teardown),
        cmocka_unit_test_setup_teardown(killed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
