/* SPDX-License-Identifier: GPL-3.0-or-later
 * packmail.c - look for a pack that is due and was not mailed, have the command make it,
 * put it into the outbox; then the next.
 *
 * Invariant: that a message's key is in the outbox is all that is remembered; so a kill at
 * any moment costs the run under way and nothing is mailed twice. A pack that cannot be
 * made is tried again after an hour; after the third time a mail says so and why. */
#include "packmail.h"

#include "packmail_files.h"

#include <alerts_config.h>
#include <alertstore.h>
#include <buf.h>
#include <bw/err.h>
#include <bw/units.h>
#include <civil.h>
#include <clock.h>
#include <dates.h>
#include <errand.h>
#include <errno.h>
#include <file.h>
#include <inttypes.h>
#include <log.h>
#include <mail.h>
#include <readers.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <tz.h>
#include <uv.h>

enum {
    LOOK_MS = 60 * 1000,
    AGAIN_S = 3600,
    TRIES = 3,
    WORDS = 24,
    PERIOD = 40,
    KEY = 200, /* with an address behind it 400 are not full */
    BODY_BYTES = 65536
};

/* Of one section: what went wrong of late. */
struct trouble {
    int64_t from_day; /* of the period */
    int64_t next_unix_s;
    int tries;
};

struct bw_packmail {
    struct uv_timer_s timer;
    struct bw_config_alerts conf;
    struct trouble trouble[BW_MAILED_MAX];
    char title[128];
    char url[512];
    char folder[PATH_MAX]; /* in which a pack is made */
    char store[PATH_MAX];
    const char *data_dir;
    struct bw_tz *tz;
    struct bw_readers *readers;
    struct bw_errands *errands;
    int64_t limit_ms;
    bool busy;
    bool closing;
    void (*closed_cb)(void *owner);
    void *closed_owner;
    int64_t made;
    int64_t failed;
    /* the one under way */
    size_t at; /* its section */
    bool found;
    int64_t from_day;
    int64_t to_day;
    int status;
    char said[512];
    /* of the job on a reader's thread */
    int r;
    struct bw_err err;
    int64_t now_s;
};

static void look(struct bw_packmail *m);

static void on_timer(uv_timer_t *timer)
{
    look(timer->data);
}

static void on_closed(uv_handle_t *handle)
{
    struct bw_packmail *m = handle->data;
    void (*cb)(void *) = m->closed_cb;
    void *owner = m->closed_owner;

    bw_tz_free(m->tz);
    free(m);
    if (cb) {
        cb(owner);
    }
}

/* What was under way is over; after one that was mailed the next follows soon. */
static void rest(struct bw_packmail *m, bool soon)
{
    m->busy = false;
    if (m->closing) {
        uv_close((uv_handle_t *)&m->timer, on_closed);
    } else {
        (void)uv_timer_start(&m->timer, on_timer, soon ? 1 : LOOK_MS, 0);
    }
}

/* ---- which, and of when ----------------------------------------------------------------
 */

/* "2026-10", "FY2025", "2026-11-09 to 2026-11-15" */
static void period_words(const struct bw_packmail *m, char out[PERIOD])
{
    char from[BW_CIVIL_DATE_LEN + 1];
    char last[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(m->from_day, from);
    bw_civil_date(m->to_day - 1, last);
    switch ((enum bw_dates_every)m->conf.mailed[m->at].every) {
    case BW_EVERY_MONTH:
        (void)snprintf(out, PERIOD, "%.7s", from);
        break;
    case BW_EVERY_YEAR:
        (void)snprintf(out, PERIOD, "FY%.4s", from);
        break;
    case BW_EVERY_WEEK:
    default:
        (void)snprintf(out, PERIOD, "%s to %s", from, last);
        break;
    }
}

static void key_of(const struct bw_packmail *m, size_t to, char out[BW_POST_KEY_MAX + 1])
{
    const struct bw_config_mailed *p = &m->conf.mailed[m->at];
    char from[BW_CIVIL_DATE_LEN + 1];

    bw_civil_date(m->from_day, from);
    (void)snprintf(out, BW_POST_KEY_MAX + 1, "pack/%s/%s/%s", p->name, from, p->to[to]);
}

/* Is somebody without it? Below 0: trouble. */
static int is_wanted(struct bw_packmail *m, struct bw_alertstore *s)
{
    const struct bw_config_mailed *p = &m->conf.mailed[m->at];
    const struct trouble *t = &m->trouble[m->at];
    char key[BW_POST_KEY_MAX + 1];
    int r = 1;

    if (t->tries > 0 && t->from_day == m->from_day && m->now_s < t->next_unix_s) {
        return 0;
    }
    for (size_t i = 0; r == 1 && i < p->n_to; i++) {
        key_of(m, i, key);
        r = bw_alertstore_posted(s, key, &m->err);
    }
    return r < 0 ? r : !r;
}

static void look_work(void *job, struct bw_reader *reader, const struct bw_err *err)
{
    struct bw_packmail *m = job;
    struct bw_alertstore *s = NULL;
    struct bw_civil now;
    int64_t day;

    (void)reader;
    (void)err;
    bw_tz_local(m->tz, m->now_s, &now);
    day = bw_civil_days(now.year, now.month, now.day);
    day -= now.hour * 60 + now.minute < m->conf.digest_min; /* today's hour has not come */
    m->r = bw_alertstore_open(m->store, false, &s, &m->err);
    for (m->at = 0; m->r == 0 && m->at < m->conf.n_mailed; m->at++) {
        const struct bw_config_mailed *p = &m->conf.mailed[m->at];
        bw_dates_period((enum bw_dates_every)p->every, day, p->after_days, &m->from_day,
                        &m->to_day);
        m->r = is_wanted(m, s);
        if (m->r > 0) {
            m->found = true;
            break;
        }
    }
    bw_alertstore_close(s);
}

/* ---- into the outbox -------------------------------------------------------------------
 */

static const char *type_of(const char *format)
{
    return strcmp(format, "pdf") == 0    ? "application/pdf"
           : strcmp(format, "html") == 0 ? "text/html; charset=utf-8"
           : strcmp(format, "csv") == 0  ? "text/csv; charset=utf-8"
                                         : "application/json";
}

static void of_words(const struct bw_config_mailed *p, struct bw_buf *b)
{
    static const char *const words[] = {"circuit", "school", "district", "consortium"};

    if (p->what == BW_MAILED_ALL) {
        bw_buf_puts(b, "every circuit");
    } else {
        bw_buf_printf(b, "%s %s", words[p->what], p->of);
    }
}

/* The same sentences as text and as HTML; f NULL: it could not be made. */
static void
sentences(const struct bw_packmail *m, const struct bw_mailed_files *f, struct bw_buf *text)
{
    const struct bw_config_mailed *p = &m->conf.mailed[m->at];
    char period[PERIOD];

    period_words(m, period);
    bw_buf_printf(text, "%s\nPack %s of ", p->title, p->purpose);
    of_words(p, text);
    bw_buf_printf(text, ", %s.\n", period);
    if (!f) {
        bw_buf_printf(
            text,
            "It could not be made, %d times in a row. The command's last words: "
            "%.400s\nOn the collector bandwitness report --for %s says the same at "
            "once.\n",
            TRIES, m->err.text, p->purpose);
    } else if (f->n_left > 0) {
        bw_buf_printf(
            text,
            "%zu files come with this mail; %zu more do not, for they are too many or "
            "too large: their pages at the collector have them.\n",
            f->n, f->n_left);
    }
    if (f && p->after_days < 7) {
        bw_buf_puts(text, "Its figures are provisional: records may still come.\n");
    }
    if (m->url[0]) {
        bw_buf_printf(text, "%s/\n", m->url);
    }
}

static void as_html(struct bw_buf *out, const char *subject, const char *text)
{
    bw_buf_puts(out,
                "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    bw_text_html(out, subject);
    bw_buf_puts(out, "</title></head><body>\n");
    while (*text) {
        size_t n = strcspn(text, "\n");
        char one[1200];
        (void)snprintf(one, sizeof(one), "%.*s", (int)(n < 1190 ? n : 1190), text);
        bw_buf_puts(out, "<p>");
        bw_text_html(out, one);
        bw_buf_puts(out, "</p>\n");
        text += n + (text[n] == '\n');
    }
    bw_buf_puts(out, "</body></html>\n");
}

static int post_to(struct bw_packmail *m,
                   struct bw_alertstore *s,
                   size_t to,
                   const struct bw_mailed_files *f,
                   struct bw_err *reterr)
{
    const struct bw_config_mailed *p = &m->conf.mailed[m->at];
    struct bw_post_row row = {
        .channel = "mail", .made_unix_s = m->now_s, .next_unix_s = m->now_s};
    struct bw_buf subject;
    struct bw_buf text;
    struct bw_buf html;
    struct bw_buf bytes;
    char period[PERIOD];
    char list[300];
    int r;

    bw_buf_init(&subject, 1024);
    bw_buf_init(&text, BODY_BYTES);
    bw_buf_init(&html, BODY_BYTES);
    bw_buf_init(&bytes, BW_POST_BYTES);
    period_words(m, period);
    bw_buf_printf(&subject, "[%s] %s%s, %s", m->title, f ? "" : "Not made: ", p->title,
                  period);
    sentences(m, f, &text);
    as_html(&html, subject.data ? subject.data : "", text.data ? text.data : "");
    key_of(m, to, row.key);
    (void)snprintf(row.recipient, sizeof(row.recipient), "%s", p->to[to]);
    bw_mail_id(row.key, bw_mail_domain(m->conf.from), row.message_id);
    (void)snprintf(list, sizeof(list), "bandwitness-packs.%.250s",
                   bw_mail_domain(m->conf.from));
    const struct bw_mail mail = {.from = m->conf.from,
                                 .from_name = m->title,
                                 .to = p->to[to],
                                 .subject = subject.data ? subject.data : "",
                                 .text = text.data ? text.data : "",
                                 .html = html.data ? html.data : "",
                                 .message_id = row.message_id,
                                 .references = "",
                                 .list_id = list,
                                 .list_name = m->title,
                                 .date_unix_s = m->now_s,
                                 .files = f ? f->file : NULL,
                                 .n_files = f ? f->n : 0};
    r = bw_mail_write(&mail, &bytes, reterr);
    if (r == 0) {
        row.bytes = bytes.data;
        row.n_bytes = bytes.len;
        r = bw_alertstore_post(s, &row, reterr);
    }
    bw_buf_done(&subject);
    bw_buf_done(&text);
    bw_buf_done(&html);
    bw_buf_done(&bytes);
    return r < 0 ? r : 0;
}

static int
post_all(struct bw_packmail *m, const struct bw_mailed_files *f, struct bw_err *reterr)
{
    struct bw_alertstore *s = NULL;
    int r = bw_alertstore_open(m->store, false, &s, reterr);

    r = r < 0 ? r : bw_alertstore_begin(s, reterr);
    for (size_t i = 0; r == 0 && i < m->conf.mailed[m->at].n_to; i++) {
        r = post_to(m, s, i, f, reterr);
    }
    r = r < 0 ? r : bw_alertstore_commit(s, reterr);
    if (r < 0 && s) {
        bw_alertstore_rollback(s);
    }
    bw_alertstore_close(s);
    return r;
}

static void put_work(void *job, struct bw_reader *reader, const struct bw_err *err)
{
    struct bw_packmail *m = job;
    const struct bw_config_mailed *p = &m->conf.mailed[m->at];
    struct trouble *t = &m->trouble[m->at];
    struct bw_mailed_files *files = calloc(1, sizeof(*files));
    struct bw_err second = {.text = ""};

    (void)reader;
    (void)err;
    m->r = 0;
    if (!files) {
        m->r = bw_err_set(&m->err, -ENOMEM, "out of memory");
    } else if (m->status != 0) {
        m->r = bw_err_set(&m->err, -EIO, "%s", m->said[0] ? m->said : "it said nothing");
    }
    m->r = m->r < 0 ? m->r
                    : bw_mailed_files_read(m->folder, type_of(p->format), files, &m->err);
    m->r = m->r < 0 ? m->r : post_all(m, files, &m->err);
    if (m->r == 0) {
        t->tries = 0;
    } else {
        t->tries = t->from_day == m->from_day ? t->tries + 1 : 1;
        t->from_day = m->from_day;
        t->next_unix_s = m->now_s + AGAIN_S;
        if (t->tries >= TRIES && post_all(m, NULL, &second) < 0) {
            bw_log(BW_AREA_EVIDENCE, BW_WARN, "packs by mail: %s", second.text);
        }
    }
    if (files) {
        bw_mailed_files_done(files);
    }
    free(files);
    bw_mailed_remove(m->folder);
}

static void put_after(void *job, int cancelled)
{
    struct bw_packmail *m = job;
    const struct bw_config_mailed *p = &m->conf.mailed[m->at];

    if (cancelled || m->closing) {
        rest(m, false);
        return;
    }
    if (m->r == 0) {
        m->made++;
        bw_log(BW_AREA_EVIDENCE, BW_NOTICE, "pack \"%s\" is mailed to %zu", p->name,
               p->n_to);
    } else {
        m->failed++;
        bw_log(BW_AREA_EVIDENCE, BW_WARN, "pack \"%s\" could not be made: %s", p->name,
               m->err.text);
    }
    rest(m, true);
}

/* ---- making ----------------------------------------------------------------------------
 */

static void on_made(void *owner, const struct bw_errand_end *end)
{
    struct bw_packmail *m = owner;

    if (m->closing || end->stopping) {
        rest(m, false);
        return;
    }
    m->status = end->status;
    (void)snprintf(m->said, sizeof(m->said), "%s", end->said);
    if (bw_readers_run(m->readers, put_work, put_after, m) < 0) {
        rest(m, false);
    }
}

static void make(struct bw_packmail *m)
{
    static const char *const options[] = {"--circuit", "--school", "--district",
                                          "--consortium"};
    const struct bw_config_mailed *p = &m->conf.mailed[m->at];
    char from[BW_CIVIL_DATE_LEN + 1];
    char to[BW_CIVIL_DATE_LEN + 1];
    char period[PERIOD];
    const char *words[WORDS];
    size_t n = 0;

    bw_civil_date(m->from_day, from);
    bw_civil_date(m->to_day, to);
    period_words(m, period);
    const char *const fixed[] = {"report",   "--ledger", m->data_dir, "--for", p->purpose,
                                 "--format", p->format,  "--paper",   p->paper};
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        words[n++] = fixed[i];
    }
    if (p->what == BW_MAILED_ALL) {
        words[n++] = "--all";
    } else {
        words[n++] = options[p->what];
        words[n++] = p->of;
    }
    if (p->every == BW_EVERY_WEEK) {
        words[n++] = "--from";
        words[n++] = from;
        words[n++] = "--to";
        words[n++] = to;
    } else {
        words[n++] = p->every == BW_EVERY_MONTH ? "--month" : "--year";
        words[n++] = period;
    }
    if (m->conf.zone[0]) {
        words[n++] = "--tz";
        words[n++] = m->conf.zone;
    }
    words[n++] = "--quiet";
    words[n++] = "-o";
    words[n++] = m->folder;
    words[n] = NULL;
    bw_mailed_remove(m->folder);
    if (bw_dir_make(m->folder, 0750, &m->err) < 0 ||
        bw_errands_run(m->errands, words, m->limit_ms, true, on_made, m) < 0) {
        rest(m, false);
    }
}

static void look_after(void *job, int cancelled)
{
    struct bw_packmail *m = job;

    if (!cancelled && m->r < 0) {
        bw_log(BW_AREA_EVIDENCE, BW_WARN, "packs by mail: %s", m->err.text);
    }
    if (cancelled || !m->found || m->closing) {
        rest(m, false);
    } else {
        make(m);
    }
}

static void look(struct bw_packmail *m)
{
    m->found = false;
    m->said[0] = '\0';
    m->err.text[0] = '\0';
    m->now_s = bw_clock_unix_ms() / 1000;
    m->busy = true;
    if (bw_readers_run(m->readers, look_work, look_after, m) < 0) {
        rest(m, false);
    }
}

/* ---- the interface ---------------------------------------------------------------------
 */

int bw_packmail_new(struct uv_loop_s *loop,
                    const struct bw_packmail_opts *opts,
                    struct bw_packmail **ret,
                    struct bw_err *reterr)
{
    char host[64];
    struct bw_packmail *m;
    int r;

    *ret = NULL;
    if (opts->conf->n_mailed == 0) {
        return 0;
    }
    m = calloc(1, sizeof(*m));
    if (!m) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    m->conf = *opts->conf;
    m->data_dir = opts->data_dir;
    m->readers = opts->readers;
    m->errands = opts->errands;
    m->limit_ms = opts->limit_ms;
    (void)snprintf(m->title, sizeof(m->title), "%s", opts->title);
    (void)snprintf(m->url, sizeof(m->url), "%s", opts->url);
    (void)snprintf(m->store, sizeof(m->store), "%.4000s/alerts.db", opts->data_dir);
    (void)snprintf(m->folder, sizeof(m->folder), "%.4000s/pack-to-mail", opts->data_dir);
    bw_tz_host_name(host, sizeof(host));
    r = bw_tz_load(m->conf.zone[0] ? m->conf.zone : host, &m->tz, reterr);
    if (r < 0) {
        free(m);
        return r;
    }
    (void)uv_timer_init(loop, &m->timer);
    m->timer.data = m;
    (void)uv_timer_start(&m->timer, on_timer, 1000, 0); /* alerts.db is made by then */
    *ret = m;
    return 0;
}

void bw_packmail_metrics(const struct bw_packmail *m, struct bw_buf *b)
{
    if (m) {
        bw_buf_printf(
            b,
            "# TYPE bandwitness_packs_mailed counter\n# HELP bandwitness_packs_mailed "
            "Packs put into the outbox.\nbandwitness_packs_mailed_total %" PRId64
            "\n# TYPE bandwitness_packs_not_mailed counter\n# HELP "
            "bandwitness_packs_not_mailed Attempts that made no "
            "pack.\nbandwitness_packs_not_mailed_total %" PRId64 "\n",
            m->made, m->failed);
    }
}

void bw_packmail_close(struct bw_packmail *m, void (*cb)(void *owner), void *owner)
{
    if (!m) {
        return;
    }
    m->closing = true;
    m->closed_cb = cb;
    m->closed_owner = owner;
    (void)uv_timer_stop(&m->timer);
    if (!m->busy) {
        uv_close((uv_handle_t *)&m->timer, on_closed);
    }
}
