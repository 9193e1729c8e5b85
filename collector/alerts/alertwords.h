/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertwords.h - alerts in words, as mails and as JSON. Pure; any thread. */
#ifndef BW_ALERTWORDS_H
#define BW_ALERTWORDS_H

#include <alerts.h>
#include <alertstore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_tz;

/* What the texts are made with; all lent. */
struct bw_alert_voice {
    const char *title; /* the state's */
    const char *url;   /* of the collector, without a slash at its end; "" not told */
    const struct bw_tz *tz;
};

/* "2026-11-23 10:20 -06:00" */
void bw_alert_time(const struct bw_tz *tz, int64_t unix_s, char ret[40]);
/* "2 h 10 min" */
void bw_alert_span(int64_t s, char ret[40]);

/* What is the matter, with its figures: one or two sentences. */
void bw_alert_words(const struct bw_tz *tz,
                    const struct bw_alert *a,
                    const struct bw_alerts_conf *conf,
                    const struct bw_alert_shared *shared,
                    bool was,
                    char *ret,
                    size_t n);
/* "silent", "line out", "many boxes silent" … for a subject. Static. */
const char *bw_alert_short(const char *kind);

/* An address of the page of an alert's place; "" where the collector's is not told. */
void bw_alert_graph(const struct bw_alert_voice *v,
                    const struct bw_alert_row *a,
                    char *ret,
                    size_t n);

enum bw_alert_news {
    BW_NEWS_OPENED,
    BW_NEWS_STILL, /* told only now */
    BW_NEWS_CLOSED,
    BW_NEWS_WAS, /* it was over when it became known */
    BW_NEWS_CAUSE
};
const char *bw_alert_news_word(enum bw_alert_news n); /* "opened" … static */

void bw_alert_subject(const struct bw_alert_voice *v,
                      const struct bw_alert_row *a,
                      enum bw_alert_news news,
                      struct bw_buf *out);
/* One alert as a paragraph of plain text, and of HTML. */
void bw_alert_text(const struct bw_alert_voice *v,
                   const struct bw_alert_row *a,
                   enum bw_alert_news news,
                   struct bw_buf *out);
void bw_alert_html(const struct bw_alert_voice *v,
                   const struct bw_alert_row *a,
                   enum bw_alert_news news,
                   struct bw_buf *out);
/* Around what bw_alert_html() made: a whole page. */
void bw_alert_html_begin(struct bw_buf *out, const char *title);
void bw_alert_html_end(const struct bw_alert_voice *v, struct bw_buf *out);
void bw_alert_text_end(const struct bw_alert_voice *v, struct bw_buf *out);

/* What a webhook gets, docs/alerts.md. */
void bw_alert_json(const struct bw_alert_voice *v,
                   const struct bw_alert_row *a,
                   enum bw_alert_news news,
                   const char *message_id,
                   struct bw_buf *out);

/* The row's numbers from the state, and a state from what was kept. */
void bw_alert_keep(const struct bw_alert *a, struct bw_alert_state *ret);
int bw_alert_restore(const struct bw_alert_state *s, struct bw_alert *ret);

#endif
