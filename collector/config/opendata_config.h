/* SPDX-License-Identifier: GPL-3.0-or-later
 * opendata_config.h - the section of the collector's file by which a state publishes open
 * data: under which license, and how old days are at least. */
#ifndef BW_OPENDATA_CONFIG_H
#define BW_OPENDATA_CONFIG_H

#include <conf.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;

struct bw_config_opendata {
    bool on;
    char license[64]; /* "CC-BY-4.0" */
    char license_title[128];
    char license_url[512];
    char terms[512];   /* in the state's words; "" none */
    char contact[256]; /* "" none */
    int64_t days;      /* whole local days that are over, at least */
};

/* `out` is zeroed. */
int bw_opendata_config_read(const struct bw_conf_node *top,
                            struct bw_config_opendata *out,
                            struct bw_err *reterr);

/* For the schema. */
extern const struct bw_optspec bw_opendata_opts[];

#define BW_OPENDATA_SECTION                                                                \
    {                                                                                      \
        .keyword = "open_data", .opts = bw_opendata_opts,                                  \
        .doc = "Daily figures for the public at /open-data, of districts that approved "   \
               "them (docs/open-data-v1.md). Without this section nothing is published."   \
    }

#endif
