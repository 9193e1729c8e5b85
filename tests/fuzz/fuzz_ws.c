/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_ws.c - bytes from the wire through the WebSocket codec. The first byte chooses: a
 * head (answer or request), or a stream of frames read by either end. A stream must say
 * the same however it is cut, and a header that is read must be written again as it was. */
#include "ws.h"
#include "ws_head.h"

#include <bw/err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int so)
{
    if (!so) {
        abort();
    }
}

/* What was said, as a sum: FNV-1a over messages' bytes and marks. */
struct said {
    uint64_t sum;
    int error;
    int code;
};

static void add(struct said *s, uint8_t c)
{
    s->sum = (s->sum ^ c) * 1099511628211ULL;
}

static void
listen(const uint8_t *data, size_t size, size_t step, unsigned how, struct said *ret)
{
    static const struct bw_ws_limits limits = {.binary_max = 1 << 24, .text_max = 512};
    struct bw_ws_reader r;
    *ret = (struct said){.sum = 14695981039346656037ULL};
    bw_ws_reader_init(&r, how & 1 ? BW_WS_SERVER : BW_WS_CLIENT, &limits);
    r.unmask_binary = (how & 2) != 0;
    for (size_t at = 0; at < size && ret->error == 0; at += step) {
        size_t n = size - at < step ? size - at : step;
        uint8_t *part = malloc(n);
        size_t done = 0;
        must(part != NULL);
        (void)memcpy(part, data + at, n);
        for (;;) {
            struct bw_ws_event e;
            size_t used = 0;
            ret->error = bw_ws_next(&r, part + done, n - done, &used, &e, NULL);
            ret->code = r.close_code;
            if (ret->error < 0) {
                must(ret->code == BW_WS_PROTOCOL || ret->code == BW_WS_TOO_BIG);
                break;
            }
            done += used;
            must(done <= n);
            if (e.what == BW_WS_MORE) {
                must(done == n);
                break;
            }
            must(e.what != BW_WS_CONTROL || (e.n <= BW_WS_CONTROL_MAX && e.last));
            if (e.first) {
                add(ret, (uint8_t)e.opcode);
            }
            for (size_t i = 0; i < e.n; i++) {
                add(ret, e.data[i]);
            }
            if (e.last) {
                add(ret, '|');
            }
            if (e.opcode == BW_WS_CLOSE) {
                const char *reason;
                size_t reason_n;
                int code;
                if (bw_ws_close_read(e.data, e.n, &code, &reason, &reason_n) == 0) {
                    must(reason_n <= e.n);
                }
            }
        }
        free(part);
    }
}

/* Bytes of binary messages and messages' ends: the same whether seen or skipped. */
static void
count(const uint8_t *data, size_t size, bool skip, uint64_t ret[2], int *ret_error)
{
    static const struct bw_ws_limits limits = {.binary_max = 1 << 24, .text_max = 512};
    struct bw_ws_reader r;
    uint8_t *copy = malloc(size ? size : 1);
    size_t at = 0;
    must(copy != NULL);
    (void)memcpy(copy, data, size);
    bw_ws_reader_init(&r, BW_WS_CLIENT, &limits);
    ret[0] = ret[1] = 0;
    for (;;) {
        struct bw_ws_event e;
        uint64_t left = skip ? bw_ws_skippable(&r) : 0;
        size_t used = 0;
        if (left > 0) {
            left = left < size - at ? left : size - at;
            bw_ws_skipped(&r, left);
            ret[0] += left;
            at += (size_t)left;
        }
        /* a byte at a time where payload may be skipped behind it */
        *ret_error =
            bw_ws_next(&r, copy + at, skip && at < size ? 1 : size - at, &used, &e, NULL);
        at += used;
        if (*ret_error < 0 || (e.what == BW_WS_MORE && at == size)) {
            break;
        }
        if (e.what == BW_WS_PIECE && e.opcode == BW_WS_BINARY) {
            ret[0] += e.n;
        }
        ret[1] += e.what != BW_WS_MORE && e.last;
    }
    free(copy);
}

static void one_header(const uint8_t *data, size_t size)
{
    struct bw_ws_frame f;
    uint8_t again[BW_WS_HEADER_MAX];
    int n = bw_ws_frame_read(data, size, &f, NULL);
    if (n > 0) {
        must((size_t)n <= size && n <= BW_WS_HEADER_MAX);
        must(bw_ws_frame_write(&f, again) == (size_t)n);
        must(memcmp(again, data, (size_t)n) == 0);
    }
}

static void one_head(const char *text, size_t n, int request)
{
    struct bw_ws_head h;
    char accept[BW_WS_ACCEPT_LEN + 1];
    int status = 0;
    int used = request ? bw_ws_request_read(text, n, &h, NULL)
                       : bw_ws_answer_read(text, n, &h, NULL);
    must(used <= 0 || ((size_t)used <= n && used <= BW_WS_HEAD_MAX));
    if (used <= 0) {
        return;
    }
    for (size_t i = 0; i < h.n_fields; i++) {
        must(h.fields[i].name.n > 0 && h.fields[i].name.at > text);
        must(h.fields[i].value.at + h.fields[i].value.n <= text + used);
    }
    if (request) {
        int r = bw_ws_request_check(&h, "chat", accept, &status, NULL);
        must(r == 0 || (r == -BW_EREFUSED && status >= 400 && status < 500));
    } else {
        (void)bw_ws_answer_check(&h, "dGhlIHNhbXBsZSBub25jZQ==", "chat", NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct said whole;
    struct said parts;
    uint64_t seen[2];
    uint64_t skipped[2];
    int error;
    int skip_error;
    unsigned how;
    if (size < 1) {
        return 0;
    }
    how = data[0];
    data++;
    size--;
    if (how & 0x80) {
        char *text = malloc(size ? size : 1);
        must(text != NULL);
        (void)memcpy(text, data, size);
        one_head(text, size, how & 1);
        free(text);
        return 0;
    }
    one_header(data, size);
    listen(data, size, size ? size : 1, how, &whole);
    listen(data, size, 1 + (how >> 2) % 16, how, &parts);
    must(whole.error == parts.error && whole.code == parts.code);
    must(whole.error < 0 || whole.sum == parts.sum);
    count(data, size, false, seen, &error);
    count(data, size, true, skipped, &skip_error);
    must(error == skip_error && (error < 0 || memcmp(seen, skipped, sizeof(seen)) == 0));
    return 0;
}
