/* SPDX-License-Identifier: GPL-3.0-or-later
 * audit.c - events as JSON lines and as RFC 5424 has them.
 *
 * Invariant: no word of a stranger ends a line or leaves its quotes; how many lines a
 * stranger can cause has a limit. */
#include "audit.h"

#include <buf.h>
#include <bw/units.h>
#include <clock.h>
#include <collector_config.h>
#include <errno.h>
#include <fcntl.h>
#include <json.h>
#include <log.h>
#include <people.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <text.h>
#include <unistd.h>

enum {
    A_MINUTE = 120,
    MINUTE_MS = 60000,
    WAITING_MAX = 1 << 20, /* bytes */
    WORD_MAX = 200,        /* of a stranger's */
    FACILITY = 10 * 8,     /* authpriv */
    SEVERITY_WARNING = 4,
    SEVERITY_NOTICE = 5
};

struct bw_audit {
    const struct bw_config_door *conf;
    struct bw_buf lines;
    struct bw_buf packets; /* each ended by a NUL */
    int64_t window_mono_ms;
    int64_t n[2]; /* in this window: what was done, and what was refused */
    int64_t more; /* of both, and not told */
};

int bw_audit_new(const struct bw_config_door *conf, struct bw_audit **ret)
{
    struct bw_audit *a = calloc(1, sizeof(*a));
    if (!a) {
        return -ENOMEM;
    }
    a->conf = conf;
    bw_buf_init(&a->lines, WAITING_MAX);
    bw_buf_init(&a->packets, WAITING_MAX);
    *ret = a;
    return 0;
}

void bw_audit_free(struct bw_audit *a)
{
    if (a) {
        bw_buf_done(&a->lines);
        bw_buf_done(&a->packets);
        free(a);
    }
}

void bw_audit_json(const struct bw_audit_event *e, struct bw_buf *out)
{
    const struct {
        const char *name;
        const char *text;
    } words[] = {{"event", e->event}, {"outcome", e->outcome}, {"who", e->who},
                 {"from", e->from},   {"about", e->about},     {"detail", e->detail}};
    struct bw_jw w;
    char at[32];
    bw_time_format_ms(e->at_unix_ms, at);
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_kstr(&w, "at", at);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (words[i].text && words[i].text[0]) {
            bw_jw_key(&w, words[i].name);
            bw_jw_strn(&w, words[i].text, strnlen(words[i].text, WORD_MAX));
        }
    }
    bw_jw_obj_end(&w);
    bw_buf_putc(out, '\n');
}

/* RFC 5424 §6.3.3: UTF-8 with ", \ and ] behind a \. */
static void param(struct bw_buf *out, const char *name, const char *text)
{
    struct bw_buf clean;
    if (!text || !text[0]) {
        return;
    }
    bw_buf_init(&clean, (size_t)WORD_MAX * 4);
    bw_text_terminal(&clean, text, strnlen(text, WORD_MAX));
    bw_buf_printf(out, " %s=\"", name);
    for (const char *c = clean.data ? clean.data : ""; *c; c++) {
        if (strchr("\"\\]", *c)) {
            bw_buf_putc(out, '\\');
        }
        bw_buf_putc(out, (char)(*c == '\n' || *c == '\t' ? ' ' : *c));
    }
    bw_buf_putc(out, '"');
    bw_buf_done(&clean);
}

void bw_audit_rfc5424(const struct bw_audit_event *e,
                      const char *host,
                      int64_t pid,
                      struct bw_buf *out)
{
    char at[32];
    bool refused = e->outcome && strcmp(e->outcome, "refused") == 0;
    bw_time_format_ms(e->at_unix_ms, at);
    bw_buf_printf(out, "<%d>1 %s %s bandwitness-collector %lld %s [bandwitness@32473",
                  FACILITY + (refused ? SEVERITY_WARNING : SEVERITY_NOTICE), at,
                  host[0] ? host : "-", (long long)pid, e->event);
    param(out, "outcome", e->outcome);
    param(out, "who", e->who);
    param(out, "from", e->from);
    param(out, "about", e->about);
    param(out, "detail", e->detail);
    bw_buf_puts(out, "]\n");
}

/* In both forms, as far as they are wanted. */
static void put(const struct bw_config_door *conf,
                const struct bw_audit_event *e,
                struct bw_buf *lines,
                struct bw_buf *packets)
{
    char host[64] = "";
    (void)gethostname(host, sizeof(host) - 1);
    if (lines && conf->audit_file[0] && conf->audit_rfc5424) {
        bw_audit_rfc5424(e, host, getpid(), lines);
    } else if (lines && conf->audit_file[0]) {
        bw_audit_json(e, lines);
    }
    if (packets && conf->audit_socket[0]) {
        bw_audit_rfc5424(e, host, getpid(), packets);
    }
}

static void tell(struct bw_audit *a, const struct bw_audit_event *e)
{
    struct bw_buf line;
    put(a->conf, e, &a->lines, &a->packets);
    bw_buf_init(&line, 4096);
    bw_audit_json(e, &line);
    bw_log(BW_AREA_HTTP, BW_NOTICE, "door: %.*s", (int)(line.len > 0 ? line.len - 1 : 0),
           line.data ? line.data : "");
    bw_buf_done(&line);
}

void bw_audit_tell(struct bw_audit *a, const struct bw_audit_event *e)
{
    int64_t now = bw_clock_mono_ms();
    if (now - a->window_mono_ms >= MINUTE_MS) {
        if (a->more > 0) {
            char words[64];
            (void)snprintf(words, sizeof(words), "%lld events were not told",
                           (long long)a->more);
            const struct bw_audit_event many = {
                .at_unix_ms = e->at_unix_ms, .event = "flood", .detail = words};
            tell(a, &many);
        }
        a->window_mono_ms = now;
        a->n[0] = a->n[1] = 0;
        a->more = 0;
    }
    /* Whoever is refused often does not hide who was let in meanwhile. */
    bool refused = e->outcome && strcmp(e->outcome, "refused") == 0;
    if (a->n[refused]++ < A_MINUTE) {
        tell(a, e);
    } else {
        a->more++;
    }
}

static void move(struct bw_buf *from, struct bw_buf *to)
{
    if (bw_buf_error(from) == 0 && from->len > 0) {
        bw_buf_add(to, from->data, from->len);
    }
    bw_buf_clear(from);
}

void bw_audit_take(struct bw_audit *a, struct bw_buf *lines, struct bw_buf *packets)
{
    move(&a->lines, lines);
    move(&a->packets, packets);
}

void bw_audit_act(const struct bw_config_door *conf,
                  const struct bw_act *act,
                  struct bw_buf *lines,
                  struct bw_buf *packets)
{
    char text[BW_ACT_TEXT_MAX + 1];
    char number[32];
    (void)snprintf(text, sizeof(text), "%.*s", (int)act->n, act->text);
    (void)snprintf(number, sizeof(number), "%lld", (long long)act->position);
    json_t *json = NULL;
    const char *words[5] = {NULL, NULL, NULL, NULL, NULL};
    static const char *const names[5] = {"act", "by", "via", "about", "detail"};
    if (bw_json_parse(act->text, act->n, BW_ACT_TEXT_MAX, &json, NULL) == 0) {
        for (size_t i = 0; i < 5; i++) {
            (void)bw_json_opt_str(json, names[i], BW_ACT_TEXT_MAX, &words[i], NULL);
        }
    }
    char detail[600];
    (void)snprintf(detail, sizeof(detail), "act %s by %s: %s", number,
                   words[2] ? words[2] : "-", words[4] ? words[4] : "-");
    const struct bw_audit_event e = {.at_unix_ms = act->at_unix_ms,
                                     .event = words[0] ? words[0] : "act",
                                     .outcome = "ok",
                                     .who = words[1],
                                     .about = words[3],
                                     .detail = detail};
    put(conf, &e, lines, packets);
    if (lines && packets) { /* for the first time */
        bw_log(BW_AREA_HTTP, BW_NOTICE, "act %s: %s", number, text);
    }
    json_decref(json);
}

static int write_file(const char *path, const struct bw_buf *lines)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
    int r = fd < 0 ? -errno : 0;
    size_t sent = 0;
    while (r == 0 && sent < lines->len) {
        ssize_t n = write(fd, lines->data + sent, lines->len - sent);
        r = n < 0 && errno != EINTR ? -errno : 0;
        sent += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0 && close(fd) < 0 && r == 0) {
        r = -errno;
    }
    return r;
}

static int write_socket(const char *path, const struct bw_buf *packets)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    /* A reader takes ten at a time and needs a moment for more: this thread may wait. */
    const struct timeval wait = {.tv_sec = 1};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int r = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0
                ? -errno
                : 0;
    (void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
    union {
        const struct sockaddr_un *un;
        const struct sockaddr *sa;
    } to = {.un = &un};
    for (size_t at = 0; r == 0 && at < packets->len;) {
        const char *begin = packets->data + at;
        const char *end = memchr(begin, '\n', packets->len - at);
        size_t n = end ? (size_t)(end - begin) : packets->len - at;
        if (sendto(fd, begin, n, MSG_NOSIGNAL, to.sa, sizeof(un)) < 0) {
            r = -errno;
        }
        at += n + 1;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return r;
}

int bw_audit_write(const struct bw_config_door *conf,
                   const struct bw_buf *lines,
                   const struct bw_buf *packets,
                   struct bw_audit_done *ret)
{
    int r = lines->len > 0 && conf->audit_file[0] ? write_file(conf->audit_file, lines) : 0;
    int q = packets->len > 0 && conf->audit_socket[0]
                ? write_socket(conf->audit_socket, packets)
                : 0;
    ret->file = r == 0;
    ret->socket = q == 0;
    return r < 0 ? r : q;
}
