/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_ndt7.c - a measurement, a query or a Locate answer from whoever is at the other
 * end (the first byte chooses). What is read must be written in a form that reads the same.
 */
#include "ndt7.h"
#include "ndt7_locate.h"

#include <buf.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int so)
{
    if (!so) {
        abort();
    }
}

static void measurement(const char *text, size_t n)
{
    static struct bw_ndt7_measurement m;
    static struct bw_ndt7_measurement again;
    struct bw_buf out;
    if (bw_ndt7_measurement_read(text, n, &m, NULL) < 0) {
        return;
    }
    bw_buf_init(&out, BW_NDT7_TEXT_MAX);
    bw_ndt7_measurement_write(&m, &out);
    must(bw_buf_error(&out) == 0);
    must(bw_ndt7_measurement_read(out.data, out.len, &again, NULL) == 0);
    must(memcmp(&m.tcp, &again.tcp, sizeof(m.tcp)) == 0);
    must(memcmp(&m.bbr, &again.bbr, sizeof(m.bbr)) == 0);
    must(memcmp(&m.app, &again.app, sizeof(m.app)) == 0);
    must(m.origin == again.origin && m.has_test == again.has_test && m.test == again.test);
    must(m.has_app == again.has_app && m.has_tcp == again.has_tcp);
    must(strcmp(m.uuid, again.uuid) == 0 && strcmp(m.receipt, again.receipt) == 0);
    bw_buf_done(&out);
}

static void query(char *text, size_t n)
{
    struct bw_ndt7_parameter p[BW_NDT7_PARAMETERS_MAX];
    struct bw_buf out;
    size_t count = 0;
    if (bw_ndt7_query_read(text, n, p, &count, NULL) < 0) {
        return;
    }
    bw_buf_init(&out, 4 * BW_NDT7_QUERY_MAX);
    for (size_t i = 0; i < count; i++) {
        must(p[i].name[0] && p[i].value[0]);
        bw_ndt7_query_add(&out, p[i].name, p[i].value);
    }
    must(bw_buf_error(&out) == 0);
    if (out.len > 1 && out.len - 1 <= BW_NDT7_QUERY_MAX) {
        struct bw_ndt7_parameter q[BW_NDT7_PARAMETERS_MAX];
        size_t again = 0;
        must(bw_ndt7_query_read(out.data + 1, out.len - 1, q, &again, NULL) == 0);
        must(again == count);
        for (size_t i = 0; i < count; i++) {
            must(strcmp(p[i].name, q[i].name) == 0 && strcmp(p[i].value, q[i].value) == 0);
        }
    }
    bw_buf_done(&out);
}

static void answer(const char *text, size_t n)
{
    static struct bw_ndt7_located l;
    if (bw_ndt7_locate_read(text, n, &l, NULL) < 0) {
        return;
    }
    must(l.n <= BW_NDT7_SERVERS_MAX);
    for (size_t i = 0; i < l.n; i++) {
        must(l.servers[i].machine[0] != '\0');
        must(l.servers[i].url[BW_DOWN][0] || l.servers[i].url[BW_UP][0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;
    if (size < 1) {
        return 0;
    }
    text = malloc(size); /* what follows the first byte, and a NUL */
    must(text != NULL);
    (void)memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] == 'q') {
        query(text, size - 1);
    } else if (data[0] == 'l') {
        answer(text, size - 1);
    } else {
        measurement(text, size - 1);
    }
    free(text);
    return 0;
}
