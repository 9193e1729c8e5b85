/* SPDX-License-Identifier: GPL-3.0-or-later
 * reflector_conf.c - a reflector's section in the files of box and collector. Without the
 * section there is no reflector, and with it nobody is answered who is not named. */
#include "reflector.h"

#include <arpa/inet.h>
#include <bw/err.h>
#include <stamp.h>
#include <stdio.h>
#include <string.h>

#define COMMON_OPTS                                                                        \
    {.name = "address",                                                                    \
     .type = BW_OPT_STRING,                                                                \
     .max = 45,                                                                            \
     .def = "",                                                                            \
     .doc = "The IPv4 or IPv6 address to listen at. Not set: all of this machine."},       \
        {.name = "port",                                                                   \
         .type = BW_OPT_INT,                                                               \
         .min = 1,                                                                         \
         .max = 65535,                                                                     \
         .def = "862",                                                                     \
         .doc = "UDP port."},                                                              \
        {.name = "key_file",                                                               \
         .type = BW_OPT_STRING,                                                            \
         .max = 3072,                                                                      \
         .def = "",                                                                        \
         .doc = "File with the secret shared with the senders, in hexadecimal on one "     \
                "line (openssl rand -hex 32): only packets signed with it are answered. "  \
                "Not set: unauthenticated mode."},                                         \
        {.name = "rate",                                                                   \
         .type = BW_OPT_INT,                                                               \
         .min = 1,                                                                         \
         .max = 10000,                                                                     \
         .def = "50",                                                                      \
         .doc = "Packets a second that are answered of one source (an IPv4 address, an "   \
                "IPv6 /64)."},                                                             \
    {                                                                                      \
        .name = "total_rate", .type = BW_OPT_INT, .min = 1, .max = 1000000, .def = "5000", \
        .doc = "The same of all sources together."                                         \
    }

const struct bw_optspec bw_reflector_box_opts[] = {
    COMMON_OPTS,
    {.type = BW_OPT_END},
};

const struct bw_optspec bw_reflector_collector_opts[] = {
    COMMON_OPTS,
    {.name = "registered",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc =
         "Answer also the prefixes registered for circuits in the catalogue (`bandwitness "
         "site prefix --add`); new ones count within five minutes."},
    {.type = BW_OPT_END},
};

static const struct bw_optspec source_opts[] = {
    {.name = "prefix",
     .type = BW_OPT_STRING,
     .min = 2,
     .max = 63,
     .def = NULL,
     .doc = "Addresses that may ask, as in 192.0.2.0/24 or 2001:db8::/48, or one address."},
    {.type = BW_OPT_END},
};

const struct bw_conf_section bw_reflector_subs[] = {
    {.keyword = "source",
     .flags = BW_CONF_TITLED,
     .opts = source_opts,
     .doc = "Who is answered, by name; up to 256. Everybody else gets nothing."},
    {.keyword = NULL},
};

static int read_sources(const struct bw_conf_node *at,
                        struct bw_reflector_conf *c,
                        struct bw_err *reterr)
{
    size_t n = bw_conf_count(at, "source");
    if (n > BW_REFLECTOR_SOURCES_MAX) {
        return bw_conf_fault(bw_conf_child(at, "source", BW_REFLECTOR_SOURCES_MAX), NULL,
                             reterr, "more than %d sources", BW_REFLECTOR_SOURCES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        const struct bw_conf_node *s = bw_conf_child(at, "source", i);
        const char *text = bw_conf_str(s, "prefix");
        if (!bw_reflector_prefix_parse(text, &c->sources[i])) {
            return bw_conf_fault(s, "prefix", reterr,
                                 "\"%s\" is no prefix; say 192.0.2.0/24 or 2001:db8::/48",
                                 text);
        }
    }
    c->n_sources = n;
    return 0;
}

int bw_reflector_conf_read(const struct bw_conf_node *top,
                           bool collector,
                           struct bw_reflector_conf *ret,
                           struct bw_err *reterr)
{
    const struct bw_conf_node *at = bw_conf_child(top, "reflector", 0);
    uint8_t raw[16];
    (void)memset(ret, 0, sizeof(*ret));
    if (!at) {
        return 0;
    }
    ret->on = true;
    (void)snprintf(ret->address, sizeof(ret->address), "%s", bw_conf_str(at, "address"));
    (void)snprintf(ret->key_file, sizeof(ret->key_file), "%s", bw_conf_str(at, "key_file"));
    ret->port = bw_conf_int(at, "port");
    ret->source_rate = bw_conf_int(at, "rate");
    ret->total_rate = bw_conf_int(at, "total_rate");
    if (ret->address[0] && inet_pton(AF_INET, ret->address, raw) != 1 &&
        inet_pton(AF_INET6, ret->address, raw) != 1) {
        return bw_conf_fault(at, "address", reterr, "\"%s\" is no IPv4 or IPv6 address",
                             ret->address);
    }
    if (ret->key_file[0] && ret->key_file[0] != '/') {
        return bw_conf_fault(at, "key_file", reterr, "'key_file' must start with /");
    }
    ret->registered = collector && bw_conf_bool(at, "registered");
    return read_sources(at, ret, reterr);
}

bool bw_reflector_conf_same_place(const struct bw_reflector_conf *a,
                                  const struct bw_reflector_conf *b)
{
    return a->on == b->on &&
           (!a->on || (a->port == b->port && strcmp(a->address, b->address) == 0));
}
