/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertmail.c - who is told of what: each recipient what is theirs, a few alerts by
 * themselves and many in one message; webhooks each one. */
#include "alertkeeper_private.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <mail.h>
#include <stdio.h>
#include <string.h>

enum {
    ALONE_MAX = 3, /* more of them go into one message */
    LISTED_MAX = 100,
    MAIL_BYTES = 200 * 1024
};

static const char *domain_of(const struct bw_alertkeeper *k)
{
    return k->conf.mail ? bw_mail_domain(k->conf.from) : "bandwitness.invalid";
}

int bw_alert_post_mail(struct bw_alertkeeper *k,
                       const char *key,
                       const char *first,
                       const char *address,
                       const char *subject,
                       const char *text,
                       const char *html,
                       int64_t now_unix_s,
                       struct bw_err *reterr)
{
    struct bw_post_row p = {
        .channel = "mail", .made_unix_s = now_unix_s, .next_unix_s = now_unix_s};
    char thread[BW_POST_KEY_MAX + 1];
    char references[BW_MAIL_ID_MAX + 1] = "";
    char list[300];
    struct bw_buf b;
    int r;

    (void)snprintf(p.key, sizeof(p.key), "%s/%s", key, address);
    (void)snprintf(p.recipient, sizeof(p.recipient), "%s", address);
    bw_mail_id(p.key, domain_of(k), p.message_id);
    if (first) {
        (void)snprintf(thread, sizeof(thread), "%s/%s", first, address);
        bw_mail_id(thread, domain_of(k), references);
    }
    (void)snprintf(list, sizeof(list), "bandwitness-alerts.%.250s", domain_of(k));
    const struct bw_mail m = {.from = k->conf.from,
                              .from_name = k->title,
                              .to = address,
                              .subject = subject,
                              .text = text,
                              .html = html,
                              .message_id = p.message_id,
                              .references = references,
                              .list_id = list,
                              .list_name = k->title,
                              .date_unix_s = now_unix_s};
    bw_buf_init(&b, 3 * MAIL_BYTES); /* twice, in base64 */
    r = bw_mail_write(&m, &b, reterr);
    if (r == 0) {
        p.bytes = b.data;
        p.n_bytes = b.len;
        r = bw_alertstore_post(k->store, &p, reterr);
    }
    bw_buf_done(&b);
    return r < 0 ? r : 0;
}

/* ---- mails -----------------------------------------------------------------------------
 */

static bool theirs(const struct bw_room *r,
                   const struct bw_config_recipient *to,
                   const struct alert_news *n)
{
    if (!to->alerts) {
        return false;
    }
    if (!to->entity[0]) {
        return true;
    }
    uint32_t e = bw_room_entity_find(r, to->entity);
    return e != BW_ROOM_NONE && n->site != BW_ROOM_NONE &&
           n->site >= r->entities[e].first_site && n->site < r->entities[e].end_site;
}

static int mail_one(struct bw_alertkeeper *k,
                    const struct bw_config_recipient *to,
                    const struct alert_news *n,
                    int64_t now_s,
                    struct bw_err *reterr)
{
    struct bw_buf subject;
    struct bw_buf text;
    struct bw_buf html;
    char key[64];
    char first[192];
    bool begins =
        n->what == BW_NEWS_OPENED || n->what == BW_NEWS_STILL || n->what == BW_NEWS_WAS;

    bw_buf_init(&subject, 2048);
    bw_buf_init(&text, MAIL_BYTES);
    bw_buf_init(&html, MAIL_BYTES);
    (void)snprintf(first, sizeof(first), "%s/first",
                   n->row.message_id[0] ? n->row.message_id : "alert");
    (void)snprintf(key, sizeof(key), "alert/%" PRId64 "/%s", n->row.id,
                   begins ? "first" : bw_alert_news_word(n->what));
    bw_alert_subject(&k->voice, &n->row, n->what, &subject);
    bw_alert_text(&k->voice, &n->row, n->what, &text);
    bw_alert_text_end(&k->voice, &text);
    bw_alert_html_begin(&html, subject.data);
    bw_alert_html(&k->voice, &n->row, n->what, &html);
    bw_alert_html_end(&k->voice, &html);
    int r = bw_alert_post_mail(k, key, begins ? NULL : first, to->address, subject.data,
                               text.data, html.data, now_s, reterr);
    bw_buf_done(&subject);
    bw_buf_done(&text);
    bw_buf_done(&html);
    return r;
}

static int mail_many(struct bw_alertkeeper *k,
                     const struct bw_room *r,
                     const struct bw_config_recipient *to,
                     size_t n_theirs,
                     int64_t now_s,
                     struct bw_err *reterr)
{
    struct bw_buf subject;
    struct bw_buf text;
    struct bw_buf html;
    char key[64];
    size_t listed = 0;

    bw_buf_init(&subject, 2048);
    bw_buf_init(&text, MAIL_BYTES);
    bw_buf_init(&html, MAIL_BYTES);
    (void)snprintf(key, sizeof(key), "many/%" PRId64 "/%" PRId64, now_s, k->news[0].row.id);
    bw_buf_printf(&subject, "[%s] %zu alerts", k->title, n_theirs);
    bw_alert_html_begin(&html, subject.data);
    for (size_t i = 0; i < k->n_news && listed < LISTED_MAX; i++) {
        const struct alert_news *n = &k->news[i];
        if (!theirs(r, to, n)) {
            continue;
        }
        struct bw_buf line;
        bw_buf_init(&line, 2048);
        bw_alert_subject(&k->voice, &n->row, n->what, &line);
        bw_buf_printf(&text, "* %s\n", line.data ? line.data : "");
        bw_buf_done(&line);
        bw_alert_text(&k->voice, &n->row, n->what, &text);
        bw_alert_html(&k->voice, &n->row, n->what, &html);
        listed++;
    }
    if (listed < n_theirs) {
        bw_buf_printf(&text, "%zu more are on the page of alerts.\n\n", n_theirs - listed);
        bw_buf_printf(&html, "<p>%zu more are on the page of alerts.</p>\n",
                      n_theirs - listed);
    }
    bw_alert_text_end(&k->voice, &text);
    bw_alert_html_end(&k->voice, &html);
    int rc = bw_alert_post_mail(k, key, NULL, to->address, subject.data, text.data,
                                html.data, now_s, reterr);
    bw_buf_done(&subject);
    bw_buf_done(&text);
    bw_buf_done(&html);
    return rc;
}

static int mail_all(struct bw_alertkeeper *k,
                    const struct bw_room *r,
                    const struct bw_config_recipient *to,
                    int64_t now_s,
                    struct bw_err *reterr)
{
    size_t n = 0;
    size_t quiet = 0;
    int rc = 0;

    for (size_t i = 0; i < k->n_news; i++) {
        bool mine = theirs(r, to, &k->news[i]);
        n += mine;
        quiet += mine && k->news[i].quiet;
    }
    if (n > ALONE_MAX || quiet > 1) {
        return mail_many(k, r, to, n, now_s, reterr);
    }
    for (size_t i = 0; rc == 0 && i < k->n_news; i++) {
        if (theirs(r, to, &k->news[i])) {
            rc = mail_one(k, to, &k->news[i], now_s, reterr);
        }
    }
    return rc;
}

/* ---- webhooks --------------------------------------------------------------------------
 */

static int hook_one(struct bw_alertkeeper *k,
                    const struct bw_config_webhook *to,
                    const struct alert_news *n,
                    int64_t now_s,
                    struct bw_err *reterr)
{
    struct bw_post_row p = {.made_unix_s = now_s, .next_unix_s = now_s};
    struct bw_buf b;
    int r;

    bw_buf_init(&b, 65536);
    (void)snprintf(p.channel, sizeof(p.channel), "hook:%.59s", to->name);
    (void)snprintf(p.recipient, sizeof(p.recipient), "%.63s", to->name);
    (void)snprintf(p.key, sizeof(p.key), "alert/%" PRId64 "/%s/hook:%s", n->row.id,
                   bw_alert_news_word(n->what), to->name);
    bw_mail_id(p.key, domain_of(k), p.message_id);
    bw_alert_json(&k->voice, &n->row, n->what, p.message_id, &b);
    p.bytes = b.data;
    p.n_bytes = b.len;
    r = bw_buf_error(&b);
    r = r < 0 ? bw_err_set(reterr, r, "a webhook's message is too long")
              : bw_alertstore_post(k->store, &p, reterr);
    bw_buf_done(&b);
    return r < 0 ? r : 0;
}

int bw_alert_post_news(struct bw_alertkeeper *k,
                       const struct bw_room *r,
                       int64_t now_unix_s,
                       struct bw_err *reterr)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && k->n_news > 0 && i < k->conf.n_recipients; i++) {
        rc = mail_all(k, r, &k->conf.recipients[i], now_unix_s, reterr);
    }
    for (size_t h = 0; rc == 0 && h < k->conf.n_webhooks; h++) {
        for (size_t i = 0; rc == 0 && i < k->n_news; i++) {
            rc = hook_one(k, &k->conf.webhooks[h], &k->news[i], now_unix_s, reterr);
        }
    }
    return rc;
}
