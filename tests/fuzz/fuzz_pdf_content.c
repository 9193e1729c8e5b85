/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_pdf_content.c - marks of artifacts in any bytes: nothing is read beyond the end, and
 * what has no mark comes out as it went in. */
#include "content.h"

#include <buf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1); /* so that a byte too far is seen */
    struct bw_buf out;

    if (!copy) {
        return 0;
    }
    memcpy(copy, data, size);
    copy = realloc(copy, size ? size : 1);
    bw_buf_init(&out, 1 << 20);
    if (copy && bw_pdf_artifacts(copy, size, &out) == 0 && size > 0 &&
        !memchr(copy, 'P', size) &&
        (out.len != size || memcmp(out.data, copy, size) != 0)) {
        abort();
    }
    bw_buf_done(&out);
    free(copy);
    return 0;
}
