/* SPDX-License-Identifier: GPL-3.0-or-later
 * udpst_control.c - Setup and Test Activation (RFC 9946): one PDU at a time, sent again
 * until it is answered or the time is over.
 *
 * Whatever is not the answer is counted by kind and thrown away, so that nobody can end a
 * test by throwing packets at it, and the reason says at the end what came instead. Only a
 * refusal from the server's own address is taken at its word, signed or not: a server
 * without our key cannot sign it. But with a key nobody can have us go on without checking
 * answers, as before version 20 they are, unless `unsigned_answers` allows it. */
#include "udpst_flow_private.h"

#include <bw/err.h>
#include <bw/opts.h>
#include <bw/probe.h>
#include <clock.h>
#include <errno.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>

enum {
    RESEND_MS = 500, /* and then twice that, … */
    READ_MAX = 64,   /* datagrams a wake-up */
    TRIAL_MIN_MS = 5,
    TRIAL_MAX_MS = 1000,
    SUBINTERVAL_MS = 1000,
    MBPS_MAX = 32767,
    /* RFC 9097 section 8.1 and TR-471: the search for the rate, at its defaults */
    LOW_MS = 30,
    UPPER_MS = 90,
    TRIAL_MS = 50,
    FAST_ROWS = 10,
    SLOW_THRESHOLD = 3,
    ERROR_THRESHOLD = 10
};

/* ---- sending */

const struct bw_udpst_sign *udpst_control_sign(const struct udpst_flow *f,
                                               struct bw_udpst_sign *mem)
{
    const char *shared = bw_host_secret(f->plan.host);
    if (!f->authenticated) {
        return NULL;
    }
    *mem = (struct bw_udpst_sign){.key = f->keys.client,
                                  .n_key = sizeof(f->keys.client),
                                  .unix_s = (uint32_t)(bw_clock_unix_ms() / 1000),
                                  .key_id = (uint8_t)bw_opt_int(f->plan.opts, "key_id")};
    if (f->version < BW_UDPST_VERSION) {
        mem->key = shared;
        mem->n_key = strlen(shared);
    }
    return mem;
}

static void send_pdu(struct udpst_flow *f)
{
    int r = f->state == UDPST_SETTING_UP
                ? udpst_io_send_to(&f->io, &f->server, f->pdu, f->n_pdu)
                : udpst_io_send(&f->io, f->pdu, f->n_pdu);
    f->resend_mono_ns =
        bw_clock_mono_ns() + (INT64_C(1) << f->n_sent) * RESEND_MS * UDPST_NS_PER_MS;
    f->n_sent += f->n_sent < 10;
    if (r == -ECONNREFUSED || r == -EAGAIN) {
        f->faults.icmp = r == -ECONNREFUSED ? r : f->faults.icmp; /* of the one before */
    } else if (r < 0) {
        udpst_flow_fail(f, r, "cannot send to the server: %s", bw_strerror(r));
    }
}

static void send_setup(struct udpst_flow *f)
{
    const struct bw_opts *o = f->plan.opts;
    int64_t mbps = (f->max_bps + 999999) / 1000000;
    const char *shared = bw_host_secret(f->plan.host);
    struct bw_udpst_sign mem;
    const struct bw_udpst_sign *sign;
    struct bw_udpst_setup s = {.version = f->version,
                               .mc_count = 1,
                               .mc_ident = f->ident,
                               .request = BW_UDPST_REQUEST,
                               .up = f->plan.direction == BW_UP,
                               .max_mbps = (uint16_t)(mbps < MBPS_MAX ? mbps : MBPS_MAX)};
    s.modifiers = (uint8_t)((bw_opt_int(o, "jumbo") ? BW_UDPST_JUMBO : 0) |
                            (bw_opt_int(o, "full_mtu") ? BW_UDPST_FULL_MTU : 0));
    sign = udpst_control_sign(f, &mem);
    if (sign && f->version == BW_UDPST_VERSION) { /* the time of this PDU makes the keys */
        bw_udpst_derive(shared, sign->unix_s, &f->keys);
    }
    f->state = UDPST_SETTING_UP;
    f->n_sent = 0;
    f->n_pdu = bw_udpst_setup_write(f->pdu, sizeof(f->pdu), &s, sign);
    send_pdu(f);
}

void udpst_control_begin(struct udpst_flow *f)
{
    f->begun_mono_ns = bw_clock_mono_ns();
    f->deadline_mono_ns =
        f->begun_mono_ns + bw_opt_int(f->plan.opts, "connect_timeout") * UDPST_NS_PER_MS;
    f->version = BW_UDPST_VERSION;
    f->authenticated = bw_host_secret(f->plan.host) != NULL;
    f->max_bps = bw_opt_int(f->plan.opts, "max_rate");
    bw_random(&f->ident, sizeof(f->ident));
    send_setup(f);
}

static void send_activation(struct udpst_flow *f, uint16_t test_port)
{
    const struct bw_opts *o = f->plan.opts;
    struct bw_udpst_sign mem;
    struct bw_udpst_activate a = {.version = f->version,
                                  .request = f->plan.direction == BW_UP ? BW_UDPST_UP
                                                                        : BW_UDPST_DOWN,
                                  .low_ms = LOW_MS,
                                  .upper_ms = UPPER_MS,
                                  .trial_ms = TRIAL_MS,
                                  .test_s = (uint16_t)(bw_opt_int(o, "duration") / 1000),
                                  .row_index = BW_UDPST_DEFAULT_ROW,
                                  .fast_rows = FAST_ROWS,
                                  .slow_threshold = SLOW_THRESHOLD,
                                  .error_threshold = ERROR_THRESHOLD,
                                  .ignore_reordering = 1,
                                  .algorithm = (uint8_t)bw_opt_int(o, "algorithm"),
                                  .subinterval_ms = SUBINTERVAL_MS};
    int r;
    f->trial_ms = a.trial_ms;
    f->test_s = a.test_s;
    bw_address_set_port(&f->server, test_port);
    r = udpst_io_connect(&f->io, &f->server);
    if (r < 0) {
        udpst_flow_fail(f, r, "no way to the server's port for the test: %s",
                        bw_strerror(r));
        return;
    }
    f->state = UDPST_ACTIVATING;
    f->n_sent = 0;
    f->n_pdu =
        bw_udpst_activate_write(f->pdu, sizeof(f->pdu), &a, udpst_control_sign(f, &mem));
    send_pdu(f);
}

/* ---- reading */

/* Counts why a PDU could not be read. */
static void count_fault(struct udpst_flow *f, int error, uint16_t version)
{
    if (error == -EPROTONOSUPPORT) {
        f->faults.versions++;
        f->faults.version = version;
    } else if (error == -EILSEQ) {
        f->faults.checksums++;
    } else {
        f->faults.lengths++;
    }
}

/* Signed by the server where it has to be. */
static bool trusted(struct udpst_flow *f, const uint8_t *p, size_t n)
{
    int r;
    if (!f->authenticated || f->version < BW_UDPST_VERSION) {
        return true;
    }
    r = bw_udpst_verify(p, n, f->keys.server, sizeof(f->keys.server));
    f->faults.unsigned_ones += r == -ENOKEY;
    f->faults.digests += r == -EACCES;
    return r == 0;
}

static void setup_refused(struct udpst_flow *f, const struct bw_udpst_setup *s)
{
    enum { /* RFC 9946: cmdResponse */
        BAD_VERSION = 2,
        NO_CAPACITY = 10,
        NO_CONNECTION = 13
    };
    bool busy = s->response == NO_CAPACITY || s->response == NO_CONNECTION;
    if (s->response == BAD_VERSION && f->version == BW_UDPST_VERSION) {
        if (f->authenticated && !bw_opt_int(f->plan.opts, "unsigned_answers")) {
            udpst_flow_fail(
                f, -EPROTONOSUPPORT,
                "the server says that it speaks version %u and not %d, and the key "
                "cannot check its answers ('unsigned_answers = yes' takes them)",
                (unsigned)s->version, BW_UDPST_VERSION);
            return;
        }
        f->version = s->version < BW_UDPST_VERSION ? s->version : BW_UDPST_VERSION_MIN;
        send_setup(f);
        return;
    }
    udpst_flow_fail(f, busy ? -EBUSY : -ECONNREFUSED,
                    "the server refuses the test: %s (response %u)",
                    bw_udpst_setup_refusal(s->response), (unsigned)s->response);
}

static void on_setup(struct udpst_flow *f, const uint8_t *p, size_t n)
{
    struct bw_udpst_setup s = {.version = 0};
    int r = bw_udpst_setup_read(p, n, &s);
    if (r < 0) {
        count_fault(f, r, s.version);
    } else if (s.request != BW_UDPST_RESPONSE || s.mc_ident != f->ident ||
               s.response == 0) {
        f->faults.foreign++;
    } else if (s.response != BW_UDPST_OK) {
        setup_refused(f, &s);
    } else if (s.version != f->version) {
        count_fault(f, -EPROTONOSUPPORT, s.version);
    } else if (s.test_port == 0) {
        f->faults.lengths++;
    } else if (trusted(f, p, n)) {
        send_activation(f, s.test_port);
    }
}

/* Did the server change what we cannot let it change? */
static bool agreed(struct udpst_flow *f, const struct bw_udpst_activate *a)
{
    if (a->test_s == 0 || a->test_s > f->test_s) {
        udpst_flow_fail(f, -EPROTO, "the server makes %u s of the %u s that were asked for",
                        (unsigned)a->test_s, (unsigned)f->test_s);
    } else if (a->trial_ms < TRIAL_MIN_MS || a->trial_ms > TRIAL_MAX_MS) {
        udpst_flow_fail(f, -EPROTO, "the server wants feedback every %u ms",
                        (unsigned)a->trial_ms);
    } else if (f->plan.direction == BW_UP && a->subinterval_ms != SUBINTERVAL_MS) {
        udpst_flow_fail(f, -EPROTO,
                        "the server counts by %u ms, and the best second needs 1000 ms",
                        (unsigned)a->subinterval_ms);
    }
    return !f->ended;
}

static void on_activation(struct udpst_flow *f, const uint8_t *p, size_t n)
{
    struct bw_udpst_activate a = {.version = 0};
    int r = bw_udpst_activate_read(p, n, &a);
    if (r < 0) {
        count_fault(f, r, a.version);
    } else if (a.response == 0 || a.version != f->version ||
               a.request != (f->plan.direction == BW_UP ? BW_UDPST_UP : BW_UDPST_DOWN)) {
        f->faults.foreign++;
    } else if (a.response != BW_UDPST_OK) {
        udpst_flow_fail(f, -ECONNREFUSED,
                        "the server does not start the test: %s (response %u)",
                        bw_udpst_activate_refusal(a.response), (unsigned)a.response);
    } else if (trusted(f, p, n) && agreed(f, &a)) {
        f->test_s = a.test_s;
        f->trial_ms = a.trial_ms;
        udpst_load_begin(f, &a.row);
    }
}

/* The load or its feedback is here, and the answer to the activation, asked for more than
 * once, is not: it was lost, and what was asked for holds. */
static void on_early_load(struct udpst_flow *f, const uint8_t *p, size_t n)
{
    struct bw_udpst_status s;
    struct bw_udpst_load l;
    if (f->state != UDPST_ACTIVATING || f->n_sent < 2) {
        return;
    }
    if (f->plan.direction == BW_DOWN && bw_udpst_load_read(p, n, &l) == 0) {
        udpst_load_begin(f, NULL);
    } else if (f->plan.direction == BW_UP && bw_udpst_status_read(p, n, &s) == 0) {
        udpst_load_begin(f, &s.row);
    }
}

void udpst_control_read(struct udpst_flow *f)
{
    for (int i = 0;
         i < READ_MAX && (f->state == UDPST_SETTING_UP || f->state == UDPST_ACTIVATING);
         i++) {
        uint8_t in[BW_UDPST_CONTROL_MAX];
        union bw_address from;
        enum bw_udpst_kind kind;
        long n = udpst_io_receive_from(&f->io, in, sizeof(in), &from);
        size_t size =
            n > 0 ? (size_t)n : 0; /* may be more than is here: then it is no PDU */
        if (n == -EAGAIN) {
            return;
        }
        kind = bw_udpst_kind(in, size);
        if (n < 0) {
            f->faults.icmp = (int)n;
        } else if (!bw_address_equal(&from, &f->server)) {
            /* the test port's Null only opens its firewall, and comes before we know it */
            f->faults.strangers += kind != BW_UDPST_NULL;
        } else if (kind == BW_UDPST_SETUP && f->state == UDPST_SETTING_UP) {
            on_setup(f, in, size);
        } else if (kind == BW_UDPST_ACTIVATE && f->state == UDPST_ACTIVATING) {
            on_activation(f, in, size);
        } else if (kind == BW_UDPST_LOAD || kind == BW_UDPST_STATUS) {
            on_early_load(f, in, size);
        } else {
            f->faults.foreign += kind == BW_UDPST_OTHER;
        }
    }
}

/* ---- time */

static void describe(const struct udpst_faults *f, char *out, size_t cap)
{
    const char *what = NULL;
    if (f->digests) {
        what = "answers are signed with another key";
    } else if (f->unsigned_ones) {
        what = "answers are not signed";
    } else if (f->versions) {
        (void)snprintf(out, cap, ": answers are of version %u, which we do not speak",
                       (unsigned)f->version);
        return;
    } else if (f->checksums) {
        what = "answers have a wrong checksum";
    } else if (f->lengths) {
        what = "answers have a length or field that cannot be";
    } else if (f->foreign) {
        what = "answers are not of this protocol, or not to us";
    } else if (f->strangers) {
        what = "answers came from another address or port";
    } else if (f->icmp) {
        what = bw_strerror(f->icmp);
    }
    (void)snprintf(out, cap, "%s%s", what ? ": " : "", what ? what : "");
}

void udpst_control_watch(struct udpst_flow *f, int64_t now_mono_ns)
{
    int error = udpst_io_errors(&f->io);
    char why[128];
    f->faults.icmp = error < 0 ? error : f->faults.icmp;
    if (f->faults.icmp == -ECONNREFUSED) {
        udpst_flow_fail(f, -ECONNREFUSED, "nothing listens at the server's %s port",
                        f->state == UDPST_SETTING_UP ? "control" : "test");
    } else if (now_mono_ns >= f->deadline_mono_ns) {
        describe(&f->faults, why, sizeof(why));
        udpst_flow_fail(f, -ETIMEDOUT, "no answer to the %s within %lld ms%s",
                        f->state == UDPST_SETTING_UP ? "request for a test"
                                                     : "activation of the test",
                        (long long)bw_opt_int(f->plan.opts, "connect_timeout"), why);
    } else if (now_mono_ns >= f->resend_mono_ns) {
        send_pdu(f);
    }
}
