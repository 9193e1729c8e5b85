/* SPDX-License-Identifier: GPL-3.0-or-later
 * checkpoint.c - the lines of a checkpoint and of what witnesses are sent, strictly. */
#include "checkpoint.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <inttypes.h>
#include <jws.h>
#include <string.h>

/* The next line without its newline; false: there is none. */
static bool
next_line(const char **at, const char *end, const char **ret_line, size_t *ret_n)
{
    const char *stop = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    if (!stop) {
        return false;
    }
    *ret_line = *at;
    *ret_n = (size_t)(stop - *at);
    *at = stop + 1;
    return true;
}

static int read_size(const char *text, size_t n, int64_t *ret)
{
    int64_t v = 0;
    if (n == 0 || n > 19 || (n > 1 && text[0] == '0')) {
        return -EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        int digit = text[i] - '0';
        if (digit < 0 || digit > 9 || v > (BW_TREE_MAX - digit) / 10) {
            return -EINVAL;
        }
        v = v * 10 + digit;
    }
    *ret = v;
    return 0;
}

static int malformed(struct bw_err *reterr, const char *what)
{
    return bw_err_set(reterr, -BW_EMALFORMED, "not a checkpoint: %s", what);
}

void bw_checkpoint_write(const struct bw_checkpoint *c, struct bw_buf *out)
{
    bw_buf_printf(out, "%s\n%" PRId64 "\n", c->origin, c->size);
    bw_base64_append(out, c->root, 32);
    bw_buf_putc(out, '\n');
}

int bw_checkpoint_read(const char *text,
                       size_t n,
                       struct bw_checkpoint *ret,
                       struct bw_err *reterr)
{
    struct bw_checkpoint c = {.size = 0};
    const char *at = text;
    const char *end = text + n;
    const char *line = NULL;
    size_t len = 0;
    if (!next_line(&at, end, &line, &len) || len == 0 || len > BW_NOTE_NAME_MAX) {
        return malformed(reterr, "its first line names no log");
    }
    memcpy(c.origin, line, len);
    if (!bw_note_name_ok(c.origin) || strlen(c.origin) != len) { /* no NUL within */
        return malformed(reterr, "its first line names no log");
    }
    if (!next_line(&at, end, &line, &len) || read_size(line, len, &c.size) < 0) {
        return malformed(reterr, "its second line is no size");
    }
    if (!next_line(&at, end, &line, &len) || len != 44 ||
        bw_base64_decode(line, len, c.root, sizeof(c.root)) != (long)sizeof(c.root)) {
        return malformed(reterr, "its third line is no hash");
    }
    while (at < end) {
        if (!next_line(&at, end, &line, &len) || len == 0) {
            return malformed(reterr, "an empty line, or one without an end");
        }
    }
    *ret = c;
    return 0;
}

int bw_checkpoint_open(const char *note,
                       size_t n,
                       const struct bw_note_key *k,
                       struct bw_checkpoint *ret,
                       struct bw_err *reterr)
{
    struct bw_note parts;
    struct bw_checkpoint c;
    int r = bw_note_parse(note, n, &parts, reterr);
    if (r == 0) {
        r = bw_checkpoint_read(parts.text, parts.text_len, &c, reterr);
    }
    if (r < 0) {
        return r;
    }
    if (strcmp(c.origin, k->name) != 0) {
        return bw_err_set(reterr, -BW_ESIGNATURE, "the checkpoint is of log %s, not of %s",
                          c.origin, k->name);
    }
    if (bw_note_verify(&parts, k, NULL, NULL) < 0) {
        return bw_err_set(reterr, -BW_ESIGNATURE,
                          "the checkpoint is not signed by the key of %s", k->name);
    }
    *ret = c;
    return 0;
}

int bw_checkpoint_sign(const struct bw_checkpoint *c,
                       const struct bw_key *key,
                       struct bw_buf *out,
                       struct bw_err *reterr)
{
    struct bw_buf text;
    bw_buf_init(&text, 1024);
    bw_checkpoint_write(c, &text);
    int r = bw_buf_error(&text);
    if (r == 0) {
        bw_buf_add(out, text.data, text.len);
        bw_buf_putc(out, '\n');
        r = bw_note_sign(text.data, text.len, c->origin, BW_NOTE_PLAIN, 0, key, out,
                         reterr);
    }
    bw_buf_done(&text);
    return r;
}

void bw_add_checkpoint_write(const struct bw_add_checkpoint *a, struct bw_buf *out)
{
    bw_buf_printf(out, "old %" PRId64 "\n", a->old_size);
    for (size_t i = 0; i < a->proof.n; i++) {
        bw_base64_append(out, a->proof.hash[i], 32);
        bw_buf_putc(out, '\n');
    }
    bw_buf_putc(out, '\n');
    bw_buf_add(out, a->note, a->note_len);
}

int bw_add_checkpoint_read(const char *body,
                           size_t n,
                           struct bw_add_checkpoint *ret,
                           struct bw_err *reterr)
{
    struct bw_add_checkpoint a = {.old_size = 0};
    const char *at = body;
    const char *end = body + n;
    const char *line = NULL;
    size_t len = 0;
    if (!next_line(&at, end, &line, &len) || len < 5 || memcmp(line, "old ", 4) != 0 ||
        read_size(line + 4, len - 4, &a.old_size) < 0) {
        return bw_err_set(reterr, -BW_EMALFORMED, "line 1 is not \"old SIZE\"");
    }
    for (;;) {
        if (!next_line(&at, end, &line, &len)) {
            return bw_err_set(reterr, -BW_EMALFORMED, "no empty line after the proof");
        }
        if (len == 0) {
            break;
        }
        if (a.proof.n == BW_PROOF_MAX || len != 44 ||
            bw_base64_decode(line, len, a.proof.hash[a.proof.n], 32) != 32) {
            return bw_err_set(reterr, -BW_EMALFORMED, "line %zu is no hash of a proof",
                              a.proof.n + 2);
        }
        a.proof.n++;
    }
    a.note = at;
    a.note_len = (size_t)(end - at);
    *ret = a;
    return 0;
}
