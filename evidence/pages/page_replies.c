/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_replies.c - what people answered to reports and letters about the period: only where
 * somebody did.
 *
 * Invariant: their words stand as they were written, and it is said who kept them. */
#include "pages_private.h"

#include <string.h>
#include <words.h>

/* Who says so, in a sentence. A link shows one pack to whoever has it. */
static void who(struct bw_doc *d, const struct bw_report *r, const struct bw_reply_said *a)
{
    char text[BW_WORDS_MAX];

    bw_doc_para(d, BW_PARA_PLAIN);
    if (a->reply.from == BW_REPLY_FROM_LINK) {
        bw_doc_span(d, BW_SPAN_STRONG, "By whoever had a link to this circuit's pack");
        bw_doc_printf(d, BW_SPAN_PLAIN, " (%s); who that was is not known here", a->by);
    } else if (a->reply.from == BW_REPLY_FROM_OTHER) {
        bw_doc_span(d, BW_SPAN_STRONG, "By somebody else");
        bw_doc_printf(d, BW_SPAN_PLAIN, ", as %s says, who kept it", a->by);
    } else {
        bw_doc_printf(d, BW_SPAN_STRONG, "By the %s", bw_reply_from_name(a->reply.from));
        bw_doc_printf(d, BW_SPAN_PLAIN, ", as %s says, who kept it", a->by);
    }
    if (a->reply.name[0]) {
        bw_doc_printf(d, BW_SPAN_PLAIN, "; signed \u201c%s\u201d", a->reply.name);
    }
    bw_doc_printf(d, BW_SPAN_PLAIN, ". To the %s for ", bw_reply_to_name(a->reply.to));
    bw_words_local(r->tz, a->reply.from_unix_s, 0, text);
    bw_doc_printf(d, BW_SPAN_PLAIN, "%s until ", text);
    bw_words_local(r->tz, a->reply.to_unix_s, 0, text);
    bw_doc_printf(d, BW_SPAN_PLAIN, "%s; kept ", text);
    bw_words_local(r->tz, a->said_unix_s, 1, text);
    bw_doc_printf(d, BW_SPAN_PLAIN, "%s", text);
    if (a->file[0]) {
        bw_doc_printf(d, BW_SPAN_PLAIN, ", from the file %s (SHA-256 %s)", a->file,
                      a->sha256);
    }
    bw_doc_text(d, ".");
}

/* A line of theirs is a line here. */
static void words(struct bw_doc *d, const char *text)
{
    char line[BW_REPLY_TEXT_MAX + 1];

    bw_doc_list(d, false);
    while (*text) {
        size_t n = strcspn(text, "\n");
        if (n > 0) {
            memcpy(line, text, n);
            line[n] = '\0';
            bw_doc_item(d);
            bw_doc_text(d, line);
        }
        text += n + (text[n] == '\n');
    }
}

void bw_sheet_replies(struct bw_doc *d, const struct bw_report *r)
{
    if (r->replies.n == 0 && r->replies.n_unread == 0) {
        return;
    }
    bw_doc_section(d, "replies", "Replies that were kept");
    bw_sheet_para(d,
                  "What others answered to reports and letters about this time, in their "
                  "own words. It was said, not measured; nothing measured is changed by "
                  "it.");
    for (size_t i = 0; i < r->replies.n; i++) {
        who(d, r, &r->replies.list[i]);
        words(d, r->replies.list[i].reply.text);
    }
    if (r->replies.n_unread > 0) {
        bw_doc_para(d, BW_PARA_NONE);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "%lld more were kept in a form that only a newer program reads.",
                      (long long)r->replies.n_unread);
    }
    bw_doc_end(d);
}
