/* SPDX-License-Identifier: GPL-3.0-or-later
 * reply.c - the table of a reply's members, and those on file.
 *
 * Invariant: their words are kept as they were written, or refused; never cut. */
#include "reply.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <said_list.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>
#include <utf8.h>

#define UNIX_S_MAX INT64_C(253402300799)

static const char *const tos[] = {
    [BW_REPLY_TO_UNKNOWN] = "",
    [BW_REPLY_TO_REPORT] = "report",
    [BW_REPLY_TO_SIZING] = "sizing",
    [BW_REPLY_TO_PIA] = "pia",
    [BW_REPLY_TO_INVOICE] = "invoice",
    [BW_REPLY_TO_DELIVERY] = "delivery",
    [BW_REPLY_TO_AUDIT] = "audit",
    [BW_REPLY_TO_LETTER] = "letter",
    NULL,
};

static const char *const froms[] = {
    [BW_REPLY_FROM_UNKNOWN] = "",
    [BW_REPLY_FROM_PROVIDER] = "provider",
    [BW_REPLY_FROM_DISTRICT] = "district",
    [BW_REPLY_FROM_AUDITOR] = "auditor",
    [BW_REPLY_FROM_OTHER] = "other",
    [BW_REPLY_FROM_LINK] = "link",
    NULL,
};

#define AT(member)                                                                         \
    .at = offsetof(struct bw_reply, member),                                               \
    .size = sizeof(((struct bw_reply *)NULL)->member)

const struct bw_field bw_reply_fields[] = {
    {.name = "to", .kind = BW_FIELD_CHOICE, .needed = true, .words = tos, AT(to)},
    {.name = "from_s",
     .kind = BW_FIELD_INT,
     .needed = true,
     .min = 0,
     .max = UNIX_S_MAX,
     AT(from_unix_s)},
    {.name = "to_s",
     .kind = BW_FIELD_INT,
     .needed = true,
     .min = 0,
     .max = UNIX_S_MAX,
     AT(to_unix_s)},
    {.name = "from", .kind = BW_FIELD_CHOICE, .needed = true, .words = froms, AT(from)},
    {.name = "answered", .kind = BW_FIELD_TEXT, AT(answered)},
    {.name = "name", .kind = BW_FIELD_TEXT, AT(name)},
    {.name = "text", .kind = BW_FIELD_TEXT, .needed = true, .max = 1, AT(text)},
};
const size_t bw_reply_n_fields = sizeof(bw_reply_fields) / sizeof(bw_reply_fields[0]);

void bw_reply_init(struct bw_reply *r)
{
    memset(r, 0, sizeof(*r));
    bw_fields_init(bw_reply_fields, bw_reply_n_fields, r);
}

static int check(const struct bw_reply *r, int code, struct bw_err *reterr)
{
    if (r->answered[0] && !bw_statement_id_valid(r->answered)) {
        return bw_err_set(reterr, code, "answered is no SHA-256 in base64url");
    }
    return r->to_unix_s > r->from_unix_s
               ? 0
               : bw_err_set(reterr, code, "the period must end after it begins");
}

int bw_reply_encode(const struct bw_reply *r, struct bw_buf *out, struct bw_err *reterr)
{
    int e = check(r, -EINVAL, reterr);
    return e < 0 ? e : bw_fields_encode(bw_reply_fields, bw_reply_n_fields, r, out, reterr);
}

int bw_reply_decode(const char *text, size_t n, struct bw_reply *ret, struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    int e = bw_fields_decode(bw_reply_fields, bw_reply_n_fields, text, n, ret, reterr);
    return e < 0 ? e : check(ret, -BW_EMALFORMED, reterr);
}

static const char *name_of(const char *const *words, int64_t last, int64_t i)
{
    return i > 0 && i <= last ? words[i] : NULL;
}

static int find(const char *const *words, const char *word, int64_t *ret)
{
    for (int i = 1; words[i]; i++) {
        if (strcmp(words[i], word) == 0) {
            *ret = i;
            return 0;
        }
    }
    return -EINVAL;
}

const char *bw_reply_to_name(int64_t to)
{
    return name_of(tos, BW_REPLY_TO_LETTER, to);
}

int bw_reply_to_parse(const char *word, int64_t *ret)
{
    return find(tos, word, ret);
}

const char *bw_reply_from_name(int64_t from)
{
    return name_of(froms, BW_REPLY_FROM_LINK, from);
}

int bw_reply_from_parse(const char *word, int64_t *ret)
{
    return find(froms, word, ret);
}

/* ---- words ---------------------------------------------------------------------- */

int bw_reply_words(
    const char *text, size_t n, char *out, size_t cap, bool lines, struct bw_err *reterr)
{
    size_t used = 0;
    size_t n_lines = 1;

    while (n > 0 && strchr(" \t\r\n", text[n - 1]) && text[n - 1] != '\0') {
        n--;
    }
    while (n > 0 && strchr(" \t\r\n", *text) && *text != '\0') {
        text++;
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '\r') { /* CR LF, as forms send it, or CR alone */
            i += i + 1 < n && text[i + 1] == '\n';
            c = '\n';
        }
        n_lines += c == '\n';
        if (used + 1 >= cap) {
            return bw_err_set(reterr, -E2BIG, "longer than %zu bytes", cap - 1);
        }
        out[used++] = c;
    }
    out[used] = '\0';
    if (used == 0) {
        return bw_err_set(reterr, -ENODATA, "it is empty");
    }
    if (n_lines > BW_REPLY_LINES_MAX) { /* each is a line of pages that others pay for */
        return bw_err_set(reterr, -E2BIG, "more than %d lines", BW_REPLY_LINES_MAX);
    }
    if (!bw_utf8_readable(out, used, lines)) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "it has characters that do not belong into a text (it must be "
                          "UTF-8)");
    }
    return 0;
}

/* ---- those on file -------------------------------------------------------------- */

struct reading {
    struct bw_said_list list;
    int64_t from_unix_s;
    int64_t to_unix_s;
};

static int take(void *owner, const struct bw_said *said)
{
    struct reading *r = owner;
    const struct bw_statement *s = said->statement;
    struct bw_reply_said a;
    memset(&a, 0, sizeof(a));
    if (!s->body || bw_reply_decode(s->body, s->n_body, &a.reply, NULL) < 0) {
        r->list.unread++;
        return 0;
    }
    if (a.reply.to_unix_s <= r->from_unix_s || a.reply.from_unix_s >= r->to_unix_s) {
        return 0;
    }
    memcpy(a.id, said->id, sizeof(a.id));
    memcpy(a.sha256, s->sha256, sizeof(a.sha256));
    (void)snprintf(a.by, sizeof(a.by), "%s", s->by);
    (void)snprintf(a.file, sizeof(a.file), "%s", s->file);
    a.said_unix_s = s->said_unix_s;
    return bw_said_list_add(&r->list, &a);
}

int bw_replies_read(struct bw_catalogue *c,
                    const char *site,
                    const char *circuit,
                    int64_t from_unix_s,
                    int64_t to_unix_s,
                    struct bw_reply_said **ret,
                    size_t *ret_n,
                    int64_t *ret_unread,
                    struct bw_err *reterr)
{
    struct reading reading = {
        .list = {.size = sizeof(struct bw_reply_said), .max = BW_REPLIES_MAX},
        .from_unix_s = from_unix_s,
        .to_unix_s = to_unix_s};
    char what[sizeof("replies about .") + BW_SITE_MAX + BW_NAME_MAX];
    char about[BW_SITE_MAX + BW_NAME_MAX + 16];
    (void)snprintf(about, sizeof(about), "circuit:%s.%s", site, circuit);
    (void)snprintf(what, sizeof(what), "replies about %s.%s", site, circuit);
    int r = bw_said_list_read(c, &(struct bw_said_query){.kind = "reply", .about = about},
                              take, &reading, &reading.list, what, reterr);
    if (r < 0) {
        return r;
    }
    *ret = reading.list.rows;
    *ret_n = reading.list.n;
    *ret_unread = reading.list.unread;
    return 0;
}
