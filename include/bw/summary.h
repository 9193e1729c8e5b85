/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary.h - one site's record of one interval, in memory (contract v1).
 *
 * docs/summary-v1.md describes the bytes. Every int64_t that was not measured is
 * BW_UNKNOWN and is absent in the JSON; every const char * that is NULL is absent;
 * an empty char array is absent. The encoder is canonical: the same struct gives the
 * same bytes. */
#ifndef BW_SUMMARY_H
#define BW_SUMMARY_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum bw_vantage {
    BW_VANTAGE_UNKNOWN,
    BW_VANTAGE_ROUTER,
    BW_VANTAGE_BRIDGE,
    BW_VANTAGE_WAN_SIDE,
    BW_VANTAGE_LAN_SIDE,
    BW_VANTAGE_MIRROR
};

enum bw_behind { /* bits */
    BW_BEHIND_NAT = 1,
    BW_BEHIND_FILTER = 2,
    BW_BEHIND_PROXY = 4
};

enum bw_source {
    BW_SOURCE_NONE,
    BW_SOURCE_KERNEL,
    BW_SOURCE_SNMP,
    BW_SOURCE_MIRROR
};

enum bw_chain_why {
    BW_CHAIN_CONTINUES, /* not the first of its chain: no "chain" member */
    BW_CHAIN_NEW,
    BW_CHAIN_ROTATED,
    BW_CHAIN_REPLACED,
    BW_CHAIN_FORK,
    BW_CHAIN_RESTORED
};

enum {
    BW_GAPS_MAX = 64 /* of one record */
};

enum {
    BW_FLAGS_MAX = 12 /* of one run */
};

enum {
    /* Counts of somebody else in longer steps: whether a second was saturated is known too
     * late for a capture, which keeps its last 8 seconds apart. */
    BW_SATURATED_STEP_MAX_MS = 5500
};

enum bw_gap_why {
    BW_GAP_STOPPED,  /* "daemon stopped" */
    BW_GAP_CLOCK,    /* "clock" */
    BW_GAP_REFUSED,  /* "refused": the collector refused the record of that time for good */
    BW_GAP_DEFERRED, /* "deferred": a due throughput test was put off */
    BW_GAP_COUNTER,  /* "counter": the interface could not be read */
    BW_GAP_STORAGE   /* "storage full": measured, but never written: no room on disk, and
                        then none in memory; or no record to be made of it */
};

enum bw_test_state {
    BW_TEST_OK,
    BW_TEST_FAILED,
    BW_TEST_DEFERRED,
    BW_TEST_CANCELLED
};

enum bw_grade {
    BW_GRADE_SELF,
    BW_GRADE_RECEIPT,
    BW_GRADE_ARCHIVE
};

enum bw_egress {
    BW_EGRESS_UNKNOWN,
    BW_EGRESS_MATCH,
    BW_EGRESS_OTHER
};

/* What the circuit's counter saw in one direction. All absent with source none. */
struct bw_flow {
    int64_t bytes;
    int64_t packets;
    int64_t p95_1s_bps; /* of the one-second rates, index ceil(0.95 n) */
    int64_t peak_1s_bps;
    int64_t peak_sliding_1s_bps; /* the most in any second, from readings closer together */
    int64_t drops;
    int64_t errors;
    int64_t frame_offset_bytes; /* what the counter counts of a frame, less the Ethernet
                                   frame without FCS: 0, -14 …; unknown: not calibrated.
                                   Where `layer` has something else, it has been made up
                                   for in all figures, by packets */
};

struct bw_circuit_summary {
    char id[BW_NAME_MAX + 1];
    enum bw_vantage vantage;
    uint32_t behind; /* of enum bw_behind */
    enum bw_source source;
    enum bw_layer layer; /* of the counters; unknown with source none */
    int64_t resolution_ms;
    int64_t covered_s; /* seconds of the interval that the counters really cover */
    int64_t link_bps;
    int64_t mtu;
    int64_t saturated_s; /* seconds at >= 90 % of the claim; unknown without claim */
    int64_t port_full_s; /* mirror: seconds in which the port it comes in by was at >= 90 %
                            of its speed: the line may have carried more than it showed */
    struct bw_flow flow[BW_DIRECTIONS];
};

struct bw_outage {
    char circuit[BW_NAME_MAX + 1];
    int64_t from_unix_ms;
    int64_t to_unix_ms;       /* unknown: still out when the interval closed; then the next
                                 interval names it again with the same from_unix_ms, until one
                                 tells its end: (circuit, from_unix_ms) is its identity */
    const char *why;          /* "targets silent" | "carrier down" */
    int64_t known_to_unix_ms; /* not in the record; made when days are folded: the latest
                                 instant at which it was surely still out (to_unix_ms, or
                                 the end of the last interval that names it) */
};

/* How often an answer was given, in the protocol's own word. */
struct bw_code {
    char code[32];
    int64_t n;
};

/* One part of exchanges: "dns", "connect", "tls", "first-byte", "transfer". */
struct bw_phase_times {
    char phase[16];
    int64_t sum_us;
    const char *time_hist;
};

struct bw_latency {
    char circuit[BW_NAME_MAX + 1];
    char probe[BW_NAME_MAX + 1]; /* the target's name, never its address */
    char kind[16];               /* "icmp", "stamp", … */
    int64_t family;              /* 4 or 6 */
    int64_t sent;
    int64_t lost;
    int64_t late; /* of the lost: answered after the deadline */
    int64_t sum_us;
    const char *rtt_hist; /* histogram text, hist.h; NULL when nothing came back */
    int64_t p50_us;
    int64_t p95_us;
    int64_t pdv_p95_us;   /* P95 of delay minus the interval's minimum (RFC 5481 PDV) */
    int64_t lost_out;     /* of the lost, where it is known: on the way there … */
    int64_t lost_back;    /* … and on the way back */
    const char *out_hist; /* one-way delays; only with both clocks synced … */
    const char *back_hist;
    int64_t one_way_error_us; /* … and off by no more than this */
    struct bw_code *codes;
    size_t n_codes;
    struct bw_phase_times *phases;
    size_t n_phases;
    int64_t cert_days; /* fewest days that the server's certificate had left */
};

/* One hop of a path. */
struct bw_hop {
    int64_t ttl;
    char hash[16]; /* keyed, of its address; "": silent */
    char name[BW_NAME_MAX + 1];
    int64_t sent;
    int64_t lost;
    int64_t rtt_us; /* the smallest */
};

/* One trace of the way to a target. */
struct bw_path {
    char circuit[BW_NAME_MAX + 1];
    char probe[BW_NAME_MAX + 1]; /* the target's name */
    char method[16];             /* "udp", "icmp" */
    int64_t family;
    int64_t at_unix_ms;
    int64_t reached; /* 1: the target itself answered; 0: not */
    int64_t mtu;
    char hash[BW_HASH_LEN + 1]; /* of all hops' hashes: the same path has the same */
    int64_t changed;            /* 1: another path than the trace before it; 0: the same;
                                   unknown: there is none before it */
    const char *flag;
    struct bw_hop *hops; /* none: as in the newest record with this hash */
    size_t n_hops;
};

/* One end's TCP_INFO over a run. */
struct bw_tcp_figures {
    int64_t rtt_us;
    int64_t min_rtt_us;
    int64_t retransmit_ppm;
    int64_t app_limited_ppm;
    int64_t rwnd_limited_ppm;
    int64_t sndbuf_limited_ppm;
};

struct bw_throughput {
    char circuit[BW_NAME_MAX + 1];
    char probe[BW_NAME_MAX + 1];
    char kind[16];
    const char *method;
    char server[BW_NAME_MAX + 1];
    enum bw_direction direction;
    int64_t at_unix_ms;  /* start of the measured window */
    int64_t duration_ms; /* of the measured window */
    enum bw_test_state state;
    const char *reason;
    const char *retest_of;
    int64_t streams;
    char cc[16];
    int64_t mtu;
    enum bw_grade grade;
    const char *receipt;
    enum bw_egress egress;
    int64_t bytes; /* payload in the measured window */
    int64_t goodput_bps;
    int64_t line_bps; /* the circuit's counter over the same window, at its layer */
    int64_t line_error_ppm;
    int64_t concurrent_bps; /* line_bps minus the test's own wire bytes */
    int64_t rtt_idle_us;
    int64_t rtt_loaded_p95_us;
    int64_t retransmit_ppm;
    int64_t tester_busy_ppm;
    const char *flags[BW_FLAGS_MAX + 1]; /* NULL ends it */
    const char *machine;                 /* what the far end calls itself */
    int64_t loss_ppm;                    /* datagrams lost in the window */
    int64_t delay_min_us;                /* range of the delay over its minimum */
    int64_t delay_max_us;
    struct bw_tcp_figures near;     /* the box's TCP_INFO … */
    struct bw_tcp_figures far;      /* … and the server's */
    char campaign[BW_NAME_MAX + 1]; /* it is one of this campaign's runs */
};

/* The mark among the flags of a run that an erratum excludes: no word, so in no record. */
#define BW_THROUGHPUT_ERRATUM "!erratum"

/* Why a good run is shown, and counts for nobody (docs/report.md). */
enum bw_apart {
    BW_APART_NOT,
    BW_APART_EGRESS,      /* it left by another line */
    BW_APART_TESTER,      /* the tester was the limit, not the line */
    BW_APART_SERVER,      /* … the server */
    BW_APART_UNTESTABLE,  /* the claim is more than port or server can carry */
    BW_APART_IMPLAUSIBLE, /* above the port's speed, or upload equal to download */
    BW_APART_ERRATUM,     /* an erratum excludes it: our software or a server was wrong */
    BW_APARTS
};

/* The share of one class (or IP version, or band of lengths) in the bytes of each
 * direction. */
struct bw_traffic_share {
    char klass[16];
    int64_t down_ppm;
    int64_t down_low_ppm; /* 95 % interval; unknown: exact */
    int64_t down_high_ppm;
    int64_t up_ppm;
    int64_t up_low_ppm;
    int64_t up_high_ppm;
    int64_t error_ppm; /* of records older than the four above; not written */
};

/* TCP data that went one way, of the flows that were drawn. */
struct bw_tcp_way {
    int64_t bytes;        /* payload */
    int64_t resent_bytes; /* of it: sent again */
    int64_t resent_ppm;   /* of bytes, with its 95 % interval */
    int64_t resent_low_ppm;
    int64_t resent_high_ppm;
    int64_t reordered_ppm; /* of bytes: overtaken on the way */
    int64_t reordered_low_ppm;
    int64_t reordered_high_ppm;
};

/* What the traffic of a circuit is, from headers. Shares are of bytes as the capture saw
 * them, for multiplying with the counter's bytes; no address, name or port is in it. */
struct bw_traffic {
    char circuit[BW_NAME_MAX + 1];
    char state[24];       /* "": the capture ran; else why it did not, or not all the time:
                             "no-rights", "interface-down", "interface-gone", "refused",
                             "failed" */
    int64_t covered_s;    /* seconds of the interval in which it ran */
    int64_t sampled_1_in; /* packets drawn at random for shares */
    int64_t captured;     /* … as many */
    int64_t capture_drops;
    int64_t flows_1_in; /* whole flows drawn for all that follows the shares */
    struct bw_traffic_share *mix;
    size_t n_mix;
    struct bw_traffic_share *families; /* "ipv4", "ipv6", "other" */
    size_t n_families;
    struct bw_traffic_share *sizes; /* by length of the packet */
    size_t n_sizes;
    const char *tcp_rtt_hist;       /* round trips between here and the far ends */
    const char *saturated_rtt_hist; /* … of them in the seconds of saturated_s */
    const char *wan_min_hist;       /* … the smallest of each ended flow */
    const char *lan_rtt_hist;       /* between here and the school's devices */
    const char *lan_min_hist;
    const char *flow_size_hist; /* bytes in place of microseconds */
    int64_t flows;              /* ended, of those drawn */
    int64_t retransmit_ppm;     /* of payload bytes, both ways */
    struct bw_tcp_way tcp[BW_DIRECTIONS];
    int64_t devices_min;                 /* active devices, a lower bound */
    const char *flags[BW_FLAGS_MAX + 1]; /* NULL ends it */
};

struct bw_gap {
    int64_t from_unix_s;
    int64_t to_unix_s;
    enum bw_gap_why why;
};

/* What binds the start times of the throughput tests of a UTC day (docs/summary-v1.md,
 * section 7). */
struct bw_schedule_commit {
    int64_t day_unix_s; /* the day's first second */
    char sha256[BW_HASH_LEN + 1];
};

struct bw_schedule_secret {
    int64_t day_unix_s;
    char secret[BW_HASH_LEN + 1]; /* 32 bytes in base64url */
};

struct bw_schedule_starts {
    char probe[BW_NAME_MAX + 1];
    char kind[16];
    int64_t mean_ms;     /* mean gap; unknown for a campaign */
    int64_t give_up_ms;  /* a start that was put off for longer is given up */
    const char *minutes; /* allowed minutes of the record's UTC day (starts.h); NULL … */
    char gate[16];       /* "share/10", "fcc", "off": what users may carry */
    const char *give_up_at; /* "hour": given up when the start's hour (UTC) is over */
    const char *outside;    /* servers outside the usual list (starts.h) */
    char campaign[BW_NAME_MAX + 1]; /* "": the box's own test; else one start a slot: */
    int64_t from_unix_s;
    int64_t slots;
    int64_t slot_ms;
    int64_t spacing_ms;
};

struct bw_summary {
    char site[BW_SITE_MAX + 1];
    int64_t seq; /* 1, 2, 3 … under one key */
    char prev[BW_HASH_LEN + 1];
    struct {
        enum bw_chain_why why;
        char prev_kid[BW_KID_LEN + 1];
        int64_t prev_seq;
        char prev_hash[BW_HASH_LEN + 1];
    } chain;
    char agent[64];
    char config[BW_HASH_LEN + 1]; /* SHA-256 of the effective configuration */
    char boot[40];                /* the kernel's boot id */
    int64_t mono_ms;              /* CLOCK_BOOTTIME at the interval's end */
    int64_t start_unix_s;
    int64_t end_unix_s;
    struct {
        bool known; /* false: no "clock" member */
        bool synced;
        int64_t max_error_us;
        int64_t step_us; /* wall clock moved against the monotonic one, this interval */
    } clock;
    struct {
        int64_t size; /* unknown: no "seen" member */
        char root[BW_HASH_LEN + 1];
    } seen;
    struct {
        struct bw_schedule_commit *commits;
        size_t n_commits;
        struct bw_schedule_secret *secrets;
        size_t n_secrets;
        struct bw_schedule_starts *starts;
        size_t n_starts;
    } schedule; /* nothing in it: no "schedule" member */
    struct bw_circuit_summary *circuits;
    size_t n_circuits;
    struct bw_outage *outages;
    size_t n_outages;
    struct bw_latency *latency;
    size_t n_latency;
    struct bw_path *paths;
    size_t n_paths;
    struct bw_throughput *throughput;
    size_t n_throughput;
    struct bw_traffic *traffic;
    size_t n_traffic;
    struct bw_gap *gaps;
    size_t n_gaps;
    void *arena; /* owns arrays and strings when decoded or made by bw_summary_strdup */
};

/* Everything unknown, absent or empty; nothing allocated. */
void bw_summary_init(struct bw_summary *s);
void bw_circuit_summary_init(struct bw_circuit_summary *c);
void bw_flow_init(struct bw_flow *f);
void bw_latency_init(struct bw_latency *l);
void bw_path_init(struct bw_path *p);
void bw_throughput_init(struct bw_throughput *t);
/* Figures the contract has no room for become unknown: one that a far end made up must not
 * cost the record it would stand in. */
void bw_throughput_forget_beyond(struct bw_throughput *t);
void bw_traffic_init(struct bw_traffic *t);
void bw_traffic_share_init(struct bw_traffic_share *p);
void bw_schedule_starts_init(struct bw_schedule_starts *p);

/* Free what the arena owns and initialise again. A zeroed or initialised struct is fine. */
void bw_summary_done(struct bw_summary *s);

/* Bytes that s holds beside itself. Any thread. */
size_t bw_summary_bytes(const struct bw_summary *s);

/* Is a good run set apart, by where it left and by its flags? Any thread. */
enum bw_apart bw_throughput_apart(const struct bw_throughput *t);
/* The grade for which the run shows a proof: without one it is the box's word. Any thread.
 */
enum bw_grade bw_throughput_grade(const struct bw_throughput *t);

bool bw_traffic_has_flag(const struct bw_traffic *t, const char *flag);
/* Are bytes of a test of ours among those counted in t's interval, by its runs or by its
 * flags? They are in the counter and not in the packets that shares are made of. */
bool bw_traffic_has_test(const struct bw_summary *s, const struct bw_traffic *t);
/* Is it known which of t's round trips fell into saturated_s of c, its circuit? Not where
 * counts come so late that a second is forgotten before it is known. Any thread. */
bool bw_traffic_is_split(const struct bw_circuit_summary *c, const struct bw_traffic *t);

/* Memory that lives as long as the summary; NULL when out of memory. */
void *bw_summary_alloc(struct bw_summary *s, size_t n_bytes);
char *bw_summary_strdup(struct bw_summary *s, const char *text);

/* Append the canonical payload (no newline). -E2BIG over BW_PAYLOAD_MAX, -EINVAL with
 * the field's name when a required member is unknown, -ENOMEM. Any thread. */
int bw_summary_encode(const struct bw_summary *s,
                      struct bw_buf *out,
                      struct bw_err *reterr);

/* Read a payload of n bytes strictly: canonical bytes, known members, ranges and
 * lengths checked. -BW_ENEWER for another "v", -BW_EMALFORMED naming the member.
 * *ret is written only on success and is done with bw_summary_done(). Any thread. */
int bw_summary_decode(const char *json,
                      size_t n,
                      struct bw_summary *ret,
                      struct bw_err *reterr);

/* Is this a site id ("s-" and five or more of a-z2-9), a name of a circuit, target or
 * server (letters, digits, '.', '_', '-', the first a letter or digit)? */
bool bw_site_valid(const char *text);
bool bw_name_valid(const char *text);

/* The words of the contract; NULL for a value without one. */
const char *bw_vantage_name(enum bw_vantage v);
const char *bw_behind_name(enum bw_behind bit); /* NULL for what is not one bit */
const char *bw_source_name(enum bw_source s);
const char *bw_layer_name(enum bw_layer l);
const char *bw_gap_why_name(enum bw_gap_why w);
const char *bw_test_state_name(enum bw_test_state s);
const char *bw_grade_name(enum bw_grade g);
const char *bw_egress_name(enum bw_egress e);
const char *bw_chain_why_name(enum bw_chain_why w);
/* The way back; -EINVAL when the word is none of them. */
int bw_vantage_parse(const char *word, enum bw_vantage *ret);
int bw_source_parse(const char *word, enum bw_source *ret);
int bw_layer_parse(const char *word, enum bw_layer *ret);

#endif
