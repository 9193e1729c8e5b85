/* SPDX-License-Identifier: GPL-3.0-or-later
 * job.c - the words between the parent and the child of a throughput run: JSON, unknown
 * figures absent. Both ends are the same program, and still neither trusts the other's
 * bytes: every member is checked for type, range and length. */
#include "job.h"

#include "host.h"

#include <arpa/inet.h>
#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utf8.h>

enum {
    PAIRS_MAX = 64,
    PAIR_BYTES_MAX = 1200
};

void bw_run_sample_failed(struct bw_run_sample *s,
                          enum bw_direction d,
                          int error,
                          const char *reason)
{
    bw_run_sample_init(s);
    s->direction = (uint8_t)d;
    s->final = 1;
    s->state = error == -ECANCELED ? BW_SKIPPED : BW_FAILED;
    s->error = error;
    s->reason = reason;
}

bool bw_job_has_direction(const struct bw_runner_job *job, enum bw_direction d)
{
    const char *word = bw_opt_str(job->opts, "direction");
    return strcmp(word, "both") == 0 || strcmp(word, d == BW_UP ? "up" : "down") == 0;
}

int bw_child_job_encode(const struct bw_runner_job *job, struct bw_buf *out)
{
    const struct bw_target *t = bw_opts_target(job->opts, job->target);
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "v", 1);
    bw_jw_ki64(&w, "parent", getpid());
    bw_jw_kstr(&w, "kind", job->ops->name);
    bw_jw_kstr(&w, "name", bw_opts_name(job->opts));
    bw_jw_kstr(&w, "circuit", bw_opts_circuit(job->opts));
    bw_jw_kstr(&w, "device", bw_opts_device(job->opts));
    bw_jw_kstr(&w, "source4", bw_opts_source(job->opts, 4));
    bw_jw_kstr(&w, "source6", bw_opts_source(job->opts, 6));
    bw_jw_kstr(&w, "ticket", job->ticket);
    bw_jw_kstr(&w, "secret", job->secret);
    bw_jw_kstr(&w, "target", t->name);
    bw_jw_kstr(&w, "address", t->address);
    bw_jw_ki64(&w, "budget_ms", job->budget_ms);
    bw_jw_karr(&w, "options");
    for (const struct bw_optspec *o = job->ops->opts; o->type != BW_OPT_END; o++) {
        char pair[PAIR_BYTES_MAX];
        int n = snprintf(pair, sizeof(pair), "%s=%s", o->name,
                         bw_opts_text(job->opts, o->name));
        if (n < 0 || n >= (int)sizeof(pair)) {
            return -E2BIG;
        }
        if (bw_opts_text(job->opts, o->name)[0] != '\0') {
            bw_jw_str(&w, pair);
        }
    }
    bw_jw_arr_end(&w);
    bw_jw_obj_end(&w);
    return bw_buf_error(out);
}

/* A copy that the job owns; NULL where there is none. false: no memory. */
static bool own_text(const char *text, const char **ret)
{
    *ret = text && text[0] != '\0' ? strdup(text) : NULL;
    return *ret || !text || text[0] == '\0';
}

void bw_child_job_done(struct bw_runner_job *job)
{
    free((void *)(uintptr_t)job->ticket); /* its own: own_text() */
    free((void *)(uintptr_t)job->secret);
    job->ticket = NULL;
    job->secret = NULL;
}

static int job_from_json(const json_t *j,
                         struct bw_runner_job *ret,
                         struct bw_opts **ret_opts,
                         int64_t *ret_parent,
                         struct bw_err *reterr)
{
    const char *pairs[PAIRS_MAX];
    const char *kind;
    const char *target;
    const char *address;
    const char *ticket = NULL;
    const char *secret = NULL;
    const json_t *options;
    struct bw_target t;
    struct bw_opts_head head = {.targets = &t, .n_targets = 1};
    int64_t v;
    int64_t budget;
    size_t n;
    if (bw_json_get_i64(j, "v", 1, 1, &v, reterr) < 0 ||
        bw_json_get_i64(j, "parent", 0, INT32_MAX, ret_parent, reterr) < 0 ||
        bw_json_get_str(j, "kind", 15, &kind, reterr) < 0 ||
        bw_json_get_str(j, "name", BW_NAME_MAX, &head.name, reterr) < 0 ||
        bw_json_get_str(j, "circuit", BW_NAME_MAX, &head.circuit, reterr) < 0 ||
        bw_json_get_str(j, "device", 15, &head.device, reterr) < 0 ||
        bw_json_opt_str(j, "source4", INET6_ADDRSTRLEN, &head.source4, reterr) < 0 ||
        bw_json_opt_str(j, "source6", INET6_ADDRSTRLEN, &head.source6, reterr) < 0 ||
        bw_json_opt_str(j, "ticket", BW_TICKET_MAX, &ticket, reterr) < 0 ||
        bw_json_opt_str(j, "secret", BW_SECRET_MAX, &secret, reterr) < 0 ||
        bw_json_get_str(j, "target", sizeof(t.name) - 1, &target, reterr) < 0 ||
        bw_json_get_str(j, "address", sizeof(t.address) - 1, &address, reterr) < 0 ||
        bw_json_get_i64(j, "budget_ms", 0, UINT32_MAX, &budget, reterr) < 0 ||
        bw_json_get_arr(j, "options", PAIRS_MAX, &options, reterr) < 0) {
        return -EBADMSG;
    }
    (void)snprintf(t.name, sizeof(t.name), "%s", target);
    (void)snprintf(t.address, sizeof(t.address), "%s", address);
    n = json_array_size(options);
    for (size_t i = 0; i < n; i++) {
        pairs[i] = json_string_value(json_array_get(options, i));
        if (!pairs[i]) {
            return bw_err_set(reterr, -EBADMSG, "options: not a text");
        }
    }
    ret->ops = bw_probe_find(kind);
    if (!ret->ops) {
        return bw_err_set(reterr, -EBADMSG, "kind: no probe '%s'", kind);
    }
    ret->budget_ms = (uint32_t)budget;
    if (!own_text(ticket, &ret->ticket) || !own_text(secret, &ret->secret)) {
        return -ENOMEM;
    }
    return bw_opts_from_pairs(ret->ops->opts, &head, pairs, n, ret_opts, reterr);
}

int bw_child_job_decode(const char *json,
                        size_t n,
                        struct bw_runner_job *ret,
                        struct bw_opts **ret_opts,
                        int64_t *ret_parent_pid,
                        struct bw_err *reterr)
{
    struct bw_runner_job job = {.ops = NULL};
    json_t *j = NULL;
    int r = bw_json_parse(json, n, BW_CHILD_JOB_MAX, &j, reterr);
    if (r == 0) {
        r = job_from_json(j, &job, ret_opts, ret_parent_pid, reterr);
    }
    if (r == 0) {
        job.opts = *ret_opts;
        *ret = job;
    } else {
        bw_child_job_done(&job);
    }
    json_decref(j);
    return r;
}

/* The members of a bw_tcp_end, once for both ways. */
static const struct {
    const char *key;
    size_t at;
} tcp_end_members[] = {
    {"rtt_us", offsetof(struct bw_tcp_end, rtt_us)},
    {"min_rtt_us", offsetof(struct bw_tcp_end, min_rtt_us)},
    {"retransmit_ppm", offsetof(struct bw_tcp_end, retransmit_ppm)},
    {"app_limited_ppm", offsetof(struct bw_tcp_end, app_limited_ppm)},
    {"rwnd_limited_ppm", offsetof(struct bw_tcp_end, rwnd_limited_ppm)},
    {"sndbuf_limited_ppm", offsetof(struct bw_tcp_end, sndbuf_limited_ppm)},
};

enum {
    TCP_END_MEMBERS = sizeof(tcp_end_members) / sizeof(tcp_end_members[0])
};

static void tcp_end_encode(struct bw_jw *w, const char *key, const struct bw_tcp_end *e)
{
    bw_jw_kobj(w, key);
    for (size_t i = 0; i < TCP_END_MEMBERS; i++) {
        int64_t v;
        (void)memcpy(&v, (const char *)e + tcp_end_members[i].at, sizeof(v));
        bw_jw_ki64(w, tcp_end_members[i].key, v);
    }
    bw_jw_obj_end(w);
}

static int tcp_end_decode(const json_t *j,
                          const char *key,
                          struct bw_tcp_end *ret,
                          struct bw_err *reterr)
{
    const json_t *end = NULL;
    int r = bw_json_opt_obj(j, key, &end, reterr);
    for (size_t i = 0; r == 0 && end && i < TCP_END_MEMBERS; i++) {
        int64_t v = BW_UNKNOWN;
        r = bw_json_opt_i64(end, tcp_end_members[i].key, 0, INT64_MAX, &v, reterr);
        (void)memcpy((char *)ret + tcp_end_members[i].at, &v, sizeof(v));
    }
    return r;
}

/* A reason has somebody else's words in it, and is not to cost the result. */
static size_t reason_bytes(const char *text)
{
    return bw_utf8_fit(text, strlen(text), BW_CHILD_REASON_MAX);
}

int bw_child_sample_encode(const struct bw_run_sample *s, struct bw_buf *out)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_kobj(&w, "sample");
    bw_jw_ki64(&w, "direction", s->direction);
    bw_jw_ki64(&w, "family", s->family);
    bw_jw_ki64(&w, "final", s->final);
    bw_jw_ki64(&w, "state", (int64_t)s->state);
    bw_jw_ki64(&w, "error", s->error);
    if (s->reason) {
        bw_jw_key(&w, "reason");
        bw_jw_strn(&w, s->reason, reason_bytes(s->reason));
    }
    bw_jw_kstr(&w, "method", s->method);
    bw_jw_ki64(&w, "t0_mono_ns", s->t0_mono_ns);
    bw_jw_ki64(&w, "t1_mono_ns", s->t1_mono_ns);
    bw_jw_ki64(&w, "bytes", s->bytes);
    bw_jw_ki64(&w, "wire_bytes", s->wire_bytes);
    bw_jw_ki64(&w, "total_bytes", s->total_bytes);
    bw_jw_ki64(&w, "streams", s->streams);
    bw_jw_ki64(&w, "mtu", s->mtu);
    bw_jw_ki64(&w, "rtt_us", s->rtt_us);
    bw_jw_ki64(&w, "retransmit_ppm", s->retransmit_ppm);
    bw_jw_ki64(&w, "tester_busy_ppm", s->tester_busy_ppm);
    bw_jw_kstr(&w, "cc", s->cc);
    if (s->final) { /* what only a result has */
        bw_jw_kstr(&w, "machine", s->machine);
        bw_jw_ki64(&w, "grade", s->grade);
        bw_jw_ki64(&w, "egress", s->egress);
        bw_jw_kstr(&w, "receipt", s->receipt);
        bw_jw_karr(&w, "flags");
        for (size_t i = 0; i < BW_RUN_FLAGS_MAX && s->flags[i]; i++) {
            bw_jw_str(&w, s->flags[i]);
        }
        bw_jw_arr_end(&w);
        bw_jw_ki64(&w, "loss_ppm", s->loss_ppm);
        bw_jw_ki64(&w, "delay_min_us", s->delay_min_us);
        bw_jw_ki64(&w, "delay_max_us", s->delay_max_us);
        tcp_end_encode(&w, "near", &s->near);
        tcp_end_encode(&w, "far", &s->far);
    }
    bw_jw_obj_end(&w);
    bw_jw_obj_end(&w);
    return bw_buf_error(out);
}

int bw_child_done_encode(int status, struct bw_buf *out)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    bw_jw_ki64(&w, "done", status);
    bw_jw_obj_end(&w);
    return bw_buf_error(out);
}

static void take_text(char *to, size_t cap, const char *from)
{
    (void)snprintf(to, cap, "%s", from ? from : "");
}

/* What only a result has; texts go into ret's arrays. */
static int
result_from_json(const json_t *j, struct bw_child_line *ret, struct bw_err *reterr)
{
    struct bw_run_sample *s = &ret->sample;
    const char *machine = NULL;
    const char *receipt = NULL;
    const json_t *flags = NULL;
    int64_t grade;
    int64_t egress;
    size_t n;
    if (bw_json_opt_str(j, "machine", sizeof(ret->machine) - 1, &machine, reterr) < 0 ||
        bw_json_opt_str(j, "receipt", sizeof(ret->receipt) - 1, &receipt, reterr) < 0 ||
        bw_json_get_i64(j, "grade", 0, BW_GRADE_ARCHIVE, &grade, reterr) < 0 ||
        bw_json_get_i64(j, "egress", 0, BW_EGRESS_OTHER, &egress, reterr) < 0 ||
        bw_json_get_arr(j, "flags", BW_RUN_FLAGS_MAX, &flags, reterr) < 0 ||
        bw_json_opt_i64(j, "loss_ppm", 0, 1000000, &s->loss_ppm, reterr) < 0 ||
        bw_json_opt_i64(j, "delay_min_us", 0, INT64_MAX, &s->delay_min_us, reterr) < 0 ||
        bw_json_opt_i64(j, "delay_max_us", 0, INT64_MAX, &s->delay_max_us, reterr) < 0 ||
        tcp_end_decode(j, "near", &s->near, reterr) < 0 ||
        tcp_end_decode(j, "far", &s->far, reterr) < 0) {
        return -EBADMSG;
    }
    s->grade = (uint8_t)grade;
    s->egress = (uint8_t)egress;
    take_text(ret->machine, sizeof(ret->machine), machine);
    take_text(ret->receipt, sizeof(ret->receipt), receipt);
    s->machine = ret->machine[0] ? ret->machine : NULL;
    s->receipt = ret->receipt[0] ? ret->receipt : NULL;
    n = json_array_size(flags);
    for (size_t i = 0; i < n; i++) {
        const char *word = json_string_value(json_array_get(flags, i));
        if (!word || strlen(word) >= sizeof(ret->flags[i])) {
            return bw_err_set(reterr, -EBADMSG, "flags: not a word");
        }
        take_text(ret->flags[i], sizeof(ret->flags[i]), word);
        s->flags[i] = ret->flags[i];
    }
    return 0;
}

static int
sample_from_json(const json_t *j, struct bw_child_line *ret, struct bw_err *reterr)
{
    struct bw_run_sample *s = &ret->sample;
    const char *reason;
    const char *method;
    const char *cc;
    int64_t direction;
    int64_t family;
    int64_t final;
    int64_t state;
    int64_t error;
    bw_run_sample_init(s);
    if (bw_json_get_i64(j, "direction", 0, BW_DIRECTIONS - 1, &direction, reterr) < 0 ||
        bw_json_get_i64(j, "family", 0, 6, &family, reterr) < 0 ||
        bw_json_get_i64(j, "final", 0, 1, &final, reterr) < 0 ||
        bw_json_get_i64(j, "state", 0, BW_SKIPPED, &state, reterr) < 0 ||
        bw_json_get_i64(j, "error", INT32_MIN, 0, &error, reterr) < 0 ||
        bw_json_opt_str(j, "reason", BW_CHILD_LINE_MAX, &reason, reterr) < 0 ||
        bw_json_opt_str(j, "method", sizeof(ret->method) - 1, &method, reterr) < 0 ||
        bw_json_opt_str(j, "cc", sizeof(s->cc) - 1, &cc, reterr) < 0 ||
        bw_json_get_i64(j, "t0_mono_ns", 0, INT64_MAX, &s->t0_mono_ns, reterr) < 0 ||
        bw_json_get_i64(j, "t1_mono_ns", 0, INT64_MAX, &s->t1_mono_ns, reterr) < 0 ||
        bw_json_opt_i64(j, "bytes", 0, INT64_MAX, &s->bytes, reterr) < 0 ||
        bw_json_opt_i64(j, "wire_bytes", 0, INT64_MAX, &s->wire_bytes, reterr) < 0 ||
        bw_json_opt_i64(j, "total_bytes", 0, INT64_MAX, &s->total_bytes, reterr) < 0 ||
        bw_json_opt_i64(j, "streams", 0, 1024, &s->streams, reterr) < 0 ||
        bw_json_opt_i64(j, "mtu", 0, 65535, &s->mtu, reterr) < 0 ||
        bw_json_opt_i64(j, "rtt_us", 0, INT64_MAX, &s->rtt_us, reterr) < 0 ||
        bw_json_opt_i64(j, "retransmit_ppm", 0, INT64_MAX, &s->retransmit_ppm, reterr) <
            0 ||
        bw_json_opt_i64(j, "tester_busy_ppm", 0, INT64_MAX, &s->tester_busy_ppm, reterr) <
            0) {
        return -EBADMSG;
    }
    s->direction = (uint8_t)direction;
    s->family = (uint8_t)family;
    s->final = (uint8_t) final;
    s->state = (enum bw_sample_state)state;
    s->error = (int32_t)error;
    take_text(s->cc, sizeof(s->cc), cc);
    reason = reason ? reason : "";
    (void)snprintf(ret->reason, sizeof(ret->reason), "%.*s", (int)reason_bytes(reason),
                   reason);
    take_text(ret->method, sizeof(ret->method), method);
    s->reason = ret->reason[0] ? ret->reason : NULL;
    s->method = ret->method[0] ? ret->method : NULL;
    return s->final ? result_from_json(j, ret, reterr) : 0;
}

int bw_child_line_decode(const char *line,
                         size_t n,
                         struct bw_child_line *ret,
                         struct bw_err *reterr)
{
    json_t *j = NULL;
    const json_t *sample = NULL;
    int64_t status;
    int r = bw_json_parse(line, n, BW_CHILD_LINE_MAX, &j, reterr);
    if (r < 0) {
        return -EBADMSG;
    }
    r = bw_json_opt_obj(j, "sample", &sample, reterr);
    if (r == 0 && sample) {
        ret->what = BW_CHILD_SAMPLE;
        r = sample_from_json(sample, ret, reterr);
    } else if (r == 0) {
        ret->what = BW_CHILD_DONE;
        r = bw_json_get_i64(j, "done", INT32_MIN, 0, &status, reterr);
        if (r == 0) {
            ret->status = (int)status;
        }
    }
    json_decref(j);
    return r < 0 ? -EBADMSG : 0;
}
