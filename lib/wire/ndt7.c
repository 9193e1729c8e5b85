/* SPDX-License-Identifier: GPL-3.0-or-later
 * ndt7.c - ndt7's measurements as JSON, by tables.
 *
 * Invariant: a figure is either a number the other end wrote, not negative, or unknown. */
#include "ndt7.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <json.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <string.h>

/* Figures ----------------------------------------------------------------------- */

struct figure {
    const char *name;
    size_t at;        /* of our int64_t */
    size_t kernel_at; /* in struct tcp_info … */
    size_t kernel_n;  /* … and its bytes; 0: not there as such */
};

#define KERNEL_OF(member)                                                                  \
    .kernel_at = offsetof(struct tcp_info, tcpi_##member),                                 \
    .kernel_n = sizeof(((struct tcp_info *)0)->tcpi_##member)
#define TCP(ours, json, kernel)                                                            \
    {                                                                                      \
        .name = (json), .at = offsetof(struct bw_ndt7_tcp, ours), KERNEL_OF(kernel)        \
    }
#define PLAIN(type, ours, json)                                                            \
    {                                                                                      \
        .name = (json), .at = offsetof(struct type, ours)                                  \
    }

static const struct figure tcp_figures[] = {
    TCP(state, "State", state),
    TCP(ca_state, "CAState", ca_state),
    TCP(retransmits, "Retransmits", retransmits),
    TCP(probes, "Probes", probes),
    TCP(backoff, "Backoff", backoff),
    TCP(options, "Options", options),
    PLAIN(bw_ndt7_tcp, wscale, "WScale"),
    PLAIN(bw_ndt7_tcp, app_limited, "AppLimited"),
    TCP(rto_us, "RTO", rto),
    TCP(ato_us, "ATO", ato),
    TCP(snd_mss, "SndMSS", snd_mss),
    TCP(rcv_mss, "RcvMSS", rcv_mss),
    TCP(unacked, "Unacked", unacked),
    TCP(sacked, "Sacked", sacked),
    TCP(lost, "Lost", lost),
    TCP(retrans, "Retrans", retrans),
    TCP(fackets, "Fackets", fackets),
    TCP(last_data_sent_ms, "LastDataSent", last_data_sent),
    TCP(last_ack_sent_ms, "LastAckSent", last_ack_sent),
    TCP(last_data_recv_ms, "LastDataRecv", last_data_recv),
    TCP(last_ack_recv_ms, "LastAckRecv", last_ack_recv),
    TCP(pmtu, "PMTU", pmtu),
    TCP(rcv_ssthresh, "RcvSsThresh", rcv_ssthresh),
    TCP(rtt_us, "RTT", rtt),
    TCP(rtt_var_us, "RTTVar", rttvar),
    TCP(snd_ssthresh, "SndSsThresh", snd_ssthresh),
    TCP(snd_cwnd, "SndCwnd", snd_cwnd),
    TCP(adv_mss, "AdvMSS", advmss),
    TCP(reordering, "Reordering", reordering),
    TCP(rcv_rtt_us, "RcvRTT", rcv_rtt),
    TCP(rcv_space, "RcvSpace", rcv_space),
    TCP(total_retrans, "TotalRetrans", total_retrans),
    TCP(pacing_rate, "PacingRate", pacing_rate),
    TCP(max_pacing_rate, "MaxPacingRate", max_pacing_rate),
    TCP(bytes_acked, "BytesAcked", bytes_acked),
    TCP(bytes_received, "BytesReceived", bytes_received),
    TCP(segs_out, "SegsOut", segs_out),
    TCP(segs_in, "SegsIn", segs_in),
    TCP(notsent_bytes, "NotsentBytes", notsent_bytes),
    TCP(min_rtt_us, "MinRTT", min_rtt),
    TCP(data_segs_in, "DataSegsIn", data_segs_in),
    TCP(data_segs_out, "DataSegsOut", data_segs_out),
    TCP(delivery_rate, "DeliveryRate", delivery_rate),
    TCP(busy_time_us, "BusyTime", busy_time),
    TCP(rwnd_limited_us, "RWndLimited", rwnd_limited),
    TCP(sndbuf_limited_us, "SndBufLimited", sndbuf_limited),
    TCP(delivered, "Delivered", delivered),
    TCP(delivered_ce, "DeliveredCE", delivered_ce),
    TCP(bytes_sent, "BytesSent", bytes_sent),
    TCP(bytes_retrans, "BytesRetrans", bytes_retrans),
    TCP(dsack_dups, "DSackDups", dsack_dups),
    TCP(reord_seen, "ReordSeen", reord_seen),
    TCP(rcv_ooopack, "RcvOooPack", rcv_ooopack),
    TCP(snd_wnd, "SndWnd", snd_wnd),
    PLAIN(bw_ndt7_tcp, elapsed_us, "ElapsedTime"),
};

static const struct figure bbr_figures[] = {
    PLAIN(bw_ndt7_bbr, bw, "BW"),
    PLAIN(bw_ndt7_bbr, min_rtt_us, "MinRTT"),
    PLAIN(bw_ndt7_bbr, pacing_gain, "PacingGain"),
    PLAIN(bw_ndt7_bbr, cwnd_gain, "CwndGain"),
    PLAIN(bw_ndt7_bbr, elapsed_us, "ElapsedTime"),
};

static const struct figure app_figures[] = {
    PLAIN(bw_ndt7_app, num_bytes, "NumBytes"),
    PLAIN(bw_ndt7_app, elapsed_us, "ElapsedTime"),
};

enum {
    N_TCP = sizeof(tcp_figures) / sizeof(tcp_figures[0]),
    N_BBR = sizeof(bbr_figures) / sizeof(bbr_figures[0]),
    N_APP = sizeof(app_figures) / sizeof(app_figures[0])
};

static void put_figure(void *object, const struct figure *f, int64_t v)
{
    (void)memcpy((char *)object + f->at, &v, sizeof(v));
}

static int64_t get_figure(const void *object, const struct figure *f)
{
    int64_t v;
    (void)memcpy(&v, (const char *)object + f->at, sizeof(v));
    return v;
}

static void forget(void *object, const struct figure *figures, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_figure(object, &figures[i], BW_UNKNOWN);
    }
}

void bw_ndt7_measurement_init(struct bw_ndt7_measurement *m)
{
    (void)memset(m, 0, sizeof(*m));
    forget(&m->app, app_figures, N_APP);
    forget(&m->bbr, bbr_figures, N_BBR);
    forget(&m->tcp, tcp_figures, N_TCP);
}

/* Reading ----------------------------------------------------------------------- */

static int not_a(struct bw_err *reterr, const char *name, const char *type)
{
    return bw_err_set(reterr, -BW_EMALFORMED, "member '%s' is not %s", name, type);
}

static int
read_number(const json_t *v, const char *name, int64_t *ret, struct bw_err *reterr)
{
    if (json_is_integer(v)) {
        *ret = json_integer_value(v);
    } else if (json_is_real(v)) { /* a script's clock counts in fractions */
        double d = json_real_value(v);
        *ret = d >= 0 && d < 9.2e18 ? (int64_t)d : -1;
    } else if (json_is_null(v)) {
        *ret = -1;
    } else {
        return not_a(reterr, name, "a number");
    }
    *ret = *ret < 0 ? BW_UNKNOWN : *ret; /* servers write -1 for "no limit" */
    return 0;
}

/* The object of that name, NULL when there is none. */
static int
read_object(const json_t *from, const char *name, const json_t **ret, struct bw_err *reterr)
{
    const json_t *v = json_object_get(from, name);
    if (v && !json_is_object(v) && !json_is_null(v)) {
        return not_a(reterr, name, "an object");
    }
    *ret = json_is_object(v) ? v : NULL;
    return 0;
}

static int read_figures(const json_t *from,
                        const char *name,
                        const struct figure *figures,
                        size_t n,
                        bool *ret_has,
                        void *ret,
                        struct bw_err *reterr)
{
    const json_t *o = NULL;
    int r = read_object(from, name, &o, reterr);
    *ret_has = o != NULL;
    for (size_t i = 0; i < n && o && r == 0; i++) {
        const json_t *v = json_object_get(o, figures[i].name);
        int64_t number = BW_UNKNOWN;
        if (v) {
            r = read_number(v, figures[i].name, &number, reterr);
            put_figure(ret, &figures[i], number);
        }
    }
    return r;
}

/* A text that fits and that may stand in a record: visible ASCII. Another one is no fault
 * of the measurement's figures, and is left out. */
static int read_text(
    const json_t *from, const char *name, size_t max, char *ret, struct bw_err *reterr)
{
    const json_t *v = json_object_get(from, name);
    const char *text;
    size_t n;
    if (!v || json_is_null(v)) {
        return 0;
    }
    if (!json_is_string(v)) {
        return not_a(reterr, name, "a text");
    }
    text = json_string_value(v);
    n = json_string_length(v);
    for (size_t i = 0; i < n; i++) {
        if (text[i] <= 0x20 || text[i] >= 0x7f) {
            return 0;
        }
    }
    if (n <= max) {
        (void)memcpy(ret, text, n + 1);
    }
    return 0;
}

static int
read_words(const json_t *from, struct bw_ndt7_measurement *m, struct bw_err *reterr)
{
    char origin[16] = "";
    char test[16] = "";
    int r = read_text(from, "Origin", sizeof(origin) - 1, origin, reterr);
    if (r == 0) {
        r = read_text(from, "Test", sizeof(test) - 1, test, reterr);
    }
    if (strcmp(origin, "client") == 0) {
        m->origin = BW_NDT7_FROM_CLIENT;
    } else if (strcmp(origin, "server") == 0) {
        m->origin = BW_NDT7_FROM_SERVER;
    }
    m->has_test = strcmp(test, "download") == 0 || strcmp(test, "upload") == 0;
    m->test = strcmp(test, "upload") == 0 ? BW_UP : BW_DOWN;
    return r;
}

static int
read_connection(const json_t *from, struct bw_ndt7_measurement *m, struct bw_err *reterr)
{
    const json_t *o = NULL;
    int r = read_object(from, "ConnectionInfo", &o, reterr);
    if (r == 0 && o) {
        r = read_text(o, "Client", sizeof(m->client) - 1, m->client, reterr);
    }
    if (r == 0 && o) {
        r = read_text(o, "Server", sizeof(m->server) - 1, m->server, reterr);
    }
    if (r == 0 && o) {
        r = read_text(o, "UUID", sizeof(m->uuid) - 1, m->uuid, reterr);
    }
    return r;
}

/* Some clients of old misspelt NumBytes. */
static int
read_misspelt(const json_t *from, struct bw_ndt7_measurement *m, struct bw_err *reterr)
{
    const json_t *v = json_object_get(json_object_get(from, "AppInfo"), "NumByes");
    if (!v || m->app.num_bytes != BW_UNKNOWN) {
        return 0;
    }
    return read_number(v, "NumByes", &m->app.num_bytes, reterr);
}

int bw_ndt7_measurement_read(const char *text,
                             size_t n,
                             struct bw_ndt7_measurement *ret,
                             struct bw_err *reterr)
{
    struct bw_ndt7_measurement m;
    json_t *j = NULL;
    int r = bw_json_parse(text, n, BW_NDT7_TEXT_MAX, &j, reterr);
    if (r < 0) {
        return r;
    }
    bw_ndt7_measurement_init(&m);
    if (!json_is_object(j)) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "a measurement that is no object");
        goto out;
    }
    r = read_words(j, &m, reterr);
    if (r == 0) {
        r = read_connection(j, &m, reterr);
    }
    if (r == 0) {
        r = read_figures(j, "AppInfo", app_figures, N_APP, &m.has_app, &m.app, reterr);
    }
    if (r == 0) {
        r = read_misspelt(j, &m, reterr);
    }
    if (r == 0) {
        r = read_figures(j, "BBRInfo", bbr_figures, N_BBR, &m.has_bbr, &m.bbr, reterr);
    }
    if (r == 0) {
        r = read_figures(j, "TCPInfo", tcp_figures, N_TCP, &m.has_tcp, &m.tcp, reterr);
    }
    if (r == 0) {
        r = read_text(j, "Receipt", sizeof(m.receipt) - 1, m.receipt, reterr);
    }
    if (r == 0) {
        *ret = m;
    }
out:
    json_decref(j);
    return r;
}

/* Writing ----------------------------------------------------------------------- */

static void write_figures(struct bw_jw *w,
                          const char *name,
                          const struct figure *figures,
                          size_t n,
                          const void *object)
{
    bw_jw_kobj(w, name);
    for (size_t i = 0; i < n; i++) {
        bw_jw_ki64(w, figures[i].name, get_figure(object, &figures[i]));
    }
    bw_jw_obj_end(w);
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

void bw_ndt7_measurement_write(const struct bw_ndt7_measurement *m, struct bw_buf *out)
{
    struct bw_jw w;
    bw_jw_init(&w, out);
    bw_jw_obj(&w);
    if (m->has_app) {
        write_figures(&w, "AppInfo", app_figures, N_APP, &m->app);
    }
    if (m->client[0] || m->server[0] || m->uuid[0]) {
        bw_jw_kobj(&w, "ConnectionInfo");
        bw_jw_kstr(&w, "Client", or_null(m->client));
        bw_jw_kstr(&w, "Server", or_null(m->server));
        bw_jw_kstr(&w, "UUID", or_null(m->uuid));
        bw_jw_obj_end(&w);
    }
    if (m->origin != BW_NDT7_NOBODY) {
        bw_jw_kstr(&w, "Origin", m->origin == BW_NDT7_FROM_CLIENT ? "client" : "server");
    }
    if (m->has_test) {
        bw_jw_kstr(&w, "Test", m->test == BW_UP ? "upload" : "download");
    }
    if (m->has_bbr) {
        write_figures(&w, "BBRInfo", bbr_figures, N_BBR, &m->bbr);
    }
    if (m->has_tcp) {
        write_figures(&w, "TCPInfo", tcp_figures, N_TCP, &m->tcp);
    }
    bw_jw_kstr(&w, "Receipt", or_null(m->receipt));
    bw_jw_obj_end(&w);
}

/* The kernel's ------------------------------------------------------------------ */

static int64_t of_kernel(const char *info, size_t n, const struct figure *f)
{
    uint8_t one;
    uint32_t four;
    uint64_t eight;
    if (f->kernel_n == 0 || f->kernel_at + f->kernel_n > n) {
        return BW_UNKNOWN;
    }
    if (f->kernel_n == sizeof(one)) {
        (void)memcpy(&one, info + f->kernel_at, sizeof(one));
        return one;
    }
    if (f->kernel_n == sizeof(four)) {
        (void)memcpy(&four, info + f->kernel_at, sizeof(four));
        return four;
    }
    (void)memcpy(&eight, info + f->kernel_at, sizeof(eight));
    return eight > INT64_MAX ? BW_UNKNOWN : (int64_t)eight; /* "no limit" is all ones */
}

void bw_ndt7_tcp_of_kernel(const void *info,
                           size_t n,
                           int64_t elapsed_us,
                           struct bw_ndt7_tcp *ret)
{
    /* the two bytes of bit fields: behind tcpi_options */
    static const size_t bits_at = offsetof(struct tcp_info, tcpi_options) + 1;
    struct tcp_info k;
    for (size_t i = 0; i < N_TCP; i++) {
        put_figure(ret, &tcp_figures[i], of_kernel(info, n, &tcp_figures[i]));
    }
    if (n >= bits_at + 2) {
        (void)memset(&k, 0, sizeof(k));
        (void)memcpy(&k, info, n < sizeof(k) ? n : sizeof(k));
        ret->wscale = k.tcpi_snd_wscale | k.tcpi_rcv_wscale << 4;
        ret->app_limited = k.tcpi_delivery_rate_app_limited;
    }
    ret->elapsed_us = elapsed_us;
}

int64_t bw_ndt7_next_size(int64_t size, int64_t sent_bytes)
{
    bool grow = size < BW_NDT7_MESSAGE_SCALED_MAX && size <= sent_bytes / BW_NDT7_FRACTION;
    return grow ? size * 2 : size;
}
