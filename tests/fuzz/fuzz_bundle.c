/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_bundle.c - what a bag says was asked, and when records came: any bytes are read
 * without harm, and what is read comes out as it went in. */
#include "../../evidence/bundle/bundle_private.h"

#include <buf.h>
#include <bw/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void quiet(void *owner, const char *member, const char *text)
{
    size_t *n = owner;
    *n += strlen(member) + strlen(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_bundle_query *q = calloc(1, sizeof(*q));
    struct bw_josefile_taken *list = NULL;
    struct bw_err err = {""};
    char *text = malloc(size + 1); /* of its own, so that a step beyond it shows */
    size_t n = 0;
    struct bw_bundle_compared c = {.fault = quiet, .aside = quiet, .owner = &n};
    if (!q || !text) {
        abort();
    }
    memcpy(text, data, size);
    (void)bw_bundle_query_read(text, size, q, &err);
    if (bw_bundle_taken_read(text, size, 1000, &list, &n, &err) == 0) {
        struct bw_buf again;
        bw_buf_init(&again, size + 100);
        bw_bundle_taken_head(&again);
        for (size_t i = 0; i < n; i++) {
            bw_bundle_taken_add(&again, &list[i]);
        }
        if (again.len != size || memcmp(again.data, text, size) != 0) {
            abort();
        }
        bw_buf_done(&again);
        free(list);
    }
    n = 0;
    (void)bw_bundle_differences("m", text, size / 2, text + size / 2, size - size / 2,
                                quiet, &n);
    bw_bundle_figure_differences("m", text, size / 2, text + size / 2, size - size / 2, &c);
    bw_bundle_interval_differences("m", text, size / 2, text + size / 2, size - size / 2,
                                   &c);
    bw_bundle_json_differences("m", text, size / 2, text + size / 2, size - size / 2, &c);
    free(text);
    free(q);
    return 0;
}
