/* SPDX-License-Identifier: GPL-3.0-or-later
 * calendar_asked.c - which calendar is meant, and whose it is. */
#include "calendar_asked.h"

#include <calendars.h>
#include <stdio.h>

int calendar_asked_take(const struct bw_verb *v, int o, struct calendar_asked *a)
{
    switch (o) {
    case CALENDAR_ASKED_ENTITY:
        a->entity = optarg;
        return 0;
    case CALENDAR_ASKED_STATE:
        a->whole_state = true;
        return 0;
    case CALENDAR_ASKED_JSON:
        a->json = true;
        return 0;
    default:
        return calendar_file_take(o, &a->file) == 0
                   ? 0
                   : bw_docket_asked_take(v, o, &a->docket);
    }
}

void calendar_asked_about(const struct calendar_asked *a,
                          char ret[BW_STATEMENT_ABOUT_MAX + 1])
{
    (void)snprintf(ret, BW_STATEMENT_ABOUT_MAX + 1, "%s%s",
                   a->entity ? BW_CALENDAR_ABOUT_ENTITY : BW_CALENDAR_ABOUT_STATE,
                   a->entity ? a->entity : "");
}
