/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_conf.c - any bytes as a configuration: no file is opened, what is accepted is
 * printed in its one form and reads back to itself. */
#include "buf.h"
#include "conf.h"

#include <bw/err.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {"router", "bridge", NULL};
static const struct bw_optspec options[] = {
    {.name = "i", .type = BW_OPT_INT, .min = -10, .max = 1000, .def = "1"},
    {.name = "d", .type = BW_OPT_DURATION, .def = ""},
    {.name = "r", .type = BW_OPT_RATE, .def = ""},
    {.name = "s", .type = BW_OPT_SIZE, .def = ""},
    {.name = "b", .type = BW_OPT_BOOL, .def = "no"},
    {.name = "e", .type = BW_OPT_ENUM, .words = words, .def = "router"},
    {.name = "set", .type = BW_OPT_SET, .words = words, .def = ""},
    {.name = "t", .type = BW_OPT_STRING, .def = ""},
    {.type = BW_OPT_END},
};
static const struct bw_conf_section subs[] = {
    {.keyword = "p", .flags = BW_CONF_TITLED, .opts = options, .subs = bw_conf_targets},
    {.keyword = "c", .opts = options},
    {.keyword = NULL},
};
static const struct bw_conf_section schema = {.keyword = "", .opts = options, .subs = subs};

static struct bw_conf *print(const char *text, size_t n, struct bw_buf *out)
{
    struct bw_conf *c = NULL;
    struct bw_err err = {""};

    if (bw_conf_parse(text, n, "f", &schema, &c, &err) != 0) {
        if (!err.text[0]) {
            abort(); /* a refusal without a sentence */
        }
        return NULL;
    }
    if (bw_conf_print(c, out) != 0) {
        abort();
    }
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_buf one;
    struct bw_buf two;
    struct bw_conf *c;
    struct bw_conf *again;

    bw_buf_init(&one, 16 * 1024 * 1024);
    bw_buf_init(&two, 16 * 1024 * 1024);
    c = print((const char *)data, size, &one);
    if (c) {
        again = print(one.data, one.len, &two);
        if (!again || one.len != two.len || memcmp(one.data, two.data, one.len) != 0) {
            abort();
        }
        bw_conf_free(again);
    }
    bw_conf_free(c);
    bw_buf_done(&one);
    bw_buf_done(&two);
    return 0;
}
