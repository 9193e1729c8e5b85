/* SPDX-License-Identifier: GPL-3.0-or-later
 * match.c - what speaks for and against a claim being about a circuit.
 *
 * Invariant: what is not known neither speaks for nor against. Every point given or taken
 * has its sentence. The points are those of docs/binding-v1.md. */
#include "match.h"

#include "alike.h"

#include <claimline.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    EQUAL_PPM = 800000,
    ALIKE_PPM = 600000,
    PERCENT_MAX = 9999
};

static void say(char list[][BW_MATCH_TEXT_MAX + 1], size_t *n, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void say(char list[][BW_MATCH_TEXT_MAX + 1], size_t *n, const char *fmt, va_list ap)
{
    if (*n < BW_MATCH_SAID_MAX) {
        (void)vsnprintf(list[(*n)++], BW_MATCH_TEXT_MAX + 1, fmt, ap);
    }
}

static void speaks_for(struct bw_match *m, int points, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void speaks_for(struct bw_match *m, int points, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(m->reasons, &m->n_reasons, fmt, ap);
    va_end(ap);
    m->points += points;
}

static void doubt(struct bw_match *m, int points, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void doubt(struct bw_match *m, int points, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(m->doubts, &m->n_doubts, fmt, ap);
    va_end(ap);
    m->points -= points;
}

static double mbps(int64_t bps)
{
    return (double)bps / 1e6;
}

/* ---- the place ------------------------------------------------------------------ */

static bool is_recipient(const struct bw_match_circuit *c, const struct bw_match_claim *k)
{
    const char *digits = c->entity_id + strcspn(c->entity_id, "0123456789");
    size_t n = strspn(digits, "0123456789");
    if (n < 4 || digits[n] != '\0') {
        return false;
    }
    for (size_t i = 0; i < k->n_numbers; i++) {
        if (strcmp(digits, k->numbers[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int64_t alike(const struct bw_match_circuit *c, const char *name)
{
    int64_t site = bw_alike_ppm(c->site_name, name);
    int64_t entity = bw_alike_ppm(c->entity_name, name);
    return site > entity ? site : entity;
}

static const char *called(const struct bw_match_circuit *c)
{
    return c->site_name[0] ? c->site_name : c->entity_name;
}

static void
place(const struct bw_match_circuit *c, const struct bw_match_claim *k, struct bw_match *m)
{
    const char *best = NULL;
    int64_t best_ppm = 0;
    for (size_t i = 0; i < k->n_names; i++) {
        int64_t ppm = alike(c, k->names[i]);
        if (ppm > best_ppm) {
            best_ppm = ppm;
            best = k->names[i];
        }
    }
    if (is_recipient(c, k)) {
        speaks_for(m, 50, "entity %.40s is one of its recipients", c->entity_id);
    } else if (best_ppm >= EQUAL_PPM) {
        speaks_for(m, 40, "its recipient \"%.60s\" is called like \"%.60s\"", best,
                   called(c));
    } else if (best_ppm >= ALIKE_PPM) {
        speaks_for(m, 25, "its recipient \"%.60s\" is called somewhat like \"%.60s\"", best,
                   called(c));
        doubt(m, 0, "the two names are not the same");
    } else if (k->n_names > 0 && called(c)[0]) {
        doubt(m, 0, "none of its %zu known recipients is called like \"%.60s\"", k->n_names,
              called(c));
    }
    if (best_ppm < EQUAL_PPM && !is_recipient(c, k) &&
        alike(c, k->payer_name) >= EQUAL_PPM) {
        speaks_for(m, 15, "\"%.60s\" pays for it", k->payer_name);
    }
    if (k->n_names == 0 && k->n_numbers == 0) {
        doubt(m, 0, "it names no recipient");
    }
}

/* ---- speeds --------------------------------------------------------------------- */

static void
tested(const struct bw_match_circuit *c, const struct bw_match_claim *k, struct bw_match *m)
{
    int64_t percent = c->tested_bps / (k->down_bps / 100 > 0 ? k->down_bps / 100 : 1);
    percent = percent > PERCENT_MAX ? PERCENT_MAX : percent;
    if (percent > 110) {
        doubt(m, 20, "tests reach %.10g Mbit/s, more than the %.10g that it claims",
              mbps(c->tested_bps), mbps(k->down_bps));
    } else if (percent >= 80) {
        speaks_for(m, 30, "tests reach %.10g of the %.10g Mbit/s that it claims",
                   mbps(c->tested_bps), mbps(k->down_bps));
    } else if (percent >= 50) {
        speaks_for(m, 10, "tests reach %.10g of the %.10g Mbit/s that it claims",
                   mbps(c->tested_bps), mbps(k->down_bps));
        doubt(m, 0, "tests reach %lld %% of it: a slow line, or another one",
              (long long)percent);
    } else {
        doubt(m, 10, "tests reach %lld %% of the %.10g Mbit/s that it claims",
              (long long)percent, mbps(k->down_bps));
    }
}

static void
speeds(const struct bw_match_circuit *c, const struct bw_match_claim *k, struct bw_match *m)
{
    if (k->down_bps == BW_UNKNOWN) {
        doubt(m, 0, "it states no speed towards the school");
        return;
    }
    if (c->tested_bps != BW_UNKNOWN) {
        tested(c, k, m);
    } else {
        doubt(m, 0, "no test of this circuit is on record to hold it against");
    }
    if (c->link_bps != BW_UNKNOWN && k->down_bps > c->link_bps) {
        doubt(m, 30, "it claims %.10g Mbit/s, and the port that counts has %.10g",
              mbps(k->down_bps), mbps(c->link_bps));
    }
    if (c->carried_bps != BW_UNKNOWN && c->carried_bps > k->down_bps + k->down_bps / 10) {
        doubt(m, 20, "users drew %.10g Mbit/s, more than the %.10g that it claims",
              mbps(c->carried_bps), mbps(k->down_bps));
    }
    if (c->written_bps != BW_UNKNOWN && c->written_bps == k->down_bps) {
        speaks_for(m, 20, "the same %.10g Mbit/s are written down for the circuit",
                   mbps(k->down_bps));
    } else if (c->written_bps != BW_UNKNOWN) {
        doubt(m, 0, "%.10g Mbit/s are written down for the circuit, it claims %.10g",
              mbps(c->written_bps), mbps(k->down_bps));
    }
}

/* ---- who sells it, and what it is ----------------------------------------------- */

static void provider(const struct bw_match_circuit *c,
                     const struct bw_match_claim *k,
                     struct bw_match *m)
{
    bool spins = c->spin[0] && k->spin[0];
    bool names = c->provider[0] && k->provider[0];
    if (spins ? strcmp(c->spin, k->spin) == 0
              : names && bw_alike_ppm(c->provider, k->provider) >= EQUAL_PPM) {
        speaks_for(m, 15, "the provider is the one written down for the circuit, %.60s",
                   k->provider[0] ? k->provider : k->spin);
    } else if (spins || names) {
        doubt(m, 10, "its provider is %.60s, written down for the circuit is %.60s",
              k->provider[0] ? k->provider : k->spin,
              c->provider[0] ? c->provider : c->spin);
    }
}

static void kind(const struct bw_match_claim *k, struct bw_match *m)
{
    if (k->role == BW_ROLE_WAN || k->role == BW_ROLE_BACKBONE) {
        doubt(m, 5, "it is a line %s",
              k->role == BW_ROLE_WAN ? "between sites of the applicant's network"
                                     : "between aggregation points of a consortium");
    } else if (k->role == BW_ROLE_ISP_ONLY || k->role == BW_ROLE_TRANSPORT) {
        doubt(m, 0, "%s is billed apart: another claim may be about the circuit as well",
              k->role == BW_ROLE_ISP_ONLY ? "the line to it" : "Internet access over it");
    }
    if (k->quantity != BW_UNKNOWN && k->quantity > 1) {
        doubt(m, 0, "it is for %lld lines", (long long)k->quantity);
    }
    if (k->n_bound > 0 && (k->quantity == BW_UNKNOWN || k->n_bound >= k->quantity)) {
        doubt(m, 20, "%lld other circuit%s bound to it already", (long long)k->n_bound,
              k->n_bound == 1 ? " is" : "s are");
    }
}

void bw_match_judge(const struct bw_match_circuit *circuit,
                    const struct bw_match_claim *claim,
                    struct bw_match *ret)
{
    memset(ret, 0, sizeof(*ret));
    place(circuit, claim, ret);
    speeds(circuit, claim, ret);
    provider(circuit, claim, ret);
    kind(claim, ret);
    ret->points = ret->points < 0 ? 0 : ret->points > 100 ? 100 : ret->points;
}
