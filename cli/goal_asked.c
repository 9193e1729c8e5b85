/* SPDX-License-Identifier: GPL-3.0-or-later
 * goal_asked.c - where goals are said, and how one is shown. */
#include "goal_asked.h"

#include <clock.h>
#include <json.h>
#include <stdio.h>

int goal_open(const struct bw_verb *v,
              const struct bw_docket_asked *asked,
              bool write,
              struct bw_docket *ret)
{
    int status = bw_docket_open(v, asked, write, ret);

    if (status == 0 && !ret->of_collector) {
        status = bw_cli_failed(v, "%s is a box's; goals are the collector's (--ledger)",
                               ret->folder);
    }
    return status;
}

/* 1500000 as "1500 kbit/s". */
static void print_rate(int64_t bps)
{
    if (bps % 1000000 == 0) {
        (void)printf("%lld Mbit/s", (long long)(bps / 1000000));
    } else if (bps % 1000 == 0) {
        (void)printf("%lld kbit/s", (long long)(bps / 1000));
    } else {
        (void)printf("%lld bit/s", (long long)bps);
    }
}

void goal_print(const struct bw_goal_said *s)
{
    const struct bw_goal *g = &s->goal;
    char when[32];

    (void)printf("%s  %s\n  for %s: at least ", s->name, g->title, g->entity);
    print_rate(g->target_bps);
    (void)printf(" %s for each %s, at %lld.%lld %% of them", bw_goal_of_name(g->of),
                 bw_goal_per_name(g->per), (long long)(g->share_ppm / 10000),
                 (long long)(g->share_ppm / 1000 % 10));
    if (g->students_min != BW_UNKNOWN) {
        (void)printf(", from %lld students on", (long long)g->students_min);
    }
    if (g->students_max != BW_UNKNOWN) {
        (void)printf(", up to %lld students", (long long)g->students_max);
    }
    bw_time_format_s(s->said_unix_s, when);
    (void)printf(", by %s\n  said by %s on %s%s%s\n", g->by, s->by, when,
                 g->text[0] ? ": " : "", g->text);
    if (s->ended) {
        bw_time_format_s(s->ended_unix_s, when);
        (void)printf("  withdrawn by %s on %s\n", s->ended_by, when);
    }
}

void goal_json(struct bw_jw *w, const struct bw_goal_said *s)
{
    const struct bw_goal *g = &s->goal;

    bw_jw_obj(w);
    bw_jw_kstr(w, "goal", s->name);
    bw_jw_kstr(w, "title", g->title);
    bw_jw_kstr(w, "entity", g->entity);
    bw_jw_kstr(w, "of", bw_goal_of_name(g->of));
    bw_jw_kstr(w, "per", bw_goal_per_name(g->per));
    bw_jw_ki64(w, "target_bps", g->target_bps);
    bw_jw_ki64(w, "share_ppm", g->share_ppm);
    bw_jw_kstr(w, "by", g->by);
    bw_jw_ki64(w, "students_min", g->students_min);
    bw_jw_ki64(w, "students_max", g->students_max);
    bw_jw_kstr(w, "text", g->text[0] ? g->text : NULL);
    bw_jw_kstr(w, "id", s->id);
    bw_jw_kstr(w, "said_by", s->by);
    bw_jw_ki64(w, "said_s", s->said_unix_s);
    bw_jw_ki64(w, "versions", s->n_versions);
    bw_jw_kbool(w, "withdrawn", s->ended);
    bw_jw_kstr(w, "withdrawn_by", s->ended ? s->ended_by : NULL);
    bw_jw_ki64(w, "withdrawn_s", s->ended_unix_s);
    bw_jw_obj_end(w);
}
