/* SPDX-License-Identifier: GPL-3.0-or-later
 * circuit_say.c - what somebody who is signed in knows of a circuit in a stretch of time,
 * from a form into a statement: the same as `bandwitness annotate` makes, in that person's
 * name. */
#include "circuit_range.h"
#include "page_circuit.h"

#include <annotation.h>
#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <clock.h>
#include <collector.h>
#include <door.h>
#include <errno.h>
#include <http.h>
#include <page_parts.h>
#include <readers.h>
#include <room.h>
#include <share_form.h>
#include <statement.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tz.h>
#include <viewer.h>

enum {
    AROUND_S = 3600, /* of the range in which it is shown */
    TIME_TEXT = 40,
    AHEAD_S = 400 * 86400 /* announced work */
};

struct say {
    struct bw_http_req *req;
    struct bw_door *door;
    const struct bw_viewer *viewer;
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    char zone[64];
    char from[TIME_TEXT];
    char to[TIME_TEXT];
    struct bw_annotation annotation;
    char id[BW_HASH_LEN + 1]; /* of what was said */
    const char *trouble;      /* the form's */
    int r;
    struct bw_err err;
};

/* Text as a person's line: no control characters, not only spaces. */
static bool is_text(const char *text)
{
    bool any = false;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < ' ' || *c == 0x7f) {
            return false;
        }
        any = any || *c != ' ';
    }
    return any;
}

/* Line ends of a text field become spaces: an annotation is one line. */
static void one_line(char *text)
{
    for (; *text; text++) {
        *text = *text == '\r' || *text == '\n' || *text == '\t' ? ' ' : *text;
    }
}

static int read_form(struct bw_http_req *req, struct say *s)
{
    char cause[16] = "";
    char exclude[8] = "";
    char text[BW_SHARE_FORM_TEXT];
    struct bw_share_form_field fields[] = {
        {.name = "from", .out = s->from, .cap = sizeof(s->from)},
        {.name = "to", .out = s->to, .cap = sizeof(s->to)},
        {.name = "cause", .out = cause, .cap = sizeof(cause)},
        {.name = "text", .out = text, .cap = sizeof(text)},
        {.name = "exclude", .out = exclude, .cap = sizeof(exclude)},
        {.name = NULL}};
    size_t n = 0;
    const char *body = bw_http_body(req, &n);
    if (bw_share_form_read(body, n, fields) < 0) {
        s->trouble = "that is no form of this page";
        return -EINVAL;
    }
    one_line(text);
    if (bw_cause_parse(cause, &s->annotation.cause) < 0) {
        s->trouble = "the cause is none of those offered";
    } else if (strlen(text) != fields[3].n || !is_text(text)) {
        s->trouble = "say in your words what is known, without control characters";
    } else if (fields[3].n > BW_ANNOTATION_TEXT_MAX) {
        s->trouble = "your words are too long: 600 bytes at most";
    }
    (void)snprintf(s->annotation.text, sizeof(s->annotation.text), "%.*s",
                   BW_ANNOTATION_TEXT_MAX, text);
    s->annotation.exclude = exclude[0] ? 1 : BW_UNKNOWN;
    return s->trouble ? -EINVAL : 0;
}

static int read_times(struct say *s)
{
    struct bw_tz *tz = NULL;
    struct bw_annotation *a = &s->annotation;
    int r = bw_tz_load(s->zone, &tz, &s->err);
    int64_t now_s = bw_clock_unix_ms() / 1000;
    if (r < 0) {
        return r;
    }
    if (bw_circuit_when(tz, s->from, &a->from_unix_s) < 0 ||
        bw_circuit_when(tz, s->to, &a->to_unix_s) < 0 || a->from_unix_s < 0) {
        s->trouble = "from and to are times like 2026-11-02T08:00";
    } else if (a->to_unix_s <= a->from_unix_s) {
        s->trouble = "it must end after it begins";
    } else if (a->to_unix_s > now_s + AHEAD_S) {
        s->trouble = "it ends more than a year from now";
    }
    bw_tz_free(tz);
    return s->trouble ? -EINVAL : 0;
}

static void say_work(void *job, struct bw_reader *r, const struct bw_err *err)
{
    struct say *s = job;
    struct bw_statement said;
    struct bw_buf body;
    int64_t now_ms = bw_clock_unix_ms();
    if (!r) {
        s->r = -EIO;
        s->err = *err;
        return;
    }
    s->r = read_times(s);
    if (s->r < 0) {
        return;
    }
    bw_statement_init(&said, BW_STATEMENT_ANNOTATION);
    bw_annotation_about(s->site, s->circuit, said.about);
    said.said_unix_s = now_ms / 1000;
    bw_statement_by_of(s->viewer->name, said.by);
    (void)snprintf(said.via, sizeof(said.via), "page");
    bw_buf_init(&body, BW_STATEMENT_MAX);
    s->r = bw_annotation_encode(&s->annotation, &body, &s->err);
    if (s->r < 0) {
        s->trouble = s->err.text;
    } else {
        said.body = body.data;
        said.n_body = body.len;
        s->r = bw_catalogue_say(r->catalogue, &said, now_ms, s->id, &s->err);
    }
    bw_buf_done(&body);
}

static void say_after(void *job, int cancelled)
{
    struct say *s = job;
    char to[256];
    char from_utc[32];
    char to_utc[32];
    if (cancelled) {
        bw_page_sorry(s->req, 503, "the collector is stopping");
    } else if (s->r < 0 && s->trouble) {
        bw_page_sorry(s->req, 400, s->trouble);
    } else if (s->r < 0) {
        bw_page_sorry(s->req, 503, s->err.text);
    } else {
        bw_door_said(s->door, s->req, "annotate", s->viewer->name, s->id);
        bw_time_format_s(s->annotation.from_unix_s - AROUND_S, from_utc);
        bw_time_format_s(s->annotation.to_unix_s + AROUND_S, to_utc);
        bool past = s->annotation.from_unix_s <= bw_clock_unix_ms() / 1000;
        (void)snprintf(to, sizeof(to), "/circuits/%s.%s%s%s%s%s#annotations", s->site,
                       s->circuit, past ? "?range=" : "", past ? from_utc : "",
                       past ? ".." : "", past ? to_utc : "");
        bw_http_add(s->req, "Location", to);
        bw_http_reply_const(s->req, 303, "text/plain; charset=utf-8", "", 0);
    }
    free(s);
}

void bw_page_circuit_annotate(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    const struct bw_room *room = bw_room_take(c);
    uint32_t at = room ? bw_room_circuit_find(room, bw_http_param(req, 0)) : BW_ROOM_NONE;
    struct say *s = at == BW_ROOM_NONE ? NULL : calloc(1, sizeof(*s));
    if (!s) {
        bw_room_drop(room);
        bw_page_sorry(req, room ? 404 : 503,
                      room ? "no circuit has this id" : "come again in a moment");
        return;
    }
    const struct bw_room_site *site = &room->sites[room->circuits[at].site];
    s->req = req;
    s->door = c->door;
    s->viewer = bw_door_viewer(req);
    (void)snprintf(s->site, sizeof(s->site), "%s", site->id);
    (void)snprintf(s->circuit, sizeof(s->circuit), "%s", room->circuits[at].name);
    (void)snprintf(s->zone, sizeof(s->zone), "%s", site->zone);
    if (!s->zone[0]) {
        bw_tz_host_name(s->zone, sizeof(s->zone));
    }
    bw_room_drop(room);
    bw_annotation_init(&s->annotation);
    if (read_form(req, s) < 0) {
        bw_page_sorry(req, 400, s->trouble);
        free(s);
    } else if (bw_readers_run(c->readers, say_work, say_after, s) < 0) {
        free(s);
        bw_page_sorry(req, 429, "too much at once; try again in 10 seconds");
    }
}
