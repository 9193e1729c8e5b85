/* SPDX-License-Identifier: GPL-3.0-or-later
 * site.h - what this box measures all the time: the counters and latency probes of every
 * circuit, read at whole seconds, gathered into intervals.
 *
 * It knows nothing of storage, tests or the collector; a finished interval is handed to
 * its owner. Loop thread only. */
#ifndef BW_DAEMON_SITE_H
#define BW_DAEMON_SITE_H

#include <bw/probe.h>
#include <bw/summary.h>
#include <frames.h>
#include <mirror.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>
#include <writer.h>

struct bw_boxconf;
struct bw_counter_link;
struct bw_err;
struct bw_interval;
struct bw_site;
struct bw_tap;
struct bw_tap_status;
struct bw_snmp_status;

enum {
    BW_SITE_TENS_MAX = 1024, /* ten-second rates of one interval */
    BW_SITE_STEP_MS = 1000,  /* a wall clock that moved this far was stepped */
    BW_SITE_RETRY_MIN_MS = 1000,
    BW_SITE_RETRY_MAX_MS = 60000
};

struct bw_site_events {
    /* One interval, ready to be chained and signed; moved out by the receiver. */
    void (*summary)(void *owner,
                    struct bw_summary *s,
                    const struct bw_writer_ten *tens,
                    size_t n_tens);
    /* After the readings of a whole second. `stepped`: the wall clock was. */
    void (*second)(void *owner, int64_t unix_s, bool stepped);
};

/* Make probes and open their sockets: the last call that needs rights. *ret holds a
 * reference to the configuration. -EPERM, -EACCES: a probe may not open its sockets. */
int bw_site_new(uv_loop_t *loop,
                struct bw_boxconf *config,
                const struct bw_site_events *ev,
                void *owner,
                struct bw_site **ret,
                struct bw_err *reterr);

/* Measure by another configuration. What did not change goes on without a gap: probes keep
 * their sockets and what is under way, circuits their counters and outages; the interval
 * ends at the last whole second, and the next one begins there. On failure (as above)
 * nothing changes. */
int bw_site_reload(struct bw_site **site, struct bw_boxconf *config, struct bw_err *reterr);

/* The key that the hashes of hops are made with (include/bw/probe.h); kept over reloads. */
void bw_site_set_path_key(struct bw_site *s, const uint8_t key[BW_PATH_KEY_LEN]);

/* Begin at the next whole second. The time from gap_from_unix_s (unknown: none) to then
 * is the first record's gap "daemon stopped". */
int bw_site_start(struct bw_site *s, int64_t gap_from_unix_s, struct bw_err *reterr);

/* End the open interval at the last whole second and hand over all that is left. */
void bw_site_stop(struct bw_site *s);

/* Close all handles, free, then cb(owner). */
void bw_site_close(struct bw_site *s, void (*cb)(void *owner), void *owner);

/* NULL before the first second. Circuits have the configuration's indices. */
struct bw_interval *bw_site_interval(struct bw_site *s);

/* The last whole second that was read; unknown before the first. */
int64_t bw_site_last_unix_s(const struct bw_site *s);

/* Why the newest packet to a probe's k-th target could not be sent (-errno); 0: it was, or
 * none was due yet. *ret_family 4 or 6: only over this one, over which it answered before,
 * and those over the other are sent; 0: none is. */
int bw_site_unsent(const struct bw_site *s, size_t probe, size_t target, int *ret_family);

/* The newest trace to a probe's k-th target; NULL: there is none (yet). */
struct bw_site_path {
    bool known;
    uint8_t family;
    bool reached;
    enum bw_sample_state state;
    int32_t error; /* why it could not be made */
    uint32_t hops; /* as far as somebody answered */
    int64_t mtu;   /* unknown: not found */
    char flag[32]; /* "": none */
};
const struct bw_site_path *
bw_site_path(const struct bw_site *s, size_t probe, size_t target);

/* Read a circuit's counters between seconds, for a test's window. */
void bw_site_read_extra(struct bw_site *s, size_t circuit);
/* What is behind the name of a circuit's interface; NULL where it cannot be read, or
 * another device counts. Lent until the next second. */
const struct bw_counter_link *bw_site_link(const struct bw_site *s, size_t circuit);
/* How what its counter counts of a frame came to be known, or did not. */
enum bw_frames_state bw_site_frames(const struct bw_site *s, size_t circuit);
/* What a mirror port showed in the newest record's interval. */
struct bw_site_mirror {
    int64_t port_bps;                /* each unknown where it is */
    int64_t link;                    /* now: 1, or 0: nothing can arrive */
    int64_t full_s;                  /* seconds at >= 90 % of that */
    int64_t bytes[BW_DIRECTIONS];    /* at least what the line carried */
    bool no_way;                     /* now: its packets do not tell down from up */
    enum bw_mirror_verdict compared; /* with the edge device's counts */
};
/* NULL: the circuit has no mirror port. */
const struct bw_site_mirror *bw_site_mirror(const struct bw_site *s, size_t circuit);
/* A test begins that lasts at most so long: where another device counts, ask it more often
 * until its counts reach over the end. 0: the test is over. */
void bw_site_test_begins(struct bw_site *s, size_t circuit, int64_t longest_ms);

/* How the reader of an edge device stands; NULL where source is not snmp. */
const struct bw_snmp_status *bw_site_snmp(const struct bw_site *s, size_t circuit);
/* At which layer a circuit is counted; unknown where it is not, or nobody knows. */
enum bw_layer bw_site_layer(const struct bw_site *s, size_t circuit);
/* Has the line's port a carrier by this reading: 1, 0; unknown where nobody told (a
 * mirror's is another port). */
int64_t
bw_site_carrier(const struct bw_site *s, size_t circuit, const struct bw_reading *r);
/* How often a circuit's counts are new; unknown where there are none, or nobody knows yet.
 */
int64_t bw_site_refresh_ms(const struct bw_site *s, size_t circuit);

/* A throughput test of ours begins or ends on the circuit: while it runs, packets on the
 * line are not what users do. Told of each run, at its start and its end, and when another
 * site follows in the middle of it. */
void bw_site_own_test(struct bw_site *s, const char *circuit, bool runs);

/* What looks at a circuit's packets; NULL: nothing does. Lent until the next reload. */
const struct bw_tap *bw_site_tap(const struct bw_site *s, size_t circuit);
bool bw_site_tap_status(struct bw_site *s, size_t circuit, struct bw_tap_status *ret);

/* The interval's index of a probe's first target; -ENOENT for a throughput probe. */
int bw_site_target(const struct bw_site *s, size_t probe);

#endif
