/* SPDX-License-Identifier: GPL-3.0-or-later
 * graph_marks.h - what stands in a picture beside its series: claims as reports take them,
 * P95 of days out of the state's room, outages out of records, and what people know. A
 * reader's thread. */
#ifndef BW_GRAPH_MARKS_H
#define BW_GRAPH_MARKS_H

#include <roomday.h>
#include <stddef.h>
#include <stdint.h>

struct bw_graph_job;
struct bw_reader;

/* Into the job, for its range; its zone is the site's. A part that cannot be read is left
 * out: a picture is no evidence. */
void bw_graph_marks(struct bw_reader *r,
                    const char *room_db,
                    const char *site,
                    const char *circuit,
                    struct bw_graph_job *j);

/* Days of the room into at most BW_GRAPH_STEPS_MAX steps of P95 (the highest day of each),
 * and, of a longer range, days with an outage. Pure. */
void bw_graph_marks_days(const struct bw_room_day *days, size_t n, struct bw_graph_job *j);

#endif
