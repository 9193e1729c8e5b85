/* SPDX-License-Identifier: GPL-3.0-or-later
 * host.h - runs one instance of a probe on a loop and hands on what it lends.
 *
 * The host keeps the probe's promises for it: done() is called exactly once a round and
 * never before bw_host_round() has returned, a round over its budget is cancelled, and
 * nothing is called any more after closed(). All on the loop's thread. */
#ifndef BW_HOST_H
#define BW_HOST_H

#include <bw/opts.h>
#include <bw/probe.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;
struct uv_loop_s;

/* Each may be NULL. Samples are lent until the callback returns. */
struct bw_host_callbacks {
    void (*latency)(void *owner, const struct bw_latency_sample *s, uint32_t n);
    void (*run)(void *owner, const struct bw_run_sample *s);
    void (*path)(void *owner, const struct bw_path_sample *s);
    /* The round ended: 0, -ETIMEDOUT, -ECANCELED or -errno. A next round may be started
     * from here. */
    void (*done)(void *owner, int status);
    /* After bw_host_close(): the host is freed when this returns. */
    void (*closed)(void *owner);
};

/* Make the instance; no I/O yet. `opts` must live until closed(). Runs the kind's check().
 * -EINVAL with the sentence, -ENOMEM. On failure nothing is left behind. */
int bw_host_new(struct uv_loop_s *loop,
                const struct bw_probe_ops *ops,
                const struct bw_opts *opts,
                const struct bw_host_callbacks *callbacks,
                void *owner,
                struct bw_host **ret,
                struct bw_err *reterr);

/* What probes ask for by bw_host_path_key() (copied; without it every host draws its own)
 * and bw_host_ticket() (lent until the host is closed; NULL: none). Before the open. */
void bw_host_set_path_key(struct bw_host *h, const uint8_t key[BW_PATH_KEY_LEN]);
void bw_host_set_ticket(struct bw_host *h, const char *ticket);
/* What bw_host_secret() gives (copied), where the file that an option names was read by
 * somebody else; without it bw_host_open() reads it. Before the open. */
void bw_host_set_secret(struct bw_host *h, const char *secret);

/* Open sockets: the last call that needs rights. After a failure the host can only be
 * closed. */
int bw_host_open(struct bw_host *h, struct bw_err *reterr);

/* Start a round. 0: exactly one done() follows, later. -EBUSY while one runs.
 *
 * A latency kind sends at its own cadence for budget_ms, then done(0); packets still in
 * flight are answered (or become BW_LOST) after it, so the next round is started from
 * done() and no packet is missed. budget_ms 0: until bw_host_cancel().
 * A throughput kind must be over within budget_ms; then it is cancelled by the host, and
 * done(-ETIMEDOUT) follows. */
int bw_host_round(struct bw_host *h, uint32_t budget_ms);

/* End the running round early; done(-ECANCELED) still follows, later. No round: no-op. */
void bw_host_cancel(struct bw_host *h);

bool bw_host_busy(const struct bw_host *h);

/* Close the probe's handles; closed() follows, later, then the host is gone. A running
 * round ends without done(). Legal after any failure, NULL is a no-op (no closed()). */
void bw_host_close(struct bw_host *h);

/* The row of the table with this name, or NULL. */
const struct bw_probe_ops *bw_probe_find(const char *name);

#endif
