/* SPDX-License-Identifier: GPL-3.0-or-later
 * evrule_shipped.c - the rules that were ever shipped, by their bytes.
 *
 * A row is added with each version of a rule and never taken out: evidence that was judged
 * by an old one is checked for ten years. tests/unit/test_evrule.c holds the newest against
 * etc/rules. */
#include "evrule.h"

#include <string.h>

static const struct {
    const char *name;
    int64_t version;
    const char *sha256;
} shipped[] = {
    {"bead", 1, "1np2s_nZbruwRp0nKu99Wbfsfv7SFroqMToALImQy44"},
    {"bnetza-99-2021", 1, "o4iyWFHdh67fUINkm-BVGtIrROnE3CM3FX389FjCvD0"},
    {"contract-sla", 1, "PolaVMwu0sUlATHRdKzUiQhOwzCu2kGOCP22zVJSszE"},
    {"esh-headroom", 1, "hW9Fv967-dcJwDVYF6dYuZmcbZyOrj1bzjiS8YTgWgQ"},
    {"fcc-1gbps-per-1000", 1, "h14jcW_UDyOUM9s0797DO1DbHXnfoijQ22lcvkQD2CE"},
    {"fcc-1mbps-per-student", 1, "fZnMrvX0pIR6BqDbmcVWIZuoTxJXq-Mlfpm7LI77n7U"},
    {"fcc-8080-any-hours", 1, "hbGk0Pvx8LVA_bmiBMP5zIcUN3VxV5MrCHaTUFpIQoM"},
    {"fcc-caf", 1, "v9QbBp6PrSefCzNSi-IgU-4F1oKR8mxNgFDQbCRZF4U"},
    {"ncren-utilisation", 1, "6lA7HGcBkWtzuVCCK0eehyVq0Ti2DvCZcjwAe2Zcqxw"},
    {"setda-iii", 1, "LrD_P6KySyd40daN3sBlXTMS6ignBIfTVfStYQIqX_w"},
};

enum bw_evrule_whose bw_evrule_whose(const struct bw_evrule *r)
{
    enum bw_evrule_whose whose = BW_EVRULE_OWN;

    for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
        if (strcmp(shipped[i].name, r->name) != 0) {
            continue;
        }
        if (shipped[i].version == r->version) {
            return strcmp(shipped[i].sha256, r->sha256) == 0 ? BW_EVRULE_SHIPPED
                                                             : BW_EVRULE_ALTERED;
        }
        whose = BW_EVRULE_UNHEARD;
    }
    return whose;
}
