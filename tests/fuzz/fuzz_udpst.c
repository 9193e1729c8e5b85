/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_udpst.c - datagrams through the codec of the UDP Speed Test Protocol: what is read
 * of any of its PDUs is written, read again and written again as the same. */
#include "udpst.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t once[BW_UDPST_CONTROL_MAX];
static uint8_t twice[BW_UDPST_CONTROL_MAX];

static void must(int so)
{
    if (!so) {
        abort();
    }
}

static void same(size_t n, size_t again)
{
    must(n > 0 && n == again && memcmp(once, twice, n) == 0);
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

static void setup(const uint8_t *data, size_t size)
{
    struct bw_udpst_setup s;
    size_t n;
    if (bw_udpst_setup_read(data, size, &s) == 0) {
        n = bw_udpst_setup_write(once, sizeof(once), &s, NULL);
        must(n == size && bw_udpst_setup_read(once, n, &s) == 0);
        same(n, bw_udpst_setup_write(twice, sizeof(twice), &s, NULL));
        (void)bw_udpst_setup_refusal(s.response);
    }
}

static void null(const uint8_t *data, size_t size)
{
    struct bw_udpst_null s;
    size_t n;
    if (bw_udpst_null_read(data, size, &s) == 0) {
        n = bw_udpst_null_write(once, sizeof(once), &s, NULL);
        must(n == size && bw_udpst_null_read(once, n, &s) == 0);
        same(n, bw_udpst_null_write(twice, sizeof(twice), &s, NULL));
    }
}

static void activate(const uint8_t *data, size_t size)
{
    struct bw_udpst_activate a;
    size_t n;
    if (bw_udpst_activate_read(data, size, &a) == 0) {
        rows(&a.row);
        n = bw_udpst_activate_write(once, sizeof(once), &a, NULL);
        must(n == size && bw_udpst_activate_read(once, n, &a) == 0);
        same(n, bw_udpst_activate_write(twice, sizeof(twice), &a, NULL));
        (void)bw_udpst_activate_refusal(a.response);
    }
}

static void status(const uint8_t *data, size_t size)
{
    struct bw_udpst_status s;
    uint16_t version = size == BW_UDPST_STATUS_LEN ? 20 : 11;
    size_t n;
    if (bw_udpst_status_read(data, size, &s) == 0) {
        rows(&s.row);
        n = bw_udpst_status_write(once, sizeof(once), version, &s, NULL);
        must(n >= size && bw_udpst_status_read(once, n, &s) == 0);
        same(n, bw_udpst_status_write(twice, sizeof(twice), version, &s, NULL));
    }
}

static void load(const uint8_t *data, size_t size)
{
    struct bw_udpst_load l;
    if (bw_udpst_load_read(data, size, &l) == 0) {
        bw_udpst_load_write(once, &l);
        must(bw_udpst_load_read(once, size, &l) == 0 && l.payload == size);
        bw_udpst_load_write(twice, &l);
        same(BW_UDPST_LOAD_LEN, BW_UDPST_LOAD_LEN);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    must(bw_udpst_verify(data, size, "a key", 5) != 0); /* nobody guesses a digest */
    setup(data, size);
    null(data, size);
    activate(data, size);
    status(data, size);
    load(data, size);
    return 0;
}
