/* SPDX-License-Identifier: GPL-3.0-or-later
 * opendata_config.c - under which terms a state publishes; there are none of our own. */
#include "opendata_config.h"

#include <bw/err.h>
#include <stdio.h>
#include <string.h>

const struct bw_optspec bw_opendata_opts[] = {
    {.name = "license",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 63,
     .def = NULL,
     .doc = "The short name of the license under which the state publishes, as in the "
            "SPDX or Open Definition list, for instance CC-BY-4.0."},
    {.name = "license_title",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 127,
     .def = NULL,
     .doc = "The same in words."},
    {.name = "license_url",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 500,
     .def = NULL,
     .doc = "Where its text is."},
    {.name = "terms",
     .type = BW_OPT_STRING,
     .max = 500,
     .def = "",
     .doc = "What else the state wants users to know or do, a sentence or two; shown on "
            "the page."},
    {.name = "contact",
     .type = BW_OPT_STRING,
     .max = 250,
     .def = "",
     .doc = "Whom to ask, for instance an address of mail; shown on the page."},
    {.name = "days",
     .type = BW_OPT_INT,
     .min = 7,
     .max = 300,
     .def = "7",
     .doc = "So many whole local days lie between a day and its publication; never fewer "
            "than seven. More hide testing weeks better: 45 is longer than most windows."},
    {.type = BW_OPT_END},
};

int bw_opendata_config_read(const struct bw_conf_node *top,
                            struct bw_config_opendata *out,
                            struct bw_err *reterr)
{
    out->on = bw_conf_count(top, "open_data") > 0;
    if (!out->on) {
        return 0;
    }
    const struct bw_conf_node *at = bw_conf_child(top, "open_data", 0);
    (void)snprintf(out->license, sizeof(out->license), "%s", bw_conf_str(at, "license"));
    (void)snprintf(out->license_title, sizeof(out->license_title), "%s",
                   bw_conf_str(at, "license_title"));
    (void)snprintf(out->license_url, sizeof(out->license_url), "%s",
                   bw_conf_str(at, "license_url"));
    (void)snprintf(out->terms, sizeof(out->terms), "%s", bw_conf_str(at, "terms"));
    (void)snprintf(out->contact, sizeof(out->contact), "%s", bw_conf_str(at, "contact"));
    out->days = bw_conf_int(at, "days");
    if (strncmp(out->license_url, "https://", 8) != 0 &&
        strncmp(out->license_url, "http://", 7) != 0) {
        return bw_conf_fault(at, "license_url", reterr,
                             "\"%s\" begins with neither http:// nor https://",
                             out->license_url);
    }
    return 0;
}
