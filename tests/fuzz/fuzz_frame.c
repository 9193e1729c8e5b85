/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_frame.c - frames of an error queue; a payload lies within its frame, at its end. The
 * first byte chooses the family, the next two are the port. */
#include "frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *payload;
    size_t n = 1;
    if (size < 3) {
        return 0;
    }
    payload = bw_frame_udp(data + 3, size - 3, data[0] & 1 ? 6 : 4,
                           (uint16_t)(data[1] << 8 | data[2]), &n);
    if (payload ? payload < data + 3 || payload + n != data + size : n != 0) {
        abort();
    }
    return 0;
}
