/* SPDX-License-Identifier: GPL-3.0-or-later
 * testsrv_info.c - the kernel's own figures of a connection: added up for a receipt, and
 * told in full to an ndt7 client. */
#include "testsrv_info.h"

#include <bw/units.h>
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <ndt7.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum {
    CC_MAX = 16
};

int64_t info_cpu_us(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u) < 0) {
        return BW_UNKNOWN;
    }
    return ((int64_t)u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

static bool read_info(int fd, struct tcp_info *i, socklen_t *ret_n)
{
    memset(i, 0, sizeof(*i));
    *ret_n = sizeof(*i);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, i, ret_n) == 0;
}

bool info_sums(int fd, struct tcp_sums *add, bool *ret_app_limited)
{
    struct tcp_info i;
    socklen_t n = 0;
    char cc[CC_MAX] = "";
    socklen_t n_cc = sizeof(cc) - 1;
    if (!read_info(fd, &i, &n)) {
        return false;
    }
    if (ret_app_limited) {
        *ret_app_limited = i.tcpi_delivery_rate_app_limited;
    }
    if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, cc, &n_cc) == 0) {
        memcpy(add->cc, cc, sizeof(add->cc));
    }
    int64_t min_us = i.tcpi_min_rtt == UINT32_MAX ? 0 : i.tcpi_min_rtt;
    add->min_rtt_us =
        min_us > 0 && (add->n == 0 || min_us < add->min_rtt_us) ? min_us : add->min_rtt_us;
    add->n++;
    add->mss = i.tcpi_snd_mss;
    add->rtt_us += i.tcpi_rtt;
    add->sent_bytes += (int64_t)i.tcpi_bytes_sent;
    add->retrans_bytes += (int64_t)i.tcpi_bytes_retrans;
    add->acked_bytes += (int64_t)i.tcpi_bytes_acked;
    add->received_bytes += (int64_t)i.tcpi_bytes_received;
    add->busy_us += (int64_t)i.tcpi_busy_time;
    add->rwnd_us += (int64_t)i.tcpi_rwnd_limited;
    add->sndbuf_us += (int64_t)i.tcpi_sndbuf_limited;
    return true;
}

/* ---- in full */

static void measure_bbr(int fd, int64_t elapsed_us, struct bw_ndt7_measurement *m)
{
    union tcp_cc_info cc;
    char name[CC_MAX] = "";
    socklen_t n_name = sizeof(name) - 1;
    socklen_t n = sizeof(cc);
    memset(&cc, 0, sizeof(cc));
    if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &n_name) < 0 ||
        strcmp(name, "bbr") != 0 || getsockopt(fd, IPPROTO_TCP, TCP_CC_INFO, &cc, &n) < 0 ||
        n < sizeof(cc.bbr)) {
        return;
    }
    m->has_bbr = true;
    m->bbr.bw = (int64_t)((uint64_t)cc.bbr.bbr_bw_hi << 32 | cc.bbr.bbr_bw_lo);
    m->bbr.min_rtt_us = cc.bbr.bbr_min_rtt;
    m->bbr.pacing_gain = cc.bbr.bbr_pacing_gain;
    m->bbr.cwnd_gain = cc.bbr.bbr_cwnd_gain;
    m->bbr.elapsed_us = elapsed_us;
}

void info_measure(int fd, int64_t elapsed_us, struct bw_ndt7_measurement *m)
{
    struct tcp_info i;
    socklen_t n = 0;
    if (read_info(fd, &i, &n)) {
        m->has_tcp = true;
        bw_ndt7_tcp_of_kernel(&i, n, elapsed_us, &m->tcp);
        measure_bbr(fd, elapsed_us, m);
    }
}
