/* SPDX-License-Identifier: GPL-3.0-or-later
 * stamp_tool.c - our STAMP codec as a command, for tests that hold it against another one.
 *
 *   stamp_tool asked SEQ UNIX_NS SYNCED PTP ERROR_NS SSID SIZE      a sender's packet in
 * hex stamp_tool answer ASKED SEQ T2_NS T3_NS TTL                     the answer to one
 *   stamp_tool read-asked HEX, read-answer HEX                      what one says, a line
 * each */
#include "stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t from_hex(const char *text, uint8_t *ret, size_t cap)
{
    size_t n = 0;
    for (; n < cap && text[2 * n] && text[2 * n + 1]; n++) {
        const char two[3] = {text[2 * n], text[2 * n + 1], '\0'};
        ret[n] = (uint8_t)strtoul(two, NULL, 16);
    }
    return n;
}

static int print_hex(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)printf("%02x", p[i]);
    }
    (void)printf("\n");
    return n > 0 ? 0 : 1;
}

static void print_clock(const char *name, uint64_t wire, uint16_t error)
{
    struct bw_stamp_error e = bw_stamp_error_decode(error);
    (void)printf("%s_ns %" PRId64 "\n", name,
                 bw_stamp_time_decode(wire, e.ptp, INT64_C(1795305600) * 1000000000));
    (void)printf("%s_synced %d\n%s_ptp %d\n%s_error_ns %" PRId64 "\n", name, e.synced, name,
                 e.ptp, name, e.error_ns);
}

static int64_t number(const char *text)
{
    return strtoll(text, NULL, 10);
}

int main(int argc, char **argv)
{
    uint8_t in[2048], out[2048];
    size_t n = argc > 2 ? from_hex(argv[2], in, sizeof(in)) : 0;
    if (argc == 9 && strcmp(argv[1], "asked") == 0) {
        struct bw_stamp_error e = {.synced = number(argv[4]) != 0,
                                   .ptp = number(argv[5]) != 0,
                                   .error_ns = number(argv[6])};
        struct bw_stamp_asked p = {.seq = (uint32_t)number(argv[2]),
                                   .t1 = bw_stamp_time_encode(number(argv[3]), e.ptp),
                                   .error = bw_stamp_error_encode(&e),
                                   .ssid = (uint16_t)number(argv[7])};
        return print_hex(
            out, bw_stamp_write_asked(out, sizeof(out), &p, (size_t)number(argv[8]), NULL));
    }
    if (argc == 7 && strcmp(argv[1], "answer") == 0) {
        struct bw_stamp_asked a;
        struct bw_stamp_answer p;
        struct bw_stamp_error e = {.synced = true, .error_ns = 1000000};
        if (bw_stamp_read_asked(in, n, NULL, &a) < 0) {
            return 1;
        }
        p = (struct bw_stamp_answer){
            .seq = (uint32_t)number(argv[3]),
            .t3 = bw_stamp_time_encode(number(argv[5]), false),
            .error = bw_stamp_error_encode(&e),
            .ssid = a.ssid,
            .t2 = bw_stamp_time_encode(number(argv[4]), false),
            .asked_seq = a.seq,
            .t1 = a.t1,
            .asked_error = a.error,
            .ttl = (int)number(argv[6]),
        };
        return print_hex(out, bw_stamp_write_answer(out, sizeof(out), in, n, &p, NULL));
    }
    if (argc == 3 && strcmp(argv[1], "read-asked") == 0) {
        struct bw_stamp_asked a;
        if (bw_stamp_read_asked(in, n, NULL, &a) < 0) {
            return 1;
        }
        (void)printf("seq %" PRIu32 "\nssid %u\ntwamp %d\n", a.seq, (unsigned)a.ssid,
                     a.twamp);
        print_clock("t1", a.t1, a.error);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "read-answer") == 0) {
        struct bw_stamp_answer a;
        if (bw_stamp_read_answer(in, n, NULL, &a) < 0) {
            return 1;
        }
        (void)printf("seq %" PRIu32 "\nssid %u\nasked_seq %" PRIu32 "\nttl %d\n", a.seq,
                     (unsigned)a.ssid, a.asked_seq, a.ttl);
        print_clock("t1", a.t1, a.asked_error);
        print_clock("t2", a.t2, a.error);
        print_clock("t3", a.t3, a.error);
        return 0;
    }
    (void)fprintf(stderr, "stamp_tool asked|answer|read-asked|read-answer …\n");
    return 2;
}
