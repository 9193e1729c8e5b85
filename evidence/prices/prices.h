/* SPDX-License-Identifier: GPL-3.0-or-later
 * prices.h - what lines cost for each Mbit/s claimed, by what is on file: the price of
 * every claim line, or why it has none (line-price/1), and their medians and spread by
 * region, provider and class of speed (price-spread/1). docs/prices.md has the arithmetic.
 *
 * Nothing is guessed, converted or rounded up: a line of which a part is not stated is
 * counted with its reason and is in no median; lines for other purposes or at other layers
 * are in none together. Pure but for bw_prices_read(); what is made is never changed, and
 * any thread may read it. */
#ifndef BW_PRICES_H
#define BW_PRICES_H

#include <bw/summary.h>
#include <bw/units.h>
#include <claimline.h>
#include <decimal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_catalogue;
struct bw_err;

#define BW_METHOD_LINE_PRICE "line-price/1"
#define BW_METHOD_PRICE_SPREAD "price-spread/1"

#define BW_PRICE_NONE UINT32_MAX

/* Why a line has no price; the first that fits. */
enum bw_price_why {
    BW_PRICE_KNOWN,
    BW_PRICE_VOID,     /* its request was denied, cancelled or not funded */
    BW_PRICE_NO_LINE,  /* a tax, a fee, an installation: by its function or product */
    BW_PRICE_SPEED_1,  /* filed as 1 Mbit/s, as taxes and fees are: no line's speed is known
                        */
    BW_PRICE_NO_SPEED, /* no download speed is stated */
    BW_PRICE_SPEED_ODD, /* more than 101 Gbps was filed: perhaps Mbps */
    BW_PRICE_SHARED,    /* more circuits are bound to it than it has lines */
    BW_PRICE_NO_COST,   /* no monthly cost is on file */
    BW_PRICE_PART,      /* the eligible part of it alone is */
    BW_PRICE_UNLIKE,    /* what is filed of its cost does not agree with itself */
    BW_PRICE_ONE_TIME,  /* nothing a month: one-time cost alone */
    BW_PRICE_FREE,      /* nothing a month, and nothing else */
    BW_PRICE_WHYS
};

/* Of a line with a price: what stands beside it. Bits. */
enum bw_price_mark {
    BW_PRICE_MARK_MANY = 1,     /* one of several alike: the price is of one of them */
    BW_PRICE_MARK_ONE_TIME = 2, /* one-time cost is filed too, and is not in the price */
    BW_PRICE_MARK_BURST = 4,    /* it may burst above the speed that counts */
    BW_PRICE_MARK_SLOW_UP = 8,  /* less up than down */
    BW_PRICE_MARK_PART = 16,    /* part of the price is not eligible */
    BW_PRICE_MARKS = 5
};

/* A class of speed: [from_bps, below_bps). */
struct bw_price_class {
    const char *id;    /* "1g" */
    const char *words; /* "1 to under 2 Gbit/s" */
    int64_t from_bps;
    int64_t below_bps; /* of the last INT64_MAX */
    const char *cited; /* why a class begins here: docs/prices.md has the sources */
};
enum {
    BW_PRICE_CLASSES = 7
};
extern const struct bw_price_class bw_price_classes[BW_PRICE_CLASSES];

/* One claim line in the version in force. Texts live as long as the prices. */
struct bw_price_row {
    const char *about;         /* "frn:2699000001.001" */
    struct bw_decimal cost;    /* US dollars a month for one line, all of it */
    struct bw_decimal one_off; /* eligible one-time cost of the whole; not stated: none is
                                  known */
    int64_t price_udollars;    /* millionths of a dollar a month and Mbit/s of download,
                                  rounded down; unknown: `why` */
    int64_t bps[BW_DIRECTIONS];
    int64_t lines;     /* how many it is of; unknown: not stated */
    int64_t circuits;  /* bound to it now */
    uint32_t payer;    /* into payers */
    uint32_t provider; /* into providers; BW_PRICE_NONE: not stated */
    uint16_t year;     /* funding year */
    uint8_t role;      /* enum bw_claim_role */
    uint8_t layer;     /* enum bw_layer; 0: not stated */
    uint8_t why;       /* enum bw_price_why */
    uint8_t marks;     /* enum bw_price_mark */
    uint8_t speed;     /* class; of a line without a speed BW_PRICE_CLASSES */
    bool open;         /* imported from USAC's open data: everybody may see it */
};

/* Who pays, and where that is. */
struct bw_price_payer {
    const char *number; /* BEN; "" not stated */
    const char *name;
    const char *entity; /* of the collector's list; "" none of it is known to be this */
    uint32_t region;    /* into regions; BW_PRICE_NONE: not told */
};
struct bw_price_name {
    const char *id;   /* of a region its entity's; of a provider its SPIN, else its name */
    const char *name; /* of a provider the one that its newest line names */
};

struct bw_prices {
    struct bw_price_row *rows; /* by year, then key */
    size_t n, cap;
    struct bw_price_payer *payers;
    size_t n_payers, cap_payers;
    struct bw_price_name *regions; /* by name */
    size_t n_regions, cap_regions;
    struct bw_price_name *providers;
    size_t n_providers, cap_providers;
    int64_t n_unread; /* claims that only a newer program reads */
    void *texts;      /* its own */
};

const char *bw_price_why_name(enum bw_price_why why);  /* "no-cost" */
const char *bw_price_why_words(enum bw_price_why why); /* "no monthly cost is on file" */
const char *bw_price_mark_name(unsigned bit);          /* "one-time" */
const char *bw_price_mark_words(unsigned bit);
size_t bw_price_class_of(int64_t bps);
/* A class by its id; BW_PRICE_CLASSES: none. */
size_t bw_price_class_parse(const char *id);

/* What a line costs for each Mbit/s; `circuits` is how many are bound to it now. Sets of
 * *ret all but the texts, payer, provider and `open`. */
void bw_price_judge(const struct bw_claimline *line,
                    int64_t circuits,
                    struct bw_price_row *ret);

/* Millionths of a dollar for each Mbit/s, rounded down; unknown: too large to be one. */
int64_t bw_price_each(const struct bw_decimal *cost, int64_t bps);

/* "$1.39", "$0.386" under a dollar: cut, never rounded up. */
enum {
    BW_PRICE_TEXT_MAX = 40
};
void bw_price_text(int64_t udollars, char out[BW_PRICE_TEXT_MAX]);
/* The same exactly: "1.390625". */
void bw_price_exact(int64_t udollars, char out[BW_PRICE_TEXT_MAX]);

/* All claims on file, in the versions in force now, with who pays and in which region
 * (the nearest entity of kind region above). c NULL: none. Done with bw_prices_done(), also
 * after a failure. Blocking; the catalogue's thread. */
int bw_prices_read(struct bw_catalogue *c, struct bw_prices *ret, struct bw_err *reterr);
void bw_prices_done(struct bw_prices *p);

/* ---- which of them ---- */

struct bw_price_ask {
    int64_t year; /* funding year; unknown: the newest of which anything may be seen */
    int role;     /* enum bw_claim_role */
    int layer;    /* enum bw_layer; 0: those that state none; BW_PRICE_ANY: all */
    const char *region;   /* id; NULL: all; "": those without one */
    const char *provider; /* id; NULL: all; "": those that state none */
    size_t speed;         /* class; BW_PRICE_CLASSES: all */
    /* May this line be seen? NULL: all may. */
    bool (*sees)(void *owner, const struct bw_prices *p, const struct bw_price_row *row);
    void *owner;
};
enum {
    BW_PRICE_ANY = -1
};

/* Of some prices. Percentiles by rank: ascending, number ceil(p·n). Quartiles are unknown
 * below four lines. */
struct bw_price_spread {
    int64_t n;
    int64_t min;
    int64_t q1;
    int64_t median;
    int64_t q3;
    int64_t max;
};

/* What its lines have in common. BW_PRICE_NONE: not known, or no part of the key; likewise
 * BW_PRICE_CLASSES. */
struct bw_price_group {
    uint32_t region;
    uint32_t provider;
    size_t speed;
    int layer;
    struct bw_price_spread s;
    int64_t n_marked[BW_PRICE_MARKS];
    int64_t n_private; /* not from open data */
};

enum bw_price_by { /* bits */
    BW_PRICE_BY_REGION = 1,
    BW_PRICE_BY_PROVIDER = 2,
    BW_PRICE_BY_SPEED = 4
};

enum {
    BW_PRICE_YEARS_MAX = 64
};

struct bw_price_seen {
    int64_t year;   /* as asked, or as found; unknown: there is no line at all */
    uint32_t *rows; /* those with a price, by class, price, key */
    size_t n;
    uint32_t *apart; /* those without, by reason and key */
    size_t n_apart;
    int64_t n_why[BW_PRICE_WHYS];
    int64_t n_role[BW_ROLE_BACKUP + 1]; /* of that year with a price, all else left open */
    int64_t years[BW_PRICE_YEARS_MAX];  /* of which lines may be seen, newest first */
    size_t n_years;
};

/* -ENOMEM. Done with bw_price_seen_done(). */
int bw_prices_choose(const struct bw_prices *p,
                     const struct bw_price_ask *ask,
                     struct bw_price_seen *ret);
void bw_price_seen_done(struct bw_price_seen *s);

/* Medians of what was chosen, by any of BW_PRICE_BY_…; layers are always apart. Sorted by
 * region's name, provider's name, class, layer. free() *ret. -ENOMEM. */
int bw_prices_group(const struct bw_prices *p,
                    const struct bw_price_seen *seen,
                    unsigned by,
                    struct bw_price_group **ret,
                    size_t *ret_n);

/* ---- for programs ---- */

/* What was asked for, classes, medians by class and by region, provider and class, what is
 * apart and why; with `lines` every line as well. */
void bw_prices_json(const struct bw_prices *p,
                    const struct bw_price_ask *ask,
                    const struct bw_price_seen *seen,
                    bool lines,
                    struct bw_buf *out);
/* RFC 4180. A row a line, those without a price too; or a row a group. -ENOMEM. */
void bw_prices_csv_lines(const struct bw_prices *p,
                         const struct bw_price_seen *seen,
                         struct bw_buf *out);
int bw_prices_csv_groups(const struct bw_prices *p,
                         const struct bw_price_ask *ask,
                         const struct bw_price_seen *seen,
                         struct bw_buf *out);

/* "internet"; "unknown" for a purpose that is not stated; -1: none of them. */
const char *bw_price_role_name(int role);
int bw_price_role_parse(const char *word);
/* Likewise, "not-stated". */
const char *bw_price_layer_name(int layer);
int bw_price_layer_parse(const char *word);

#endif
