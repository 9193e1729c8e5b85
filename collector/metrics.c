/* SPDX-License-Identifier: GPL-3.0-or-later
 * metrics.c - /metrics in OpenMetrics text and /healthz; numbers of the running process,
 * made on the loop without looking at any file. */
#include "collector.h"

#include <alertkeeper.h>
#include <bags.h>
#include <buf.h>
#include <clock.h>
#include <door.h>
#include <graphs.h>
#include <http.h>
#include <ingest.h>
#include <keeper.h>
#include <measure.h>
#include <packmail.h>
#include <packroom.h>
#include <readers.h>
#include <roomkeeper.h>
#include <stdio.h>
#include <sys/resource.h>

static void family(struct bw_buf *b, const char *name, const char *type, const char *help)
{
    bw_buf_printf(b, "# TYPE bandwitness_%s %s\n# HELP bandwitness_%s %s\n", name, type,
                  name, help);
}

static void counter(struct bw_buf *b, const char *name, const char *help, int64_t v)
{
    family(b, name, "counter", help);
    bw_buf_printf(b, "bandwitness_%s_total ", name);
    bw_buf_i64(b, v);
    bw_buf_putc(b, '\n');
}

static void gauge(struct bw_buf *b, const char *name, const char *help, int64_t v)
{
    family(b, name, "gauge", help);
    bw_buf_printf(b, "bandwitness_%s ", name);
    bw_buf_i64(b, v);
    bw_buf_putc(b, '\n');
}

static void seconds(struct bw_buf *b, const char *name, const char *help, int64_t us)
{
    family(b, name, "counter", help);
    bw_buf_printf(b, "bandwitness_%s_total %lld.%06lld\n", name, (long long)(us / 1000000),
                  (long long)(us % 1000000));
}

static void write_http(struct bw_buf *b, const struct bw_http *http)
{
    struct bw_http_stats s;
    bw_http_stats(http, &s);
    gauge(b, "http_connections", "Connections open now.", s.connections_now);
    counter(b, "http_requests", "Requests begun.", s.requests);
    counter(b, "http_timeouts", "Connections cut for being slow.", s.timeouts);
    counter(b, "http_crowded", "Connections cut because others came.", s.crowded);
    gauge(b, "http_body_bytes", "Request bodies in memory now.", s.bodies_bytes_now);
    family(b, "http_replies", "counter", "Replies by hundreds of their status.");
    for (int i = 1; i < 6; i++) {
        bw_buf_printf(b, "bandwitness_http_replies_total{status=\"%dxx\"} ", i);
        bw_buf_i64(b, s.replies[i]);
        bw_buf_putc(b, '\n');
    }
}

static void write_ingest(struct bw_buf *b, struct bw_ingest *g)
{
    struct bw_ingest_stats s;
    bw_ingest_stats(g, &s);
    counter(b, "posts", "Posts of summaries answered.", s.posts);
    counter(b, "posts_refused_busy", "Posts told to come again later.",
            s.posts_refused_busy);
    counter(b, "post_bytes", "Bytes of posts as they came.", s.bytes);
    counter(b, "lines", "Lines in them.", s.lines);
    family(b, "records", "counter", "Lines by what became of them.");
    const struct {
        const char *verdict;
        int64_t n;
    } rows[] = {{"accepted", s.accepted},
                {"duplicate", s.duplicates},
                {"held", s.held},
                {"fork", s.forks},
                {"refused", s.refused}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bw_buf_printf(b, "bandwitness_records_total{verdict=\"%s\"} ", rows[i].verdict);
        bw_buf_i64(b, rows[i].n);
        bw_buf_putc(b, '\n');
    }
    counter(b, "commits", "Durable transactions.", s.commits);
    counter(b, "commits_failed", "Transactions that did not succeed.", s.failed_commits);
    seconds(b, "commit_seconds", "Time spent in transactions.", s.commit_us);
    seconds(b, "check_cpu_seconds", "CPU spent on signatures and decoding.", s.check_us);
    counter(b, "sealed_segments", "Days sealed since the start.", s.sealed_segments);
    gauge(b, "posts_waiting", "Posts not yet answered.", s.queued_now);
    if (s.last_commit_unix_ms != BW_UNKNOWN) {
        gauge(b, "last_commit_timestamp_seconds", "Time of the newest transaction.",
              s.last_commit_unix_ms / 1000);
    }
}

static void write_log(struct bw_buf *b, struct bw_keeper *k)
{
    struct bw_keeper_stats s;
    bw_keeper_stats(k, &s);
    counter(b, "log_leaves", "Leaves taken into the log's tree.", s.leaves);
    counter(b, "log_failures", "Rounds of the log that ended in trouble.", s.failures);
    gauge(b, "log_trouble", "1 while nothing is signed: its messages say why.",
          bw_keeper_trouble(k) ? 1 : 0);
    if (s.size != BW_UNKNOWN) {
        gauge(b, "log_checkpoint_size", "Leaves under the newest checkpoint.", s.size);
        gauge(b, "log_checkpoint_timestamp_seconds", "When the newest checkpoint was made.",
              s.checkpoint_unix_ms / 1000);
    }
}

void bw_metrics_get(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    struct bw_buf b;
    bw_buf_init(&b, 65536);
    family(&b, "build", "info", "The running program.");
    bw_buf_puts(&b, "bandwitness_build_info{version=\"" BW_VERSION "\"} 1\n");
    gauge(&b, "start_timestamp_seconds", "When the process started.",
          c->started_unix_ms / 1000);
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) == 0) {
        seconds(&b, "cpu_seconds", "CPU of the process without its workers.",
                ((int64_t)u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
                    u.ru_utime.tv_usec + u.ru_stime.tv_usec);
    }
    write_http(&b, c->http);
    if (c->ingest) {
        write_ingest(&b, c->ingest);
    }
    if (c->keeper) {
        write_log(&b, c->keeper);
    }
    gauge(&b, "reader_jobs", "Look-ups that wait or run.",
          (int64_t)bw_readers_busy(c->readers));
    bw_graphs_metrics(c->graphs, &b);
    if (c->bags) {
        bw_bags_metrics(c->bags, &b);
        bw_packmail_metrics(c->packmail, &b);
    }
    bw_roomkeeper_metrics(c->roomkeeper, &b);
    bw_alertkeeper_metrics(c->alertkeeper, &b);
    bw_packroom_metrics(c->packroom, &b);
    bw_measure_metrics(c->measure, &b);
    bw_door_metrics(c->door, &b);
    bw_reflection_metrics(c->reflection, &b);
    bw_buf_puts(&b, "# EOF\n");
    bw_http_reply(req, 200, "application/openmetrics-text; version=1.0.0; charset=utf-8",
                  &b);
}

void bw_health_get(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    const char *trouble = c->ingest ? bw_ingest_trouble(c->ingest) : "stopping";
    struct bw_buf b;
    bw_buf_init(&b, 1024);
    bw_buf_puts(&b, trouble ? trouble : "ok");
    bw_buf_putc(&b, '\n');
    bw_http_reply(req, trouble ? 503 : 200, "text/plain; charset=utf-8", &b);
}
