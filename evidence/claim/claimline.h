/* SPDX-License-Identifier: GPL-3.0-or-later
 * claimline.h - what was filed or contracted: one FRN line item, or one line of a contract
 * of one's own; the body of a statement of kind "claim" (docs/claim-v1.md).
 *
 * (`struct bw_claim` of the catalogue is the speed that was written down for one measured
 * circuit; which line speaks of which circuit is said by a statement of kind "binding".) */
#ifndef BW_CLAIMLINE_H
#define BW_CLAIMLINE_H

#include <bw/units.h>
#include <fields.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum bw_claimline_limits {
    BW_CLAIM_NAME_MAX = 159, /* bytes of a name or purpose, without NUL */
    BW_CLAIM_WORDS_MAX = 239,
    BW_CLAIM_USERS_MAX = 119,
    BW_CLAIM_ABOUT_MAX = 120
};

/* What a line is for; index into its words, 0 not known (docs/claim-v1.md, roles). */
enum bw_claim_role {
    BW_ROLE_UNKNOWN,
    BW_ROLE_INTERNET,  /* Internet access with its circuit */
    BW_ROLE_ISP_ONLY,  /* Internet access, the circuit is billed apart */
    BW_ROLE_TRANSPORT, /* from a hub to the ISP or state network, the ISP billed apart */
    BW_ROLE_WAN,       /* between sites of the applicant's network */
    BW_ROLE_BACKBONE,  /* between aggregation points of a consortium */
    BW_ROLE_BACKUP
};

enum bw_claim_flag {
    BW_CLAIM_MBPS_TYPED_WRONG = 1 << 0, /* more than 101 Gbps: Mbps typed wrong? */
    BW_CLAIM_SPEED_ZERO = 1 << 1,       /* a speed was filed as 0: taken as not stated */
    BW_CLAIM_MANY_RECIPIENTS = 1 << 2   /* more recipients than a list holds */
};

struct bw_claimline {
    /* identity */
    int64_t year; /* funding year: 2026 is 1 July 2026 … 30 June 2027 */
    char frn[12];
    char line[8]; /* the line item's number after the FRN: "003" */
    char own[80]; /* name of a line of one's own, [A-Za-z0-9._-]; then frn is optional */
    char payer[BW_NUMBER_MAX + 1]; /* BEN of who pays */
    char payer_name[BW_CLAIM_NAME_MAX + 1];
    char state[4];
    char application[16]; /* Form 471 application number */
    char version[16];     /* form version as filed: "Current" */
    /* what it is */
    char function[BW_CLAIM_NAME_MAX + 1];
    char product[BW_CLAIM_NAME_MAX + 1];
    char purpose[BW_CLAIM_WORDS_MAX + 1];
    int64_t role; /* enum bw_claim_role */
    char used_by[BW_CLAIM_NAME_MAX + 1];
    int64_t direct;   /* connection directly to a school, library or NIF: 0, 1, unknown */
    int64_t supports; /* supports service to one */
    struct bw_speed down; /* towards the school */
    struct bw_speed up;
    struct bw_speed burst;
    int64_t layer; /* enum bw_layer; 0 not stated */
    /* how many, how much: US dollars */
    struct bw_decimal quantity; /* lines a month */
    struct bw_decimal months;
    struct bw_decimal unit_monthly;    /* a month and unit, all of it */
    struct bw_decimal unit_eligible;   /* of that the eligible part */
    struct bw_decimal unit_ineligible; /* and the rest */
    struct bw_decimal monthly;         /* a month, all units, eligible */
    struct bw_decimal recurring;       /* the year, eligible */
    struct bw_decimal pre_discount;    /* the line, one-time costs included */
    /* of the FRN, not of the line */
    char status[48];
    char service[BW_CLAIM_NAME_MAX + 1];
    char category[32];
    char spin[12];
    char provider[BW_CLAIM_NAME_MAX + 1];
    char contract[BW_CLAIM_NAME_MAX + 1];
    struct bw_decimal discount; /* as filed: 0.8 or 80 */
    char service_start[BW_DATE_LEN + 1];
    char contract_end[BW_DATE_LEN + 1];
    char delivery_deadline[BW_DATE_LEN + 1];
    char commitment[BW_DATE_LEN + 1]; /* date of the commitment letter */
    /* since when and until when (last day) it is good, where that is not the funding year
     */
    char from[BW_DATE_LEN + 1];
    char to[BW_DATE_LEN + 1];
    /* who uses it */
    struct bw_numbers recipients;           /* entity numbers */
    int64_t n_recipients;                   /* how many, also where the list is left out */
    int64_t students;                       /* only where the claim itself says so */
    int64_t users;                          /* the same; … */
    char users_are[BW_CLAIM_USERS_MAX + 1]; /* … who counts as one, in words */
    char leaid[8];                          /* as students */
    char ncessch[16];
    int64_t flags; /* enum bw_claim_flag */
};

/* The members in their order; for showing, comparing and carrying over. */
extern const struct bw_field bw_claimline_fields[];
extern const size_t bw_claimline_n_fields;

void bw_claimline_init(struct bw_claimline *c);
void bw_claimline_done(struct bw_claimline *c);

/* The statement's `about`: "frn:1699048824.003" or "own:NAME". -EINVAL names what is
 * missing or wrong of the two. */
int bw_claimline_about(const struct bw_claimline *c,
                       char ret[BW_CLAIM_ABOUT_MAX + 1],
                       struct bw_err *reterr);

/* As bw_fields_encode and bw_fields_decode; beyond each member they check what two of them
 * say together. done() it after use, also after a failure. */
int bw_claimline_encode(const struct bw_claimline *c,
                        struct bw_buf *out,
                        struct bw_err *reterr);
int bw_claimline_decode(const char *text,
                        size_t n,
                        struct bw_claimline *ret,
                        struct bw_err *reterr);

/* What a purpose of Form 471 means; BW_ROLE_UNKNOWN where it is none that is known
 * (method "role-by-purpose/1"). Quotes, case and spacing do not matter. */
enum bw_claim_role bw_claim_role_of_purpose(const char *purpose);
const char *bw_claim_role_name(enum bw_claim_role role);

/* Is it one of the ways to say that nothing was or will be paid for ("Denied", "Cancelled",
 * "Unfunded")? */
bool bw_claimline_void(const struct bw_claimline *c);

#endif
