/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_udpst.c - datagrams through the codec of the UDP Speed Test Protocol: what is read
 * of any of its PDUs is written and read again as the same. */
#include "udpst.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int so)
{
    if (!so) {
        abort();
    }
}

static void rows(const struct bw_udpst_row *r)
{
    const char *why = NULL;
    if (bw_udpst_row_check(r, 8972, &why) == 0) {
        must(!why && bw_udpst_row_bps(r, 48) >= 0);
    } else {
        must(why != NULL);
    }
}

static void control(const uint8_t *data, size_t size)
{
    static const struct bw_udpst_auth none;
    uint8_t buf[BW_UDPST_CONTROL_MAX];
    struct bw_udpst_setup setup[2];
    struct bw_udpst_null null[2];
    struct bw_udpst_activate act[2];
    size_t n;
    memset(setup, 0, sizeof(setup));
    memset(null, 0, sizeof(null));
    memset(act, 0, sizeof(act));
    if (bw_udpst_setup_read(data, size, &setup[0]) == 0) {
        n = bw_udpst_setup_write(buf, sizeof(buf), &setup[0], NULL);
        must(n == size && bw_udpst_setup_read(buf, n, &setup[1]) == 0);
        setup[0].auth = none;
        must(memcmp(&setup[0], &setup[1], sizeof(setup[0])) == 0);
        (void)bw_udpst_setup_refusal(setup[0].response);
    }
    if (bw_udpst_null_read(data, size, &null[0]) == 0) {
        n = bw_udpst_null_write(buf, sizeof(buf), &null[0], NULL);
        must(n == size && bw_udpst_null_read(buf, n, &null[1]) == 0);
        null[0].auth = none;
        must(memcmp(&null[0], &null[1], sizeof(null[0])) == 0);
    }
    if (bw_udpst_activate_read(data, size, &act[0]) == 0) {
        n = bw_udpst_activate_write(buf, sizeof(buf), &act[0], NULL);
        must(n == size && bw_udpst_activate_read(buf, n, &act[1]) == 0);
        act[0].auth = none;
        must(memcmp(&act[0], &act[1], sizeof(act[0])) == 0);
        rows(&act[0].row);
        (void)bw_udpst_activate_refusal(act[0].response);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t buf[BW_UDPST_CONTROL_MAX];
    struct bw_udpst_status status[2];
    struct bw_udpst_load load[2];
    size_t n;
    memset(status, 0, sizeof(status));
    memset(load, 0, sizeof(load));
    must(bw_udpst_verify(data, size, "a key", 5) != 0); /* nobody guesses a digest */
    control(data, size);
    if (bw_udpst_status_read(data, size, &status[0]) == 0) {
        n = bw_udpst_status_write(buf, sizeof(buf), size == 204 ? 20 : 11, &status[0],
                                  NULL);
        must(n >= size && bw_udpst_status_read(buf, n, &status[1]) == 0);
        status[0].auth = (struct bw_udpst_auth){.mode = 0};
        must(memcmp(&status[0], &status[1], sizeof(status[0])) == 0);
        rows(&status[0].row);
    }
    if (bw_udpst_load_read(data, size, &load[0]) == 0) {
        bw_udpst_load_write(buf, &load[0]);
        must(bw_udpst_load_read(buf, size, &load[1]) == 0);
        must(memcmp(&load[0], &load[1], sizeof(load[0])) == 0);
    }
    return 0;
}
