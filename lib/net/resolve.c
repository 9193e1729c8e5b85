/* SPDX-License-Identifier: GPL-3.0-or-later
 * resolve.c - the addresses of a name over one family, in packets of our own.
 *
 * One nameserver at a time is asked; its silence is waited for by the timer, which also
 * tells the result, so that nobody is called back from within his own call. The two files
 * are a page each in memory: reading them costs the loop less than one packet. */
#include "resolve.h"

#include "dnsq.h"

#include <buf.h>
#include <clock.h>
#include <errno.h>
#include <file.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

enum {
    FILE_MAX_BYTES = 256 * 1024,
    CODE_MAX = 32,
    DNS_PORT = 53
};

struct bw_resolve {
    struct bw_resolve_setup setup;
    struct bw_dns_question question;
    uv_timer_t timer;
    int n_open; /* the timer and queries that are not closed yet */
    struct bw_dnsq *query;
    union bw_address servers[BW_RESOLVERS_MAX];
    size_t n_servers;
    size_t next;
    int64_t begun_mono_ns;
    int64_t asked_mono_ns; /* the query under way */
    bool other_family;     /* the hosts file has the name, and no address of this family */
    bool ready;            /* the result is to be told by the timer */
    bool closing;
    struct bw_resolve_result result;
    char code[CODE_MAX];
};

/* Files ------------------------------------------------------------------------ */

/* The next word of a line, its length in *ret_n; NULL at the line's end or a comment. */
static const char *word(const char **at, size_t *ret_n)
{
    const char *from = *at + strspn(*at, " \t\r");
    *ret_n = strcspn(from, " \t\r\n#;");
    *at = from + *ret_n;
    return *ret_n > 0 ? from : NULL;
}

static const char *next_line(const char *at)
{
    at += strcspn(at, "\n");
    return *at == '\n' ? at + 1 : at;
}

static bool to_address(const char *text, size_t n, union bw_address *ret)
{
    char host[BW_HOST_MAX];
    if (n >= sizeof(host)) {
        return false;
    }
    (void)memcpy(host, text, n);
    host[n] = '\0';
    return bw_address_parse(host, ret);
}

size_t bw_resolve_servers(const char *text, union bw_address ret[BW_RESOLVERS_MAX])
{
    size_t n = 0;
    for (const char *line = text; *line != '\0' && n < BW_RESOLVERS_MAX;
         line = next_line(line)) {
        const char *at = line;
        size_t len;
        const char *key = word(&at, &len);
        if (!key || len != 10 || strncmp(key, "nameserver", len) != 0) {
            continue;
        }
        key = word(&at, &len);
        if (key && to_address(key, len, &ret[n])) {
            bw_address_set_port(&ret[n++], DNS_PORT);
        }
    }
    if (n == 0 && bw_address_parse("127.0.0.1", &ret[0])) { /* resolv.conf(5) */
        bw_address_set_port(&ret[n++], DNS_PORT);
    }
    return n;
}

size_t bw_resolve_hosts(const char *text,
                        const char *name,
                        int family,
                        union bw_address ret[BW_RESOLVE_ADDRESSES])
{
    size_t name_len = strlen(name);
    size_t n = 0;
    if (name_len > 0 && name[name_len - 1] == '.') {
        name_len--;
    }
    for (const char *line = text; *line != '\0' && n < BW_RESOLVE_ADDRESSES;
         line = next_line(line)) {
        union bw_address a;
        const char *at = line;
        size_t len;
        const char *w = word(&at, &len);
        if (!w || !to_address(w, len, &a) || bw_address_family(&a) != family) {
            continue;
        }
        while ((w = word(&at, &len)) != NULL) {
            if (len == name_len && strncasecmp(w, name, len) == 0) {
                ret[n++] = a;
                break;
            }
        }
    }
    return n;
}

/* "" where there is no such file. */
static void read_text(const char *path, struct bw_buf *ret)
{
    bw_buf_init(ret, FILE_MAX_BYTES + 1);
    if (bw_file_read(path, FILE_MAX_BYTES, ret, NULL) < 0) {
        bw_buf_clear(ret);
    }
    bw_buf_add(ret, "", 1); /* its end */
}

static void read_files(struct bw_resolve *r)
{
    const char *hosts = r->setup.hosts_path ? r->setup.hosts_path : "/etc/hosts";
    const char *resolv = r->setup.resolv_path ? r->setup.resolv_path : "/etc/resolv.conf";
    union bw_address other[BW_RESOLVE_ADDRESSES];
    struct bw_buf text;
    if (bw_address_family(&r->setup.server) != 0) {
        r->servers[0] = r->setup.server;
        r->n_servers = 1;
        return;
    }
    read_text(hosts, &text);
    r->result.n =
        bw_buf_error(&text) == 0
            ? bw_resolve_hosts(text.data, r->setup.name, r->setup.family, r->result.list)
            : 0;
    if (bw_buf_error(&text) == 0 && r->result.n == 0) {
        r->other_family = bw_resolve_hosts(text.data, r->setup.name,
                                           r->setup.family == 6 ? 4 : 6, other) > 0;
    }
    bw_buf_done(&text);
    if (r->result.n > 0 || r->other_family) {
        return;
    }
    read_text(resolv, &text);
    r->n_servers =
        bw_resolve_servers(bw_buf_error(&text) == 0 ? text.data : "", r->servers);
    bw_buf_done(&text);
}

/* The result ------------------------------------------------------------------- */

static void maybe_free(struct bw_resolve *r)
{
    void (*closed)(void *owner) = r->setup.closed;
    void *owner = r->setup.owner;
    if (!r->closing || r->n_open > 0) {
        return;
    }
    free(r);
    if (closed) {
        closed(owner);
    }
}

static void on_timer(uv_timer_t *timer);

static void set_timer(struct bw_resolve *r, uint64_t ms)
{
    uv_update_time(r->setup.loop);
    (void)uv_timer_start(&r->timer, on_timer, ms, 0);
}

/* last_ns: what the last query took, by the kernel's stamps; what this program did since is
 * no part of it. Unknown: it was not answered. */
static void finish(struct bw_resolve *r, int error, int64_t last_ns)
{
    r->result.error = error;
    if (r->begun_mono_ns != BW_UNKNOWN) {
        r->result.took_ns = last_ns == BW_UNKNOWN
                                ? bw_clock_mono_ns() - r->begun_mono_ns
                                : r->asked_mono_ns - r->begun_mono_ns + last_ns;
    }
    r->ready = true;
    set_timer(r, 0);
}

/* What was said instead of an answer; a later server's word stands. */
static void note(struct bw_resolve *r, int error, const char *code)
{
    r->result.error = error;
    if (code) {
        (void)snprintf(r->code, sizeof(r->code), "dns-%s", code);
        r->result.code = r->code;
    }
}

static void drop_query(struct bw_resolve *r)
{
    bw_dnsq_close(r->query);
    r->query = NULL;
}

static void query_closed(void *owner)
{
    struct bw_resolve *r = owner;
    r->n_open--;
    maybe_free(r);
}

static void ask_next(struct bw_resolve *r);

static void take_answer(struct bw_resolve *r, const struct bw_dnsq_result *a)
{
    struct bw_dns_address found[BW_RESOLVE_ADDRESSES];
    size_t n = bw_dns_addresses(a->msg, r->setup.family, found, BW_RESOLVE_ADDRESSES);
    for (size_t i = 0; i < n; i++) {
        union bw_address *to = &r->result.list[i];
        *to = (union bw_address){.sa = {.sa_family = AF_UNSPEC}};
        if (r->setup.family == 6) {
            to->in6.sin6_family = AF_INET6;
            (void)memcpy(&to->in6.sin6_addr, found[i].bytes, 16);
        } else {
            to->in.sin_family = AF_INET;
            (void)memcpy(&to->in.sin_addr, found[i].bytes, 4);
        }
    }
    r->result.n = n;
    r->result.code = NULL;
    finish(r, n > 0 ? 0 : -EADDRNOTAVAIL, a->rtt_ns);
}

static void query_done(void *owner, struct bw_dnsq *q, const struct bw_dnsq_result *a)
{
    struct bw_resolve *r = owner;
    (void)q;
    if (a->error == 0 && a->msg->rcode == BW_DNS_NOERROR) {
        take_answer(r, a);
    } else if (a->error == 0 && a->msg->rcode == BW_DNS_NXDOMAIN) {
        note(r, -ENOENT, a->code);
        finish(r, -ENOENT, a->rtt_ns);
    } else { /* it cannot or does not want to: perhaps another one */
        note(r, -EIO, a->code);
        drop_query(r);
        ask_next(r);
        return;
    }
    drop_query(r);
}

static void ask_next(struct bw_resolve *r)
{
    struct bw_dnsq_setup setup = {.loop = r->setup.loop,
                                  .question = r->question,
                                  .udp_bytes = BW_DNS_UDP_BYTES,
                                  .done = query_done,
                                  .closed = query_closed,
                                  .owner = r};
    if (bw_address_family(&r->setup.server) != 0) {
        setup.device = r->setup.device;
        setup.source = r->setup.source;
    }
    while (r->next < r->n_servers) {
        int64_t now_ns = bw_clock_mono_ns();
        int e;
        setup.server = r->servers[r->next++];
        e = bw_dnsq_start(&setup, &r->query);
        if (e == 0) {
            r->n_open++;
            r->asked_mono_ns = now_ns;
            r->begun_mono_ns = r->begun_mono_ns == BW_UNKNOWN ? now_ns : r->begun_mono_ns;
            set_timer(r, BW_RESOLVE_STEP_MS);
            return;
        }
        if (r->begun_mono_ns == BW_UNKNOWN) {
            note(r, e, NULL); /* stands where none of them can be asked */
        }
    }
    finish(r, r->result.error < 0 ? r->result.error : -ETIMEDOUT, BW_UNKNOWN);
}

static void on_timer(uv_timer_t *timer)
{
    struct bw_resolve *r = timer->data;
    if (r->ready) {
        r->setup.done(r->setup.owner, &r->result);
        return;
    }
    note(r, -ETIMEDOUT, bw_dnsq_odd(r->query));
    drop_query(r);
    ask_next(r);
}

const char *bw_resolve_so_far(struct bw_resolve *r)
{
    if (r->query) {
        note(r, r->result.error, bw_dnsq_odd(r->query));
    }
    return r->result.code;
}

static void timer_closed(uv_handle_t *handle)
{
    struct bw_resolve *r = handle->data;
    r->n_open--;
    maybe_free(r);
}

int bw_resolve_start(const struct bw_resolve_setup *setup, struct bw_resolve **ret)
{
    struct bw_resolve *r = calloc(1, sizeof(*r));
    if (!r) {
        return -ENOMEM;
    }
    r->setup = *setup;
    r->begun_mono_ns = BW_UNKNOWN;
    r->result.took_ns = BW_UNKNOWN;
    r->question = (struct bw_dns_question){
        .type = setup->family == 6 ? BW_DNS_AAAA : BW_DNS_A, .klass = BW_DNS_IN};
    if (bw_dns_name_parse(setup->name, &r->question.name) < 0) {
        free(r);
        return -EINVAL;
    }
    (void)uv_timer_init(setup->loop, &r->timer); /* never fails: uv_timer_init(3) */
    r->timer.data = r;
    r->n_open = 1;
    read_files(r);
    if (r->result.n > 0) {
        finish(r, 0, BW_UNKNOWN);
    } else if (r->other_family) {
        finish(r, -EADDRNOTAVAIL, BW_UNKNOWN);
    } else {
        ask_next(r);
    }
    r->setup.name = NULL; /* was lent for this call */
    *ret = r;
    return 0;
}

void bw_resolve_close(struct bw_resolve *r)
{
    if (!r || r->closing) {
        return;
    }
    r->closing = true;
    drop_query(r);
    uv_close((uv_handle_t *)&r->timer, timer_closed);
}
