/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_alert_test.c - one message to each recipient and webhook, by the running collector:
 * that is the way that alerts take. */
#include "admin.h"
#include "alert_asked.h"
#include "cli.h"

#include <alertwords.h>
#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <clock.h>
#include <collector_config.h>
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <mail.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

extern const struct bw_verb bw_verb_alert_test;

enum {
    WAIT_S = 90,
    LOOK_MS = 250,
    MESSAGES = BW_RECIPIENTS_MAX + BW_WEBHOOKS_MAX
};

struct test {
    const struct bw_collector_config *conf;
    struct bw_alertstore *store;
    int64_t now_s;
    char key[64];
    size_t made;
    /* what became of them */
    size_t n;
    struct bw_post_row rows[MESSAGES];
};

static int put_mail(struct test *t, const char *address, struct bw_err *reterr)
{
    static const char text[] =
        "This is a test of alerts. Nothing is the matter: somebody typed\n"
        "\"bandwitness alert test\" on the collector.\n";
    struct bw_post_row p = {
        .channel = "mail", .made_unix_s = t->now_s, .next_unix_s = t->now_s};
    const struct bw_config_alerts *c = &t->conf->alerts;
    const char *domain = bw_mail_domain(c->from);
    char subject[200];
    char list[300];
    struct bw_buf b;

    (void)snprintf(p.key, sizeof(p.key), "%s%s", t->key, address);
    (void)snprintf(p.recipient, sizeof(p.recipient), "%s", address);
    (void)snprintf(subject, sizeof(subject), "[%s] test of alerts", t->conf->title);
    (void)snprintf(list, sizeof(list), "bandwitness-alerts.%.250s", domain);
    bw_mail_id(p.key, domain, p.message_id);
    const struct bw_mail m = {.from = c->from,
                              .from_name = t->conf->title,
                              .to = address,
                              .subject = subject,
                              .text = text,
                              .message_id = p.message_id,
                              .references = "",
                              .list_id = list,
                              .list_name = t->conf->title,
                              .date_unix_s = t->now_s};
    bw_buf_init(&b, BW_POST_BYTES);
    int r = bw_mail_write(&m, &b, reterr);
    p.bytes = b.data;
    p.n_bytes = b.len;
    r = r < 0 ? r : bw_alertstore_post(t->store, &p, reterr);
    bw_buf_done(&b);
    return r < 0 ? r : 0;
}

static int put_hook(struct test *t, const char *name, struct bw_err *reterr)
{
    struct bw_post_row p = {.made_unix_s = t->now_s, .next_unix_s = t->now_s};
    struct bw_buf b;
    struct bw_jw w;

    (void)snprintf(p.key, sizeof(p.key), "%shook:%s", t->key, name);
    (void)snprintf(p.channel, sizeof(p.channel), "hook:%.59s", name);
    (void)snprintf(p.recipient, sizeof(p.recipient), "%.63s", name);
    bw_mail_id(p.key, "bandwitness.invalid", p.message_id);
    bw_buf_init(&b, BW_POST_BYTES);
    bw_jw_init(&w, &b);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "message", p.message_id);
    bw_jw_kstr(&w, "state", t->conf->title);
    bw_jw_kstr(&w, "event", "test");
    bw_jw_obj_end(&w);
    p.bytes = b.data;
    p.n_bytes = b.len;
    int r = bw_alertstore_post(t->store, &p, reterr);
    bw_buf_done(&b);
    return r < 0 ? r : 0;
}

static int put_all(struct test *t, struct bw_err *reterr)
{
    const struct bw_config_alerts *c = &t->conf->alerts;
    int r = bw_alertstore_begin(t->store, reterr);

    for (size_t i = 0; r == 0 && i < c->n_recipients; i++, t->made++) {
        r = put_mail(t, c->recipients[i].address, reterr);
    }
    for (size_t i = 0; r == 0 && i < c->n_webhooks; i++, t->made++) {
        r = put_hook(t, c->webhooks[i].name, reterr);
    }
    r = r < 0 ? r : bw_alertstore_commit(t->store, reterr);
    if (r < 0) {
        bw_alertstore_rollback(t->store);
    }
    return r;
}

static int on_post(void *owner, const struct bw_post_row *p)
{
    struct test *t = owner;

    if (t->n < MESSAGES) {
        t->rows[t->n++] = *p;
    }
    return 0;
}

/* Until each was tried once. */
static int wait_for(struct test *t, struct bw_err *reterr)
{
    for (int64_t left = (int64_t)WAIT_S * 1000; left > 0; left -= LOOK_MS) {
        const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
        size_t tried = 0;
        t->n = 0;
        int r = bw_alertstore_posts(t->store, t->key, MESSAGES, on_post, t, reterr);
        if (r < 0) {
            return r;
        }
        for (size_t i = 0; i < t->n; i++) {
            tried += t->rows[i].tries > 0;
        }
        if (tried == t->made) {
            return 0;
        }
        (void)nanosleep(&pause, NULL);
    }
    return 0;
}

static int show(const struct test *t, bool json)
{
    struct bw_buf out;
    struct bw_jw w;
    int status = BW_EXIT_OK;

    bw_buf_init(&out, 1 << 20);
    bw_jw_init(&w, &out);
    bw_jw_arr(&w);
    for (size_t i = t->n; i-- > 0;) {
        const struct bw_post_row *p = &t->rows[i];
        const char *state = p->state == BW_POST_TAKEN     ? "taken"
                            : p->state == BW_POST_REFUSED ? "refused"
                            : p->tries > 0                ? "not taken"
                                                          : "not tried";
        const char *said =
            p->tries > 0 ? p->said : "the collector does not run, or is busy sending";
        status = p->state == BW_POST_TAKEN ? status : BW_EXIT_FAILED;
        if (json) {
            bw_jw_obj(&w);
            bw_jw_kstr(&w, "to", p->recipient);
            bw_jw_kstr(&w, "channel", p->channel);
            bw_jw_kstr(&w, "state", state);
            bw_jw_kstr(&w, "said", said);
            bw_jw_obj_end(&w);
        } else {
            (void)printf("%-30s  %-9s  ", p->recipient, state);
            bw_cli_put(stdout, said, strlen(said));
            (void)printf("\n");
        }
    }
    bw_jw_arr_end(&w);
    if (json) {
        (void)printf("%s\n", out.data);
    }
    bw_buf_done(&out);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {BW_ALERT_OPTIONS, {NULL, 0, NULL, 0}};
    const struct bw_verb *v = &bw_verb_alert_test;
    struct bw_alert_asked a = {.data = NULL};
    struct bw_collector_config *conf = NULL;
    struct bw_err err = {.text = ""};
    static struct test t; /* large; one thread */
    int status = 0;

    for (int o; status == 0 && (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        status = bw_alert_take(v, o, &a);
    }
    if (status == 0 && optind < argc) {
        status = bw_cli_usage(v, "%s is too much", argv[optind]);
    }
    if (status == 0 && bw_collector_config_read(a.config ? a.config : BW_COLLECTOR_CONF,
                                                &conf, &err) < 0) {
        status = bw_cli_failed(v, "%s", err.text);
    }
    if (status == 0 && conf->alerts.n_recipients + conf->alerts.n_webhooks == 0) {
        status =
            bw_cli_failed(v, "the configuration names neither a recipient nor a webhook");
    }
    status = status ? status : bw_alert_open(v, &a, true);
    if (status == 0) {
        t.conf = conf;
        t.store = a.store;
        t.now_s = bw_clock_unix_ms() / 1000;
        (void)snprintf(t.key, sizeof(t.key), "test/%" PRId64 "/", bw_clock_unix_ms());
        int r = put_all(&t, &err);
        r = r < 0 ? r : wait_for(&t, &err);
        status = r < 0 ? bw_cli_failed(v, "%s", err.text) : show(&t, a.json);
    }
    bw_alertstore_close(a.store);
    bw_collector_config_free(conf);
    return status == BW_EXIT_USAGE ? status : bw_cli_flush(v, status);
}

const struct bw_verb bw_verb_alert_test = {
    .name = "alert test",
    .summary = "send a test to everybody whom alerts are told",
    .help =
        "[OPTION]...\n"
        "\n"
        "The running collector sends one message to each recipient and webhook that its\n"
        "configuration names; what each answered is shown. Waits up to 90 seconds for the\n"
        "first attempts; what was not taken is tried again by the collector.\n"
        "\n"
        "      --json         the outcomes as one JSON array\n"
        "      --config FILE  the collector's configuration "
        "(/etc/bandwitness/collector.conf)\n"
        "      --data FOLDER  the collector's data folder instead of the one it names\n"
        "\n"
        "Exit status: 0 all were taken, 1 some were not.\n"
        "\n"
        "Example: bandwitness alert test\n",
    .run = run,
};
