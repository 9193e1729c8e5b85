/* SPDX-License-Identifier: GPL-3.0-or-later
 * snmpline.h - the words between the daemon and the program that reads an edge device's
 * counters: one JSON object a line, unknown figures absent.
 *
 * The daemon writes the job and then, now and then, a request to ask more often; the
 * program writes readings, what the port is like, and how it stands. Neither trusts the
 * other's bytes: every member is checked for type, range and length. Pure; any thread. */
#ifndef BW_SNMPLINE_H
#define BW_SNMPLINE_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum {
    BW_SNMP_LINE_MAX = 8192, /* bytes of any line */
    BW_SNMP_NAME_MAX = 255,  /* of an ifName or ifAlias (RFC 2863: DisplayString) */
    BW_SNMP_USER_MAX = 32,   /* RFC 3414: of a security name */
    BW_SNMP_FAST_MAX_MS = 300000,
    BW_SNMP_EVERY_MIN_MS = 500,
    BW_SNMP_EVERY_MAX_MS = 60000
};

enum bw_snmp_version {
    BW_SNMP_V3,
    BW_SNMP_V2C
};

/* RFC 3414 §6, RFC 7860: what signs a message. */
enum bw_snmp_auth {
    BW_SNMP_SHA,
    BW_SNMP_SHA224,
    BW_SNMP_SHA256,
    BW_SNMP_SHA384,
    BW_SNMP_SHA512
};

/* RFC 3826, and its longer keys as devices have them: what hides a message. */
enum bw_snmp_privacy {
    BW_SNMP_AES128,
    BW_SNMP_AES192,
    BW_SNMP_AES256
};

/* The words of both, in the order of the enums; NULL ends them. */
extern const char *const bw_snmp_auth_words[];
extern const char *const bw_snmp_privacy_words[];

struct bw_snmp_job {
    char address[256]; /* of the device: an IP address or a name */
    int64_t port;
    enum bw_snmp_version version;
    char user[BW_SNMP_USER_MAX + 1];
    enum bw_snmp_auth auth;
    enum bw_snmp_privacy privacy;
    char secrets[1024]; /* path of the file that the program reads by itself */
    bool by_alias;      /* the name below is an ifAlias, not an ifName */
    char name[BW_SNMP_NAME_MAX + 1];
    int64_t every_ms;
};

/* How the program stands. */
enum bw_snmp_state {
    BW_SNMP_STARTING,     /* nothing known yet */
    BW_SNMP_COUNTING,     /* the interface is found and answers */
    BW_SNMP_SILENT,       /* no answer (a wrong community is answered by silence too) */
    BW_SNMP_WRONG_KEY,    /* the device refuses user, key or level */
    BW_SNMP_NO_INTERFACE, /* it has none of that name */
    BW_SNMP_AMBIGUOUS,    /* it has several */
    BW_SNMP_NO_COUNTERS,  /* it does not count that interface's octets */
    BW_SNMP_TOO_FAST,     /* 32-bit counters that could wrap unseen */
    BW_SNMP_FAULTY,       /* it answers with an error, or with nonsense */
    BW_SNMP_NOT_RUNNING,  /* said by the daemon: there is no program */
    BW_SNMP_STATES
};

/* The state's word, as in "wrong-key". */
const char *bw_snmp_state_word(enum bw_snmp_state s);

/* Counts of one instant. The device took them at most slack_ns before mono_ns, never
 * after it. Two readings can be subtracted when their epoch is the same. */
struct bw_snmp_reading {
    int64_t mono_ns; /* CLOCK_MONOTONIC, the same in both processes */
    int64_t slack_ns;
    int64_t epoch;
    int64_t in_bytes; /* since the epoch began */
    int64_t out_bytes;
};

/* The port, whenever something of it changed. */
struct bw_snmp_port {
    int64_t mono_ns;
    bool up;
    int64_t link_bps;    /* unknown: it does not say, or what cannot be */
    enum bw_layer layer; /* at which it counts: unknown where its kind does not tell */
};

struct bw_snmp_status {
    enum bw_snmp_state state;
    char text[256];     /* in words, for a person; "" while it counts and all is well */
    int64_t refresh_ms; /* how often counts were found to change; unknown: not yet */
    int64_t bits;       /* 64 or 32; unknown before the first answer */
    int64_t ifindex;    /* unknown: not found */
};

struct bw_snmp_line {
    enum {
        BW_SNMP_LINE_READING,
        BW_SNMP_LINE_PORT,
        BW_SNMP_LINE_STATUS
    } what;
    struct bw_snmp_reading reading;
    struct bw_snmp_port port;
    struct bw_snmp_status status;
};

/* What the daemon writes, each a line with its end. 0 or what bw_buf_error() says. */
int bw_snmp_job_encode(const struct bw_snmp_job *job,
                       int64_t parent_pid,
                       struct bw_buf *out);
int bw_snmp_fast_encode(int64_t fast_ms, struct bw_buf *out);

/* What the program reads. -BW_EMALFORMED or -E2BIG with the sentence. n without the end of
 * the line. */
int bw_snmp_job_decode(const char *line,
                       size_t n,
                       struct bw_snmp_job *ret,
                       int64_t *ret_parent_pid,
                       struct bw_err *reterr);
int bw_snmp_fast_decode(const char *line, size_t n, int64_t *ret_ms, struct bw_err *reterr);

/* What the program writes, and the daemon reads. */
int bw_snmp_line_encode(const struct bw_snmp_line *line, struct bw_buf *out);
int bw_snmp_line_decode(const char *line,
                        size_t n,
                        struct bw_snmp_line *ret,
                        struct bw_err *reterr);

#endif
