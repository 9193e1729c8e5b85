/* SPDX-License-Identifier: GPL-3.0-or-later
 * json_write.c - JSON into a bw_buf.
 *
 * Invariant: what comes out is valid JSON in valid UTF-8 whatever the bytes that went
 * in; a call order that could not be JSON is our bug and asserts. */
#include "buf.h"
#include "json.h"
#include "utf8.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void bw_json_quote(struct bw_buf *out, const char *text, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    const char *end = text + n;
    const char *plain = text; /* start of the bytes that go out as they are */

    bw_buf_putc(out, '"');
    while (text < end) {
        unsigned char c = (unsigned char)*text;
        char code[6] = {'\\', 'u', '0', '0', '0', '0'};
        const char *short_of;
        size_t len;
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            text++;
            continue;
        }
        len = c < 0x80 ? 1 : bw_utf8_char(text, (size_t)(end - text));
        if (len > 1) {
            text += len;
            continue;
        }
        bw_buf_add(out, plain, (size_t)(text - plain));
        short_of = c ? strchr("\"\"\\\\\nn\tt\rr\bb\ff", c) : NULL;
        if (len == 0) {
            bw_buf_puts(out, "\xef\xbf\xbd");
        } else if (short_of && (c < 0x20 || c == '"' || c == '\\')) {
            code[1] = short_of[1];
            bw_buf_add(out, code, 2);
        } else {
            code[4] = hex[c >> 4];
            code[5] = hex[c & 15];
            bw_buf_add(out, code, sizeof(code));
        }
        plain = ++text;
    }
    bw_buf_add(out, plain, (size_t)(text - plain));
    bw_buf_putc(out, '"');
}

void bw_jw_init(struct bw_jw *w, struct bw_buf *out)
{
    *w = (struct bw_jw){.out = out};
}

/* The comma before a value or key where one belongs. */
static void separate(struct bw_jw *w)
{
    uint32_t bit = (uint32_t)1 << w->depth;

    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->comma & bit) {
        bw_buf_putc(w->out, ',');
    }
    w->comma |= bit;
}

static void open_level(struct bw_jw *w, char brace)
{
    separate(w);
    assert(w->depth + 1 < BW_JW_DEPTH_MAX);
    w->depth++;
    w->comma &= ~((uint32_t)1 << w->depth);
    bw_buf_putc(w->out, brace);
}

static void close_level(struct bw_jw *w, char brace)
{
    assert(w->depth > 0 && !w->after_key);
    w->depth--;
    bw_buf_putc(w->out, brace);
}

void bw_jw_obj(struct bw_jw *w)
{
    open_level(w, '{');
}

void bw_jw_obj_end(struct bw_jw *w)
{
    close_level(w, '}');
}

void bw_jw_arr(struct bw_jw *w)
{
    open_level(w, '[');
}

void bw_jw_arr_end(struct bw_jw *w)
{
    close_level(w, ']');
}

void bw_jw_key(struct bw_jw *w, const char *name)
{
    assert(w->depth > 0 && !w->after_key);
    separate(w);
    bw_json_quote(w->out, name, strlen(name));
    bw_buf_putc(w->out, ':');
    w->after_key = true;
}

void bw_jw_raw(struct bw_jw *w, const char *json, size_t n)
{
    separate(w);
    bw_buf_add(w->out, json, n);
}

void bw_jw_null(struct bw_jw *w)
{
    bw_jw_raw(w, "null", 4);
}

void bw_jw_bool(struct bw_jw *w, bool v)
{
    bw_jw_raw(w, v ? "true" : "false", v ? 4 : 5);
}

void bw_jw_strn(struct bw_jw *w, const char *text, size_t n)
{
    separate(w);
    bw_json_quote(w->out, text, n);
}

void bw_jw_str(struct bw_jw *w, const char *text)
{
    if (text) {
        bw_jw_strn(w, text, strlen(text));
    } else {
        bw_jw_null(w);
    }
}

void bw_jw_i64(struct bw_jw *w, int64_t v)
{
    if (v == BW_UNKNOWN) {
        bw_jw_null(w);
        return;
    }
    separate(w);
    bw_buf_i64(w->out, v);
}

void bw_jw_kstr(struct bw_jw *w, const char *name, const char *text)
{
    if (text) {
        bw_jw_key(w, name);
        bw_jw_str(w, text);
    }
}

void bw_jw_ki64(struct bw_jw *w, const char *name, int64_t v)
{
    if (v != BW_UNKNOWN) {
        bw_jw_key(w, name);
        bw_jw_i64(w, v);
    }
}

void bw_jw_kbool(struct bw_jw *w, const char *name, bool v)
{
    bw_jw_key(w, name);
    bw_jw_bool(w, v);
}

void bw_jw_kobj(struct bw_jw *w, const char *name)
{
    bw_jw_key(w, name);
    bw_jw_obj(w);
}

void bw_jw_karr(struct bw_jw *w, const char *name)
{
    bw_jw_key(w, name);
    bw_jw_arr(w);
}
