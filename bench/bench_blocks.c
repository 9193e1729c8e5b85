/* SPDX-License-Identifier: GPL-3.0-or-later
 * bench_blocks.c - how many bytes sealed records take, and how long that takes.
 *
 * bench_blocks FILE.jose DAYS [VERSION]: blocks of so many days' records each, as sealing
 * (1) and the monthly re-pack (31) make them. Prints JSON: bytes a record with its
 * signature, and microseconds a record to write with the check, and to read.
 */
#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <bw/summary.h>
#include <hash.h>
#include <josefile.h>
#include <segment_block_private.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DAY_S = 86400
};

/* Of this process: others may be at work. */
static int64_t cpu_ns(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct state {
    int version; /* 0: the newest */
    struct bw_block_record *list;
    size_t n;
    size_t per_block;
    int64_t last_day;
    int64_t days;
    char kid[BW_KID_LEN + 1];
    char site[BW_SITE_MAX + 1];
    int64_t records;
    int64_t bytes;
    int64_t jws_bytes;
    int64_t encode_ns;
    int64_t decode_ns;
    struct bw_err err;
};

static int flush(struct state *s)
{
    struct bw_block back;
    struct bw_buf out;
    int64_t at = cpu_ns();
    int r;

    if (s->n == 0) {
        return 0;
    }
    bw_buf_init(&out, (size_t)1 << 30);
    r = s->version
            ? bw_block_encode_as(s->version, s->kid, s->site, s->list, s->n, &out, &s->err)
            : bw_block_encode(s->kid, s->site, s->list, s->n, &out, &s->err);
    s->encode_ns += cpu_ns() - at;
    at = cpu_ns();
    r = r < 0 ? r : bw_block_decode(out.data, out.len, &back, &s->err);
    s->decode_ns += cpu_ns() - at;
    if (r == 0) {
        bw_block_done(&back);
    }
    s->bytes += (int64_t)out.len;
    s->records += (int64_t)s->n;
    bw_buf_done(&out);
    s->n = 0;
    return r;
}

static int take(void *owner, const struct bw_record *rec)
{
    struct state *s = owner;
    int64_t day = rec->start_unix_s / DAY_S;
    int r = 0;

    if (s->n == BW_BLOCK_MAX || (s->n > 0 && day / s->days != s->last_day / s->days)) {
        r = flush(s);
    }
    s->last_day = day;
    memcpy(s->kid, rec->kid, sizeof(s->kid));
    memcpy(s->site, rec->site, sizeof(s->site));
    s->list[s->n] = (struct bw_block_record){.jws = rec->jws,
                                             .jws_len = rec->jws_len,
                                             .position = s->records + (int64_t)s->n,
                                             .seq = rec->seq,
                                             .start_unix_s = rec->start_unix_s,
                                             .end_unix_s = rec->end_unix_s,
                                             .received_unix_ms = rec->end_unix_s * 1000 +
                                                                 rec->seq * 7919 % 4000,
                                             .egress = BW_EGRESS_MATCH};
    memcpy(s->list[s->n].sha256, rec->sha256, sizeof(rec->sha256));
    s->n++;
    s->jws_bytes += (int64_t)rec->jws_len;
    return r;
}

int main(int argc, char **argv)
{
    static struct state s;
    struct bw_records *records = NULL;
    int r = argc < 3 ? -1 : bw_crypto_init();

    s.days = argc < 3 ? 1 : (int64_t)strtoll(argv[2], NULL, 10);
    s.version = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;
    s.list = calloc(BW_BLOCK_MAX, sizeof(*s.list));
    r = r < 0 || !s.list || s.days < 1 ? -1 : bw_josefile_open(argv[1], &records, &s.err);
    r = r < 0 ? r : bw_records_each(records, "", INT64_MIN, INT64_MAX, take, &s, &s.err);
    r = r < 0 ? r : flush(&s);
    if (r < 0 || s.records == 0) {
        (void)fprintf(stderr, "bench_blocks: %s\n", s.err.text);
        return 1;
    }
    (void)printf("{\"records\": %lld, \"jws_bytes\": %.1f, \"bytes\": %.1f, "
                 "\"encode_us\": %.1f, \"decode_us\": %.1f}\n",
                 (long long)s.records, (double)s.jws_bytes / (double)s.records,
                 (double)s.bytes / (double)s.records,
                 (double)s.encode_ns / 1e3 / (double)s.records,
                 (double)s.decode_ns / 1e3 / (double)s.records);
    bw_records_close(records);
    free(s.list);
    return 0;
}
