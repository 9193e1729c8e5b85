/* SPDX-License-Identifier: GPL-3.0-or-later
 * share_page.c - the page behind a link: one pack, what it is, and room for a comment. It
 * leads nowhere else, and needs no script. */
#include "share_page.h"

#include <buf.h>
#include <bw/units.h>
#include <clock.h>
#include <hash.h>
#include <hasher.h>
#include <string.h>
#include <text.h>

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1b1f24;background:#fff}"
    "main{max-width:72rem;margin:0 auto;padding:1rem}"
    "h1{font-size:1.5rem}code{overflow-wrap:anywhere}"
    "iframe{width:100%;height:75vh;border:1px solid #59636e}"
    ".said{white-space:pre-wrap;overflow-wrap:anywhere;border-left:4px solid #59636e;"
    "padding-left:.8rem}"
    ".bad{border:2px solid #b3261e;padding:.5rem .8rem}"
    "label{display:block;font-weight:600}textarea,input{font:inherit;width:100%;"
    "max-width:50rem;box-sizing:border-box}button{font:inherit;padding:.4rem 1rem}"
    ":root{color-scheme:light dark}h1{overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}"
    "a{color:#79b8ff}.said{border-color:#9fabb8}.bad{border-color:#ff9e8a}}";

static void begin(struct bw_buf *b, const char *title)
{
    bw_buf_puts(b,
                "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                "<meta name=\"robots\" content=\"noindex, nofollow\">"
                "<meta name=\"referrer\" content=\"no-referrer\"><title>");
    bw_text_html(b, title);
    bw_buf_puts(b, "</title><style>");
    bw_buf_puts(b, style);
    bw_buf_puts(b, "</style></head><body><main>");
}

static void put_time(struct bw_buf *b, int64_t unix_s)
{
    char text[32];

    bw_time_format_s(unix_s, text);
    bw_buf_printf(b, "<time datetime=\"%s\">%.10s %.5s UTC</time>", text, text, text + 11);
}

/* As sha256sum prints it, for whoever compares. */
static const char *as_printed(const char *sha256, char ret[BW_SHA256_HEX + 1])
{
    uint8_t hash[32];

    if (bw_b64_decode(sha256, strlen(sha256), hash, sizeof(hash)) != (long)sizeof(hash)) {
        return sha256;
    }
    bw_sha256_hex(hash, ret);
    return ret;
}

static void put_forms(struct bw_buf *b, const struct bw_share_page *p)
{
    char printed[BW_SHA256_HEX + 1];
    static const char *const words[BW_SHARE_FORMS] = {"Page (HTML, the version of record)",
                                                      "PDF", "CSV", "JSON"};

    bw_buf_puts(b, "<ul>");
    for (size_t i = 0; i < BW_SHARE_FORMS; i++) {
        bw_buf_puts(b, "<li><a href=\"/s/");
        bw_text_url(b, p->token);
        bw_buf_printf(b, "/pack.%s\">%s</a>, SHA-256 <code>%s</code></li>",
                      bw_share_forms[i], words[i],
                      as_printed(p->share->sha256[i], printed));
    }
    bw_buf_puts(b, "</ul>");
}

static void put_comments(struct bw_buf *b, const struct bw_share_page *p)
{
    bw_buf_puts(b, "<h2 id=\"comments\">Comments</h2>");
    if (p->n_replies == 0) {
        bw_buf_puts(b, "<p>None yet.</p>");
    }
    for (size_t i = 0; i < p->n_replies; i++) {
        const struct bw_reply_said *r = &p->replies[i];
        bw_buf_puts(b, "<article><p>Said by whoever had this link, ");
        put_time(b, r->said_unix_s);
        if (r->reply.name[0]) {
            bw_buf_puts(b, ", signed \xe2\x80\x9c");
            bw_text_html(b, r->reply.name);
            bw_buf_puts(b, "\xe2\x80\x9d");
        }
        bw_buf_puts(b, ":</p><p class=\"said\">");
        bw_text_html(b, r->reply.text);
        bw_buf_puts(b, "</p></article>");
    }
}

static void put_form(struct bw_buf *b, const struct bw_share_page *p)
{
    bw_buf_puts(b, "<h2>Your comment</h2>");
    if (p->trouble) {
        bw_buf_puts(b, "<p class=\"bad\" role=\"alert\"><strong>Your comment was not kept: "
                       "</strong>");
        bw_text_html(b, p->trouble);
        bw_buf_puts(b, "</p>");
    }
    bw_buf_puts(b, "<form method=\"post\" accept-charset=\"utf-8\" action=\"/s/");
    bw_text_url(b, p->token);
    bw_buf_puts(
        b, "/comment\"><p>What you write is kept with this evidence as you wrote it, in "
           "later packs of this period too, marked as said by whoever had this link. It "
           "cannot be changed afterwards. At most 6,000 bytes.</p>"
           "<p><label for=\"text\">What do you know of this, and what is wrong in it?"
           "</label><textarea id=\"text\" name=\"text\" rows=\"10\" required "
           "maxlength=\"6000\">\n");
    bw_text_html(b, p->text ? p->text : "");
    bw_buf_puts(b, "</textarea></p><p><label for=\"name\">Name or office (you need not say "
                   "it)</label><input id=\"name\" name=\"name\" maxlength=\"120\" "
                   "autocomplete=\"off\" value=\"");
    bw_text_html(b, p->name ? p->name : "");
    bw_buf_puts(b, "\"></p><input type=\"hidden\" name=\"key\" value=\"");
    bw_text_html(b, p->key);
    bw_buf_puts(b, "\"><p><button>Keep this comment</button></p></form>");
}

void bw_share_page(struct bw_buf *b, const struct bw_share_page *p)
{
    const struct bw_share *s = p->share;
    const char *pack = bw_share_pack_name(s->pack);
    const char *words = bw_share_pack_words(s->pack);

    begin(b, s->circuit);
    bw_buf_puts(b, "<h1>Circuit ");
    bw_text_html(b, s->circuit);
    bw_buf_printf(b, ": %s</h1><p>Bandwidth evidence, pack %s. ", words ? words : "",
                  pack ? pack : "");
    bw_text_html(b, p->title);
    bw_buf_puts(b, " shows this one pack to whoever has this link, until ");
    put_time(b, s->expires_unix_s);
    bw_buf_puts(b, ". The pack was made ");
    put_time(b, s->made_unix_s);
    bw_buf_printf(b, " from a ledger of %lld signed records", (long long)s->records);
    if (s->leaves != BW_UNKNOWN) {
        bw_buf_printf(b, " (%lld leaves of its transparency log)", (long long)s->leaves);
    }
    bw_buf_puts(b,
                " and is frozen: records, corrections and replies that came later are not "
                "in it. Its period: ");
    put_time(b, s->from_unix_s);
    bw_buf_puts(b, " until ");
    put_time(b, s->to_unix_s);
    bw_buf_puts(b, ".</p>");
    put_forms(b, p);
    bw_buf_puts(b, "<iframe title=\"The pack\" sandbox=\"\" src=\"/s/");
    bw_text_url(b, p->token);
    bw_buf_puts(b, "/pack.html\"></iframe>");
    put_comments(b, p);
    put_form(b, p);
    bw_buf_puts(b, "</main></body></html>\n");
}

void bw_share_page_none(struct bw_buf *b)
{
    begin(b, "Nothing here");
    bw_buf_puts(b,
                "<h1>There is nothing here</h1><p>The link may be mistyped, have expired, "
                "or have been taken back. Whoever gave it to you can make a new one."
                "</p></main></body></html>\n");
}
