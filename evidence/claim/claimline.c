/* SPDX-License-Identifier: GPL-3.0-or-later
 * claimline.c - the table of a claim's members, and what they mean.
 *
 * Invariant: a role is read from words that are known, never from likeness. */
#include "claimline.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define AT(member)                                                                         \
    .at = offsetof(struct bw_claimline, member),                                           \
    .size = sizeof(((struct bw_claimline *)NULL)->member)
#define TEXT(member)                                                                       \
    {                                                                                      \
        .name = #member, .kind = BW_FIELD_TEXT, AT(member)                                 \
    }
#define DIGITS(member, low, high)                                                          \
    {                                                                                      \
        .name = #member, .kind = BW_FIELD_DIGITS, .min = (low), .max = (high), AT(member)  \
    }
#define DATE(member)                                                                       \
    {                                                                                      \
        .name = #member, .kind = BW_FIELD_DATE, AT(member)                                 \
    }
#define DECIMAL(member)                                                                    \
    {                                                                                      \
        .name = #member, .kind = BW_FIELD_DECIMAL, AT(member)                              \
    }
#define SPEED(member)                                                                      \
    {                                                                                      \
        .name = #member, .kind = BW_FIELD_SPEED, AT(member)                                \
    }
#define YES(member)                                                                        \
    {                                                                                      \
        .name = #member, .kind = BW_FIELD_YES, AT(member)                                  \
    }
#define INT(member, low, high)                                                             \
    {                                                                                      \
        .name = #member, .kind = BW_FIELD_INT, .min = (low), .max = (high), AT(member)     \
    }

static const char *const roles[] = {"",    "internet", "isp-only", "transport",
                                    "wan", "backbone", "backup",   NULL};
static const char *const layers[] = {"", "ethernet", "ip", "goodput", NULL};
static const char *const flags[] = {"mbps-typed-wrong", "speed-zero", "many-recipients",
                                    NULL};

const struct bw_field bw_claimline_fields[] = {
    {.name = "year",
     .kind = BW_FIELD_INT,
     .needed = true,
     .min = 1998,
     .max = 2199,
     AT(year)},
    DIGITS(frn, 6, 11),
    DIGITS(line, 1, 7),
    TEXT(own),
    DIGITS(payer, 1, 11),
    TEXT(payer_name),
    TEXT(state),
    DIGITS(application, 4, 15),
    TEXT(version),
    TEXT(function),
    TEXT(product),
    TEXT(purpose),
    {.name = "role", .kind = BW_FIELD_CHOICE, .words = roles, AT(role)},
    TEXT(used_by),
    YES(direct),
    YES(supports),
    SPEED(down),
    SPEED(up),
    SPEED(burst),
    {.name = "layer", .kind = BW_FIELD_CHOICE, .words = layers, AT(layer)},
    DECIMAL(quantity),
    DECIMAL(months),
    DECIMAL(unit_monthly),
    DECIMAL(unit_eligible),
    DECIMAL(unit_ineligible),
    DECIMAL(monthly),
    DECIMAL(recurring),
    DECIMAL(pre_discount),
    TEXT(status),
    TEXT(service),
    TEXT(category),
    DIGITS(spin, 9, 9),
    TEXT(provider),
    TEXT(contract),
    DECIMAL(discount),
    DATE(service_start),
    DATE(contract_end),
    DATE(delivery_deadline),
    DATE(commitment),
    DATE(from),
    DATE(to),
    {.name = "recipients", .kind = BW_FIELD_NUMBERS, AT(recipients)},
    INT(n_recipients, 1, 1000000),
    INT(students, 0, 100000000),
    INT(users, 1, 100000000),
    TEXT(users_are),
    DIGITS(leaid, 7, 7),
    DIGITS(ncessch, 12, 12),
    {.name = "flags", .kind = BW_FIELD_FLAGS, .words = flags, AT(flags)},
};
const size_t bw_claimline_n_fields =
    sizeof(bw_claimline_fields) / sizeof(bw_claimline_fields[0]);

void bw_claimline_init(struct bw_claimline *c)
{
    memset(c, 0, sizeof(*c));
    bw_fields_init(bw_claimline_fields, bw_claimline_n_fields, c);
}

void bw_claimline_done(struct bw_claimline *c)
{
    bw_fields_done(bw_claimline_fields, bw_claimline_n_fields, c);
}

int bw_claimline_about(const struct bw_claimline *c,
                       char ret[BW_CLAIM_ABOUT_MAX + 1],
                       struct bw_err *reterr)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (c->own[0]) {
        if (c->own[strspn(c->own, allowed)] != '\0') {
            return bw_err_set(reterr, -EINVAL,
                              "a line's own name has letters, digits, '.', '_' and '-' "
                              "alone, not '%s'",
                              c->own);
        }
        (void)snprintf(ret, BW_CLAIM_ABOUT_MAX + 1, "own:%s", c->own);
        return 0;
    }
    if (!c->frn[0] || !c->line[0]) {
        return bw_err_set(reterr, -EINVAL,
                          "an FRN with its line item, or a name of its own is needed");
    }
    if (strlen(c->line) < 3) {
        return bw_err_set(reterr, -EINVAL, "a line item has three digits, 003, not '%s'",
                          c->line);
    }
    (void)snprintf(ret, BW_CLAIM_ABOUT_MAX + 1, "frn:%s.%s", c->frn, c->line);
    return 0;
}

static int check_together(const struct bw_claimline *c, struct bw_err *reterr)
{
    char about[BW_CLAIM_ABOUT_MAX + 1];
    int r = bw_claimline_about(c, about, reterr);
    if (r < 0) {
        return r;
    }
    if (c->from[0] && c->to[0] && strcmp(c->from, c->to) > 0) {
        return bw_err_set(reterr, -EINVAL, "from %s is after to %s", c->from, c->to);
    }
    if ((c->users != BW_UNKNOWN) != (c->users_are[0] != '\0')) {
        return bw_err_set(
            reterr, -EINVAL,
            "users and users_are go together: how many, and who counts as one");
    }
    if (c->recipients.n > 0 && c->n_recipients != (int64_t)c->recipients.n) {
        return bw_err_set(reterr, -EINVAL, "n_recipients: not the length of the list");
    }
    return 0;
}

int bw_claimline_encode(const struct bw_claimline *c,
                        struct bw_buf *out,
                        struct bw_err *reterr)
{
    int r = check_together(c, reterr);
    return r < 0 ? r
                 : bw_fields_encode(bw_claimline_fields, bw_claimline_n_fields, c, out,
                                    reterr);
}

int bw_claimline_decode(const char *text,
                        size_t n,
                        struct bw_claimline *ret,
                        struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    int r =
        bw_fields_decode(bw_claimline_fields, bw_claimline_n_fields, text, n, ret, reterr);
    if (r == 0 && check_together(ret, reterr) < 0) {
        bw_claimline_done(ret);
        bw_claimline_init(ret);
        r = -BW_EMALFORMED;
    }
    return r;
}

/* Letters and digits alone, in lower case: "applicant’s" and "applicant's" are one. */
static void bare(const char *text, char *out, size_t cap)
{
    size_t n = 0;
    for (; *text && n + 1 < cap; text++) {
        char c = *text;
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            out[n++] = c;
        }
    }
    out[n] = '\0';
}

enum bw_claim_role bw_claim_role_of_purpose(const char *purpose)
{
    static const struct {
        const char *words;
        enum bw_claim_role role;
    } known[] = {
        {"internetaccessservicethatincludesaconnectionfromanyapplicantsitedirectlytothe"
         "internetserviceprovider",
         BW_ROLE_INTERNET},
        {"internetaccessservicewithnocircuitdatacircuittoispstateregionalnetworkisbilled"
         "separately",
         BW_ROLE_ISP_ONLY},
        {"dataconnectionsforanapplicantshubsitetoaninternetserviceproviderorstateregional"
         "networkwhereinternetaccessserviceisbilledseparately",
         BW_ROLE_TRANSPORT},
        {"dataconnectionbetweentwoormoresitesentirelywithintheapplicantsnetwork",
         BW_ROLE_WAN},
        {"backbonecircuitforconsortiumthatprovidesconnectivitybetweenaggregationpointsor"
         "othernonuserfacilities",
         BW_ROLE_BACKBONE},
    };
    char words[BW_CLAIM_WORDS_MAX + 1];
    bare(purpose, words, sizeof(words));
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].words, words) == 0) {
            return known[i].role;
        }
    }
    return BW_ROLE_UNKNOWN;
}

const char *bw_claim_role_name(enum bw_claim_role role)
{
    return roles[role];
}

bool bw_claimline_void(const struct bw_claimline *c)
{
    static const char *const words[] = {"denied", "cancelled", "canceled", "unfunded",
                                        "not funded"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(c->status, words[i]) == 0) {
            return true;
        }
    }
    return false;
}
